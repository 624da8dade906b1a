"""Configurations and directories for tests of `kind: active_directory`, as an operator would write them.

`whole()` is the example of the design; `directory()` reads a server on loopback without TLS.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.directory.active_directory import SPEC
from connectors.directory.active_directory.config import ActiveDirectoryConfig
from connectors.directory.active_directory.connector import ActiveDirectory
from connectors.directory.active_directory.read.mapping import Reading
from connectors.directory.active_directory.wire.ber import Entry
from fakes.ldap.server import PASSWORD, USER, LdapServer
from worker.domain.model import COUNTRY, AccountFacts
from worker.ports import ConnectorContext, ConnectorError, DirectoryPage, PassEnd

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BASE = "DC=corp,DC=example"
STAFF = f"OU=Staff,{BASE}"
LEAVERS = f"OU=Leavers,{BASE}"
People = dict[str, AccountFacts]
ANN, BEN = f"CN=Ann,{STAFF}", f"CN=Ben,{STAFF}"
DELTA_MODES = ["dirsync", "usn"]
PLACES = frozenset({"department", "title", "office", "company", COUNTRY})  # facts of where somebody belongs
AMY = uuid.UUID("3f2504e0-4f89-41d3-9a0c-0305e82c3301")


def whole(**changes: Any) -> dict[str, Any]:
    """Every key, with the values of the design; `changes` replace keys, and None removes one."""
    keys: dict[str, Any] = {
        "servers": ["ldaps://dc1.corp.example:636", "ldaps://dc2.corp.example:636"],
        "bind": {"method": "simple", "user": USER, "password": PASSWORD},
        "base": BASE,
        "scope": {"filter": "(employeeID=*)", "ous": [], "exclude": []},
        "leavers_ou": LEAVERS,
        "attributes": {
            "phones": ["mobile", "otherMobile"],
            "employee_id": "employeeID",
            "leave_date": None,
            "long_leave": None,
        },
        "tls": {"ca_file": "corp.pem", "server_name": None, "verify": True, "start_tls": False},
        "timeouts": {"connect": "5s", "read": "30s", "pass": "30m"},
        "page_size": 1000,
        "mode": "auto",
    }
    return {key: value for key, value in (keys | changes).items() if value is not None}


def config(*servers: str, **changes: Any) -> ActiveDirectoryConfig:
    """What is needed, and `changes`; without TLS where the servers are named (they are on loopback)."""
    bind = {"user": USER, "password": PASSWORD}
    tls = {"allow_plain_text_on_the_network": bool(servers)}
    keys: dict[str, Any] = {"servers": servers or ("ldaps://dc1.corp.example",), "bind": bind, "base": BASE}
    return ActiveDirectoryConfig.model_validate(keys | {"tls": tls} | changes)


def context(now: Callable[[], datetime] = lambda: NOW, base_dir: Path = Path()) -> ConnectorContext:
    return ConnectorContext("corp", base_dir, "GB", "Europe/London", "en", now)


def directory(*servers: LdapServer | str, **changes: Any) -> ActiveDirectory:
    """The connector over these servers, in their order."""
    urls = (server if isinstance(server, str) else server.url for server in servers)
    made = SPEC.build(config(*urls, **changes), context())
    assert isinstance(made, ActiveDirectory)
    return made


def reading(**changes: Any) -> Reading:
    """How entries are read with these keys, in the United Kingdom."""
    return Reading.of(config(**changes), "GB", ZoneInfo("Europe/London"))


def entry(dn: str = f"CN=Amy Adeyemi,{STAFF}", **attributes: str | bytes | list[bytes]) -> Entry:
    """An entry as the client hands it on; "_" in a name stands for "-", and Amy's id is given if no other is."""
    values = {"objectGUID": AMY.bytes_le} | attributes
    return Entry(dn, {name.lower().replace("_", "-"): _raw(value) for name, value in values.items()})


def _raw(value: str | bytes | list[bytes]) -> list[bytes]:
    if isinstance(value, list):
        return value
    return [value.encode() if isinstance(value, str) else value]


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something that another thread does comes true within five seconds."""
    waiting = threading.Event()
    return any(holds() or waiting.wait(0.01) for _ in range(500))


def read(source: ActiveDirectory, cursor: str | None = None, *, full: bool = False) -> tuple[People, PassEnd]:
    """One whole pass: the facts of everybody in it by name, and its end."""
    *pages, end = source.changes(cursor, full=full)
    assert isinstance(end, PassEnd)
    return people_in(pages), end


def people_in(items: Iterable[DirectoryPage | PassEnd]) -> People:
    """The facts of everybody in a pass, by name."""
    pages = [item for item in items if isinstance(item, DirectoryPage)]
    return {facts.display_name: facts for page in pages for facts in page.records}


def starting(dc: LdapServer, **changes: Any) -> tuple[ActiveDirectory, str]:
    """A directory and its cursor after a first pass."""
    source = directory(dc, **changes)
    _, end = read(source)
    return source, end.cursor


def put_people(dc: LdapServer, count: int, ou: str = STAFF) -> None:
    """Put so many people into a unit."""
    for number in range(count):
        dc.put(f"CN=P{number:04},{ou}", sAMAccountName=f"p{number:04}", mobile=f"07700 900{number % 1000:03}")


def failure(dc: LdapServer, kind: type[ConnectorError], **changes: object) -> ConnectorError:
    """The error that ends a pass, which must be of this kind and come before any proof of the pass."""
    items = directory(dc, **changes).changes(None)
    with pytest.raises(ConnectorError) as caught:
        assert not [item for item in items if isinstance(item, PassEnd)], "the pass claims to be whole"
    assert type(caught.value) is kind, caught.value
    return caught.value
