from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.formats.table import Value
from connectors.inventory.register.meaning.dates import Dating, day_or_instant
from connectors.kit.dates import MONTH_FIRST_REGIONS
from fakes.office import Cell, write_docx
from fakes.register_files import NOW, SAVED_AT, context, only, read_file, read_rows, register
from worker.ports import SnapshotEnd

DAY = date(2026, 11, 4)
TABLE: list[list[Cell]] = [["Group", "Phone"], ["Ward 7", "+447700900101"]]


@pytest.mark.parametrize(
    "cell, said",
    [
        (DAY, DAY),
        (46330, DAY),
        (46330.75, DAY),
        ("2026-11-04", DAY),
        ("04.11.2026", DAY),
        ("4.11.26", DAY),
        ("04/11/2026", DAY),
        ("4-11-2026", DAY),
        ("2026/11/04", DAY),
        ("٠٤/١١/٢٠٢٦", DAY),
        ("4 November 2026", DAY),
        ("4. November 2026", DAY),
        ("November 4th, 2026", DAY),
        ("4 novembre 2026", DAY),
        ("4 de noviembre de 2026", DAY),
        ("4 de novembro de 2026", DAY),
        ("٤ نوفمبر ٢٠٢٦", DAY),
        ("4 تشرين الثاني 2026".replace(" الثاني", ""), None),
        ("04.11.2026 15:30", datetime(2026, 11, 4, 15, 30)),  # noqa: DTZ001 - local, as the cell has it
        ("2026-11-04T15:30:00+02:00", datetime(2026, 11, 4, 13, 30, tzinfo=UTC)),
        ("2026-11-04 15:30 UTC", datetime(2026, 11, 4, 15, 30, tzinfo=UTC)),
        ("31.02.2026", None),
        ("0004-11-04", None),
        ("soon", None),
        ("", None),
        (12, None),
        (True, None),
    ],
)
def test_days(cell: Value, said: date | datetime | None) -> None:
    assert day_or_instant(cell, "GB") == said


@pytest.mark.parametrize("region", sorted(MONTH_FIRST_REGIONS))
def test_the_month_is_first_where_exports_have_it_so(region: str) -> None:
    assert day_or_instant("11/04/2026", region) == DAY


def test_the_day_is_first_elsewhere() -> None:
    assert day_or_instant("11/04/2026", "GB") == date(2026, 4, 11)


def dating(modified_at: datetime, timezone: str = "Europe/London") -> Dating:
    return Dating(modified_at, NOW, timezone)


def test_the_day_of_the_last_saving_is_worth_its_moment() -> None:
    assert dating(SAVED_AT).taken_at(SAVED_AT.date()) == SAVED_AT


def test_any_other_day_is_worth_its_local_beginning() -> None:
    assert dating(SAVED_AT).taken_at(date(2026, 7, 1)) == datetime(2026, 6, 30, 23, 0, tzinfo=UTC)


def test_the_day_of_the_last_saving_is_a_local_one() -> None:
    late = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)  # already the 23rd in Auckland
    assert dating(late, "Pacific/Auckland").taken_at(date(2026, 11, 23)) == late
    assert dating(late, "Pacific/Auckland").taken_at(date(2026, 11, 22)) == datetime(
        2026, 11, 21, 11, 0, tzinfo=UTC
    )


def test_a_time_without_zone_is_local() -> None:
    said = datetime(2026, 7, 1, 10, 0)  # noqa: DTZ001 - local, as the cell has it
    assert dating(SAVED_AT).taken_at(said) == datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


def test_the_future_counts_for_nothing() -> None:
    assert dating(SAVED_AT).taken_at(date(2026, 11, 25)) is None


def test_a_file_that_was_saved_in_the_future_is_dated_now() -> None:
    assert dating(datetime(2027, 1, 1, tzinfo=UTC)).file_at == NOW


# --- Where the date of a register stands ----------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        ["As of", "2026-11-04"],
        ["As of:", None, None, date(2026, 11, 4)],
        ["Stand: 04.11.2026"],
        [None, "Stand vom", "4. November 2026"],
        ["Date du registre", "04/11/2026"],
        ["Fecha", "4 de noviembre de 2026"],
        ["Data:", "04/11/2026"],
        ["بتاريخ", "٠٤/١١/٢٠٢٦"],
    ],
)
def test_a_labelled_date_above_the_header(tmp_path: Path, title: list[Cell]) -> None:
    reading = read_rows(tmp_path, [["Register of groups"], title, [], *TABLE])
    midnight = datetime(2026, 11, 4, tzinfo=UTC)
    assert (reading.taken_at, only(reading).taken_at) == (midnight, midnight)
    assert reading.problems == ()


def test_without_a_date_the_files_own_time_counts(tmp_path: Path) -> None:
    assert only(read_rows(tmp_path, TABLE)).taken_at == SAVED_AT


def test_an_empty_date_cell_is_no_date(tmp_path: Path) -> None:
    assert only(read_rows(tmp_path, [["As of", None], *TABLE])).taken_at == SAVED_AT


def test_a_title_that_begins_like_a_label_is_a_title(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [["Data protection officer of the ward"], *TABLE])
    assert (reading.taken_at, reading.problems) == (SAVED_AT, ())


def test_a_date_in_the_future_is_ignored(tmp_path: Path) -> None:
    assert only(read_rows(tmp_path, [["As of", "2031-01-01"], *TABLE])).taken_at == SAVED_AT


def test_a_column_of_dates_gives_each_group_its_own(tmp_path: Path) -> None:
    rows = [
        ["Group", "Phone", "Last checked"],
        ["Ward 7", "+447700900101", "2026-11-05"],
        ["Ward 7", "+447700900102", "2026-11-04"],
        ["Ward 8", "+447700900103", ""],
    ]
    assert {r.group.name: r.taken_at for r in read_rows(tmp_path, rows).rosters} == {
        "Ward 7": datetime(2026, 11, 4, tzinfo=UTC),
        "Ward 8": SAVED_AT,
    }


@pytest.mark.parametrize(
    "days, newest",
    [
        (["2026-09-05", "2026-09-04"], datetime(2026, 9, 4, 23, tzinfo=UTC)),
        (["2026-09-05", ""], SAVED_AT),
        (["2031-09-05", ""], SAVED_AT),
        (["2026-09-05", "2026-11-23"], SAVED_AT),
    ],
    ids=["all", "not-all", "future", "written-today"],
)
def test_a_register_is_as_new_as_its_newest_group(tmp_path: Path, days: list[Cell], newest: datetime) -> None:
    rows: list[list[Cell]] = [
        ["Group", "Phone", "As of"],
        *([f"Ward {at}", f"+44770090010{at}", day] for at, day in enumerate(days)),
    ]
    reading = read_rows(tmp_path, rows)
    assert reading.taken_at == newest
    inventory = register(RegisterConfig(path=Path("groups.xlsx")), context(tmp_path))
    *_, end = inventory.changes(None)
    assert isinstance(end, SnapshotEnd)
    assert end.taken_at == newest
    assert f"dated {newest:%Y-%m-%d %H:%M} UTC" in inventory.check().message


def test_a_column_without_any_group_leaves_the_file_s_date(tmp_path: Path) -> None:
    assert read_rows(tmp_path, [["Group", "Phone", "As of"], ["", "", "2026-09-05"]]).taken_at == SAVED_AT


def test_word_has_its_date_in_the_text_above_the_table(tmp_path: Path) -> None:
    path = tmp_path / "g.docx"
    write_docx(path, TABLE, above=["Our groups", "Stand: 4. November 2026"])
    assert read_file(path).taken_at == datetime(2026, 11, 4, tzinfo=UTC)
