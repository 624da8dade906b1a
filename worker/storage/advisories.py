"""Advisories."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from worker.domain.watch.advisories import Advisory, AdvisoryKey, Dismissal, FeedWord
from worker.domain.watch.matching import MatchedBy
from worker.domain.watch.versions import Fix
from worker.storage.group_states import GOVERNED
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.tables import advisory, chat_group, to_micros

_COLUMNS = (
    "id", "messenger", "seen_at", "said", "told", "told_at", "dismissed_at", "dismissed_by", "reason",
    "is_update_asked",
)  # fmt: skip


class SqlAdvisories:
    """The port `Advisories` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def all(self) -> dict[AdvisoryKey, Advisory]:
        rows = self._c.execute(sa.select(advisory).order_by(advisory.c.id, advisory.c.messenger))
        found = map(_advisory, rows)
        return {one.key: one for one in found}

    def put(self, advisories: Sequence[Advisory]) -> None:
        bulk_upsert(self._c, advisory, _COLUMNS, [_row(one) for one in advisories])

    def messengers_in_use(self) -> list[str]:
        query = sa.select(chat_group.c.messenger).where(GOVERNED).distinct()
        return sorted({name.casefold() for name in self._c.execute(query).scalars() if name})


def _row(one: Advisory) -> tuple[Any, ...]:
    gone = one.dismissal
    return (
        *one.key, to_micros(one.seen_at),
        json.dumps({feed: _kept(word) for feed, word in one.by_feed.items()}), one.told,
        to_micros(one.told_at), to_micros(gone.at) if gone else None, gone.by if gone else "",
        gone.reason if gone else "", int(one.is_update_asked),
    )  # fmt: skip


def _advisory(row: sa.Row[Any]) -> Advisory:
    gone = Dismissal(row.dismissed_by, row.dismissed_at, row.reason) if row.dismissed_at else None
    said = {feed: _word(word) for feed, word in json.loads(row.said).items()}
    key = AdvisoryKey(row.id, row.messenger)
    return Advisory(key, row.seen_at, said, row.told, row.told_at, gone, bool(row.is_update_asked))


def _kept(word: FeedWord) -> dict[str, Any]:
    return {
        "by": word.matched_by.value,
        "platforms": {name: [fix.version, fix.is_newer] for name, fix in word.platforms.items()},
        "exploited": word.is_exploited,
        "cvss": word.cvss,
        "tags": word.tags,
        "title": word.title,
        "url": word.url,
        "notice": word.notice,
    }


def _word(kept: Mapping[str, Any]) -> FeedWord:
    return FeedWord(
        MatchedBy(kept["by"]),
        {name: Fix(*fix) for name, fix in kept["platforms"].items()},
        kept["exploited"],
        kept["cvss"],
        tuple(kept["tags"]),
        kept["title"],
        kept["url"],
        kept["notice"],
    )
