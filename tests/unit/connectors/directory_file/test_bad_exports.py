"""Every broken export says where, what and what to do; none of them looks like a complete read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bad_input.directory_file.cases import CASES, Case
from connectors.directory.file.config import FileConfig
from connectors.directory.file.connector import FileDirectory
from contracts.directory import context, read_until_error
from fakes.in_process import in_process
from worker.ports import DirectoryPage, Malformed, PassEnd

every_case = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])


def directory(case: Case, folder: Path) -> FileDirectory:
    if case.content is not None:
        (folder / case.path).write_bytes(case.content)
    config = FileConfig.model_validate({"path": case.path, **case.config})
    return FileDirectory(config, context("export", folder), in_process)


@every_case
def test_check_names_the_place_the_trouble_and_the_remedy(case: Case, tmp_path: Path) -> None:
    result = directory(case, tmp_path).check()

    assert not result.ok
    assert case.place in result.message
    assert case.wrong in result.message
    told = f"{result.message} {result.remedy}"
    assert case.remedy in told
    assert result.remedy


@every_case
def test_a_broken_file_proves_nothing_and_a_broken_record_is_set_aside(case: Case, tmp_path: Path) -> None:
    items, error = read_until_error(directory(case, tmp_path), None)
    set_aside = [bad for item in items if isinstance(item, DirectoryPage) for bad in item.malformed]

    if case.error is Malformed:
        assert error is None
        assert [case.wrong in bad.message and case.place in bad.message for bad in set_aside] == [True]
        assert isinstance(items[-1], PassEnd)
    else:
        assert type(error) is case.error
        assert not any(isinstance(item, PassEnd) for item in items)


def test_there_are_at_least_twenty_of_them() -> None:
    assert len({case.name for case in CASES}) >= 20
