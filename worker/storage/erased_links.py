"""Questions about members that name somebody: who may be behind one stays, and who is erased goes from all."""

from __future__ import annotations

import json

import sqlalchemy as sa

from worker.domain.evidence.explained import ERASED
from worker.domain.identity.matching import IdentityState
from worker.domain.model import AccountKey, HandleKey
from worker.storage.sql.mapping import as_json
from worker.storage.sql.tables import IS_QUESTION, link, membership


def asked_about(connection: sa.Connection, key: AccountKey) -> list[HandleKey]:
    """The listed handles that somebody may be behind by a number or an address, as nobody has said yet."""
    is_listed = sa.exists().where(membership.c.source == link.c.source, membership.c.handle == link.c.handle)
    which = (link.c.state == IdentityState.AMBIGUOUS.value) & is_listed
    return [handle for handle, _ in _naming(connection, key, which)]


def erase_from_questions(connection: sa.Connection, key: AccountKey) -> None:
    """Take somebody out of the questions that name them; these are matched anew, with whoever is left."""
    for handle, rest in _naming(connection, key, sa.true()):
        this = (link.c.source == handle.source) & (link.c.handle == handle.handle)
        values = {"suggestions": as_json(rest), "why": ERASED, "why_words": None, "is_dirty": 1}
        connection.execute(sa.update(link).where(this).values(values))


def _naming(
    connection: sa.Connection, key: AccountKey, which: sa.ColumnElement[bool]
) -> list[tuple[HandleKey, list[list[object]]]]:
    """The handles of which an open question names the account, with the others whom it names."""
    mark = as_json(list(key))[1:-1]  # as `mapping.suggestions_to_json` writes it
    query = sa.select(link.c.source, link.c.handle, link.c.suggestions).where(
        sa.text(IS_QUESTION), which, link.c.suggestions.contains(mark, autoescape=True)
    )
    found = []
    for row in connection.execute(query.order_by(link.c.source, link.c.handle)).all():
        named = json.loads(row.suggestions)
        rest = [one for one in named if AccountKey(*one[:2]) != key]
        if rest != named:
            found.append((HandleKey(row.source, row.handle), rest))
    return found
