from __future__ import annotations

import os
from pathlib import Path

import pytest

from bad_input.register.cases import CASES, SET_ASIDE, Case
from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.connector import RegisterInventory
from connectors.inventory.register.tools.report import check_register
from fakes.in_process import in_process
from fakes.register_files import SAVED_AT, context, register
from worker.domain.model import Coverage, Roster
from worker.ports import ConnectorError, Malformed, SnapshotEnd

every_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name.replace(" ", "-")) for case in CASES]
)


def built(case: Case, folder: Path) -> RegisterInventory:
    path = folder / case.file
    case.build(path)
    if path.exists():
        os.utime(path, (SAVED_AT.timestamp(), SAVED_AT.timestamp()))
    config = RegisterConfig.model_validate({"path": case.file, **case.config})
    return register(config, context(folder))


def trouble_of(inventory: RegisterInventory) -> tuple[ConnectorError, list[Roster]]:
    """What a snapshot raises, or the one thing that it set aside."""
    try:
        *rosters, end = inventory.changes(None)
    except ConnectorError as error:
        return error, []
    assert isinstance(end, SnapshotEnd)
    return end.malformed[0], [roster for roster in rosters if isinstance(roster, Roster)]


@every_case
def test_a_broken_register_says_where_what_and_how_to_mend_it(case: Case, tmp_path: Path) -> None:
    error, rosters = trouble_of(built(case, tmp_path))

    assert type(error) is case.error
    assert case.place in error.message
    assert case.wrong in error.message
    assert case.remedy in error.remedy
    assert error.message.startswith((case.file, str(tmp_path / case.file), "columns."))
    assert any(roster.coverage is Coverage.PARTIAL for roster in rosters) is case.is_partial


@every_case
def test_check_of_a_broken_register_raises_nothing_and_has_a_remedy(case: Case, tmp_path: Path) -> None:
    result = built(case, tmp_path).check()

    assert result.ok is (case.error is Malformed)
    assert result.remedy
    assert case.wrong in result.message + "".join(result.details.values())


@every_case
def test_the_report_names_the_cell(case: Case, tmp_path: Path) -> None:
    built(case, tmp_path)
    config = RegisterConfig.model_validate({"path": case.file, **case.config})

    report = check_register(Path(case.file), context(tmp_path), config, in_process)

    problem = report.problems[0]
    assert case.place in f"{problem.place}: {problem.what}"
    assert case.wrong in problem.what
    assert case.remedy in problem.remedy


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name.replace(" ", "-")) for case in SET_ASIDE])
def test_one_mistake_is_one_problem(case: Case, tmp_path: Path) -> None:
    built(case, tmp_path)
    config = RegisterConfig.model_validate({"path": case.file, **case.config})
    assert len(check_register(Path(case.file), context(tmp_path), config, in_process).problems) == 1
