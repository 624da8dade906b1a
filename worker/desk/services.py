"""What the pages work with: the use cases, and the few facts of the configuration that pages show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from worker.app.acts.assignee import Assigned
from worker.app.acts.plans import Approvals
from worker.app.acts.tickets import TicketActs
from worker.app.evidence.export import Audit
from worker.app.reads.situation import Situation
from worker.app.reads.source import JudgedSource, judged_sources
from worker.app.tell.health import Freshness
from worker.app.tell.signed_links import signing_key
from worker.desk.sign_in import SignIn
from worker.domain.reconcile.engine import TicketRules
from worker.domain.text.tongue import Languages
from worker.ports import Port
from worker.ports.state.store import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class Place:
    """Where the desk is. `url` is what its links start with, without a slash at the end."""

    organisation: str
    timezone: str
    url: str

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it over TLS; only then are its cookies marked for that."""
        return self.url.startswith("https://")

    def cookie(self, name: str) -> str:
        """The name of a cookie here: with the prefix, browsers take it over TLS only and send it to this host alone."""
        return f"__Host-{name}" if self.is_https else name

    @property
    def host(self) -> str:
        """Host and port as a browser writes them."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a page may use."""

    store: Store
    desk: TicketActs
    approvals: Approvals
    assigned: Assigned
    languages: Languages
    rules: TicketRules
    place: Place
    clock: Callable[[], datetime]
    audit: Audit
    fresh_directories: Freshness
    fresh_inventories: Freshness
    sources: tuple[tuple[str, Port, str], ...]  # name, port, kind, in the configuration's order
    situation: Callable[[], Situation]  # of a moment ago at most
    key: str = field(repr=False)  # what links, forms, references and sign-ins are signed with
    sign_in: SignIn | None = None


def sources_of(services: Services, uow: UnitOfWork, now: datetime) -> list[JudgedSource]:
    """Every configured source, judged."""
    return judged_sources(uow, services.sources, services.fresh_directories, services.fresh_inventories, now)


def as_of_now(services: Services) -> Services:
    """The same with the key that there is now: since they were put together another one may have been made."""
    with services.store.reading() as uow:
        return replace(services, key=signing_key(uow))
