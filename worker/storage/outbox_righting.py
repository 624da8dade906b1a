"""What waits in the outbox for an instant that a wrong clock set is let go."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.domain.escalation.silences import LIFE_MAX
from worker.domain.instants import APART_MAX
from worker.storage.outbox_rows import UNSENT
from worker.storage.sql.tables import delivery, outbox, quiet_channel

QUIET_MAX = timedelta(days=7)  # with all holidays; whoever is let go too early is looked at again


class SqlRighting:
    """The part of the port `Outbox` that is about clocks that were wrong."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def set_right(self, now: datetime, longest: timedelta) -> None:
        near = now + APART_MAX
        ends = {
            "now": now, "near": near, "wait_end": near + longest, "quiet_end": near + QUIET_MAX,
            "hold_end": near + LIFE_MAX,
        }  # fmt: skip
        for statement in _STATEMENTS:
            self._c.execute(statement, ends)


def _instant(name: str) -> sa.BindParameter[datetime]:
    return sa.bindparam(name, type_=outbox.c.created_at.type)


_NOW, _NEAR, _WAIT_END, _QUIET_END, _HOLD_END = map(
    _instant, ("now", "near", "wait_end", "quiet_end", "hold_end")
)
_O, _D, _Q = outbox.c, delivery.c, quiet_channel.c
_IS_ALONE = (_O.state == "pending") & _O.bundle_id.is_(None)
_IS_HELD_TOO_LONG = (_O.held_by == "quiet") & (_O.not_before > _QUIET_END)
# One that is held says no error; no silence lasts longer
_WAITS_TOO_LONG = sa.or_((_D.error != "") & (_D.next_at > _WAIT_END), _D.next_at > _HOLD_END)
_STATEMENTS = (
    sa.update(quiet_channel).where(_Q.quiet_until > _WAIT_END).values(quiet_until=_NOW),
    sa.update(outbox)
    .where(_IS_ALONE, sa.or_(_O.created_at > _NEAR, _IS_HELD_TOO_LONG))
    .values(created_at=sa.case((_O.created_at > _NEAR, _NOW), else_=_O.created_at), not_before=_NOW),
    sa.update(delivery)
    .where(_D.state == "waiting", sa.or_(_D.created_at > _NEAR, _WAITS_TOO_LONG))
    .values(created_at=sa.case((_D.created_at > _NEAR, _NOW), else_=_D.created_at), next_at=_NOW),
    # No claim lasts as long as clocks may be apart
    sa.update(delivery).where(_D.state.in_(UNSENT), _D.claimed_until > _NEAR).values(claimed_until=_NOW),
)
