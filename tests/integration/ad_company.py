"""A small company in a real Active Directory (Samba's), with its register of groups and its worker.

    samba-tool, ldbmodify -> the domain <- whosleft (the installed command, or its use cases here) -> tickets

Whoever changes something does it as an administrator of the domain would, in the domain alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

import ldif
from connectors.directory.active_directory.config import ActiveDirectoryConfig
from connectors.directory.active_directory.connector import ActiveDirectory
from integration.company import Company, guid, phone
from samba import Domain, user_ldif
from slapd import Slapd
from worker.app.jobs.observer import Silent
from worker.app.jobs.report import Report
from worker.domain.model import Account, AccountKey, Standing
from worker.domain.reconcile.guard import HeldPlan
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.ops.clock import ManualClock, system_now
from worker.ports import ConnectorContext, Port
from worker.ports.state.sources import SourceState
from worker.running.wiring import build_app, build_connectors, load_settings
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.store import SqlStore

COUNT = 24  # people 0 to 23; 0 to 19 are in the wards
FILETIME_EPOCH = datetime.fromisoformat("1601-01-01T00:00:00+00:00")
NEVER = 0x7FFFFFFFFFFFFFFF
DISABLED = 514 | 32
ENABLED = 512 | 32


def filetime(at: datetime) -> int:
    return int((at - FILETIME_EPOCH).total_seconds()) * 10_000_000


def cn(number: int) -> str:
    return f"Person {number}"


@dataclass(frozen=True)
class AdCompany(Company):
    """People with numbers in OU=Staff; 0, 10 and 11 are admins of the wards."""

    guard: Mapping[str, Any] = field(default_factory=dict)
    domain: Domain = None  # type: ignore[assignment]  # a dataclass after one with a default needs its own

    def configure(self, **changes: Any) -> None:
        """Write the configuration; `changes` are keys of the directory."""
        (self.folder / "ad-password").write_text(self.domain.password)
        directory = {
            "name": "corp",
            "kind": "active_directory",
            "servers": [self.domain.url],
            "bind": {"user": self.domain.service, "password": "${file:ad-password}"},
            "base": self.domain.base_dn,
            "scope": {"ous": [self.domain.staff_ou]},
            "leavers_ou": self.domain.leavers_ou,
            "tls": {"ca_file": str(self.domain.ca_file)},
            "timeouts": {"connect": "5s", "read": "10s", "pass": "60s"},
            "page_size": 10,
            **changes,
        }
        configuration = {
            "allow_literal_secrets": True,
            "organisation": {
                "name": "St Mary's",
                "default_region": "GB",
                "timezone": "Europe/London",
                "language": "en",
            },
            "database": {"url": self.database},
            "directories": [directory],
            "inventories": [{"name": "wards", "kind": "register", "path": "groups.xlsx"}],
            "tickets": {"accountable": "it-security@example.org"},
            "escalation": {"digest_window": "0s"},
            "guard": dict(self.guard),
        }
        (self.folder / "whosleft.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")

    def employ(self, numbers: range = range(COUNT)) -> None:
        self.domain.ldbadd("".join(account(number) for number in numbers))

    # What administrators do

    def dn(self, number: int) -> str:
        return f"<GUID={guid(number)}>"

    def change(self, number: int, **attributes: ldif.Value | None) -> None:
        """Give somebody these values; None takes an attribute away."""
        self.domain.ldbmodify(ldif.modify(self.dn(number), attributes))

    def disable(self, *numbers: int) -> None:
        self.domain.ldbmodify(
            "".join(ldif.modify(self.dn(n), {"userAccountControl": DISABLED}) for n in numbers)
        )

    def enable(self, number: int) -> None:
        self.change(number, userAccountControl=ENABLED)

    def move(self, number: int, ou: str, *, name: str | None = None) -> None:
        """Move somebody to an OU (a DN), under another name if there is one."""
        self.domain.ldbmodify(
            f"dn: {self.dn(number)}\nchangetype: modrdn\nnewrdn: CN={name or cn(number)}\n"
            f"deleteoldrdn: 1\nnewsuperior: {ou}\n\n"
        )

    def delete(self, number: int) -> None:
        self.domain.ldbdel(self.dn(number))

    def add_ou(self, name: str, *, under: str | None = None) -> str:
        dn = f"OU={name},{under or self.domain.base_dn}"
        self.domain.ldbadd(ldif.entry(dn, {"objectClass": "organizationalUnit"}))
        return dn


def account(number: int, *, ou: str | None = None, **attributes: ldif.Value | None) -> str:
    """The LDIF of one person, as `employ` adds them."""
    return user_ldif(
        cn(number),
        {
            "sAMAccountName": f"p{number}",
            "userPrincipalName": f"p{number}@corp.example",
            "displayName": cn(number),
            "mail": f"p{number}@example.org",
            "mobile": phone(number),
            "employeeID": f"E{number:04d}",
            "department": "Nursing",
            **attributes,
        },
        ou=ou,
        guid=guid(number),
    )


class Paging(Silent):
    """Calls a worker's `on_page` after each page."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def progressed(self, _what: str, _more: int, /) -> None:
        self._worker.on_page()


class Worker:
    """The product in this process, over the folder's configuration. What fails is not tried again by itself.

    `on_page` is called after each page of a pass.
    """

    def __init__(self, folder: Path) -> None:
        settings = load_settings(folder / "whosleft.yaml")
        self.clock = ManualClock(system_now())
        self._engine = open_engine(settings.database.url)
        migrate(self._engine)
        self.store = SqlStore(self._engine)
        self.on_page: Callable[[], object] = lambda: None
        connectors = build_connectors(settings, self.clock)
        self.connector: ActiveDirectory = connectors.directories[0]._inner._inner  # type: ignore[attr-defined]
        connectors = replace(connectors, directories=(self.connector,))
        self._app = build_app(settings, self.store, connectors, self.clock, Paging(self))

    def close(self) -> None:
        self.connector.close()
        self._engine.dispose()

    def later(self, **spans: float) -> None:
        self.clock.advance(timedelta(**spans))

    def poll(self, *, full: bool = False) -> Report:
        self.later(seconds=60)
        return self._app.poll.run_once(self.clock(), full=full)

    def settle(self, *, full: bool = False) -> Mapping[str, int]:
        """Everything up to verification; nothing may be in trouble. What the poll counted."""
        report = self.poll(full=full)
        others = [
            self._app.inventory.run_once(self.clock()),
            self._app.reconcile.run_once(self.clock(), full=full),
            self._app.verify.run_once(self.clock()),
        ]
        assert [trouble for one in (report, *others) for trouble in one.troubles] == []
        return report.counts

    # What came of it

    def person(self, number: int) -> Account:
        found = self.find(guid(number))
        assert found is not None
        return found

    def standings(self) -> dict[str, Standing]:
        return {person_id: person.standing for person_id, person in self.people().items()}

    def find(self, person_id: str) -> Account | None:
        with self.store.begin() as uow:
            return uow.people.get(AccountKey("corp", person_id))

    def people(self) -> dict[str, Account]:
        with self.store.begin() as uow:
            return {person.key.person_id: person for person in uow.people.page(None, 10_000)}

    def tickets(self) -> list[Ticket]:
        with self.store.begin() as uow:
            return list(uow.tickets.page(list(TicketState), 0, 1000))

    def plans(self) -> list[HeldPlan]:
        with self.store.begin() as uow:
            return list(uow.episodes.plans())

    def keep(self, state: SourceState) -> None:
        with self.store.begin() as uow:
            uow.sources.put(state)

    def source(self) -> SourceState:
        with self.store.begin() as uow:
            return uow.sources.get("corp", Port.DIRECTORY)

    def journal(self, kind: str) -> list[Mapping[str, Any]]:
        """The data of all entries of a kind."""
        with self.store.begin() as uow:
            return [sealed.entry.data for sealed in uow.journal.chain() if sealed.entry.kind == kind]


@contextmanager
def working(company: AdCompany) -> Iterator[Worker]:
    """A worker that has read everybody and every group once."""
    worker = Worker(company.folder)
    try:
        worker.settle()
        worker.settle()
        yield worker
    finally:
        worker.close()


def founded(folder: Path, domain: Domain, **changes: Any) -> AdCompany:
    """The company on its first day; `changes` are keys of the directory."""
    company = AdCompany(folder, domain=domain)
    company.configure(**changes)
    company.employ()
    company.register()
    return company


@contextmanager
def reading(server: Domain | Slapd, **changes: Any) -> Iterator[ActiveDirectory]:
    """The connector alone, over the staff of a server; `changes` are keys of the directory."""
    keys = {
        "servers": [server.url],
        "bind": {"user": server.service, "password": server.password},
        "base": server.staff_ou,
        "tls": {"ca_file": str(server.ca_file)},
        "timeouts": {"connect": "5s", "read": "5s"},
        **changes,
    }
    context = ConnectorContext("corp", Path(), "GB", "Europe/London", "en", system_now)
    made = ActiveDirectory(ActiveDirectoryConfig.model_validate(keys), context)
    yield made
    made.close()
