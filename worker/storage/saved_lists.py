"""Lists of tickets that people keep under a name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy as sa

from worker.domain.groups.declaring import folded
from worker.domain.identity.phones import is_e164, stands_in
from worker.ports.state.saved_lists import SavedList
from worker.storage.erased_texts import names_one_of
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
    """Delete the lists that search for a person, or are named after them.

    `texts` are their names, numbers and addresses. A search may have a part of one, in any order of its words.
    """
    s, is_named, known = saved_list.c, _names_in_any_order(texts), [folded(text) for text in texts]
    for account, name, fields in connection.execute(sa.select(s.account, s.name, s.fields)).all():
        sought = json.loads(fields).get("text", "")
        parts = _words(sought)
        is_part = bool(parts) and any(all(part in text for part in parts) for text in known)
        if is_part or is_named(sought) or is_named(name):
            connection.execute(sa.delete(saved_list).where(s.account == account, s.name == name))


def _names_in_any_order(texts: Collection[str]) -> Callable[[str], bool]:
    """Whether a text has one of these in full: a name in any order of its words, a number in any spelling."""
    stands_there, numbers = names_one_of(texts), [text for text in texts if is_e164(text)]
    names = [words for text in texts if (words := _words(text)) and not any(map(str.isdigit, text))]

    def is_named(written: str) -> bool:
        words = _words(written)
        return (
            stands_there(written)
            or any(name <= words for name in names)
            or any(stands_in(number, written) for number in numbers)
        )

    return is_named


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", folded(text)))
