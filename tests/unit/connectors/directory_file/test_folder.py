"""A folder of dated exports: history in order, names, and what is not read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.directory.file.connector import FileDirectory
from connectors.directory.file.cursor import Cursor
from contracts.directory import NOW, drain, read_pass
from fakes.export_files import directory, guid, rows, write
from worker.ports import (
    CursorExpired,
    Incomplete,
)

DAY = timedelta(days=1)


def exports(folder: Path, *names: str) -> FileDirectory:
    for number, name in enumerate(names, start=1):
        write(folder / "exports" / name, rows(number), NOW - timedelta(days=number))
    return directory(folder, "exports")


def replay(export: FileDirectory, cursor: str | None = None) -> list[tuple[list[str], datetime, bool]]:
    seen, has_more = [], True
    while has_more:
        one = read_pass(export, cursor)
        cursor, has_more = one.end.cursor, one.end.has_more
        seen.append((list(one.people), one.end.taken_at, has_more))
    return seen


def test_a_folder_is_replayed_from_the_oldest_to_the_newest(tmp_path: Path) -> None:
    export = exports(tmp_path, "people-2026-11-23.csv", "people-2026-11-21.csv", "people-20261122.csv")

    assert replay(export) == [
        ([guid(2)], datetime(2026, 11, 21, tzinfo=UTC), True),
        ([guid(3)], datetime(2026, 11, 22, tzinfo=UTC), True),
        ([guid(1)], datetime(2026, 11, 23, tzinfo=UTC), False),
    ]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("2026-06-24.csv", datetime(2026, 6, 23, 23, tzinfo=UTC)),
        ("people_2026-06-24T0900.csv", datetime(2026, 6, 24, 8, tzinfo=UTC)),
        ("people 2026-06-24 09-30-15.csv", datetime(2026, 6, 24, 8, 30, 15, tzinfo=UTC)),
        ("20260624-0900-people.csv", datetime(2026, 6, 24, 8, tzinfo=UTC)),
        ("20260624090000.csv", datetime(2026, 6, 24, 8, tzinfo=UTC)),
        ("2026-06-24T0900Z.csv", datetime(2026, 6, 24, 9, tzinfo=UTC)),
        ("2026.06.24.csv", datetime(2026, 6, 23, 23, tzinfo=UTC)),
        ("people-2026-06-31.csv", NOW - timedelta(days=1)),
        ("people-4720260624123.csv", NOW - timedelta(days=1)),
        ("people.csv", NOW - timedelta(days=1)),
    ],
)
def test_the_date_in_a_name_counts_before_the_modification(
    name: str, expected: datetime, tmp_path: Path
) -> None:
    assert replay(exports(tmp_path, name))[0][1] == expected


def test_a_date_of_the_future_in_a_name_counts_for_nothing(tmp_path: Path) -> None:
    wrong_year = write(tmp_path / "exports" / "2027-11-22.csv", rows(1), NOW - timedelta(days=2))
    export = directory(tmp_path, "exports")
    first = drain(export).end
    write(wrong_year.with_name("2026-11-23.csv"), rows(2), NOW)
    write(wrong_year.with_name("2026-11-24.csv"), rows(3), NOW)

    assert first.taken_at == NOW - timedelta(days=2)
    assert [people for people, _, _ in replay(export, first.cursor)] == [[guid(2)], [guid(3)]]


def test_after_a_cursor_of_the_future_later_files_are_read(tmp_path: Path) -> None:
    export = exports(tmp_path, "2027-11-22.csv")
    cursor = replace(Cursor.load(drain(export).end.cursor), taken_at=NOW + timedelta(days=365)).dump()
    write(tmp_path / "exports" / "2026-11-24.csv", rows(2), NOW)

    assert [people for people, _, _ in replay(export, cursor)] == [[guid(2)]]


def test_a_file_that_is_ahead_in_every_way_is_read_in_its_time_and_named_until_then(tmp_path: Path) -> None:
    write(tmp_path / "exports" / "a.csv", rows(1), NOW - timedelta(days=1))
    write(tmp_path / "exports" / "b.csv", rows(2), NOW + timedelta(days=2))
    cursor = drain(directory(tmp_path, "exports")).end.cursor

    with pytest.raises(Incomplete, match=r"b\.csv is dated 2026-11-26 09:00 UTC"):
        drain(directory(tmp_path, "exports"), cursor)
    later = drain(directory(tmp_path, "exports", now=NOW + timedelta(days=2)), cursor)
    assert list(later.people) == [guid(2)]


def test_a_clock_that_is_some_minutes_ahead_is_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "exports" / "a.csv", rows(1), NOW - timedelta(days=1))
    write(tmp_path / "exports" / "b.csv", rows(2), NOW + timedelta(minutes=5))
    cursor = drain(directory(tmp_path, "exports")).end.cursor

    assert drain(directory(tmp_path, "exports"), cursor).end.is_unchanged


def test_a_folder_with_nothing_but_files_of_the_future_is_named(tmp_path: Path) -> None:
    write(tmp_path / "exports" / "a.csv", rows(1), NOW + timedelta(minutes=5))

    with pytest.raises(Incomplete, match=r"a\.csv"):
        drain(directory(tmp_path, "exports"))
    assert "has not come" in directory(tmp_path, "exports").check().message


def test_files_of_one_date_come_by_name(tmp_path: Path) -> None:
    export = exports(tmp_path, "2026-11-24 b.csv", "2026-11-24 a.csv")

    assert [people for people, _, _ in replay(export)] == [[guid(2)], [guid(1)]]


def test_what_is_not_a_finished_export_is_ignored(tmp_path: Path) -> None:
    export = exports(
        tmp_path,
        "2026-11-20.csv",
        ".2026-11-21.csv",
        "~$2026-11-22.csv",
        "2026-11-23.csv.tmp",
        "2026-11-24.xlsx",
    )
    (tmp_path / "exports" / "2026-11-25.csv").mkdir()

    assert [people for people, _, _ in replay(export)] == [[guid(1)]]


def test_a_folder_without_an_export_is_incomplete(tmp_path: Path) -> None:
    export = exports(tmp_path, "notes.md")

    with pytest.raises(Incomplete, match="The folder exports has no export file"):
        list(export.changes(None))


def test_a_rewritten_file_of_a_folder_is_read_again(tmp_path: Path) -> None:
    export = exports(tmp_path, "2026-11-23.csv", "2026-11-24.csv")
    cursor = drain(export).end.cursor
    write(tmp_path / "exports" / "2026-11-24.csv", rows(7))

    assert list(drain(export, cursor).people) == [guid(7)]


@pytest.mark.parametrize(
    "settings", [{"scope": {"exclude": ["svc-*"]}}, {"region": "US"}], ids=["scope", "region"]
)
def test_the_last_file_is_read_again_by_other_settings(settings: dict[str, Any], tmp_path: Path) -> None:
    first = replay(exports(tmp_path, "2026-11-22.csv", "2026-11-23.csv"))
    cursor = drain(directory(tmp_path, "exports")).end.cursor
    cursor = drain(directory(tmp_path, "exports"), cursor).end.cursor
    other = directory(tmp_path, "exports", **settings)

    assert replay(other, cursor) == first[-1:]
    assert drain(other, read_pass(other, cursor).end.cursor).end.is_unchanged


def test_a_new_dated_file_with_the_same_people_is_a_pass(tmp_path: Path) -> None:
    export = exports(tmp_path, "2026-11-23.csv")
    cursor = drain(export).end.cursor
    write(tmp_path / "exports" / "2026-11-24.csv", rows(1))

    end = drain(export, cursor).end

    assert (end.is_unchanged, end.taken_at) == (False, datetime(2026, 11, 24, tzinfo=UTC))


def test_full_with_a_cursor_reads_the_newest_file(tmp_path: Path) -> None:
    export = exports(tmp_path, "2026-11-22.csv", "2026-11-23.csv", "2026-11-24.csv")
    first = read_pass(export, None).end

    again = read_pass(export, first.cursor, full=True)

    assert (list(again.people), again.end.has_more) == ([guid(3)], False)


def test_full_without_a_cursor_starts_with_the_oldest_file(tmp_path: Path) -> None:
    export = exports(tmp_path, "2026-11-23.csv", "2026-11-24.csv")

    first = read_pass(export, None, full=True)

    assert (list(first.people), first.end.has_more) == ([guid(1)], True)


def test_files_that_were_tidied_away_after_reading_are_not_missed(tmp_path: Path) -> None:
    export = exports(tmp_path, "2026-11-22.csv", "2026-11-23.csv", "2026-11-24.csv")
    end = drain(export).end
    (tmp_path / "exports" / "2026-11-24.csv").unlink()

    again = drain(export, end.cursor).end

    assert (again.is_unchanged, again.taken_at) == (True, end.taken_at)


def test_a_broken_file_in_a_folder_is_named(tmp_path: Path) -> None:
    export = exports(tmp_path, "2026-11-23.csv")
    cursor = drain(export).end.cursor
    write(tmp_path / "exports" / "2026-11-24.csv", rows(1, 2)[:-30])

    with pytest.raises(Incomplete, match=r"2026-11-24\.csv line 3"):
        list(export.changes(cursor))


@pytest.mark.parametrize("cursor", ["AAAA-an-ad-cookie", "", '{"kind": "whosleft-file-2"}'])
def test_full_with_a_cursor_that_is_none_of_ours_replays_no_history(cursor: str, tmp_path: Path) -> None:
    export = exports(tmp_path, "2026-11-22.csv", "2026-11-23.csv", "2026-11-24.csv")

    again = read_pass(export, cursor, full=True)

    assert (list(again.people), again.end.is_full, again.end.has_more) == ([guid(3)], True, False)
    assert drain(export, again.end.cursor).end.is_unchanged


def test_a_cursor_that_says_more_in_a_later_release_is_read(tmp_path: Path) -> None:
    export = exports(tmp_path, "2026-11-23.csv", "2026-11-24.csv")
    first = json.loads(read_pass(export, None).end.cursor)

    assert [people for people, _, _ in replay(export, json.dumps(first | {"new": 1}))] == [[guid(2)]]


def test_a_cursor_of_a_later_version_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", rows(1))
    cursor = drain(directory(tmp_path)).end.cursor

    with pytest.raises(CursorExpired):
        list(directory(tmp_path).changes(cursor.replace("whosleft-file-1", "whosleft-file-2")))


@pytest.mark.parametrize("full, behind", [(False, DAY), (True, DAY), (True, timedelta(hours=9, minutes=5))])
def test_a_clock_that_is_behind_reads_no_older_file_again(
    full: bool, behind: timedelta, tmp_path: Path
) -> None:
    for day in (22, 23, 24):
        at = datetime(2026, 11, day, tzinfo=UTC)
        write(tmp_path / "exports" / f"2026-11-{day}.csv", rows(day), at)
    cursor, has_more = None, True
    while has_more:
        end = read_pass(directory(tmp_path, "exports"), cursor).end
        cursor, has_more = end.cursor, end.has_more

    with pytest.raises(Incomplete, match=r"2026-11-24\.csv is dated"):
        list(directory(tmp_path, "exports", now=NOW - behind).changes(cursor, full=full))
