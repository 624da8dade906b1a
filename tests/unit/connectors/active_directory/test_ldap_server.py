"""The domain controller on loopback binds, fails as it is told to, and leaves nothing behind; ldap3 is the judge."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import ldap3
import pytest
from ldap3.core.exceptions import LDAPExceptionError, LDAPSessionTerminatedByServerError

import certificates
from certificates import Pair
from fakes.ldap.controller import PAGED
from fakes.ldap.judge import AMY, PEOPLE, ROOT, USERS, connect, found, put_people
from fakes.ldap.server import PASSWORD, USER, LdapServer
from throwaway import Absent, missing

# --- the root, and binding -------------------------------------------------------------------------------------------


def test_anybody_may_read_what_the_server_says_of_itself(dc: LdapServer) -> None:
    connection = connect(dc, user="", password="")
    connection.search("", "(objectClass=*)", ldap3.BASE, attributes=["*", "+"])
    said = connection.response[0]["raw_attributes"]

    assert said["defaultNamingContext"] == [ROOT.encode()]
    assert said["highestCommittedUSN"] == [b"%d" % dc.tree.usn]
    assert said["currentTime"] == [b"20261124090000.0Z"]
    assert PAGED.encode() in said["supportedControl"]
    assert {"dsServiceName", "dnsHostName", "isSynchronized", "supportedExtension"} <= set(said)
    connection.unbind()


def test_what_the_root_says_can_be_set_and_left_out(dc: LdapServer, judge: Any) -> None:
    dc.root_dse |= {"isSynchronized": False, "dnsHostName": None}
    judge.search("", "(objectClass=*)", ldap3.BASE, attributes=["isSynchronized", "dnsHostName"])

    assert judge.response[0]["raw_attributes"] == {"isSynchronized": [b"FALSE"]}


@pytest.mark.parametrize(
    "user, password, data",
    [(USER, "wrong", "52e"), ("nobody@corp.example", PASSWORD, "52e"), ("old@corp.example", PASSWORD, "533")],
)
def test_a_refused_bind_carries_the_reason_as_ad_writes_it(
    dc: LdapServer, user: str, password: str, data: str
) -> None:
    dc.users["old@corp.example"] = PASSWORD
    dc.refused["old@corp.example"] = "533"
    connection = connect(dc, user=user, password=password)

    assert connection.result["result"] == 49
    assert f"AcceptSecurityContext error, data {data}, v4563" in connection.result["message"]
    connection.unbind()


def test_an_unbound_connection_may_not_search(dc: LdapServer) -> None:
    connection = connect(dc, user="", password="")

    assert found(connection) == {}
    assert connection.result["result"] == 1
    assert "a successful bind must be completed" in connection.result["message"]
    connection.unbind()


def test_a_failed_bind_takes_the_rights_of_the_one_before(dc: LdapServer, judge: Any) -> None:
    judge.rebind(USER, "wrong")
    found(judge)

    assert judge.result["result"] == 1


def test_the_server_says_who_is_bound(judge: Any) -> None:
    assert judge.extend.standard.who_am_i() == "u:CORP\\svc-whosleft"


def test_an_unknown_extended_operation_is_a_protocol_error(judge: Any) -> None:
    judge.extended("1.2.3.4")

    assert judge.result["result"] == 2


def test_a_write_over_the_wire_is_refused(judge: Any) -> None:
    judge.delete(AMY)

    assert judge.result["result"] == 53


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1, 3, 11, 51, 52, 53])
def test_a_search_ends_with_the_result_that_a_test_wants(dc: LdapServer, judge: Any, code: int) -> None:
    put_people(dc, 5)
    dc.answer(code, "so it is", after_entries=2)

    assert len(found(judge)) == 2
    assert (judge.result["result"], judge.result["message"]) == (code, "so it is")
    assert len(found(judge)) == 5


def test_a_fault_counts_pages_skips_and_wears_off(dc: LdapServer, judge: Any) -> None:
    put_people(dc, 5)
    dc.answer(51, on="page 2", times=2, skip=1)
    codes = []
    for _ in range(4):
        found(judge, paged_size=3)
        codes.append(judge.result["result"])
        found(judge, paged_size=3, paged_cookie=judge.result["controls"][PAGED]["value"]["cookie"])
        codes.append(judge.result["result"])

    assert codes == [0, 0, 0, 51, 0, 51, 0, 0]


def test_a_bind_can_fail_and_a_referral_has_its_addresses(dc: LdapServer) -> None:
    dc.answer(51, "busy", on="bind")
    dc.answer(10, urls=("ldap://dc9.corp.example/",))
    connection = connect(dc)
    assert connection.result["result"] == 51
    connection.bind()
    found(connection)
    assert connection.result["referrals"] == ["ldap://dc9.corp.example/"]
    connection.unbind()


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_connection_is_dropped_in_the_middle(dc: LdapServer, is_cut: bool) -> None:
    put_people(dc, 3)
    connection = connect(dc)
    dc.drop_after(2, is_cut=is_cut)

    with pytest.raises(LDAPExceptionError):
        found(connection)
    connection.unbind()
    assert len(dc.searches()) == 1


def test_bytes_that_are_no_ldap_are_sent_as_they_are(dc: LdapServer) -> None:
    with socket.create_connection(("127.0.0.1", dc.port), 5) as plain:
        dc.send_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n", on="bind")
        plain.sendall(bytes.fromhex("300c020101600702010304008000"))

        assert plain.recv(100).startswith(b"HTTP/1.1 400")


def test_a_server_that_goes_says_so(dc: LdapServer) -> None:
    connection = connect(dc)
    dc.say_goodbye("The server is going down.")

    with pytest.raises(LDAPSessionTerminatedByServerError):
        found(connection)
    connection.unbind()


def test_a_slow_server_outlasts_a_clients_patience(dc: LdapServer) -> None:
    dc.put(AMY)
    dc.be_slow(30)
    server = ldap3.Server(dc.url, get_info=ldap3.NONE)
    connection = ldap3.Connection(server, USER, PASSWORD, receive_timeout=1, auto_bind=True)

    with pytest.raises(LDAPExceptionError, match="timed out"):
        connection.search(ROOT, USERS)
    connection.unbind()


def test_a_server_that_knows_no_paging_sends_no_control(dc: LdapServer, judge: Any) -> None:
    put_people(dc, 3)
    dc.omit_paged_control()

    assert len(found(judge, paged_size=2)) == 3
    assert PAGED not in judge.result.get("controls", {})


def test_a_restart_ends_connections_and_keeps_the_people(dc: LdapServer) -> None:
    dc.put(AMY)
    old = connect(dc)
    dc.disconnect()
    with pytest.raises(LDAPExceptionError):
        found(old)
    old.unbind()

    again = connect(dc)
    assert list(found(again)) == [AMY]
    again.unbind()


def test_requests_are_logged_as_they_came(dc: LdapServer, judge: Any) -> None:
    found(
        judge,
        "(cn=a*)",
        ["cn", "title"],
        base=PEOPLE,
        search_scope=ldap3.LEVEL,
        size_limit=5,
        time_limit=6,
        paged_size=7,
    )
    bind, search = dc.requests

    assert (bind.kind, bind.user) == ("bind", USER)
    assert (search.kind, search.user, search.base, search.scope) == ("search", USER, PEOPLE, "one")
    assert (search.filter, search.attributes) == ("(cn=a*)", ("cn", "title"))
    assert (search.size_limit, search.time_limit, search.page) == (5, 6, 1)
    assert list(search.controls) == [PAGED]


# --- TLS, sockets and threads ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Pair:
    try:
        return certificates.authority(folder / "ca")
    except Absent as absent:
        missing(absent)


@pytest.fixture(scope="module")
def certificate(folder: Path, authority: Pair) -> Pair:
    return certificates.issue(authority, folder / "server", "localhost", "127.0.0.1")


def trusting(authority: Pair) -> ldap3.Tls:
    return ldap3.Tls(
        validate=ssl.CERT_REQUIRED, ca_certs_file=str(authority.certificate), version=ssl.PROTOCOL_TLS_CLIENT,
        valid_names=["localhost"],
    )  # fmt: skip


def test_it_speaks_tls_with_the_certificate_it_is_given(authority: Pair, certificate: Pair) -> None:
    with LdapServer(certificate=certificate) as dc:
        dc.is_tls_required = True
        dc.put(AMY)
        connection = connect(dc, tls=trusting(authority))

        assert dc.url.startswith("ldaps://")
        assert list(found(connection)) == [AMY]
        connection.unbind()


def test_a_client_that_trusts_another_authority_sends_nothing(certificate: Pair, tmp_path: Path) -> None:
    other = certificates.authority(tmp_path)
    with LdapServer(certificate=certificate) as dc:
        with pytest.raises(LDAPExceptionError, match="CERTIFICATE_VERIFY_FAILED"):
            connect(dc, tls=trusting(other))

        assert dc.requests == []


def test_start_tls_encrypts_the_connection_there_is(authority: Pair, certificate: Pair) -> None:
    with LdapServer(certificate=certificate, is_start_tls=True) as dc:
        dc.is_tls_required = True
        dc.put(AMY)
        plain = connect(dc)
        assert plain.result["result"] == 8
        plain.unbind()
        server = ldap3.Server(dc.url, get_info=ldap3.NONE, tls=trusting(authority))
        connection = ldap3.Connection(server, USER, PASSWORD, auto_bind=ldap3.AUTO_BIND_TLS_BEFORE_BIND)

        assert list(found(connection)) == [AMY]
        connection.unbind()


def test_a_client_that_never_shakes_hands_does_not_hold_the_server_up(
    authority: Pair, certificate: Pair
) -> None:
    with LdapServer(certificate=certificate) as dc:
        silent = socket.create_connection(("127.0.0.1", dc.port), 5)
        connect(dc, tls=trusting(authority)).unbind()
    silent.close()


def test_nothing_is_left_behind() -> None:
    before = threading.active_count()
    with LdapServer() as dc:
        put_people(dc, 2)
        clients = [connect(dc) for _ in range(3)]
        idle = socket.create_connection(("127.0.0.1", dc.port), 5)
        assert len(found(clients[0])) == 2
        port = dc.port
    idle.close()
    for each in clients:
        each.unbind()
    gc.collect()  # a socket that nobody closed would warn here, and warnings are errors

    assert dc.connected == 0
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)


def test_a_server_can_come_back_on_its_port() -> None:
    with LdapServer() as dc:
        port = dc.port
        connect(dc).unbind()
    with LdapServer(port=port) as again:
        assert again.port == port
