"""Exports read by the poll into the store: what becomes of people when a file says odd things, or says less."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from export_ward import ExportWard
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
