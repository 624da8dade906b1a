"""Signing in at a real domain with a keytab, in a process of its own: Kerberos is set up by its environment."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakes.ldap.server import LdapServer
from samba import Domain
from throwaway import missing

CLOSED = "127.0.0.1:1"  # where no KDC answers

# Prints {"check": {…}, "names": […], "error": [class, message, remedy]}; on its input: the keys of a directory
ASK = """
import json, sys
from pathlib import Path
from connectors.directory.active_directory import SPEC
from worker.ops.clock import system_now
from worker.ports import ConnectorContext, ConnectorError

keys = json.load(sys.stdin)
context = ConnectorContext("corp", Path(), "GB", "Europe/London", "en", system_now)
source = SPEC.build(SPEC.config.model_validate(keys), context)
said = {"check": None, "names": [], "error": None}
try:
    checked = source.check()
    said["check"] = {"ok": checked.ok, "message": checked.message, "account": checked.details.get("account")}
    for _ in range(2):  # the second time with the ticket of the first
        *pages, end = source.changes(None)
        said["names"] = sorted(facts.display_name for page in pages for facts in page.records)
except ConnectorError as error:
    said["error"] = [type(error).__name__, error.message, error.remedy]
print(json.dumps(said))
"""
# As on a machine where the package was never installed
WITHOUT_GSSAPI = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"gssapi", "winkerberos"}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
"""


def ask(keys: dict[str, Any], *, krb5_conf: Path | None = None, script: str = ASK) -> dict[str, Any]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KRB5")}
    done = subprocess.run(
        (sys.executable, "-c", script),
        input=json.dumps(keys),
        env=environ | ({"KRB5_CONFIG": str(krb5_conf)} if krb5_conf else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def keys_of(domain: Domain, keytab: Path, **changes: Any) -> dict[str, Any]:
    return {
        "servers": [domain.url],
        "bind": {
            "method": "kerberos",
            "user": f"{domain.service_sam}@{domain.realm}",
            "keytab": str(keytab),
        },
        "base": domain.base_dn,
        "scope": {"ous": [domain.staff_ou]},
        "tls": {"ca_file": str(domain.ca_file), "server_name": domain.fqdn},
        "timeouts": {"read": "10s"},
    } | changes


@pytest.fixture
def domain(kerberos_domain: Domain) -> Domain:
    if importlib.util.find_spec("gssapi") is None:
        missing(
            "gssapi is not installed (Debian: apt-get install libkrb5-dev gcc python3-dev, then make dev)"
        )
    kerberos_domain.create_account("amy", ou=kerberos_domain.staff_ou)
    return kerberos_domain


@pytest.mark.parametrize("is_start_tls", [False, True])
def test_a_keytab_signs_in_and_check_says_as_whom(domain: Domain, is_start_tls: bool) -> None:
    keys = keys_of(domain, domain.keytab(domain.service_sam))
    if is_start_tls:
        keys |= {"servers": [domain.plain_url], "tls": keys["tls"] | {"start_tls": True}}

    said = ask(keys, krb5_conf=domain.krb5_conf)

    assert said["error"] is None
    assert said["check"]["ok"], said["check"]["message"]
    assert said["check"]["account"] == f"u:CORP\\{domain.service_sam}"
    assert said["names"] == ["amy"]


def test_a_keytab_from_before_a_new_password_is_refused_with_a_remedy(domain: Domain) -> None:
    keytab = domain.keytab(domain.service_sam)
    domain.samba_tool("user", "setpassword", domain.service_sam, "--newpassword=Another-0range-Kettle")

    kind, message, remedy = ask(keys_of(domain, keytab), krb5_conf=domain.krb5_conf)["error"]

    assert kind == "AuthFailed"
    assert f"Kerberos did not let {domain.service_sam}@{domain.realm} in" in message
    assert "the keytab" in remedy


def test_the_keytab_of_somebody_else_is_refused_with_a_remedy(domain: Domain) -> None:
    kind, message, remedy = ask(keys_of(domain, domain.keytab("amy")), krb5_conf=domain.krb5_conf)["error"]

    assert kind == "AuthFailed"
    assert domain.service_sam in message
    assert "the keytab" in remedy


def test_a_keytab_that_is_not_there_is_a_mistake_in_the_configuration(domain: Domain) -> None:
    absent = domain.folder / "no.keytab"
    kind, message, remedy = ask(keys_of(domain, absent), krb5_conf=domain.krb5_conf)["error"]

    assert kind == "BadConfig"
    assert f"bind.keytab {absent} can't be read" in message
    assert remedy


def test_without_a_kdc_it_is_tried_again_later(domain: Domain, tmp_path: Path) -> None:
    conf = tmp_path / "krb5.conf"
    conf.write_text(domain.krb5_conf.read_text().replace(f"kdc = {domain.address}", f"kdc = {CLOSED}"))

    kind, message, remedy = ask(keys_of(domain, domain.keytab(domain.service_sam)), krb5_conf=conf)["error"]

    assert kind == "Transient"
    assert "No Kerberos server" in message
    assert "port 88" in remedy


def test_without_the_package_the_one_to_install_is_named(tmp_path: Path) -> None:
    keytab = tmp_path / "svc.keytab"
    keytab.write_bytes(b"\5\2")
    with LdapServer() as dc:
        keys = {
            "servers": [dc.url],
            "bind": {"method": "kerberos", "user": "svc@CORP.EXAMPLE", "keytab": str(keytab)},
            "base": "DC=corp,DC=example",
            "tls": {"allow_plain_text_on_the_network": True},
        }
        kind, message, remedy = ask(keys, script=WITHOUT_GSSAPI + ASK)["error"]

    assert kind == "BadConfig"
    assert message == "Kerberos needs the package gssapi, which is not installed."
    assert "whosleft[kerberos]" in remedy
