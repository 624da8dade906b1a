"""Lists of tickets that people keep under a name."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from worker.ports.state.saved_lists import SavedList
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.tables import saved_list, to_micros

_COLUMNS = ("account", "name", "fields", "saved_at")


class SqlSavedLists:
    """The port `SavedLists` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def of(self, account: str) -> list[SavedList]:
        s = saved_list.c
        rows = self._c.execute(sa.select(s.name, s.fields).where(s.account == account).order_by(s.name))
        return [SavedList(name, json.loads(fields)) for name, fields in rows]

    def put(self, account: str, saved: SavedList, at: datetime) -> None:
        fields = json.dumps(saved.fields, ensure_ascii=False, sort_keys=True)
        bulk_upsert(self._c, saved_list, _COLUMNS, [(account, saved.name, fields, to_micros(at))])

    def drop(self, account: str, name: str) -> None:
        s = saved_list.c
        self._c.execute(sa.delete(saved_list).where(s.account == account, s.name == name))


def erase_from_lists(connection: sa.Connection, texts: Collection[str]) -> None:
    """Delete the lists that search for a part of one of these texts about a person."""
    s, folded = saved_list.c, [text.casefold() for text in texts if text]
    for account, name, fields in connection.execute(sa.select(s.account, s.name, s.fields)).all():
        sought = json.loads(fields).get("text", "").casefold()
        if sought and any(sought in text or text in sought for text in folded):
            connection.execute(sa.delete(saved_list).where(s.account == account, s.name == name))
