"""Positions that are good no more: another database, an older copy, other settings, a right that was taken away."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import DAY, NOW
from connectors.directory.active_directory.connector import ActiveDirectory
from connectors.directory.active_directory.read.cursor import Cursor
from connectors.directory.active_directory.wire.addresses import Addresses
from fakes.ldap.server import LdapServer
from fakes.ldap.setup import ANN, DELTA_MODES, LEAVERS, directory, read, starting
from worker.ports import CursorExpired

pytestmark = pytest.mark.usefixtures("ann_and_ben")


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_another_database_expires_the_cursor(dc: LdapServer, mode: str) -> None:
    source, cursor = starting(dc, mode=mode)
    dc.set_invocation_id(uuid.uuid4())
    with pytest.raises(CursorExpired, match="has another database than the one before"):
        read(source, cursor)


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_a_controller_that_was_set_back_expires_the_cursor(dc: LdapServer, mode: str) -> None:
    before = dc.tree.snapshot()
    dc.change(ANN, title="Sister")
    source, cursor = starting(dc, mode=mode)
    usn = dc.tree.usn
    dc.tree = before

    with pytest.raises(
        CursorExpired, match=rf"put back to an older copy \(its number went from {usn} to {usn - 1}"
    ):
        read(source, cursor)


@pytest.mark.parametrize("mode", DELTA_MODES)
def test_another_controller_expires_the_cursor(dc: LdapServer, mode: str) -> None:
    with LdapServer() as other:
        other.set_invocation_id(uuid.uuid4())
        source, cursor = starting(other, mode=mode)
        gone = other.url
    moved = directory(gone, dc, mode=mode)

    with pytest.raises(CursorExpired):
        read(moved, cursor)
    assert source.name == moved.name


@pytest.mark.parametrize("is_night", [False, True])
@pytest.mark.parametrize("way", ["same", "another", "older copy"])
def test_a_full_pass_says_whether_the_controller_may_not_have_heard_of_all(
    dc: LdapServer, way: str, *, is_night: bool
) -> None:
    before = dc.tree.snapshot()
    dc.change(ANN, title="Sister")
    source, cursor = starting(dc)
    assert not read(source, cursor, full=True)[1].may_be_behind
    if way == "another":
        dc.set_invocation_id(uuid.uuid4())
    elif way == "older copy":
        dc.tree = before
    if not is_night and way != "same":
        with pytest.raises(CursorExpired):
            read(source, cursor)

    _, end = read(source, cursor if is_night else None, full=True)

    assert end.may_be_behind is (way != "same")
    assert read(source, end.cursor, full=True)[1].may_be_behind is (way != "same"), (
        "not a minute later, either"
    )


@pytest.mark.parametrize("mode", DELTA_MODES)
@pytest.mark.parametrize("full", [False, True])
def test_the_passes_of_a_day_say_so_too_since_they_show_people_as_that_controller_knows_them(
    dc: LdapServer, mode: str, *, full: bool
) -> None:
    source, cursor = starting(dc, mode=mode)
    dc.set_invocation_id(uuid.uuid4())
    after = Cursor.load(read(source, cursor, full=True)[1].cursor)
    assert after.behind_at == after.taken_at

    for hours, is_behind in [(0, True), (23, True), (24, False), (-48, False)]:  # then a clock was ahead
        dc.change(ANN, title=f"Sister {hours}")
        earlier = replace(after, behind_at=after.taken_at - timedelta(hours=hours))
        _, end = read(source, earlier.dump(), full=full)
        assert end.may_be_behind is is_behind
        assert Cursor.load(end.cursor).behind_at == (earlier.behind_at if is_behind else None)


def in_turn(dc: LdapServer, order: str) -> ActiveDirectory:
    """A directory whose one address shows databases in this order, a letter a poll."""
    source, cursor = directory(dc), None
    for letter in order:
        dc.set_invocation_id(uuid.UUID(int=ord(letter)))
        try:
            _, end = read(source, cursor)
        except CursorExpired:
            _, end = read(source, None, full=True)
        cursor = end.cursor
    return source


@pytest.mark.parametrize("order", ["aba", "aabba", "abca", "abab"])
def test_an_address_behind_which_controllers_take_turns_is_said(dc: LdapServer, order: str) -> None:
    (concern,) = in_turn(dc, order).concerns()
    assert concern.about == dc.url
    assert "several domain controllers in turn" in concern.message
    assert concern.remedy == "Name each controller by itself in `servers`."


def test_turns_are_said_for_a_day_after_the_last_one() -> None:
    addresses = Addresses()
    for letter in "abab":
        addresses.note("ldaps://corp.example", letter, NOW)
    for number in range(100):
        addresses.note("ldaps://corp.example", str(number), NOW + DAY)
    assert [len(addresses.concerns(NOW + share * DAY)) for share in (0, 0.9, 1)] == [1, 1, 0]


@pytest.mark.parametrize("order", ["aaa", "abb", "abbc"])
def test_a_controller_that_was_restored_takes_no_turns(dc: LdapServer, order: str) -> None:
    assert in_turn(dc, order).concerns() == ()


@pytest.mark.parametrize("mode", DELTA_MODES)
@pytest.mark.parametrize(
    "changes",
    [{"leavers_ou": LEAVERS}, {"attributes": {"phones": ["pager"]}}, {"scope": {"exclude": ["svc-*"]}}],
)
def test_a_configuration_that_reads_something_else_expires_the_cursor(
    dc: LdapServer, mode: str, changes: dict[str, Any]
) -> None:
    _, cursor = starting(dc, mode=mode)
    with pytest.raises(CursorExpired, match="the configuration now reads something else"):
        read(directory(dc, mode=mode, **changes), cursor)


def test_a_mode_that_was_changed_is_taken_at_once(dc: LdapServer) -> None:
    _, cursor = starting(dc, mode="dirsync")
    dc.change(ANN, title="Sister")

    with pytest.raises(CursorExpired, match="mode is now usn, and was dirsync"):
        read(directory(dc, mode="usn"), cursor)
    people, end = read(directory(dc, mode="full"), cursor)
    assert (set(people), end.is_full) == ({"Ann", "Ben"}, True)


@pytest.mark.parametrize("cookie", [b"", b"truncated"])
def test_a_cookie_that_the_server_refuses_expires_the_cursor(dc: LdapServer, cookie: bytes) -> None:
    source, text = starting(dc)
    dc.change(ANN, title="Sister")
    spoilt = replace(Cursor.load(text), cookie=cookie)
    if not cookie:
        dc.answer(12, "Unable to unmarshall cookie", on="dirsync")
    with pytest.raises(CursorExpired, match="does not go on from its cookie"):
        read(source, spoilt.dump())


def test_a_right_that_was_taken_away_expires_the_cursor_and_a_full_pass_does_without(dc: LdapServer) -> None:
    source, cursor = starting(dc)
    assert Cursor.load(cursor).flags == 0
    dc.can_replicate = False
    dc.change(ANN, title="Sister")

    with pytest.raises(CursorExpired):
        read(source, cursor)
    _, end = read(source)
    assert Cursor.load(end.cursor).flags == 1
