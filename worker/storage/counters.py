"""Numbers without gaps: ticket ids, plan ids, the journal's seq. Taking some locks the counter until commit."""

from __future__ import annotations

import sqlalchemy as sa

from worker.storage.tables import counter

_FIRST = sa.text("INSERT INTO counter (name, value) VALUES (:name, 0) ON CONFLICT (name) DO NOTHING")


def take_numbers(connection: sa.Connection, name: str, how_many: int = 1) -> int:
    """Take `how_many` numbers of one counter and return the first; the first ever is 1."""
    advance = (
        sa.update(counter)
        .where(counter.c.name == name)
        .values(value=counter.c.value + how_many)
        .returning(counter.c.value)
    )
    value = connection.execute(advance).scalar()
    if value is None:
        connection.execute(_FIRST, {"name": name})
        value = connection.execute(advance).scalar_one()
    return int(value) - how_many + 1
