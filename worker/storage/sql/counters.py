"""Numbers without gaps: ticket ids, plan ids, the journal's seq. Taking some locks the counter until commit."""

from __future__ import annotations

import sqlalchemy as sa

from worker.storage.sql.tables import counter

_FIRST = sa.text("INSERT INTO counter (name, value) VALUES (:name, 0) ON CONFLICT (name) DO NOTHING")

_ADVANCE = (
    sa.update(counter)
    .where(counter.c.name == sa.bindparam("wanted"))
    .values(value=counter.c.value + sa.bindparam("by", type_=sa.Integer))
    .returning(counter.c.value)
)


def take_numbers(connection: sa.Connection, name: str, how_many: int = 1) -> int:
    """Take `how_many` numbers of one counter and return the first; the first ever is 1."""
    advance = {"wanted": name, "by": how_many}
    value = connection.execute(_ADVANCE, advance).scalar()
    if value is None:
        connection.execute(_FIRST, {"name": name})
        value = connection.execute(_ADVANCE, advance).scalar_one()
    return int(value) - how_many + 1
