"""Lists of statements: what a row says, and what an empty cell and words that are no answer say: nothing."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from connectors.kit.statement_lists import read_statements
from worker.domain.controls.statements import AttestAnswer, ImportedRow, ItemAnswer
from worker.ports import BadConfig

ANN = "ann@corp.example"
DAY = date(2026, 11, 20)
Read = Callable[[str], list[ImportedRow]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def rows(text: str) -> list[ImportedRow]:
        file = tmp_path / "list.csv"
        file.write_text(text)
        return read_statements(file)

    return rows


def test_whoever_is_in_a_list_without_other_columns_did_what_it_is_about(read: Read) -> None:
    assert read(f"email\n{ANN}\n") == [ImportedRow(2, ANN)]


def test_a_row_says_who_did_what_when_and_until_when_it_counts(read: Read) -> None:
    text = f"E-mail;Course;Completed on;Valid until\n{ANN};MSG-101;20.11.2026;20.11.2027\n;MSG-101;;\n"
    assert read(text) == [ImportedRow(2, ANN, "MSG-101", DAY, date(2027, 11, 20))]


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
    read_statements(file)
    assert csv.field_size_limit() == before
