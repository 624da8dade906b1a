"""Exports read by the poll into the store: what becomes of people when a file says odd things, or says less."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from export_ward import ExportWard
from fakes.export_files import guid
from worker.domain.model import Standing


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[ExportWard]:
    made = ExportWard(tmp_path)
    yield made
    made.close()


# --- records that are set aside -----------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ["soon", "31/02/2027"])
def test_whoever_is_listed_with_a_date_that_nobody_can_read_is_not_absent(ward: ExportWard, odd: str) -> None:
    ward.export("AccountExpirationDate")
    ward.h.settle()
    for _ in range(5):
        ward.h.later(days=1)
        ward.export("AccountExpirationDate", {3: odd})
        ward.h.settle()

    assert (ward.standing(3), ward.h.tickets()) == (Standing.ACTIVE, [])
    assert ward.h.source("export").counts["malformed"] == 1


@pytest.mark.parametrize("name, malformed", [("P3", 0), ("P3 Smith", 1)], ids=["alike", "that differ"])
def test_one_person_on_two_rows_does_not_make_an_export_count_for_nothing(
    ward: ExportWard, name: str, malformed: int
) -> None:
    ward.export()
    ward.h.settle()
    ward.h.later(days=1)
    ward.export(disabled=[2, 3], more=f"{guid(4)},{name},{ward.h.number('3')},False\r\n")

    assert ward.h.poll().troubles == ()
    assert ward.standing(2) is Standing.LEFT
    assert ward.standing(3) is (Standing.ACTIVE if malformed else Standing.LEFT)
    assert ward.h.source("export").counts["malformed"] == malformed
