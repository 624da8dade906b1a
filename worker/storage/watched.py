"""What the watch reads: standing alarms, failing channels, late and dead messages, the database's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.watch.alarms import AlarmCause, ToldAlarm
from worker.ports.state.leases import ListedLease
from worker.ports.state.watched import Arrival, Failing, LateMessages, WatchMark
from worker.storage.leases import listed_leases
from worker.storage.outbox_rows import UNSENT
from worker.storage.outbox_sending import IS_STOPPED
from worker.storage.sql.tables import EPOCH, alarm, delivery, outbox, quiet_channel, watch_mark

_STANDING = sa.select(alarm).order_by(alarm.c.since_at, alarm.c.key)
_IS_ALARM = alarm.c.key == sa.bindparam("wanted")
_ALARM, _TOLD = sa.select(alarm).where(_IS_ALARM), sa.update(alarm).where(_IS_ALARM)
_END = sa.delete(alarm).where(_IS_ALARM)
_MARKS = sa.select(watch_mark)
_D = delivery.c
_HAS_FAILED = _D.state.in_(UNSENT) & (_D.error != "") & _D.failed_at.is_not(None)
_FAILED = sa.select(_D.notifier).distinct().where(_HAS_FAILED).order_by(_D.notifier)
_ARRIVED = (
    sa.select(_D.sent_at)
    .where(_D.notifier == sa.bindparam("name"), _D.sent_at.is_not(None))
    .order_by(_D.sent_at.desc())
    .limit(1)
)
_FAILED_SINCE = sa.select(
    sa.func.min(_D.created_at).label("first"), sa.func.max(_D.error).label("error")
).where(_HAS_FAILED, _D.notifier == sa.bindparam("name"), _D.failed_at > sa.bindparam("last"))
_DEAD = sa.select(sa.func.count()).where(_D.state == "unreachable")
_NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=_D.next_at.type)
_MAY_GO_AT = sa.func.coalesce(outbox.c.not_before, outbox.c.created_at)
_WAITING = sa.select(sa.func.count(), sa.func.min(_MAY_GO_AT)).where(
    outbox.c.state == "pending", outbox.c.bundle_id.is_(None), _MAY_GO_AT <= _NOW, outbox.c.is_alarm == 1
)


@cache
def _on_their_way() -> sa.Select[int, Any]:
    """How many deliveries are due `now`, and since when; not before the wait that their channel asked for was over."""
    quiet_until = quiet_channel.c.quiet_until
    is_due = sa.or_(
        (_D.state == "waiting") & (_D.next_at <= _NOW), (_D.state == "claimed") & (_D.claimed_until <= _NOW)
    )
    at = sa.case((_D.state == "claimed", _D.claimed_until), else_=_D.next_at)
    since = sa.case((quiet_until > at, quiet_until), else_=at)
    return (
        sa.select(sa.func.count(), sa.func.min(since))
        .select_from(delivery.outerjoin(quiet_channel, quiet_channel.c.notifier == _D.notifier))
        .where(is_due, sa.or_(quiet_until.is_(None), quiet_until <= _NOW), ~IS_STOPPED)
    )


class SqlWatched:
    """The port `Watched` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def standing(self) -> list[ToldAlarm]:
        return standing_alarms(self._c)

    def put(self, one: ToldAlarm) -> None:
        values = {"since_at": one.since_at, "told_at": one.told_at}
        if self._c.execute(_TOLD, {"wanted": one.key, **values}).rowcount == 0:
            self._c.execute(
                sa.insert(alarm).values(key=one.key, cause=one.cause.value, about=one.about, **values)
            )

    def end(self, key: str) -> ToldAlarm | None:
        row = self._c.execute(_ALARM, {"wanted": key}).first()
        self._c.execute(_END, {"wanted": key})
        return _standing(row) if row else None

    def marks(self) -> dict[str, WatchMark]:
        return marks(self._c)

    def mark(self, one: WatchMark) -> None:
        m = watch_mark
        values = {"at": one.at, "text": one.text}
        if self._c.execute(sa.update(m).where(m.c.name == one.name).values(values)).rowcount == 0:
            self._c.execute(sa.insert(m).values(name=one.name, **values))

    def unmark(self, name: str) -> None:
        self._c.execute(sa.delete(watch_mark).where(watch_mark.c.name == name))

    def failing(self) -> list[Failing]:
        found = []
        for name in self._c.execute(_FAILED).scalars().all():
            last = self._c.execute(_ARRIVED, {"name": name}).scalar() or EPOCH
            since = self._c.execute(_FAILED_SINCE, {"name": name, "last": last}).one()
            if since.first is not None:
                found.append(Failing(name, max(since.first, last), since.error))
        return found

    def due(self, now: datetime) -> LateMessages:
        found = [self._c.execute(query, {"now": now}).one() for query in (_on_their_way(), _WAITING)]
        oldest = min((since for _, since in found if since is not None), default=None)
        return LateMessages(sum(count for count, _ in found), oldest)

    def dead(self) -> int:
        return int(self._c.execute(_DEAD).scalar_one())

    def arrivals(self, key: str) -> list[Arrival]:
        d = delivery.c
        query = (
            sa.select(d.key, d.notifier, d.sent_at)
            .join(outbox, outbox.c.bundle_id == d.bundle_id)
            .where(outbox.c.key == key)
            .order_by(d.id)
        )
        return [Arrival(*row) for row in self._c.execute(query)]

    def leases(self) -> list[ListedLease]:
        return listed_leases(self._c)

    def clock(self) -> datetime | None:
        if self._c.dialect.name == "sqlite":
            return None
        # As a number: the driver reads an instant only as the default DateStyle writes it
        told = self._c.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
        return datetime.fromtimestamp(float(told), UTC)


def standing_alarms(connection: sa.Connection) -> list[ToldAlarm]:
    """The alarms that stand, the oldest first."""
    return [_standing(row) for row in connection.execute(_STANDING)]


def marks(connection: sa.Connection) -> dict[str, WatchMark]:
    """What the watch did last, by name."""
    return {row.name: WatchMark(*row) for row in connection.execute(_MARKS)}


def _standing(row: sa.Row[tuple[str, str, str, datetime, datetime]]) -> ToldAlarm:
    return ToldAlarm(AlarmCause(row.cause), row.about, row.since_at, row.told_at)
