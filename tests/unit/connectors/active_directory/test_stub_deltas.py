"""Changes since a pass, from a domain controller with DirSync pages, a recycle bin, restores and another's database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.directory.active_directory.read import deltas
from connectors.directory.active_directory.read.cursor import Cursor
from connectors.directory.active_directory.wire.ldap_controls import SHOW_DELETED
from fakes.ldap.controller import DIRSYNC, PAGED, Reply, Search, _integer, _octets, _sequence
from fakes.ldap.server import LdapServer, Request
from fakes.ldap.setup import (
    ANN,
    BASE,
    BEN,
    DELTA_MODES,
    NOW,
    PLACES,
    STAFF,
    config,
    directory,
    read,
    starting,
)
from fakes.ldap.wire import Element, elements
from worker.ports import DirectoryPage, Incomplete, PermissionDenied, Transient

pytestmark = pytest.mark.usefixtures("ann_and_ben")

NOBODY = "(cn=no such object, the cookie alone is wanted)"


def dirsyncs(dc: LdapServer) -> list[tuple[Request, list[Element]]]:
    """Each DirSync request, with flags, size and cookie."""
    return [
        (request, elements(request.controls[DIRSYNC][1])[0].parts)
        for request in dc.searches()
        if DIRSYNC in request.controls
    ]


# --- what changed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_a_delta_has_whom_something_happened_to_whole(dc: LdapServer, mode: str) -> None:
    source, cursor = starting(dc, mode=mode)
    dc.change(ANN, userAccountControl=514)
    dc.put(f"CN=Cat,{STAFF}", displayName="Cat")

    people, end = read(source, cursor)

    assert set(people) == {"Ann", "Cat"}
    assert (people["Ann"].enabled, people["Ann"].phones) == (False, ("+447700900101",))
    assert (end.is_full, end.is_unchanged) == (False, False)


@pytest.mark.parametrize(
    "shown, unshown", [({}, {"leave_at", "is_on_long_leave"}), ({"x2": "sick"}, {"leave_at"})]
)
def test_a_delta_says_whether_long_leave_is_seen_of_anybody(
    dc: LdapServer, shown: dict[str, str], unshown: set[str]
) -> None:
    source, cursor = starting(dc, attributes={"long_leave": "x2"})
    dc.change(BEN, **shown)
    dc.change(ANN, userAccountControl=514)
    page, _ = source.changes(cursor)
    assert isinstance(page, DirectoryPage)
    assert page.unshown - PLACES == unshown


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("change", [{}, {"title": "Sister"}], ids=["unchanged", "changed"])
def test_after_a_clock_that_was_ahead_a_pass_is_of_now(
    dc: LdapServer, change: dict[str, str], full: bool
) -> None:
    source, cursor = starting(dc)
    dc.change(ANN, **change)

    ahead = replace(Cursor.load(cursor), taken_at=NOW + timedelta(days=60)).dump()
    _, end = read(source, ahead, full=full)

    assert end.taken_at == NOW


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_the_next_delta_begins_where_the_one_before_ended(dc: LdapServer, mode: str) -> None:
    source, cursor = starting(dc, mode=mode)
    dc.change(ANN, title="Sister")
    _, end = read(source, cursor)
    dc.change(BEN, title="Porter")

    people, _ = read(source, end.cursor)

    assert set(people) == {"Ben"}


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_a_deletion_and_a_return_from_the_recycle_bin_are_seen(dc: LdapServer, mode: str) -> None:
    dc.tree.has_recycle_bin = True
    source, cursor = starting(dc, mode=mode)
    guid = dc.delete(ANN)
    gone, end = read(source, cursor)
    dc.undelete(guid, ANN)
    back, _ = read(source, end.cursor)

    assert [(facts.is_deleted, facts.org_unit) for facts in gone.values()] == [(True, STAFF)]
    assert [(facts.is_deleted, facts.enabled, facts.is_in_scope) for facts in back.values()] == [
        (False, True, True)
    ]
    assert {facts.person_id for facts in (*gone.values(), *back.values())} == {str(guid)}


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_somebody_whose_ou_was_deleted_with_them_is_deleted(dc: LdapServer, mode: str) -> None:
    source, cursor = starting(dc, mode=mode, scope={"ous": [STAFF]})
    dc.delete(STAFF)
    tombstone = next(item.dn for item in dc.tree.items.values() if item.dn.startswith("CN=Ann\\0ADEL:"))
    where = next(item.dn for item in dc.tree.items.values() if item.dn.startswith("OU=Staff\\0ADEL:"))
    dc.change(tombstone, lastKnownParent=where)  # as AD has it: the link follows its OU

    people, _ = read(source, cursor)

    assert [(facts.is_deleted, facts.is_in_scope) for facts in people.values()] == [(True, True)] * 2


@pytest.mark.parametrize("wanted, is_in_scope", [
    ("(employeeID=*)", False),
    ("(memberOf=CN=Staff)", True),  # deletion takes everybody out of all groups
])  # fmt: skip
@pytest.mark.parametrize("mode", DELTA_MODES)
def test_an_account_that_fits_no_filter_is_out_of_scope_when_it_is_deleted(
    dc: LdapServer, mode: str, wanted: str, *, is_in_scope: bool
) -> None:
    dc.tree.has_recycle_bin = True
    dc.put(f"CN=Cat,{STAFF}", employeeID="E-1", memberOf="CN=Staff")
    source, cursor = starting(dc, mode=mode, scope={"filter": wanted})
    dc.delete(ANN)

    people, _ = read(source, cursor)

    assert [(facts.is_deleted, facts.is_in_scope) for facts in people.values()] == [(True, is_in_scope)]


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_somebody_who_moves_out_of_scope_is_said_to_be_out_of_it(dc: LdapServer, mode: str) -> None:
    dc.put(f"OU=Away,{BASE}")
    source, cursor = starting(dc, mode=mode, scope={"ous": [STAFF]})
    dc.move(ANN, f"CN=Ann,OU=Away,{BASE}")
    people, _ = read(source, cursor)
    assert (people["Ann"].is_in_scope, people["Ann"].org_unit) == (False, f"OU=Away,{BASE}")


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_somebody_who_no_longer_fits_the_filter_is_said_to_be_out_of_scope(dc: LdapServer, mode: str) -> None:
    dc.change(ANN, employeeID="E1")
    dc.change(BEN, employeeID="E2")
    source, cursor = starting(dc, mode=mode, scope={"filter": "(employeeID=*)"})
    dc.change(ANN, employeeID=None)
    dc.change(BEN, title="Porter")

    people, _ = read(source, cursor)

    assert {name: facts.is_in_scope for name, facts in people.items()} == {"Ann": False, "Ben": True}


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_somebody_who_comes_to_lie_in_a_hidden_ou_is_not_said_to_be_gone(dc: LdapServer, mode: str) -> None:
    source, cursor = starting(dc, mode=mode)
    dc.put(f"OU=Board,{BASE}")
    dc.move(ANN, f"CN=Ann,OU=Board,{BASE}")
    dc.hide(f"OU=Board,{BASE}")
    people, _ = read(source, cursor)
    assert "Ann" not in people


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_computers_and_printers_change_without_being_people(dc: LdapServer, mode: str) -> None:
    source, cursor = starting(dc, mode=mode)
    dc.put(f"CN=PC7,{STAFF}", objectClass=["top", "person", "organizationalPerson", "user", "computer"])
    dc.put(f"CN=Printer,{STAFF}", objectClass=["top", "printQueue"])
    people, end = read(source, cursor)
    assert (people, end.is_unchanged) == ({}, True)


# --- what is asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("can_replicate, flags", [(True, 0), (False, 1)])
def test_dirsync_asks_at_the_root_of_the_domain_for_what_is_watched(
    dc: LdapServer, can_replicate: bool, flags: int
) -> None:
    dc.can_replicate = can_replicate
    changes: dict[str, Any] = {
        "base": STAFF,
        "scope": {"filter": "(&(employeeType=staff)(!(extensionAttribute5=no*)))"},
    }
    source, cursor = starting(dc, **changes)
    dc.change(ANN, title="Sister")
    read(source, cursor)

    asked = dirsyncs(dc)
    assert [request.filter for request, _ in asked][-2:] == [NOBODY, deltas.USERS]
    for request, parts in asked[-2:]:
        assert (request.base, request.scope) == (BASE, "sub")
        assert set(request.controls) == {DIRSYNC}
        assert request.controls[DIRSYNC][0]
        assert parts[0].number == flags
        assert len(parts[0].content) <= 4, "Windows takes no more"
        assert request.attributes == deltas.watched(config(**changes))
        assert {"name", "employeeType", "extensionAttribute5", "isDeleted"} <= set(request.attributes)
    assert asked[-2][1][2].content == b"", "the first cookie is one of now"
    assert asked[-1][1][2].content


def test_a_mode_that_is_not_asked_for_is_not_tried(dc: LdapServer) -> None:
    source, cursor = starting(dc, mode="usn")
    usn = dc.tree.usn
    dc.change(ANN, title="Sister")
    read(source, cursor)

    assert dirsyncs(dc) == []
    (asked,) = [request for request in dc.searches() if "uSNChanged" in request.filter]
    assert asked.filter == f"(&{deltas.USERS}(uSNChanged>={usn + 1}))"
    assert (asked.base, asked.attributes) == (BASE, ("objectGUID",))
    assert set(asked.controls) == {PAGED, SHOW_DELETED}


def test_a_hundred_changes_are_read_with_few_questions(dc: LdapServer) -> None:
    source, cursor = starting(dc)
    for number in range(450):
        dc.put(f"CN=P{number},{STAFF}")
    before = len(dc.searches())
    people, _ = read(source, cursor)

    assert len(people) == 450
    assert len(dc.searches()) - before == 1 + 1 + 3, "itself, the delta, and three times 200 people"


@pytest.mark.parametrize("mode", ["dirsync", "usn", "full"])
def test_where_nothing_was_written_nothing_is_searched(dc: LdapServer, mode: str) -> None:
    source, cursor = starting(dc, mode=mode)
    before = len(dc.searches())

    people, end = read(source, cursor)

    assert (people, end.is_unchanged, end.is_full) == ({}, True, False)
    asked = dc.searches()[before:]
    assert [(request.scope, request.attributes) for request in asked] == [("base", ("invocationId",))]


# --- DirSync in several replies --------------------------------------------------------------------------------------


def test_a_large_delta_comes_in_several_replies(dc: LdapServer) -> None:
    source, cursor = starting(dc)
    for number in range(7):
        dc.put(f"CN=P{number},{STAFF}")
    dc.dirsync_batch = 2
    before = len(dirsyncs(dc))

    people, end = read(source, cursor)

    assert len(people) == 7
    cookies = [parts[2].content for _, parts in dirsyncs(dc)[before:]]
    assert len(cookies) == len(set(cookies)) == 4
    assert read(source, end.cursor)[1].is_unchanged


@pytest.mark.parametrize("code", [51, 52, 53])
def test_a_delta_that_breaks_off_between_two_replies_is_read_again_whole(dc: LdapServer, code: int) -> None:
    source, cursor = starting(dc)
    for number in range(5):
        dc.put(f"CN=P{number},{STAFF}")
    dc.dirsync_batch = 2
    dc.answer(code, on="dirsync", skip=1)

    with pytest.raises(Transient):
        read(source, cursor)

    assert len(read(source, cursor)[0]) == 5


def test_a_server_that_says_more_for_ever_is_given_up() -> None:
    class Looping(LdapServer):
        """Gives the cookie that it was shown, and says that there is more."""

        is_looping = False

        def _dirsync(self, search: Search, base: str) -> Reply:
            reply = super()._dirsync(search, base)
            if self.is_looping:
                cookie = elements(search.controls[DIRSYNC][1])[0].parts[2].content
                value = _sequence(_integer(1), _integer(0), _octets(cookie))
                reply.controls = [(DIRSYNC, True, value)]
            return reply

    with Looping() as dc:
        dc.put(ANN)
        source, cursor = starting(dc)
        dc.change(ANN, title="Sister")
        dc.is_looping = True
        with pytest.raises(Incomplete, match="says that there is more, and always the same"):
            read(source, cursor)


@pytest.mark.parametrize("controls", [[], [(DIRSYNC, True, b"garbage")], [(DIRSYNC, True, b"")]])
def test_a_dirsync_reply_without_a_cookie_proves_nothing(controls: list[tuple[str, bool, bytes]]) -> None:
    class Mute(LdapServer):
        is_mute = False

        def _dirsync(self, search: Search, base: str) -> Reply:
            reply = super()._dirsync(search, base)
            return replace(reply, controls=controls) if self.is_mute else reply

    with Mute() as dc:
        dc.put(ANN)
        source, cursor = starting(dc)
        dc.change(ANN, title="Sister")
        dc.is_mute = True
        with pytest.raises(Incomplete, match="without a cookie that can be read"):
            read(source, cursor)


# --- the way that is chosen ------------------------------------------------------------------------------------------


def test_without_dirsync_the_numbers_of_changes_are_used(dc: LdapServer) -> None:
    dc.root_dse["supportedControl"] = [PAGED, SHOW_DELETED, "1.2.840.113556.1.4.529"]
    _, cursor = starting(dc)
    assert Cursor.load(cursor).mode == "usn"


def test_a_server_that_counts_no_changes_is_read_whole_each_time(dc: LdapServer) -> None:
    dc.root_dse |= {"highestCommittedUSN": None, "dsServiceName": None}
    source, cursor = starting(dc)
    _, end = read(source, cursor)
    assert (Cursor.load(cursor).mode, end.is_full) == ("full", True)


def test_dirsync_that_is_wanted_and_refused_names_the_right(dc: LdapServer) -> None:
    dc.root_dse["supportedControl"] = [PAGED]
    with pytest.raises(PermissionDenied) as caught:
        read(directory(dc, mode="dirsync"))
    assert caught.value.missing == "Replicating Directory Changes"
    assert "mode: auto" in caught.value.remedy


@pytest.mark.parametrize(
    "text, names",
    [
        (None, set()),
        ("(employeeID=*)", {"employeeID"}),
        ("(&(a=1)(|(b>=2)(c<=3)(d~=4))(!(e=*x*)))", {"a", "b", "c", "d", "e"}),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", {"userAccountControl"}),
        ("( department = Nursing )", {"department"}),
        (r"(description=\28not=an attribute\29)", {"description"}),
    ],
)
def test_a_change_of_what_the_filter_compares_is_watched(text: str | None, names: set[str]) -> None:
    bare = set(deltas.watched(config()))
    assert set(deltas.watched(config(scope={"filter": text}))) - bare == names - bare
