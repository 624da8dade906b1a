"""ldap3's own client, which judges our server on loopback: nothing of the connector is in it."""

from __future__ import annotations

from typing import Any

import ldap3

from fakes.ldap.server import PASSWORD, USER, LdapServer

ROOT = "DC=corp,DC=example"
PEOPLE = f"OU=People,{ROOT}"
AMY = f"CN=Amy,{PEOPLE}"
USERS = "(objectClass=user)"
Values = dict[str, list[bytes] | None]


def connect(
    dc: LdapServer, user: str = USER, password: str = PASSWORD, *, tls: ldap3.Tls | None = None, **extra: Any
) -> Any:
    """Return a connection whose bind was tried: see its `result`."""
    server = ldap3.Server(dc.url, get_info=ldap3.NONE, connect_timeout=5, tls=tls)
    settings = {"auto_referrals": False, "auto_range": False, "receive_timeout": 5, "check_names": False}
    connection = ldap3.Connection(server, user, password, return_empty_attributes=False, **(settings | extra))
    connection.bind()
    return connection


def found(
    connection: Any, filter_text: str = USERS, attributes: Any = "cn", *, base: str = ROOT, **extra: Any
) -> dict[str, Values]:
    """Return the entries of one search: raw attributes by DN."""
    connection.search(base, filter_text, attributes=attributes, **extra)
    entries = [each for each in connection.response if each["type"] == "searchResEntry"]
    return {each["dn"]: dict(each["raw_attributes"]) for each in entries}


def put_people(dc: LdapServer, count: int) -> None:
    """Add people called P0000, P0001 and so on."""
    for number in range(count):
        dc.put(f"CN=P{number:04},{PEOPLE}", sAMAccountName=f"p{number:04}")
