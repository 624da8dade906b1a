"""The tests' own Active Directory and OpenLDAP are what the connector's tests take them for."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import ldap3
import pytest
from ldap3.core.exceptions import LDAPInsufficientAccessRightsResult
from ldap3.protocol.microsoft import show_deleted_control

import certificates
import ldif
import samba
import slapd
from throwaway import Absent, guarded_folder, loopback_address, missing, program, run

SUPPORT = Path(__file__).parents[1] / "support"
GUID = uuid.UUID("01020304-0506-0708-090a-0b0c0d0e0f10")
Server = samba.Domain | slapd.Slapd


@contextmanager
def connected(server: Server, port: int = 636, *, user: str | None = None) -> Iterator[ldap3.Connection]:
    tls = ldap3.Tls(
        validate=ssl.CERT_REQUIRED,
        version=ssl.PROTOCOL_TLS_CLIENT,
        ca_certs_file=str(server.ca_file),
        valid_names=[server.fqdn],
    )
    with ldap3.Connection(
        ldap3.Server(server.address, port, use_ssl=True, tls=tls, get_info=ldap3.NONE, connect_timeout=5),
        user or server.service,
        server.password,
        receive_timeout=10,
        raise_exceptions=True,
        check_names=False,
        auto_referrals=False,
        return_empty_attributes=False,
    ) as connection:
        yield connection


def tls_version(domain: samba.Domain, ca_file: Path, name: str) -> str | None:
    """Shake hands without ldap3, which leaves the socket open when that fails."""
    context = ssl.create_default_context(cafile=ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection((domain.address, 636), 5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        return secure.version()


def names(
    connection: ldap3.Connection, query: str = "(sAMAccountName=*)", *, deleted: bool = False
) -> set[str]:
    """The accounts that this connection sees, deleted ones too if asked."""
    connection.search(
        "DC=corp,DC=example",
        query,
        attributes=["sAMAccountName"],
        controls=[show_deleted_control()] if deleted else None,
    )
    entries = [entry["raw_attributes"] for entry in connection.response or () if "raw_attributes" in entry]
    return {value.decode() for found in entries for value in found.get("sAMAccountName", ())}


def usn(domain: samba.Domain) -> tuple[int, list[str]]:
    """The controller's clock of changes, and its identity."""
    with connected(domain) as connection:
        connection.search(
            "", "(objectClass=*)", ldap3.BASE, attributes=["highestCommittedUSN", "dsServiceName"]
        )
        (root,) = (entry["raw_attributes"] for entry in connection.response or ())
    settings = root["dsServiceName"][0].decode()
    (found,) = domain.ldbsearch("(objectClass=*)", "invocationId", base=settings, scope="base")
    return int(root["highestCommittedUSN"][0]), found["invocationId"]


def eventually(is_so: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Ask until it is so; False when the time is over."""
    until, never = time.monotonic() + within_s, threading.Event()
    while not is_so():
        if time.monotonic() > until:
            return False
        never.wait(0.02)
    return True


# The domain


def test_an_ordinary_account_binds_over_verified_tls(shared_domain: samba.Domain) -> None:
    with connected(shared_domain) as connection:
        assert {"Administrator", "svc-whosleft"} <= names(connection)


def test_another_authority_is_not_believed(shared_domain: samba.Domain, tmp_path: Path) -> None:
    other = certificates.authority(tmp_path)

    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        tls_version(shared_domain, other.certificate, shared_domain.fqdn)


def test_an_expired_certificate_can_be_served(samba_domain: samba.Domain, tmp_path: Path) -> None:
    expired = certificates.issue(samba_domain.authority, tmp_path, samba_domain.fqdn, is_expired=True)
    samba_domain.use_certificate(expired)

    with pytest.raises(ssl.SSLCertVerificationError, match="has expired"):
        tls_version(samba_domain, samba_domain.ca_file, samba_domain.fqdn)


def test_each_name_and_the_address_verify_as_strictly_as_python_can(shared_domain: samba.Domain) -> None:
    for name in (shared_domain.fqdn, "localhost", shared_domain.address):
        assert tls_version(shared_domain, shared_domain.ca_file, name) == "TLSv1.3"


def test_many_people_with_given_ids_come_in_one_call(shared_domain: samba.Domain) -> None:
    ids = [uuid.uuid4() for _ in range(50)]
    shared_domain.ldbadd("".join(samba.user_ldif(f"many{n}", guid=guid) for n, guid in enumerate(ids)))

    found = shared_domain.ldbsearch("(sAMAccountName=many*)", "objectGUID")

    assert {entry["objectGUID"][0] for entry in found} == set(map(str, ids))
    with connected(shared_domain) as connection:
        connection.search(shared_domain.staff_ou, "(sAMAccountName=many7)", attributes=["objectGUID"])
        (entry,) = (found["raw_attributes"] for found in connection.response or ())
        assert entry["objectGUID"] == [ids[7].bytes_le]


def test_a_person_is_changed_by_id_and_text_of_any_script_is_kept(shared_domain: samba.Domain) -> None:
    guid = uuid.uuid4()
    shared_domain.ldbadd(samba.user_ldif("zoe", {"displayName": "Zoë Ünal ", "title": "Nurse"}, guid=guid))
    shared_domain.ldbmodify(ldif.modify(f"<GUID={guid}>", {"department": "Ω: ward", "title": None}))

    (found,) = shared_domain.ldbsearch("(sAMAccountName=zoe)", "displayName", "department", "title")

    assert found == {
        "dn": [f"CN=zoe,{shared_domain.staff_ou}"],
        "displayName": ["Zoë Ünal "],
        "department": ["Ω: ward"],
    }


def test_what_a_tool_refuses_is_said_in_its_own_words(shared_domain: samba.Domain) -> None:
    with pytest.raises(RuntimeError, match="No such object"):
        shared_domain.ldbadd(samba.user_ldif("lost", ou="OU=Nowhere,DC=corp,DC=example"))


def test_each_domain_is_fresh_and_on_an_address_of_its_own(
    shared_domain: samba.Domain, samba_domain: samba.Domain
) -> None:
    shared_domain.create_account("here-only")

    assert samba_domain.address != shared_domain.address
    assert samba_domain.ldbsearch("(sAMAccountName=here-only)") == []


def test_survives_a_restart_and_a_power_cut(samba_domain: samba.Domain) -> None:
    samba_domain.create_account("ann")
    address = samba_domain.address
    samba_domain.kill()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, 636), 5)
    samba_domain.start()
    samba_domain.restart()

    with connected(samba_domain, user="ann@corp.example") as connection:
        assert "ann" in names(connection)
    assert samba_domain.address == address


def test_a_restored_controller_has_gone_back_and_does_not_know_it(samba_domain: samba.Domain) -> None:
    before = usn(samba_domain)
    backup = samba_domain.backup()
    samba_domain.create_account("ann")
    assert usn(samba_domain) > before

    samba_domain.restore(backup)

    assert usn(samba_domain) == before
    with connected(samba_domain) as connection:
        assert "ann" not in names(connection)


# Rights


def test_only_who_may_list_deleted_objects_sees_a_tombstone(shared_domain: samba.Domain) -> None:
    shared_domain.create_account("plain")
    shared_domain.ldbadd(samba.user_ldif("gone"))
    shared_domain.ldbdel(f"CN=gone,{shared_domain.staff_ou}")

    with (
        connected(shared_domain) as allowed,
        connected(shared_domain, user="plain@corp.example") as plain,
    ):
        assert "gone" in names(allowed, deleted=True)
        assert "gone" not in names(plain, deleted=True)
        shared_domain.grant_deleted_objects("plain")
        assert "gone" in names(plain, deleted=True)


def test_replication_is_a_right_of_its_own(shared_domain: samba.Domain) -> None:
    def dirsync_works() -> bool:
        with connected(shared_domain, user="copier@corp.example") as connection:
            sync = connection.extend.microsoft.dir_sync(
                shared_domain.base_dn, "(cn=nobody)", object_security=False, incremental_values=False
            )
            try:
                sync.loop()
            except LDAPInsufficientAccessRightsResult:
                return False
            return True

    shared_domain.create_account("copier")

    assert not dirsync_works()
    shared_domain.grant_replication("copier")
    assert dirsync_works()


def test_an_ou_can_be_hidden_from_one_account(shared_domain: samba.Domain) -> None:
    ward = f"OU=Ward,{shared_domain.staff_ou}"
    shared_domain.create_account("blind")
    shared_domain.ldbadd(ldif.entry(ward, {"objectClass": "organizationalUnit"}))
    shared_domain.ldbadd(samba.user_ldif("in-ward", ou=ward))
    shared_domain.deny_listing(ward, "blind")

    with connected(shared_domain) as other, connected(shared_domain, user="blind@corp.example") as blind:
        assert "in-ward" in names(other)
        assert "in-ward" not in names(blind)
        assert "blind" in names(blind)


def test_one_attribute_can_be_hidden_even_from_who_is_granted_more(shared_domain: samba.Domain) -> None:
    phones = {"mobile": "+447700900001"}
    hidden = f"CN=hidden-phone,{shared_domain.staff_ou}"
    shared_domain.ldbadd(samba.user_ldif("hidden-phone", phones) + samba.user_ldif("shown-phone", phones))
    shared_domain.hide_attribute(hidden, "mobile", "svc-whosleft")
    shared_domain.add_ace(hidden, f"(A;;RP;;;{shared_domain.sid('svc-whosleft')})")

    with connected(shared_domain) as connection:
        assert names(connection, "(mobile=*)") == {"shown-phone"}
        assert "hidden-phone" in names(connection)


def test_gives_tickets_for_its_ldap_service(kerberos_domain: samba.Domain, tmp_path: Path) -> None:
    try:
        kinit, kvno = program("kinit", "krb5-user"), program("kvno", "krb5-user")
    except Absent as absent:
        missing(absent)
    keytab = kerberos_domain.keytab("svc-whosleft")
    env = {"KRB5_CONFIG": str(kerberos_domain.krb5_conf), "KRB5CCNAME": f"FILE:{tmp_path / 'tickets'}"}

    run(kinit, "-k", "-t", keytab, f"svc-whosleft@{kerberos_domain.realm}", env=env)

    assert "kvno = " in run(kvno, f"ldap/{kerberos_domain.fqdn}", env=env)


# What is left of it


ABORTED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from samba import running_domain
from slapd import running_slapd
with running_domain() as domain, running_slapd() as server:
    print(domain._server.pid, server._server.pid, domain.folder, server.folder, flush=True)
    sys.stdin.read()
"""


def test_no_server_and_no_folder_outlives_a_run_that_is_killed(
    shared_domain: samba.Domain, slapd_server: slapd.Slapd
) -> None:
    with subprocess.Popen(
        (sys.executable, "-c", ABORTED, str(SUPPORT)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as aborted:
        assert aborted.stdout is not None
        words = aborted.stdout.readline().split()
        aborted.kill()

    assert eventually(lambda: not any(Path("/proc", pid).exists() for pid in words[:2]))
    assert eventually(lambda: not any(map(os.path.exists, words[2:])))


def test_no_address_is_given_twice_nor_one_that_is_in_use() -> None:
    with loopback_address(3636) as first, loopback_address(3636) as second:
        assert first != second


def test_a_folder_is_gone_afterwards() -> None:
    with guarded_folder("whosleft-test-") as folder:
        (folder / "file").touch()

    assert not folder.exists()


# OpenLDAP


def test_slapd_has_microsofts_attributes_and_verified_tls(slapd_server: slapd.Slapd) -> None:
    slapd_server.load(slapd_user("ann", GUID))

    with connected(slapd_server, slapd_server.port) as connection:
        connection.search(slapd_server.base_dn, "(sAMAccountName=ann)", attributes=["*"])
        (found,) = (entry["raw_attributes"] for entry in connection.response or ())

    assert found["objectGUID"] == [GUID.bytes_le]
    assert found["userAccountControl"] == [b"512"]


def test_slapd_keeps_to_its_size_limit() -> None:
    people = "".join(slapd_user(f"user{number}", uuid.UUID(int=number)) for number in range(20))
    try:
        with slapd.running_slapd(people, sizelimit=10) as server:
            with connected(server, server.port) as connection:
                assert len(names(connection)) == 10
                assert connection.result["description"] == "sizeLimitExceeded"
            with connected(server, server.port, user=server.admin) as connection:
                assert len(names(connection)) == 20
    except Absent as absent:
        missing(absent)


def slapd_user(name: str, guid: uuid.UUID) -> str:
    return ldif.entry(
        f"cn={name},{slapd.Slapd.staff_ou}",
        {
            "objectClass": "user",
            "cn": name,
            "sn": "Smith",
            "sAMAccountName": name,
            "objectGUID": guid.bytes_le,
            "userAccountControl": 512,
        },
    )
