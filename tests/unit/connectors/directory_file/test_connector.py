"""One file: encodings, dates, rewritten and half-written files, and what `check` says."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from connectors.directory.file.client import translated
from connectors.directory.file.cursor import Cursor
from contracts.directory import NOW, drain, read_pass
from fakes.export_files import HEADER, directory, guid, rows, write
from worker.ports import (
    ConnectorError,
    DirectoryPage,
    Incomplete,
    PassEnd,
    PermissionDenied,
    Transient,
)


@pytest.mark.parametrize(
    "content",
    [
        rows(1).encode("utf-8"),
        rows(1).encode("utf-8-sig"),
        rows(1).encode("utf-16"),
        b"\xfe\xff" + rows(1).encode("utf-16-be"),
        rows(1).encode("utf-16-le"),
        rows(1).encode("utf-16-be"),
        rows(1).encode("utf-32"),
        b"\0\0\xfe\xff" + rows(1).encode("utf-32-be"),
        rows(1).encode("utf-32-le"),
        rows(1).encode("utf-32-be"),
        rows(1).encode("cp1252"),
        rows(1).replace("\r\n", "\r").encode(),
    ],
    ids=[
        "utf-8",
        "bom",
        "utf-16-le",
        "utf-16-be",
        "unmarked le",
        "unmarked be",
        "utf-32",
        "utf-32-be",
        "unmarked 32 le",
        "unmarked 32 be",
        "cp1252",
        "old mac",
    ],
)
def test_every_encoding_of_export_csv_is_read(content: bytes, tmp_path: Path) -> None:
    write(tmp_path / "people.csv", content)

    assert drain(directory(tmp_path)).people[guid(1)].display_name == "Zoë 1"


def test_a_letter_on_the_border_of_two_blocks_is_one_letter(tmp_path: Path) -> None:
    block = 1 << 20
    many = rows(*range(10, 10 + (block - 2000) // len(rows(10_000, name="Al")[len(HEADER) :])), name="Al")
    before, after = f"{guid(1)},", f",,True\r\n{guid(2)},Zo"
    padding = "x" * (block - 1 - len(many) - len(before) - len(after))
    content = f"{many}{before}{padding}{after}\u00eb 2,,True\r\n".encode()
    write(tmp_path / "people.csv", content)

    assert content[block - 1 : block + 1] == "\u00eb".encode()
    assert drain(directory(tmp_path)).people[guid(2)].display_name == "Zo\u00eb 2"


# One file


def test_a_file_is_dated_by_its_modification(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", rows(1), NOW - timedelta(hours=5))

    assert drain(directory(tmp_path)).end.taken_at == NOW - timedelta(hours=5)


def test_new_content_is_a_new_pass_even_at_the_same_time_and_size(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", rows(1))
    cursor = drain(directory(tmp_path)).end.cursor
    write(tmp_path / "people.csv", rows(2))

    got = drain(directory(tmp_path), cursor)

    assert (got.end.is_unchanged, list(got.people)) == (False, [guid(2)])


def test_the_same_content_exported_again_is_unchanged_and_younger(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", rows(1), NOW - timedelta(days=1))
    cursor = drain(directory(tmp_path)).end.cursor
    write(tmp_path / "people.csv", rows(1))

    end = drain(directory(tmp_path), cursor).end

    assert (end.is_unchanged, end.taken_at) == (True, NOW)


@pytest.mark.parametrize("full", [False, True])
def test_a_file_that_is_dated_ahead_is_of_now_once_and_not_younger_by_itself(
    tmp_path: Path, full: bool
) -> None:
    write(tmp_path / "people.csv", rows(1), NOW + timedelta(days=365))
    first = drain(directory(tmp_path)).end
    later = directory(tmp_path, now=NOW + timedelta(days=9))

    again = read_pass(later, first.cursor, full=full).end
    write(tmp_path / "people.csv", rows(1, 2), NOW + timedelta(days=365))
    changed = read_pass(later, again.cursor).end

    assert [one.taken_at for one in (first, again, changed)] == [NOW, NOW, NOW + timedelta(days=9)]


def test_after_a_clock_that_was_ahead_a_file_has_its_own_date_again(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", rows(1), NOW - timedelta(hours=5))
    cursor = replace(Cursor.load(drain(directory(tmp_path)).end.cursor), taken_at=NOW + timedelta(days=60))

    assert drain(directory(tmp_path), cursor.dump()).end.taken_at == NOW - timedelta(hours=5)


def test_a_restored_older_file_is_read_and_time_does_not_go_back(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", rows(1, 2))
    cursor = drain(directory(tmp_path)).end.cursor
    write(tmp_path / "people.csv", rows(1), NOW - timedelta(days=9))

    got = drain(directory(tmp_path), cursor)

    assert (list(got.people), got.end.taken_at) == ([guid(1)], NOW)


@pytest.mark.parametrize("change", ["appended to", "touched"])
def test_a_file_that_changes_while_it_is_read_proves_nothing(change: str, tmp_path: Path) -> None:
    file = write(tmp_path / "people.csv", rows(*range(1500)))
    reading = directory(tmp_path).changes(None)
    assert isinstance(next(reading), DirectoryPage)
    if change == "appended to":
        with file.open("a", encoding="utf-8") as more:
            more.write("one more row")
    else:
        os.utime(file, (1, 1))

    with pytest.raises(Incomplete) as raised:
        list(reading)
    assert "people.csv" in raised.value.message
    assert raised.value.remedy


def test_a_file_that_is_replaced_by_a_rename_is_read_to_its_end(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", rows(*range(1500)))
    reading = directory(tmp_path).changes(None)
    first = next(reading)
    write(tmp_path / "new", rows(1), NOW + timedelta(hours=1)).replace(tmp_path / "people.csv")

    rest = list(reading)

    assert isinstance(first, DirectoryPage)
    assert (
        len(first.records) + sum(len(page.records) for page in rest if isinstance(page, DirectoryPage))
        == 1500
    )
    end = rest[-1]
    assert isinstance(end, PassEnd)
    assert list(drain(directory(tmp_path), end.cursor).people) == [guid(1)]


def test_identical_rows_are_one_person_and_the_last_wins(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", rows(1, 2, 1))

    got = drain(directory(tmp_path))

    assert (got.malformed, got.people[guid(1)].location) == ((), "people.csv line 4")


def test_a_manager_who_comes_later_in_the_file_is_found(tmp_path: Path) -> None:
    text = (
        "ObjectGUID,DistinguishedName,Manager\r\n"
        f'{guid(1)},"CN=Amy,DC=corp","cn=Ben, dc=corp"\r\n{guid(2)},"CN=Ben,DC=corp",\r\n'
    )
    write(tmp_path / "people.csv", text)

    assert drain(directory(tmp_path)).people[guid(1)].manager_id == guid(2)


@pytest.mark.parametrize(
    "named, found",
    [
        ("BEN", 2),  # a user name, in any size of letters
        ("ben@corp.example", 3),  # a user principal name comes first: somebody may have it as their user name
        ("cem", None),  # of two domains
    ],
)
def test_a_manager_is_found_by_a_user_name_that_one_person_has(
    tmp_path: Path, named: str, found: int | None
) -> None:
    people = [
        (1, "amy", "", named),
        (2, "Ben", "", ""),
        (2, "Ben", "", ""),
        (3, "x", "ben@corp.example", ""),
        (4, "ben@corp.example", "", ""),
        (5, "cem", "", ""),
        (6, "Cem", "", ""),
    ]
    lines = [f"{guid(who)},{account},{upn},{manager}\r\n" for who, account, upn, manager in people]
    write(tmp_path / "people.csv", f"ObjectGUID,SamAccountName,UserPrincipalName,Manager\r\n{''.join(lines)}")

    got = drain(directory(tmp_path)).people[guid(1)].manager_id
    assert got == (guid(found) if found else None)


@pytest.mark.parametrize(
    "error, expected",
    [
        (PermissionError(13, "Permission denied"), PermissionDenied),
        (FileNotFoundError(2, "No such file"), Transient),
        (OSError(116, "Stale file handle"), Transient),
    ],
)
def test_what_the_file_system_raises_is_translated(error: OSError, expected: type[ConnectorError]) -> None:
    with pytest.raises(expected) as raised, translated("people.csv", Path("exports/people.csv")):
        raise error
    assert "people.csv" in raised.value.message
    assert raised.value.remedy


def test_a_pipe_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "people.csv")

    result = directory(tmp_path).check()

    assert result.message == "people.csv: this is not a file, but a pipe, a device or the like."


# Day first or month first


def dated(*texts: str, column: str = "AccountExpirationDate", more: str = "") -> str:
    rows_ = "".join(f"{guid(n)},{text},{more}\r\n" for n, text in enumerate(texts, start=1))
    return f"ObjectGUID,{column},whenCreated\r\n{rows_}"


@pytest.mark.parametrize(
    "content, region, expected, warned",
    [
        (dated("03/04/2026", "24/11/2026"), "US", datetime(2026, 4, 2, 23, tzinfo=UTC), False),
        (dated("03/04/2026", "11/24/2026"), "GB", datetime(2026, 3, 4, tzinfo=UTC), False),
        (dated("03/04/2026"), "GB", datetime(2026, 4, 2, 23, tzinfo=UTC), True),
        (dated("03/04/2026"), "US", datetime(2026, 3, 4, tzinfo=UTC), True),
        (dated("03/04/2026", more="31/01/2020"), "US", datetime(2026, 4, 2, 23, tzinfo=UTC), False),
        (dated("03/04/2026", more="1/31/2020 9:00 AM"), "GB", datetime(2026, 3, 4, tzinfo=UTC), False),
        (dated("03/03/2026"), "GB", datetime(2026, 3, 3, tzinfo=UTC), False),
        (dated("2026-04-03"), "US", datetime(2026, 4, 2, 23, tzinfo=UTC), False),
    ],
)
def test_the_order_of_dates_is_decided_over_the_whole_file(
    content: str, region: str, expected: datetime, warned: bool, tmp_path: Path
) -> None:
    write(tmp_path / "people.csv", content)
    export = directory(tmp_path, region=region)

    assert drain(export).people[guid(1)].expires_at == expected
    assert ("dates in AccountExpirationDate" in export.check().details) is warned


# What check says


def test_one_bad_record_in_a_hundred_is_set_aside_and_check_stays_green(tmp_path: Path) -> None:
    text = rows(*range(1, 101)).replace(guid(50), "x")
    write(tmp_path / "people.csv", text)

    result = directory(tmp_path).check()

    assert (result.ok, result.counts["malformed"]) == (True, 1)
    assert "people.csv line 51" in result.details["first record set aside"]


# Whole exports of the other kinds


def test_an_ldifde_export_is_read(tmp_path: Path) -> None:
    write(
        tmp_path / "people.ldf",
        "dn: CN=Amy Adeyemi,OU=Leavers,DC=corp,DC=example\r\nchangetype: add\r\n"
        "objectClass: top\r\nobjectClass: person\r\nobjectClass: user\r\n"
        "objectGUID:: 4AQlP4lP00GaDAMF6CwzAQ==\r\nuserAccountControl: 514\r\n"
        "accountExpires: 9223372036854775807\r\npwdLastSet: 0\r\nlockoutTime: 1\r\n"
        "otherMobile: 07700 900101\r\notherMobile: 07700 900102\r\n\r\n"
        "dn: CN=Team,DC=corp,DC=example\r\nchangetype: add\r\nobjectClass: group\r\n\r\n",
    )
    export = directory(tmp_path, "people.ldf", leavers_ou="OU=Leavers,DC=corp,DC=example")

    (amy,) = drain(export).people.values()

    assert (amy.person_id, amy.enabled, amy.expires_at) == (
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        False,
        None,
    )
    assert (amy.is_moved_out, amy.phones) == (True, ("+447700900101", "+447700900102"))
    assert export.check().details["left out"].startswith("1 entries")


def test_an_ldif_file_lacks_the_attributes_that_none_of_its_entries_has(tmp_path: Path) -> None:
    entry = "dn: CN=P{n},DC=corp\r\nobjectGUID: {id}\r\nuserAccountControl: 512\r\n{more}\r\n"
    more = ("department: Nursing\r\n", "accountExpires: 0\r\n")
    content = "".join(entry.format(n=n, id=guid(n + 1), more=one) for n, one in enumerate(more))
    write(tmp_path / "people.ldf", content)

    page, _ = directory(tmp_path, "people.ldf").changes(None)

    assert isinstance(page, DirectoryPage)
    assert page.unshown == {"title", "office", "company", "country", "timezone"}
    assert page.unsure == {"leave_at"}


@pytest.mark.parametrize(
    "absence, is_shown", [("", False), ("absence: no\r\n", True), ("absence: sick\r\n", True)]
)
def test_an_ldif_file_in_which_nobody_is_on_leave_may_have_been_made_without_it(
    tmp_path: Path, absence: str, is_shown: bool
) -> None:
    entry = f"dn: CN=Ann,DC=corp\r\nobjectGUID: {guid(1)}\r\nuserAccountControl: 514\r\n{absence}"
    write(tmp_path / "people.ldf", entry)

    page, _ = directory(tmp_path, "people.ldf", attributes={"long_leave": "absence"}).changes(None)

    assert isinstance(page, DirectoryPage)
    assert ("is_on_long_leave" not in page.unshown) is is_shown


def test_an_entra_export_is_read(tmp_path: Path) -> None:
    write(
        tmp_path / "people.csv",
        "userPrincipalName,displayName,id,userType,accountEnabled,usageLocation,mobilePhone,employeeLeaveDateTime\n"
        f"amy@corp.example,Amy,{guid(1).upper()},Member,False,US,555-010-0100,2026-11-24T17:00:00Z\n"
        f"guest_x#EXT#@corp.example,Guest,{guid(2)},Guest,True,,,\n",
    )

    result = directory(tmp_path).check()
    amy = drain(directory(tmp_path)).people[guid(1)]

    assert "1 person (0 enabled, 1 disabled)" in result.message
    assert "format Entra CSV" in result.message
    assert amy.leave_at == datetime(2026, 11, 24, 17, tzinfo=UTC)
    assert result.counts["out_of_scope"] == 1


def test_pages_hold_a_thousand_records(tmp_path: Path) -> None:
    write(tmp_path / "people.csv", rows(*range(2500)))

    sizes = [len(page.records) for page in drain(directory(tmp_path)).pages]

    assert sizes == [1000, 1000, 500]
    assert all(a >= b for a, b in pairwise(sizes))
