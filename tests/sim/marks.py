"""The memberships of leavers that the desk would not find, since reconcile did not mark them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from worker.domain.model import Standing
from worker.storage.sql.tables import dirty_group, link, membership, person

_M, _P = membership.c, person.c
_UNMARKED = (
    sa.select(_M.source, _M.group_id, _M.handle)
    .join(link, (link.c.source == _M.source) & (link.c.handle == _M.handle))
    .join(person, (_P.source == link.c.person_source) & (_P.person_id == link.c.person_id))
    .where(_P.standing == Standing.LEFT.value, _M.is_leaver == 0, ~sa.exists().select_from(dirty_group))
)


def unmarked(engine: sa.Engine) -> Sequence[sa.Row[str, str, str]]:
    """Source, group and handle of each; none while a group waits for reconcile."""
    with engine.connect() as connection:
        return connection.execute(_UNMARKED).all()
