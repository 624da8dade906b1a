"""Everything that pages use: the use cases, and the few facts of the configuration that pages show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

import idna

from worker.app.acts.advisories import AdvisoryActs
from worker.app.acts.assignee import Assigned
from worker.app.acts.attesting import Attesting
from worker.app.acts.census import CensusActs
from worker.app.acts.conversations import ReviewingConversations
from worker.app.acts.declared import Declaring
from worker.app.acts.handovers import TakeOver
from worker.app.acts.holds import RemovalHolds
from worker.app.acts.identifying import Identifying
from worker.app.acts.pairs import PairActs
from worker.app.acts.plans import Approvals
from worker.app.acts.reporting import Reporting
from worker.app.acts.reviewing import Reviewing
from worker.app.acts.sealing import Sealing
from worker.app.acts.silencing import Silencing
from worker.app.acts.tickets import TicketActs
from worker.app.evidence.export import Audit
from worker.app.reads.controls import ControlReads
from worker.app.reads.escalation import Explainer
from worker.app.reads.keeps import KeepsReads
from worker.app.reads.replay import Replay
from worker.app.reads.situation import Situation
from worker.app.reads.source import JudgedSource, judged_sources
from worker.app.reads.witness import Witnesses
from worker.app.tell.health import Freshness
from worker.app.tell.reaching import Reaching
from worker.app.tell.signed_links import signing_key
from worker.desk.sign_in import SignIn
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.tongue import Languages
from worker.ports import Port
from worker.ports.state.store import Store, UnitOfWork

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """The desk's address. `url` is the start of its links, without a slash at the end.

    `region` (ISO 3166 alpha-2) is that of numbers that people type without a country code.
    """

    organisation: str
    timezone: str
    region: str
    url: str

    @property
    def is_https(self) -> bool:
        """True if browsers reach it over TLS; only then its cookies are marked as secure."""
        return urlsplit(self.url).scheme == "https"

    def cookie(self, name: str) -> str:
        """A cookie's full name. With the prefix, browsers accept it only over TLS and send it only to this host."""
        return f"__Host-{name}" if self.is_https else name

    @property
    def host(self) -> str:
        """Host and port as a browser writes them: in small letters, in ASCII, without the scheme's own port."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if not host.isascii():
            with suppress(idna.IDNAError):  # no browser opens such a host
                host = idna.encode(host, uts46=True).decode()
        if ":" in host:
            host = f"[{host}]"
        return host if parts.port in {None, _PORTS[parts.scheme]} else f"{host}:{parts.port}"


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a page may use."""

    store: Store
    desk: TicketActs
    identifying: Identifying
    holds: RemovalHolds
    approvals: Approvals
    assigned: Assigned
    attesting: Attesting
    conversations: ReviewingConversations
    reviewing: Reviewing
    reporting: Reporting
    census: CensusActs
    declaring: Declaring
    controls: ControlReads
    keeps: KeepsReads
    replay: Replay
    taking_over: TakeOver
    pairs: PairActs
    silencing: Silencing
    advisories: AdvisoryActs
    sealing: Sealing
    languages: Languages
    rules: TicketRules
    explainer: Explainer
    reaching: Reaching
    place: Place
    clock: Callable[[], datetime]
    audit: Audit
    fresh_directories: Freshness
    fresh_inventories: Freshness
    witnesses: Witnesses
    sources: tuple[tuple[str, Port, str], ...]  # name, port, kind, in the configuration's order
    situation: Callable[[], Situation]  # at most a moment old
    note_outage: Callable[[Exception], None]  # logs an error of the database for which somebody was put off
    key: str = field(repr=False)  # signs links, forms, references and sign-ins
    sign_in: SignIn | None = None


def sources_of(services: Services, uow: UnitOfWork, now: datetime) -> list[JudgedSource]:
    """Every configured source, judged."""
    return judged_sources(uow, services.sources, services.fresh_directories, services.fresh_inventories, now)


def as_of_now(services: Services) -> Services:
    """The same with the present key, which may have been replaced since."""
    with services.store.reading() as uow:
        return replace(services, key=signing_key(uow))
