"""The memberships of leavers that the desk would not find, since reconcile did not mark them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from worker.domain.model import Standing
from worker.storage.sql.tables import dirty_group, link, membership, person


def unmarked(engine: sa.Engine) -> Sequence[sa.Row[str, str, str]]:
    """Source, group and handle of each; none while a group waits for reconcile."""
    m, p = membership.c, person.c
    waits = sa.exists().select_from(dirty_group)
    query = (
        sa.select(m.source, m.group_id, m.handle)
        .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
        .join(person, (p.source == link.c.person_source) & (p.person_id == link.c.person_id))
        .where(p.standing == Standing.LEFT.value, m.is_leaver == 0, ~waits)
    )
    with engine.connect() as connection:
        return connection.execute(query).all()
