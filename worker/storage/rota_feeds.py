"""The last good copies of rotas' calendars."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from worker.domain.escalation.feeds import FeedCopy
from worker.domain.escalation.spans import Span
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.tables import from_micros, rota_feed, to_micros

_COLUMNS = (
    "rota", "tried_at", "fetched_at", "read_at", "known_until", "turns", "notes", "etag", "asked", "problem",
)  # fmt: skip

_ALL = sa.select(rota_feed).order_by(rota_feed.c.rota)


class SqlRotaFeeds:
    """The port `RotaFeeds` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def get(self, rota: str) -> FeedCopy | None:
        row = self._c.execute(sa.select(rota_feed).where(rota_feed.c.rota == rota)).one_or_none()
        return None if row is None else _copy(row)

    def put(self, copy: FeedCopy) -> None:
        turns = [(to_micros(one.from_at), to_micros(one.until_at), one.value) for one in copy.turns]
        instants = map(to_micros, (copy.tried_at, copy.fetched_at, copy.read_at, copy.known_until))
        row = (
            copy.rota, *instants, json.dumps(turns), json.dumps(copy.notes), copy.etag, copy.asked, copy.problem,
        )  # fmt: skip
        bulk_upsert(self._c, rota_feed, _COLUMNS, [row])

    def all(self) -> dict[str, FeedCopy]:
        rows = self._c.execute(_ALL)
        return {row.rota: _copy(row) for row in rows}

    def delete(self, rotas: Collection[str]) -> None:
        self._c.execute(sa.delete(rota_feed).where(rota_feed.c.rota.in_(sorted(rotas))))


def _copy(row: sa.Row[Any]) -> FeedCopy:
    return FeedCopy(
        row.rota, row.tried_at, row.fetched_at, row.read_at, row.known_until,
        tuple(_turn(*turn) for turn in json.loads(row.turns)), tuple(json.loads(row.notes)), row.etag, row.asked,
        row.problem,
    )  # fmt: skip


def _turn(from_micros_: int, until_micros: int, person: str) -> Span[str]:
    since, until = from_micros(from_micros_), from_micros(until_micros)
    assert since is not None  # noqa: S101  both were written
    assert until is not None  # noqa: S101  as above
    return Span(since, until, person)
