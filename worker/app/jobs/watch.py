"""Watch: read what is kept elsewhere beside people and groups: the calendars of rotas.

    what is due -> read -> the last good copy, with its age

A calendar that can't be read changes nothing; its copy counts until it is too old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.report import Report
from worker.domain.escalation.feeds import FeedCopy, FeedRules, is_due, is_stale, known_etag, shrunken
from worker.ports import ConnectorError
from worker.ports.connectors.rota_feed import RotaFeed
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store


class WatchFeeds:
    """Reads the calendars of rotas."""

    def __init__(self, store: Store, feeds: Sequence[RotaFeed], rules: Mapping[str, FeedRules]) -> None:
        self._store = store
        self._feeds = feeds
        self._rules = rules

    def run_once(self, now: datetime, lease: Lease | None = None, *, due_only: bool = False) -> Report:
        """Read every calendar once, or only those that are due. One that fails never stops the others."""
        counts = {"calendars": 0, "calendars_changed": 0}
        troubles = []
        with self._store.reading() as uow:
            copies = uow.rota_feeds.all()
        for feed in self._feeds:
            rules, before = self._rules[feed.name], copies.pop(feed.name, None)
            if due_only and not is_due(before, rules, now):
                troubles += _trouble(before, rules, now)
                continue
            after = _read(feed, rules, before, now)
            with self._store.begin(lease) as uow:
                uow.rota_feeds.put(after)
            counts["calendars"] += 1
            counts["calendars_changed"] += before is None or after.turns != before.turns
            troubles += _trouble(after, rules, now)
        if copies:
            with self._store.begin(lease) as uow:
                uow.rota_feeds.delete(list(copies))
        return Report("watch", counts, tuple(troubles))


def _read(feed: RotaFeed, rules: FeedRules, before: FeedCopy | None, now: datetime) -> FeedCopy:
    copy = replace(before, tried_at=now, problem="") if before else FeedCopy(feed.name, now)
    try:
        read = feed.read(known_etag(before, rules, now), now)
    except ConnectorError as error:
        etag = copy.etag if copy.asked == rules.fingerprint else None  # other rules need the whole of it
        return replace(copy, etag=etag, asked=rules.fingerprint, problem=str(error))
    if read is None:
        return replace(copy, fetched_at=now)
    notes = tuple(filter(None, (*read.notes, shrunken(before, read.turns, now))))
    return FeedCopy(
        feed.name, now, now, now, read.known_until, read.turns, notes, read.etag, rules.fingerprint
    )


def _trouble(copy: FeedCopy | None, rules: FeedRules, now: datetime) -> list[str]:
    """What is wrong with a calendar: that it can't be read, or is too old to say who is on call."""
    if copy is None or not copy.problem:
        return []
    stale = " Its copy is too old, so that the fallback is asked." if is_stale(copy, rules, now) else ""
    return [f"{copy.problem}{stale}"]
