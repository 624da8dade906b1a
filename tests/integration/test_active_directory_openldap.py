"""Where OpenLDAP says more than Samba: limits of the server, and a directory that is no Active Directory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import ldif
from contracts.directory import drain, read_until_error
from integration.ad_company import reading
from integration.company import guid, phone
from slapd import Absent, Slapd, running_slapd
from throwaway import missing
from worker.ports import Incomplete, PassEnd

COUNT = 250


def people(count: int = COUNT) -> str:
    return "".join(
        ldif.entry(
            f"cn=Person {number},{Slapd.staff_ou}",
            {
                "objectClass": "user",
                "cn": f"Person {number}",
                "sn": str(number),
                "objectGUID": uuid.UUID(guid(number)).bytes_le,
                "sAMAccountName": f"p{number}",
                "mobile": phone(number),
                "employeeID": f"E{number:04d}",
                "userAccountControl": 514 if number % 50 == 0 else 512,
            },
        )
        for number in range(count)
    )


@contextmanager
def limited(**limits: int | str) -> Iterator[Slapd]:
    try:
        with running_slapd(people(), **limits) as server:
            yield server
    except Absent as absent:
        missing(absent)


@pytest.mark.parametrize("mode", ["auto", "full"])
def test_people_are_read_page_by_page_in_full_passes_alone(slapd_server: Slapd, mode: str) -> None:
    slapd_server.load(people())
    with reading(slapd_server, mode=mode, page_size=100) as corp:
        first = drain(corp)
        again = drain(corp, first.end.cursor)

    assert [len(page.records) for page in first.pages] == [100, 100, 50]
    assert (first.end.is_full, first.malformed) == (True, ())
    assert first.people.keys() == {guid(number) for number in range(COUNT)}
    assert sum(facts.enabled is False for facts in first.people.values()) == 5
    assert (again.end.is_full, again.people) == (True, first.people)


def test_without_update_numbers_there_is_no_mark_and_check_says_how_changes_are_read(
    slapd_server: Slapd,
) -> None:
    slapd_server.load(people(3))
    with reading(slapd_server) as corp:
        assert corp.watermark() is None
        checked = corp.check()

    assert checked.details["changes_by"] == "full passes alone: no Active Directory, so there are no deltas"
    assert checked.counts["people"] == 3


@pytest.mark.parametrize("size_limit", [120, "size.soft=50 size.hard=120", "size.pr=100 size.prtotal=120"])
def test_a_size_limit_of_the_server_proves_nothing(size_limit: int | str) -> None:
    with limited(sizelimit=size_limit) as server, reading(server, page_size=60) as corp:
        items, error = read_until_error(corp, None)
        checked = corp.check()

    assert isinstance(error, Incomplete)
    assert "size limit" in error.message or "administrative limit" in error.message
    assert "Nobody's status is changed" in error.remedy
    assert not any(isinstance(item, PassEnd) for item in items)
    assert not checked.ok


def test_a_page_larger_than_the_server_allows_proves_nothing() -> None:
    with limited(sizelimit="size.pr=50") as server, reading(server, page_size=100) as corp:
        items, error = read_until_error(corp, None)

    assert items == []
    assert isinstance(error, Incomplete)
    assert "Lower page_size" in error.remedy


def test_paging_that_is_switched_off_is_an_error_and_not_a_small_company() -> None:
    with limited(sizelimit="size.prtotal=disabled") as server, reading(server, page_size=100) as corp:
        items, error = read_until_error(corp, None)

    assert items == []
    assert error is not None
    assert error.remedy
