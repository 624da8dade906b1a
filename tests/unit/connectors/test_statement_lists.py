"""Lists of statements: what a row says, and what an empty cell and words that are no answer say: nothing."""

from __future__ import annotations

import csv
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from connectors.kit import statement_rows
from connectors.kit.statement_lists import BYTES_MAX, read_statements
from fakes.in_process import in_process
from worker.domain.controls.statements import AttestAnswer, ImportedRow, ItemAnswer
from worker.domain.escalation.wall_clock import LAST_DAY
from worker.ports import BadConfig, Incomplete

ANN = "ann@corp.example"
DAY = date(2026, 11, 20)
Read = Callable[[str], list[ImportedRow]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def rows(text: str) -> list[ImportedRow]:
        file = tmp_path / "list.csv"
        file.write_text(text)
        return read_statements(file, in_process)

    return rows


def test_whoever_is_in_a_list_without_other_columns_did_what_it_is_about(read: Read) -> None:
    assert read(f"email\n{ANN}\n") == [ImportedRow(2, ANN)]


def test_a_row_says_who_did_what_when_and_until_when_it_counts(read: Read) -> None:
    text = f"E-mail;Course;Completed on;Valid until\n{ANN};MSG-101;20.11.2026;20.11.2027\n;MSG-101;;\n"
    assert read(text) == [ImportedRow(2, ANN, "MSG-101", DAY, date(2027, 11, 20))]


@pytest.mark.parametrize("until, day", [
    ("9999-12-31", LAST_DAY),
    ("31.12.9999", LAST_DAY),
    ("0001-01-01", None),
    ("", None),
])  # fmt: skip
def test_what_never_expires_counts_until_the_last_day(read: Read, until: str, day: date | None) -> None:
    [row] = read(f"email;completed_on;valid_until\n{ANN};2026-11-20;{until}\n")
    assert row.until == day


@pytest.mark.parametrize("day", ["", " ", "0001-01-01", "0"])
def test_whoever_has_no_day_in_a_column_of_days_has_not_done_it(read: Read, day: str) -> None:
    assert read(f"email,completed_on\n{ANN},{day}\nben@corp.example,2026-11-20\n") == [
        ImportedRow(3, "ben@corp.example", on=DAY)
    ]


def test_a_row_without_its_course_says_nothing(read: Read) -> None:
    assert read(f"email,course\n{ANN},\n") == []


@pytest.mark.parametrize(
    "said, answer",
    [
        ("Accepted", AttestAnswer.ACCEPTED),
        ("ja", AttestAnswer.ACCEPTED),
        ("declined", AttestAnswer.DECLINED),
        ("exception", AttestAnswer.EXCEPTION),
        ("no", None),
        ("not accepted", None),
        ("rejected", None),
    ],
)
def test_an_answer_is_one_of_certain_words(read: Read, said: str, answer: AttestAnswer | None) -> None:
    assert [one.answer for one in read(f"email,answer\n{ANN},{said}\n")] == [answer]


def test_an_empty_answer_says_nothing(read: Read) -> None:
    assert read(f"email,answer\n{ANN},\n") == []


def test_whoever_declined_needs_no_day(read: Read) -> None:
    assert read(f"email,answer,accepted_on\n{ANN},declined,\nben@corp.example,accepted,\n") == [
        ImportedRow(2, ANN, answer=AttestAnswer.DECLINED)
    ]


def test_an_item_is_said_by_a_certain_word_alone(read: Read) -> None:
    [row] = read(f"email,screen_lock,auto_lock,app_lock,updated\n{ANN},yes,no,N/A,\n")
    assert row.items == {"screen_lock": ItemAnswer.YES, "auto_lock": ItemAnswer.NO}


@pytest.mark.parametrize(
    "text, said",
    [
        ("name\nAnn\n", "no column for the person"),
        (f"email,completed_on\n{ANN},soon\n", "line 2"),
        ("email\n" + "a" * 131_073 + "\n", "is no table"),
        ("", "no column for the person"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_its_name(read: Read, text: str, said: str) -> None:
    with pytest.raises(BadConfig, match=said) as refused:
        read(text)
    assert "list.csv" in str(refused.value)


def test_reading_a_list_leaves_other_tables_as_long_as_they_may_be(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    file = tmp_path / "list.csv"
    file.write_text("email\nann@example.org\n")
    read_statements(file, in_process)
    assert csv.field_size_limit() == before


def test_days_are_read_in_the_order_that_the_whole_column_shows(read: Read) -> None:
    rows = read(f"email,completed_on\n{ANN},03/04/2026\n{ANN},20/11/2026\n")
    assert [row.on for row in rows] == [date(2026, 4, 3), DAY]


def test_the_mark_at_the_start_of_a_file_is_no_part_of_the_first_heading(read: Read) -> None:
    assert read(f"\ufeffemail\n{ANN}\n") == [ImportedRow(2, ANN)]


def test_a_list_of_bytes_that_are_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"email\n" + f"{ANN}\n".encode() * 10_000 + b"\xff\n")
    with pytest.raises(BadConfig, match=r"list\.csv.* is no UTF-8 text"):
        read_statements(file, in_process)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="can't be read: No such file"):
        read_statements(tmp_path / "list.csv")


def test_a_list_has_a_bound_of_rows(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_rows, "ROWS_MAX", 2)
    assert len(read(f"email\n{ANN}\n{ANN}\n")) == 2
    with pytest.raises(BadConfig, match="more than 2 rows"):
        read(f"email\n{ANN}\n{ANN}\n\n")


@pytest.mark.parametrize(
    "filler, said", [(b"\n", "more than 500,000 rows"), (b",", "takes more than 512 MB of memory")]
)
def test_a_hostile_list_takes_no_memory_of_the_worker(tmp_path: Path, filler: bytes, said: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"email\n" + filler * (BYTES_MAX - 6))
    tracemalloc.start()
    with pytest.raises(BadConfig if filler == b"\n" else Incomplete, match=said):
        read_statements(file)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 22
