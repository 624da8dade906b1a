"""Which server is asked, how often and over what: no password for a stranger, and none tried twice."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

import certificates
from certificates import Pair
from connectors.directory.active_directory import connector
from connectors.directory.active_directory.read.cursor import Cursor
from fakes.ldap.server import PASSWORD, USER, LdapServer
from fakes.ldap.setup import STAFF, directory, read
from throwaway import Absent, missing
from worker.ports import AuthFailed, BadConfig, Transient

ANN = f"CN=Ann,{STAFF}"
NOBODY = str(uuid.UUID(int=0xDEAD))


@pytest.fixture
def other() -> Iterator[LdapServer]:
    with LdapServer() as server:
        yield server


def cursor_of(dc: LdapServer, **changes: Any) -> str:
    return read(directory(dc, **changes))[1].cursor


def binds(*servers: LdapServer) -> list[int]:
    return [sum(request.kind == "bind" for request in server.requests) for server in servers]


# --- which server ----------------------------------------------------------------------------------------------------


def test_the_first_server_that_answers_is_read(dc: LdapServer, other: LdapServer) -> None:
    with LdapServer() as gone:
        dead = gone.url
    _, end = read(directory(dead, dc, other))
    assert Cursor.load(end.cursor).server == dc.url
    assert binds(dc, other) == [1, 0]


def test_a_controller_that_has_not_caught_up_is_passed_over(dc: LdapServer, other: LdapServer) -> None:
    dc.root_dse["isSynchronized"] = False
    dc.put(ANN)
    other.put(ANN, title="Sister")

    people, _ = read(directory(dc, other))

    assert people["Ann"].title == "Sister"
    assert dc.searches() == []


def test_when_none_has_caught_up_it_is_said(dc: LdapServer) -> None:
    dc.root_dse["isSynchronized"] = False
    with pytest.raises(Transient, match="has not caught up with the other domain controllers yet"):
        read(directory(dc))


@pytest.mark.parametrize("code", [51, 52])
def test_a_server_that_is_busy_at_the_bind_is_passed_over(
    dc: LdapServer, other: LdapServer, code: int
) -> None:
    dc.answer(code, on="bind")
    _, end = read(directory(dc, other))
    assert Cursor.load(end.cursor).server == other.url


def test_a_delta_stays_with_its_controller_and_a_full_pass_returns_to_the_first(
    dc: LdapServer, other: LdapServer
) -> None:
    with LdapServer() as late:
        first = late.port
    gone = f"ldap://127.0.0.1:{first}"
    source = directory(gone, dc)
    _, end = read(source)
    with LdapServer(port=first) as back:
        back.put(ANN)
        dc.put(ANN)
        assert Cursor.load(read(source, end.cursor)[1].cursor).server == dc.url
        assert Cursor.load(read(source, end.cursor, full=True)[1].cursor).server == back.url
    assert other.requests == []


def test_when_nobody_answers_each_is_named(dc: LdapServer) -> None:
    with LdapServer() as one, LdapServer() as two:
        urls = (one.url, two.url)
    with pytest.raises(Transient) as caught:
        read(directory(*urls))
    assert all(url.removeprefix("ldap://") in caught.value.message for url in urls)


def test_the_controller_of_another_domain_is_refused(dc: LdapServer) -> None:
    with pytest.raises(
        BadConfig, match="is a controller of DC=corp,DC=example, and base is DC=other,DC=example"
    ):
        read(directory(dc, base="DC=other,DC=example"))


def test_slow_answers_are_given_up_in_time(dc: LdapServer) -> None:
    dc.put(ANN)
    dc.be_slow(1.2, on="page 1")
    with pytest.raises(Transient, match=r"did not answer in time in the middle of the people in DC=corp"):
        read(directory(dc, timeouts={"read": "1s"}))


# --- the account -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, says", [("52e", "or its password is wrong"), ("533", "is disabled"), ("775", "is locked out")]
)
def test_our_own_account_is_tried_once_and_not_at_the_next_server(
    dc: LdapServer, other: LdapServer, data: str, says: str
) -> None:
    dc.refused[USER] = other.refused[USER] = data
    source = directory(dc, other)

    for _ in range(3):
        with pytest.raises(AuthFailed, match=says):
            read(source)
        with pytest.raises(AuthFailed, match=says):
            source.look_up(NOBODY)
        assert source.watermark() is None

    assert binds(dc, other) == [1, 0], "each further try may lock the account"


def test_a_look_for_news_does_not_try_a_password_beside_a_pass(dc: LdapServer) -> None:
    dc.refused[USER] = "52e"
    dc.be_slow(0.5, on="bind", times=2)
    source = directory(dc)

    with ThreadPoolExecutor(2) as pool:
        looked = pool.submit(source.watermark)
        refused = pool.submit(read, source)
        assert looked.result() is None
        assert isinstance(refused.exception(), AuthFailed)

    assert binds(dc) == [1]


@pytest.mark.parametrize("data, pause_s, says", [("52e", 3600, "in an hour"), ("533", 600, "in ten minutes")])
def test_a_wrong_password_rests_for_an_hour_and_a_disabled_account_for_minutes(
    dc: LdapServer, monkeypatch: pytest.MonkeyPatch, data: str, pause_s: int, says: str
) -> None:
    now_s = float(ceil(monotonic()))  # whole, so that sums are exact
    dc.refused[USER] = data
    source = directory(dc)
    times = ((0, 1), (pause_s - 100, 1), (pause_s, 2), (2 * pause_s - 100, 2), (2 * pause_s, 3))
    for passed_s, tried in times:
        monkeypatch.setattr(connector, "monotonic", lambda at_s=now_s + passed_s: at_s)
        with pytest.raises(AuthFailed):
            read(source)
        assert binds(dc) == [tried]

    dc.refused.clear()
    with pytest.raises(AuthFailed) as waiting:
        read(source)
    assert says in waiting.value.remedy


def test_check_tries_the_password_at_once(dc: LdapServer) -> None:
    dc.refused[USER] = "52e"
    source = directory(dc)
    with pytest.raises(AuthFailed):
        read(source)
    dc.refused.clear()

    assert "nobody is in scope" in source.check().message
    assert binds(dc)[0] > 1


def test_a_server_that_wants_tls_is_not_sent_the_password_again(dc: LdapServer) -> None:
    dc.is_tls_required = True
    with pytest.raises(BadConfig, match="wants an encrypted connection before it lets anybody in"):
        read(directory(dc))


def test_no_error_shows_the_password(dc: LdapServer) -> None:
    dc.users[USER] = "another"
    source = directory(dc)
    with pytest.raises(AuthFailed) as caught:
        read(source)
    assert PASSWORD not in f"{caught.value}{caught.value!r}{source!r}{source.check()}"


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    try:
        return certificates.authority(tmp_path_factory.mktemp("authority"))
    except Absent as absent:
        missing(absent)


@pytest.fixture(scope="module")
def certificate(authority: Pair, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificates.issue(authority, tmp_path_factory.mktemp("server"), "127.0.0.1")


@pytest.mark.parametrize("is_start_tls", [False, True])
def test_with_tls_the_password_goes_over_it(authority: Pair, certificate: Pair, is_start_tls: bool) -> None:
    with LdapServer(certificate=certificate, is_start_tls=is_start_tls) as dc:
        dc.is_tls_required = True
        dc.put(ANN)
        tls = {"ca_file": str(authority.certificate), "start_tls": is_start_tls}
        assert set(read(directory(dc, tls=tls))[0]) == {"Ann"}


def test_a_server_without_start_tls_gets_no_password(dc: LdapServer) -> None:
    with pytest.raises(BadConfig, match="does not offer StartTLS"):
        read(directory(dc, tls={"start_tls": True}))
    assert binds(dc) == [0]


def test_a_stranger_gets_no_password(certificate: Pair, tmp_path: Path) -> None:
    stranger = certificates.authority(tmp_path, "Somebody else")
    with LdapServer(certificate=certificate) as dc:
        with pytest.raises(BadConfig) as caught:
            read(directory(dc, tls={"ca_file": str(stranger.certificate)}))
        assert "tls.ca_file" in caught.value.remedy
        assert dc.requests == []


def test_a_cursor_names_no_account(dc: LdapServer) -> None:
    assert set(json.loads(cursor_of(dc))) == {
        "behind_at", "cookie", "flags", "hides", "invocation", "mode", "reads", "server", "taken_at", "usn",
    }  # fmt: skip
