"""Rows that sum up are nobody, and people who are called like them are somebody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes.register_files import HEAD, TWO_WARDS, A, B, C, brief, only, read_rows, shown


def test_totals_blank_rows_and_repeated_headings_are_nobody(tmp_path: Path) -> None:
    rows = [
        HEAD,
        ["Ward 7", "Amy", A, "Admin"],
        ["Ward 7", "Ben", B, ""],
        ["Total", "", 2, ""],
        [],
        HEAD,
        ["Ward 8", "Cem", C, ""],
        ["Total: 3", None, None, None],
        [None, None, "Summe", 3],
    ]
    reading = read_rows(tmp_path, rows)
    assert shown(reading) == TWO_WARDS
    assert reading.problems == ()


def test_somebody_called_total_is_somebody(tmp_path: Path) -> None:
    assert brief(only(read_rows(tmp_path, [HEAD, ["Total", "Total", A, ""]])).members) == [(A, "member")]


@pytest.mark.parametrize("name", ["Suma", "SOMA", "Sum"])
def test_a_name_that_is_a_word_for_totals_is_somebody_in_the_members_column(
    tmp_path: Path, name: str
) -> None:
    rows: list[list[Any]] = [
        ["Group", "Name", "Staff number"],
        ["Ward 7", "Amy", 1001],
        ["", name, 1002],
        [name, "", 2],
    ]
    assert brief(only(read_rows(tmp_path, rows)).members) == [
        ("employee:1001", "unknown"),
        ("employee:1002", "unknown"),
    ]
