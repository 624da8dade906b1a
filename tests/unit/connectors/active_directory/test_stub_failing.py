"""A server that lets us in and then fails: the next one is asked, and it comes last for an hour."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from math import ceil
from time import monotonic

import pytest

from connectors.directory.active_directory import connector
from connectors.directory.active_directory.connector import ActiveDirectory
from connectors.directory.active_directory.read.cursor import Cursor
from fakes.ldap.server import LdapServer
from fakes.ldap.setup import ANN, directory, read
from fakes.ldap.tree import dn_key
from worker.ports import CursorExpired, Transient


@pytest.fixture
def other() -> Iterator[LdapServer]:
    with LdapServer() as server:
        yield server


def binds(*servers: LdapServer) -> list[int]:
    return [sum(request.kind == "bind" for request in server.requests) for server in servers]


@pytest.fixture
def failing(dc: LdapServer, other: LdapServer) -> ActiveDirectory:
    """A directory whose first server lets everybody in, and is busy with each search; the second is sound."""
    dc.put(ANN, title="Nurse")
    other.set_invocation_id(uuid.UUID(int=8))
    other.put(ANN, title="Sister")
    dc.answer(51, on="search", times=100)
    return directory(dc, other)


@pytest.mark.parametrize("fault", ["busy", "unwilling", "cut", "slow"])
def test_a_server_that_fails_after_the_bind_is_followed_by_the_next(
    dc: LdapServer, other: LdapServer, fault: str
) -> None:
    dc.put(ANN, title="Nurse")
    other.put(ANN, title="Sister")
    if fault == "cut":
        dc.drop_after(0, on="page 1", is_cut=True)
    elif fault == "slow":
        dc.be_slow(1.2, on="page 1")
    else:
        dc.answer(51 if fault == "busy" else 53, on="page 1")
    source = directory(dc, other, timeouts={"read": "1s"})

    with pytest.raises(Transient):
        read(source)

    people, end = read(source)
    assert (people["Ann"].title, Cursor.load(end.cursor).server) == ("Sister", other.url)


def test_a_delta_that_its_server_fails_becomes_a_full_pass_of_the_next(
    dc: LdapServer, other: LdapServer
) -> None:
    other.set_invocation_id(uuid.UUID(int=8))
    other.put(ANN)
    dc.put(ANN)
    source = directory(dc, other)
    _, end = read(source)
    dc.change(ANN, title="Sister")
    dc.answer(51, on="search", times=100)

    with pytest.raises(Transient):
        read(source, end.cursor)
    with pytest.raises(CursorExpired):
        read(source, end.cursor)

    _, end = read(source, end.cursor, full=True)
    assert Cursor.load(end.cursor).server == other.url
    assert end.may_be_behind


def test_of_servers_that_all_failed_the_one_that_did_so_first_is_next(
    dc: LdapServer, other: LdapServer
) -> None:
    with LdapServer() as third:
        for server in (dc, other, third):
            server.answer(51, on="search", times=2)
        source = directory(dc, other, third)
        for _ in range(5):
            with pytest.raises(Transient):
                read(source)
        assert binds(dc, other, third) == [2, 2, 1]


def test_after_an_hour_a_server_that_failed_is_the_first_again(
    dc: LdapServer, other: LdapServer, failing: ActiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = float(ceil(monotonic()))  # whole, so that an hour added and taken away is the same instant
    monkeypatch.setattr(connector, "monotonic", lambda: now_s)
    with pytest.raises(Transient):
        read(failing)
    read(failing)
    assert binds(dc, other) == [1, 1]

    monkeypatch.setattr(connector, "monotonic", lambda: now_s + 3600)
    with pytest.raises(Transient):
        read(failing)
    assert binds(dc, other) == [2, 1]


def test_a_look_up_and_a_look_for_news_go_to_the_next_server(
    dc: LdapServer, other: LdapServer, failing: ActiveDirectory
) -> None:
    guid = str(other.tree.items[dn_key(ANN)].guid)
    with closing(failing):
        with pytest.raises(Transient):
            failing.look_up(guid)
        found = failing.look_up(guid)
        mark = failing.watermark()

    assert (found.title if found else "", mark) == ("Sister", f"{other.url} {other.tree.usn}")


def test_a_look_for_news_that_its_server_fails_goes_to_the_next(dc: LdapServer, other: LdapServer) -> None:
    dc.answer(51, on="rootdse", skip=1)  # is it ready; then who it is
    with closing(directory(dc, other)) as source:
        assert source.watermark() is None
        assert source.watermark() == f"{other.url} {other.tree.usn}"


def test_a_connection_that_was_kept_and_broke_says_nothing_of_its_server(
    dc: LdapServer, other: LdapServer
) -> None:
    guid = str(dc.put(ANN))
    with closing(directory(dc, other)) as source:
        source.look_up(guid)
        source.watermark()
        dc.disconnect()  # as servers end idle connections
        with pytest.raises(Transient):
            source.look_up(guid)
        assert source.watermark() is None
        assert source.look_up(guid) is not None
        assert source.watermark() is not None
    assert binds(other) == [0]


def test_check_goes_on_with_the_next_server(
    dc: LdapServer, other: LdapServer, failing: ActiveDirectory
) -> None:
    said = failing.check()
    assert said.ok
    assert said.details["server"] == other.url

    other.answer(52, on="search", times=100)
    said = failing.check()
    assert not said.ok
    assert all(f"127.0.0.1:{server.port}" in said.message for server in (dc, other))
