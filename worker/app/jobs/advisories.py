"""Watch: read the feeds of advisories, and tell of what is urgent for the messengers in use.

    feeds that are due -> what each says of each messenger -> joined -> news -> one message for each, once

All feeds that are due are read first, so that what two of them say of one vulnerability is told as one. A feed that
can't be read changes nothing: what it said last counts, and what a feed said that is no longer configured counts until
each that is has been read. Its trouble is told, and does not make the worker blind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.report import Report
from worker.app.reads.advisories import AdvisoryRules, asked_of, messengers_watched
from worker.app.tell.health import FLAPS
from worker.domain.controls.policy import AdvisoryRule
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.instants import has_come
from worker.domain.messages.advisories import advisory_paragraph
from worker.domain.messages.message import CHANNEL
from worker.domain.text.tongue import Tongue
from worker.domain.watch.advisories import Advisory, taken, told_now, urgency, without_feeds
from worker.domain.watch.products import Product, asked_text, products_of
from worker.ports import ConnectorError, Port, Transient
from worker.ports.connectors.advisory_feed import AdvisoryFeed, AdvisoryRead
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import OutMessage
from worker.ports.state.sources import SourceState
from worker.ports.state.store import Store, UnitOfWork


class WatchAdvisories:
    """Reads feeds of advisories. `tongue` is the organisation's language, in which the security team is told."""

    def __init__(
        self, store: Store, feeds: Sequence[AdvisoryFeed], rules: AdvisoryRules, tongue: Tongue
    ) -> None:
        self._store = store
        self._feeds = feeds
        self._rules = rules
        self._tongue = tongue

    def run_once(self, now: datetime, lease: Lease | None = None, *, due_only: bool = False) -> Report:
        """Read every feed once, or only those that are due. One that fails never stops the others."""
        rule = self._rules.rule
        if rule is None:
            return Report("watch")
        with self._store.reading() as uow:
            products = products_of(messengers_watched(uow, rule), has_systems=rule.has_systems)
            states = {one.name: uow.sources.get(one.name, Port.ADVISORIES) for one in self._feeds}
        troubles: list[str] = []
        reads = 0
        for feed in self._feeds:
            state = states[feed.name]
            if due_only and not self._is_due(state, products, now):
                troubles += [state.trouble] if state.trouble else []
                continue
            reads += 1
            troubles += self._read(feed, state, products, now, lease)
        with self._store.begin(lease) as uow:
            news = self._tell(uow, rule, now)
        return Report("watch", {"feeds": reads, "advisories": news}, tuple(troubles))

    def _is_due(self, state: SourceState, products: Sequence[Product], now: datetime) -> bool:
        last_at, pace = state.last_attempt_at, self._rules.paces[state.name]
        # One that failed is due by its pace, else it would be read at every look
        is_asked_anew = not state.failures and asked_of(state) != asked_text(products)
        return last_at is None or is_asked_anew or has_come(last_at + pace, now, pace)

    def _read(
        self,
        feed: AdvisoryFeed,
        state: SourceState,
        products: Sequence[Product],
        now: datetime,
        lease: Lease | None,
    ) -> list[str]:
        try:
            read = feed.read(_cursor_of(state, products), products)
        except ConnectorError as error:
            with self._store.begin(lease) as uow:
                uow.sources.put(_failed(state, error, now))
            return [f"{feed.name}: {error}"]
        with self._store.begin(lease) as uow:
            known = uow.advisories.all()
            uow.advisories.put(taken(known, feed.name, read.records, products, now, is_whole=read.is_whole))
            uow.sources.put(_after(state, read, products, now))
        return []

    def _tell(self, uow: UnitOfWork, rule: AdvisoryRule, now: datetime) -> int:
        """Tell of what is news, the most urgent first; return how many were."""
        feeds = {one.name: uow.sources.get(one.name, Port.ADVISORIES) for one in self._feeds}
        # One that was never read may be a former one's new name
        if all(one.last_success_at is not None for one in feeds.values()):
            uow.advisories.put(without_feeds(uow.advisories.all(), feeds))
        every = uow.advisories.all().values()
        news = sorted((one for one in every if one.is_news(rule.severity_from)), key=urgency)
        uow.outbox.add([_message(one, self._tongue, now) for one in news], now)
        uow.journal.append(_entries(news, now))
        uow.advisories.put([told_now(one, now) for one in news])
        return len(news)


def _cursor_of(state: SourceState, products: Sequence[Product]) -> str | None:
    """The cursor of the last read; None if the feed gave none, or other products were asked for then."""
    asked, _, cursor = (state.cursor or "").partition(" ")
    return cursor if cursor and asked == asked_text(products) else None


def _failed(state: SourceState, error: ConnectorError, now: datetime) -> SourceState:
    failures = state.failures + 1 if isinstance(error, Transient) else max(FLAPS, state.failures + 1)
    return replace(state, last_attempt_at=now, failures=failures, trouble=error.message, remedy=error.remedy)


def _after(state: SourceState, read: AdvisoryRead, products: Sequence[Product], now: datetime) -> SourceState:
    cursor = f"{asked_text(products)} {read.cursor or ''}"
    counts = (
        state.counts if read.is_unchanged else {"records": len(read.records), "malformed": read.malformed}
    )
    return SourceState(
        state.name,
        state.port,
        cursor,
        last_attempt_at=now,
        last_success_at=now,
        taken_at=read.taken_at,
        counts=counts,
    )


def _message(one: Advisory, tongue: Tongue, now: datetime) -> OutMessage:
    body = advisory_paragraph(one, tongue)
    # That it was told is kept with it. What is so again is told again, so the key is of the instant
    key = f"advisory:{one.key.id}:{one.key.messenger}:{now.isoformat()}"
    return OutMessage(key, CHANNEL, body.headline, body)


def _entries(news: Sequence[Advisory], now: datetime) -> list[Entry]:
    return [
        Entry(
            now,
            "whosleft",
            events.ADVISORY_ANNOUNCED,
            f"advisory:{one.key.id}",
            data={"messenger": one.key.messenger, "exploited": one.is_exploited, "cvss": str(one.cvss or "")},
        )
        for one in news
    ]
