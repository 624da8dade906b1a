"""What members leave of somebody who is erased: questions that name them, and handles that nobody has any more."""

from __future__ import annotations

import json
from collections.abc import Collection

import sqlalchemy as sa

from worker.domain.evidence.explained import ERASED
from worker.domain.identity.matching import IdentityState
from worker.domain.model import AccountKey, HandleKey
from worker.storage.sql.chunks import chunked
from worker.storage.sql.mapping import as_json
from worker.storage.sql.tables import IS_QUESTION, departed, link, membership, person_key

GONE_AND_NOBODYS = (
    link.c.gone_at.is_not(None),
    link.c.state == IdentityState.UNMATCHED.value,
    link.c.decided_by.is_(None),  # nobody has said anything of them
    link.c.rejected == "[]",
)


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


def erase_handles(connection: sa.Connection, handles: Collection[str]) -> None:
    """Delete members under these handles who are in no group and nobody, and records that one of these numbers went.

    A number that another account has, or a member who is known as somebody else, is left to them.
    """
    for chunk in chunked(sorted(handles)):
        for column in (link.c.handle, link.c.phone_key):
            connection.execute(sa.delete(link).where(column.in_(chunk), *GONE_AND_NOBODYS))
        k, m, d = person_key.c, link.c, departed.c
        of_others = (
            sa.select(k.value).where(k.kind == "phone", k.value.in_(chunk)),
            sa.select(m.phone_key).where(m.phone_key.in_(chunk)),
        )
        theirs = set(chunk).difference(*(connection.execute(query).scalars() for query in of_others))
        connection.execute(sa.delete(departed).where(d.phone_key.in_(sorted(theirs))))


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
