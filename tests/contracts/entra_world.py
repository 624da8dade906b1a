"""The world behind the Entra connector: a tenant behind a Graph and a sign-in service of our own, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.connector import EntraDirectory
from contracts.directory_world import DirectoryWorld, context
from fakes.graph.faults import Fault
from fakes.graph.lab import FakeEntra
from worker.domain.model import AccountFacts
from worker.ports import Directory

PAGE_SIZE = 20


class EntraWorld(DirectoryWorld):
    """Everybody is a member of the tenant."""

    def __init__(self, entra: FakeEntra, folder: Path) -> None:
        self._entra = entra
        self.secrets = (entra.credentials["secret"],)
        self._people: dict[str, AccountFacts] = {}
        entra.graph.delta.settings.page_size = PAGE_SIZE
        self._directory = EntraDirectory(
            EntraConfig.model_validate(options(entra)),
            replace(context("tenant", folder), now=lambda: entra.tenant.now),
        )

    @property
    def directory(self) -> Directory:
        return self._directory

    def put(self, *people: AccountFacts) -> None:
        for facts in people:
            if facts.person_id in self._people:
                self._entra.tenant.change(facts.person_id, **properties(facts))
            else:
                self._entra.tenant.add(user_id=facts.person_id, **properties(facts))
            self._people[facts.person_id] = facts

    def disable(self, person_id: str) -> None:
        self._entra.tenant.disable(person_id)

    def delete(self, person_id: str) -> None:
        self._entra.tenant.delete(person_id)

    def cut(self) -> None:
        self._entra.graph.faults.add(Fault(cut_at=0.5))

    def shut(self) -> None:
        self._entra.graph.faults.add(Fault(status=503, code="serviceUnavailable", message="Not now."))

    def close(self) -> None:
        self._directory.close()

    def mend(self) -> None:
        self._entra.graph.faults.clear()


def options(entra: FakeEntra, **changes: Any) -> dict[str, Any]:
    """A configuration that reaches the lab, as the file would have it."""
    known = entra.credentials
    own = {
        "tenant_id": known["tenant_id"],
        "client_id": known["client_id"],
        "credential": {"secret": known["secret"]},
        "authority": entra.authority.removesuffix(f"/{known['tenant_id']}"),
        "graph_url": entra.graph_url,
        "tls": {"ca_file": str(entra.ca_file)},
    }
    return own | changes


def properties(facts: AccountFacts) -> dict[str, Any]:
    """One person as Graph has them."""
    return {
        "displayName": facts.display_name,
        "mail": facts.email,
        "userPrincipalName": facts.username,
        "employeeId": facts.employee_id,
        "mobilePhone": facts.phones[0] if facts.phones else None,
        "department": facts.department,
        "accountEnabled": facts.enabled,
    }


@contextmanager
def entra_world(folder: Path) -> Iterator[EntraWorld]:
    """A fresh tenant; the certificates of `folder` are used again."""
    with FakeEntra(folder) as entra:
        world = EntraWorld(entra, folder)
        yield world
        world.close()
