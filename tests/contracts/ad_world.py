"""The world behind the Active Directory connector: Samba's domain controller, changed with its own tools.

facts -> ldbadd | ldbmodify | ldbdel -> the domain's database <- Samba <- a wire that can break <- the connector
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import ldif
from connectors.directory.active_directory.config import ActiveDirectoryConfig
from connectors.directory.active_directory.connector import ActiveDirectory
from contracts.directory_world import DirectoryWorld, context
from fakes.tcp_proxy import TcpProxy
from samba import Domain, user_ldif
from worker.domain.model import AccountFacts
from worker.ops.clock import system_now
from worker.ports import Directory

PAGE_SIZE = 20
CUT_AFTER = 4000  # bytes: in the middle of the first answers, whatever is asked after the handshake
ENABLED, DISABLED = 512 | 32, 514 | 32  # 32: needs no password


class AdWorld(DirectoryWorld):
    """Everybody lies in OU=Staff, which is the connector's `base`."""

    secrets = (Domain.password,)

    def __init__(self, domain: Domain, wire: TcpProxy, mode: str) -> None:
        self._domain = domain
        self._wire = wire
        self._people: dict[str, AccountFacts] = {}
        at = system_now()  # the controller's clock is compared with it
        self._directory = ActiveDirectory(
            ActiveDirectoryConfig.model_validate(options(domain, wire.port, mode=mode)),
            replace(context("corp", Path(domain.folder)), now=lambda: at),
        )

    @property
    def directory(self) -> Directory:
        return self._directory

    def put(self, *people: AccountFacts) -> None:
        known = [facts for facts in people if facts.person_id in self._people]
        new = [facts for facts in people if facts.person_id not in self._people]
        if new:
            self._domain.ldbadd("".join(account(facts) for facts in new))
        if known:
            self._domain.ldbmodify("".join(ldif.modify(dn_of(facts), attributes(facts)) for facts in known))
        self._people |= {facts.person_id: facts for facts in people}
        for facts in people:
            if facts.enabled is None:
                self._domain.hide_attribute(
                    f"CN={facts.person_id},{self._domain.staff_ou}", "userAccountControl", Domain.service_sam
                )

    def disable(self, person_id: str) -> None:
        self.put(replace(self._people[person_id], enabled=False))

    def delete(self, person_id: str) -> None:
        del self._people[person_id]
        self._domain.ldbdel(f"CN={person_id},{self._domain.staff_ou}")

    def cut(self) -> None:
        self._wire.cut_after(CUT_AFTER)

    def shut(self) -> None:
        self._wire.refuse()
        self._wire.cut_after(0)

    def mend(self) -> None:
        self._wire.mend()

    def close(self) -> None:
        """Let go of the connections that the connector keeps."""
        self._directory.close()


@contextmanager
def running_world(domain: Domain, mode: str) -> Iterator[AdWorld]:
    """The world with nobody in it, and a good wire."""
    with TcpProxy(domain.address, 636) as wire:
        world = AdWorld(domain, wire, mode)
        yield world
        world.close()


def options(domain: Domain, port: int, **changes: Any) -> dict[str, Any]:
    """The connector's keys, through a proxy on this port of loopback; the certificate is for localhost too."""
    return {
        "servers": [f"ldaps://localhost:{port}"],
        "bind": {"user": domain.service, "password": domain.password},
        "base": domain.staff_ou,
        "tls": {"ca_file": str(domain.ca_file)},
        "timeouts": {"connect": "5s", "read": "10s"},
        "page_size": PAGE_SIZE,
        **changes,
    }


def account(facts: AccountFacts) -> str:
    """A new account with these facts, named by its id."""
    short = {"sAMAccountName": facts.person_id[:20]}  # as much as one may have
    return user_ldif(facts.person_id, {**short, **attributes(facts)}, guid=facts.person_id)


def dn_of(facts: AccountFacts) -> str:
    return f"<GUID={facts.person_id}>"


def attributes(facts: AccountFacts) -> dict[str, Any]:
    """What Active Directory calls a person's facts; None takes an attribute away."""
    return {
        "displayName": facts.display_name,
        "mail": facts.email,
        "userPrincipalName": facts.username,
        "employeeID": facts.employee_id,
        "mobile": facts.phones[0] if facts.phones else None,
        "otherMobile": facts.phones[1:] or None,
        "department": facts.department,
        "userAccountControl": DISABLED if facts.enabled is False else ENABLED,
    }
