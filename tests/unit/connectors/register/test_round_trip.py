"""Whatever the writer writes is read back as it was."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.inventory.register.formats.csv import neutral, restored
from connectors.inventory.register.meaning.cells import is_name, one_line
from connectors.inventory.register.meaning.words import NAMES_TOO, NOTHING, TOTALS, plain
from connectors.inventory.register.tools.writer import write_register
from connectors.kit.text import one_line as shown_on_one_line
from fakes.register_files import NOW, read_file
from worker.domain.model import (
    NOTHING_SAID,
    Group,
    Member,
    RegisterFacts,
    RegisterStatus,
    Role,
    Roster,
)
from worker.ports import BadConfig

AT = datetime(2026, 11, 20, 7, 30, 1, 234567, tzinfo=UTC)
STARTS = ("", "=", "+", "-", "@", "'", "''", "=1+1|", "@SUM(A1)", '"', "_x0041_", "\u202e", "\u200e", "#N/A")
TAME = "abcdefghij ABCDEF éüß 王伟 عضو 😀 ÅΩ"

wild_text = st.builds(
    lambda start, text: one_line(start + text),
    st.sampled_from(STARTS),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1, max_size=30
    ),
)


def tidied(text: str | None) -> str | None:
    """As a text for people is kept: without what would turn the lines around it."""
    return None if text is None else shown_on_one_line(text)


names = wild_text.filter(is_name)
# A member without a cell of their own for an identity is known by the name, so it must not be a number
# or address.
tame_names = (
    st.text(TAME, min_size=1, max_size=20)
    .map(one_line)
    .filter(is_name)
    .filter(lambda n: plain(n) not in TOTALS - NAMES_TOO)
)
group_names = wild_text.filter(lambda name: any(c.isalnum() for c in name)).filter(
    lambda n: plain(n) not in TOTALS
)
phones = st.integers(447_700_900_000, 447_700_900_999).map(lambda number: f"+{number}")
emails = st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}@(example\.org|corp\.example)", fullmatch=True)
employee_ids = st.from_regex(r"[A-Z]?0{0,3}[1-9][0-9]{1,6}", fullmatch=True)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


texts = st.none() | wild_text.filter(
    lambda text: any(c.isalpha() for c in text) and plain(text) not in NOTHING
)
flags = st.none() | st.booleans()
days = st.none() | st.dates(date(1990, 1, 1), date(2190, 1, 1))
said = st.builds(
    RegisterFacts,
    purpose=texts.map(tidied), owner_department=texts.map(tidied), data_class=texts.map(tidied),
    sensitive=flags, externals_allowed=flags, description_ok=flags, picture_ok=flags, approval=flags,
    created_on=days, ends_on=days, status=st.none() | st.sampled_from(RegisterStatus), review_due=days,
    move_to=st.none() | st.sampled_from(["teams", "signal", "the new intranet"]), closed_on=days,
)  # fmt: skip


@st.composite
def members(draw: st.DrawFn) -> Member:
    role = draw(st.sampled_from(Role))
    joined_at = draw(st.none() | instants)
    kind = draw(st.sampled_from(["phone", "email", "employee", "name"]))
    if kind == "name":
        name = draw(tame_names)
        return Member(f"name:{one_line(name.casefold())}", name, role, joined_at=joined_at)
    phone = draw(phones) if kind == "phone" else None
    email = draw(emails) if kind == "email" else draw(st.none() | emails) if kind == "phone" else None
    employee_id = draw(employee_ids) if kind == "employee" else draw(st.none() | employee_ids)
    handle = phone or (f"email:{email}" if email else f"employee:{employee_id}")
    name = draw(st.just("") | wild_text)
    return Member(handle, name, role, phone, email=email, employee_id=employee_id, joined_at=joined_at)


@st.composite
def registers(draw: st.DrawFn) -> list[Roster]:
    ids = draw(
        st.lists(st.from_regex(r"[a-z0-9][a-z0-9@._-]{0,12}", fullmatch=True), unique=True, max_size=4)
    )
    return [
        Roster(
            Group(
                group_id,
                draw(group_names),
                draw(st.sampled_from(["whatsapp", "signal"])),
                draw(st.none() | emails),
            ),
            tuple(draw(st.lists(members(), max_size=5, unique_by=lambda member: member.handle))),
            AT,
            registered=draw(st.just(NOTHING_SAID) | said),
        )
        for group_id in sorted(ids)
    ]


@pytest.mark.parametrize("extension", ["xlsx", "csv"])
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rosters=registers())
@example(rosters=[])
@example(
    rosters=[
        Roster(
            Group("g", "=cmd|' /C calc'!A0"),
            (Member("+447700900101", "@x +1", Role.ADMIN, "+447700900101"),),
            AT,
            registered=NOTHING_SAID,
        )
    ]
)
def test_a_register_of_members_is_read_back_equal(
    tmp_path: Path, extension: str, rosters: list[Roster]
) -> None:
    path = tmp_path / f"groups.{extension}"

    write_register(path, rosters, AT)
    reading = read_file(path)

    assert list(reading.rosters) == rosters
    assert (reading.taken_at, reading.problems) == (AT, ())


@pytest.mark.parametrize("extension", ["xlsx", "csv"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(tame_names, phones, st.sampled_from(Role)), max_size=6, unique_by=lambda row: row[1])
)
def test_a_register_of_groups_is_read_back_equal(
    tmp_path: Path, extension: str, people: list[tuple[str, str, Role]]
) -> None:
    path = tmp_path / f"groups.{extension}"
    shown = tuple(Member(phone, name, role, phone) for name, phone, role in people)
    rosters = [Roster(Group("ward-7", "Ward 7"), shown, AT, registered=RegisterFacts(purpose="Nights"))]

    write_register(path, rosters, AT, layout="group")

    assert list(read_file(path).rosters) == rosters


@given(st.text())
def test_a_neutral_text_is_restored(text: str) -> None:
    assert restored(neutral(text)) == text
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_white_space_in_names_becomes_single_spaces(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    amy = Member("+447700900101", " Amy\n\tAsh ", Role.MEMBER, "+447700900101")
    write_register(path, [Roster(Group("g", "Ward\n7"), (amy,), AT)], AT)
    (roster,) = read_file(path).rosters
    assert (roster.group.name, roster.members) == ("Ward 7", (replace(amy, display_name="Amy Ash"),))


def test_no_cell_of_a_workbook_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    evil = Member("+447700900101", "=HYPERLINK(1)", Role.MEMBER, "+447700900101")
    write_register(path, [Roster(Group("g", "+1+1"), (evil,), AT)], AT)
    cells = [cell for row in openpyxl.load_workbook(path).active for cell in row if cell.value]  # type: ignore[union-attr]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix for cell in cells)


def test_no_value_of_a_csv_is_a_formula_and_numbers_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    evil = Member("+447700900101", "=HYPERLINK(1)", Role.MEMBER, "+447700900101")
    write_register(path, [Roster(Group("-g", "@x"), (evil,), AT)])
    with path.open(encoding="utf-8-sig", newline="") as file:
        _head, row = csv.reader(file)
    assert row[:2] + row[4:6] == ["'@x", "'-g", "'=HYPERLINK(1)", "+447700900101"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("between", ["", " ", '"', "'", "'' "])
def test_no_value_of_a_csv_is_a_formula_where_lines_are_split_at_another_mark(
    separator: str, between: str
) -> None:
    name = f"Ward{separator}{between}=cmd;-1"
    written = neutral(name)

    assert [part for part in re.split(r"[;,|\t]", written) if part.strip('" ').startswith(("=", "-"))] == []
    assert restored(written) == name


@given(st.text(alphabet="=+-@'\" ;,|\t\r\na"))
def test_whatever_was_made_neutral_is_read_back_as_it_was(text: str) -> None:
    assert restored(neutral(text)) == text


def test_a_register_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    write_register(path, [Roster(Group("a", "A"), (), AT)])
    with path.open("rb") as reader:
        write_register(path, [Roster(Group("b", "B"), (), AT)])
        assert reader.read(2) == b"PK"
    assert [roster.group.group_id for roster in read_file(path).rosters] == ["b"]
    assert [file.name for file in tmp_path.iterdir()] == ["groups.xlsx"]


def test_without_a_date_the_register_has_its_files_time(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    write_register(path, [])
    assert read_file(path, saved_at=NOW - timedelta(days=1)).taken_at == NOW - timedelta(days=1)


def test_no_other_kind_of_file_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"as \.xlsx or \.csv"):
        write_register(tmp_path / "groups.docx", [])
