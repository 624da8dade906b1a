"""Full passes over a domain controller with limits and faults that Samba does not have: whole, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.directory.active_directory.wire.ldap_controls import EXTENDED_DN
from fakes.ldap import server as ldap_server
from fakes.ldap import wire
from fakes.ldap.controller import PAGED
from fakes.ldap.server import LdapServer, Request
from fakes.ldap.setup import BASE, LEAVERS, STAFF, directory, eventually, failure, put_people, read
from worker.ports import (
    BadConfig,
    ConnectorError,
    DirectoryPage,
    Incomplete,
    PassEnd,
    PermissionDenied,
    Transient,
)

USERS = "(&(objectClass=user)(!(objectClass=computer))(!(isCriticalSystemObject=TRUE)))"


def people_searches(dc: LdapServer) -> list[Request]:
    return [request for request in dc.searches() if request.page]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A place where nobody is to come."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def nobody_came(listening: socket.socket) -> bool:
    try:
        listening.accept()
    except BlockingIOError:
        return True
    return False


# --- whole -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page_size, pages", [(1, 7), (3, 3), (7, 1), (1000, 1)])
def test_everybody_comes_once_in_pages_of_the_size_asked_for(
    dc: LdapServer, page_size: int, pages: int
) -> None:
    put_people(dc, 7)

    *found, end = directory(dc, page_size=page_size).changes(None)

    assert isinstance(end, PassEnd)
    assert end.is_full
    assert len(found) == pages
    sizes = [len(page.records) for page in found if isinstance(page, DirectoryPage)]
    assert sum(sizes) == 7
    assert max(sizes) <= page_size


def test_a_server_with_smaller_pages_is_read_to_the_end(dc: LdapServer) -> None:
    dc.max_page_size = 2
    put_people(dc, 5)
    people, _ = read(directory(dc))
    assert len(people) == 5


def test_an_empty_domain_is_a_whole_pass_of_nobody(dc: LdapServer) -> None:
    dc.put(STAFF)
    people, end = read(directory(dc))
    assert (people, end.is_full) == ({}, True)


def test_only_what_is_configured_is_asked_for(dc: LdapServer) -> None:
    put_people(dc, 3)
    dc.put(LEAVERS)
    read(
        directory(
            dc,
            page_size=2,
            attributes={"phones": ["pager"], "leave_date": "extensionAttribute1"},
            scope={"filter": "(employeeType=staff)", "ous": [STAFF]},
            leavers_ou=LEAVERS,
            mode="full",
        )
    )

    probe = f"(&{USERS}(extensionAttribute1=*))"
    found = [request for request in people_searches(dc) if "WKGUID" not in request.base]
    assert [request.base for request in found if request.filter == probe] == [BASE]
    searches = [request for request in found if request.filter != probe]
    assert [(request.base, request.scope) for request in searches] == [(STAFF, "sub"), (LEAVERS, "sub")]
    for request in searches:
        assert request.filter == f"(&{USERS}(employeeType=staff))"
        assert set(request.controls) == {PAGED, EXTENDED_DN}
        assert request.controls[PAGED][0], "paging is critical: a server that can't must say so"
        assert wire.elements(request.controls[PAGED][1])[0].parts[0].number == 2
        assert {"pager", "extensionAttribute1"} <= set(request.attributes)
        assert not {"mobile", "otherMobile", "*", "+", "memberOf", "unicodePwd"} & set(request.attributes)
        assert (request.size_limit, request.time_limit) == (0, 0)


def test_overlapping_ous_are_read_once(dc: LdapServer) -> None:
    put_people(dc, 1, f"OU=Nights,{STAFF}")
    read(
        directory(
            dc, scope={"ous": [f"OU=Nights,{STAFF}", STAFF]}, leavers_ou=f"OU=Gone,{STAFF}", mode="full"
        )
    )
    assert [r.base for r in people_searches(dc) if "WKGUID" not in r.base] == [STAFF]


def test_the_next_page_is_asked_for_before_the_one_before_is_given() -> None:
    class Watched(LdapServer):
        second_asked = threading.Event()

        def take_fault(self, request: Request):  # type: ignore[no-untyped-def]
            if request.page == 2:
                self.second_asked.set()
            return super().take_fault(request)

    with Watched() as dc:
        put_people(dc, 4)
        items = directory(dc, page_size=2).changes(None)
        next(items)
        assert dc.second_asked.wait(5), "while a page is stored, the server is idle"
        assert len(list(items)) == 2


def test_a_pass_that_is_given_up_ends_its_connection(dc: LdapServer) -> None:
    put_people(dc, 4)
    items = directory(dc, page_size=1).changes(None)
    next(items)
    assert dc.connected == 1

    items.close()  # type: ignore[attr-defined]

    assert eventually(lambda: dc.connected == 0)


def test_after_a_pass_no_connection_is_left(dc: LdapServer) -> None:
    put_people(dc, 1)
    read(directory(dc))
    assert eventually(lambda: dc.connected == 0)


# --- parts that pose as the whole ------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", ["page 1", "page 2"])
@pytest.mark.parametrize(
    "code, kind, says",
    [
        (3, Incomplete, "stopped at its time limit"),
        (4, Incomplete, "stopped at its size limit"),
        (11, Incomplete, "stopped at an administrative limit"),
        (51, Transient, "is busy"),
        (52, Transient, "is shutting down or not up yet"),
        (53, Transient, "does not go on with the read"),
    ],
)
def test_a_page_that_ends_early_proves_nothing(
    dc: LdapServer, on: str, code: int, kind: type[ConnectorError], says: str
) -> None:
    put_people(dc, 5)
    dc.answer(code, on=on, after_entries=1)
    error = failure(dc, kind, page_size=2)
    assert says in error.message
    assert error.remedy


def test_success_without_the_paging_control_proves_nothing(dc: LdapServer) -> None:
    put_people(dc, 5)
    dc.omit_paged_control()
    error = failure(dc, Incomplete)
    assert "did not say whether there is more of the people in DC=corp,DC=example" in error.message


@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("after", [0, 1])
def test_a_connection_that_breaks_in_a_page_proves_nothing(dc: LdapServer, after: int, is_cut: bool) -> None:
    put_people(dc, 5)
    dc.drop_after(after, on="page 2", is_cut=is_cut)
    assert "broke off (the server closed the connection)" in failure(dc, Transient, page_size=2).message


def test_a_server_that_says_goodbye_is_tried_again_later(dc: LdapServer) -> None:
    put_people(dc, 5)
    dc.say_goodbye("The server is going down.", on="page 2", after_entries=1)
    error = failure(dc, Transient, page_size=2)
    assert "is shutting down or not up yet" in error.message
    assert "The server is going down." in error.message


@pytest.mark.parametrize(
    "raw, says",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "0x48 instead of 0x30"),
        (wire.done(4095), "question 4095, which is not open"),
        (b"\x30\x84\xff\xff\xff\xff", "is announced"),
    ],
    ids=["garbage", "another message id", "too large"],
)
def test_bytes_that_are_no_answer_to_us_prove_nothing(dc: LdapServer, raw: bytes, says: str) -> None:
    put_people(dc, 5)
    dc.send_raw(raw, on="page 2", after_entries=1)
    error = failure(dc, Incomplete, page_size=2)
    assert says in error.message
    assert "sent bytes that are no LDAP" in error.message


def test_a_person_who_cannot_be_read_proves_nothing_though_their_page_ended_well(
    dc: LdapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = ldap_server._encoded

    def twisted(*arguments: Any) -> list[bytes]:
        messages = encoded(*arguments)
        return [
            each.replace(b"\x31\x84", b"\x30\x84") for each in messages
        ]  # values in a sequence, not in a set

    put_people(dc, 5)
    pages = directory(dc, page_size=2).changes(None)
    next(pages)
    monkeypatch.setattr(ldap_server, "_encoded", twisted)

    with pytest.raises(Incomplete, match=r"sent bytes that are no LDAP .* 0x30 instead of 0x31"):
        list(pages)
    assert eventually(lambda: dc.connected == 0)


def test_a_referral_is_not_followed_and_names_the_place(dc: LdapServer, listener: socket.socket) -> None:
    place = f"ldap://127.0.0.1:{listener.getsockname()[1]}/DC=other,DC=example"
    put_people(dc, 1)
    dc.answer(10, on="page 1", urls=(place,))

    error = failure(dc, BadConfig)

    assert f"points to {place}, which is not followed" in error.message
    assert nobody_came(listener)


def test_references_to_other_domains_are_left_alone(dc: LdapServer, listener: socket.socket) -> None:
    put_people(dc, 5)
    dc.references = (f"ldap://127.0.0.1:{listener.getsockname()[1]}/DC=other,DC=corp,DC=example",)

    people, end = read(directory(dc, page_size=2))

    assert (len(people), end.is_full) == (5, True)
    assert nobody_came(listener)


# --- values in parts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_val_range", [1, 7, 1500, 1600, 1601, 1602])
def test_an_attribute_that_comes_in_parts_is_put_together(dc: LdapServer, max_val_range: int) -> None:
    dc.max_val_range = max_val_range
    count = 1601 if max_val_range >= 1500 else 20
    numbers = [f"+4477009{number:05}" for number in range(count)]
    dc.put(f"CN=Desk,{STAFF}", otherMobile=numbers)

    people, _ = read(directory(dc))

    assert sorted(people["Desk"].phones) == sorted(numbers)


def test_the_rest_of_an_attribute_is_read_before_the_next_page_is_asked_for(dc: LdapServer) -> None:
    dc.max_val_range = 3
    numbers = [f"+4477009{number:05}" for number in range(10)]
    for place in range(5):
        dc.put(f"CN=Desk {place},{STAFF}", otherMobile=numbers)

    people, end = read(directory(dc, page_size=2))

    assert end.is_full
    assert [sorted(people[f"Desk {place}"].phones) for place in range(5)] == [numbers] * 5


@pytest.mark.parametrize("code, kind", [(1, ConnectorError), (32, PermissionDenied), (51, Transient)])
def test_when_the_rest_of_an_attribute_is_refused_the_pass_proves_nothing(
    dc: LdapServer, code: int, kind: type[ConnectorError]
) -> None:
    dc.max_val_range = 3
    dc.put(f"CN=Desk,{STAFF}", otherMobile=[f"+44770090{number:04}" for number in range(10)])
    dc.answer(code, on="page 0", skip=2)
    with pytest.raises(kind):
        read(directory(dc, mode="full"))


def test_when_the_rest_of_an_attribute_is_missing_the_pass_proves_nothing(dc: LdapServer) -> None:
    class Forgetful(LdapServer):
        """Knows the first part of a long attribute only."""

        def _ranged(self, name, values, asked):  # type: ignore[no-untyped-def]
            return {} if asked.startswith("othermobile;range=") else super()._ranged(name, values, asked)

    with Forgetful() as other:
        other.max_val_range = 5
        other.put(f"CN=Desk,{STAFF}", otherMobile=[f"+44770090{number:04}" for number in range(10)])
        error = failure(other, Incomplete)
    assert "gave 5 values of othermobile of <GUID=" in error.message
    assert "and not the rest" in error.message


def test_whoever_is_renamed_meanwhile_is_found_by_id(dc: LdapServer) -> None:
    dc.max_val_range = 3
    dc.put(f"CN=Desk,{STAFF}", otherMobile=[f"+44770090{number:04}" for number in range(10)])
    read(directory(dc, mode="full"))
    rest = [request for request in dc.searches() if request.attributes[0].startswith("othermobile;range=")]
    assert rest
    assert all(request.base.startswith("<GUID=") and request.scope == "base" for request in rest)
