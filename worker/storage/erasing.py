"""Forgetting a person: their record, links and every name or number of theirs in tickets and messages.

The journal holds ids only, so its chain stays valid.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.domain.model import PersonKey
from worker.storage.tables import (
    cohort_person,
    episode,
    expected,
    link,
    outbox,
    person,
    person_key,
    ticket,
    undo,
)

ERASED = "erased"


def erase_person(connection: sa.Connection, key: PersonKey) -> None:
    """Remove one person's data; idempotent."""
    mine = (ticket.c.person_source == key.source) & (ticket.c.person_id == key.person_id)
    numbers = sa.select(ticket.c.id).where(mine)
    connection.execute(
        sa.update(outbox).where(outbox.c.ticket_id.in_(numbers)).values(title=ERASED, body="{}", name="")
    )
    erased_handle = sa.literal(f"{ERASED}:") + sa.cast(ticket.c.id, sa.Text)
    connection.execute(
        sa.update(ticket)
        .where(mine)
        .values(
            person_name=ERASED,
            member_name=sa.case((ticket.c.member_name == "", ""), else_=ERASED),
            handle=sa.case((ticket.c.handle == "", ""), else_=erased_handle),
            reason=ERASED,
            search="",
        )
    )
    connection.execute(sa.delete(undo).where(undo.c.ticket_id.in_(numbers)))
    for table in (person, person_key, episode, cohort_person):
        where = (table.c.source == key.source) & (table.c.person_id == key.person_id)
        connection.execute(sa.delete(table).where(where))
    for table in (link, expected):
        where = (table.c.person_source == key.source) & (table.c.person_id == key.person_id)
        connection.execute(sa.delete(table).where(where))
