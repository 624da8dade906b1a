"""What the watch reads: standing alarms, failing channels, late and dead messages, the database's clock."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from worker.domain.watch.alarms import AlarmCause, ToldAlarm
from worker.ports.state.leases import ListedLease
from worker.ports.state.watched import Arrival, Failing, LateMessages, WatchMark
from worker.storage.leases import listed_leases
from worker.storage.outbox_rows import UNSENT
from worker.storage.outbox_sending import IS_STOPPED
from worker.storage.sql.tables import EPOCH, alarm, delivery, outbox, quiet_channel, watch_mark


class SqlWatched:
    """The port `Watched` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def standing(self) -> list[ToldAlarm]:
        return standing_alarms(self._c)

    def put(self, one: ToldAlarm) -> None:
        values = {"since_at": one.since_at, "told_at": one.told_at}
        if self._c.execute(sa.update(alarm).where(alarm.c.key == one.key).values(values)).rowcount == 0:
            self._c.execute(
                sa.insert(alarm).values(key=one.key, cause=one.cause.value, about=one.about, **values)
            )

    def end(self, key: str) -> ToldAlarm | None:
        row = self._c.execute(sa.select(alarm).where(alarm.c.key == key)).first()
        self._c.execute(sa.delete(alarm).where(alarm.c.key == key))
        return _standing(row) if row else None

    def marks(self) -> dict[str, WatchMark]:
        return marks(self._c)

    def mark(self, one: WatchMark) -> None:
        m = watch_mark
        values = {"at": one.at, "text": one.text}
        if self._c.execute(sa.update(m).where(m.c.name == one.name).values(values)).rowcount == 0:
            self._c.execute(sa.insert(m).values(name=one.name, **values))

    def failing(self) -> list[Failing]:
        d = delivery.c
        failed = (
            sa.select(
                d.notifier, sa.func.min(d.created_at).label("first"), sa.func.max(d.error).label("error")
            )
            .where(d.state.in_(UNSENT), d.error != "")
            .group_by(d.notifier)
            .order_by(d.notifier)
        )
        arrived = sa.select(sa.func.max(d.sent_at)).where(d.notifier == sa.bindparam("notifier"))
        found = []
        for row in self._c.execute(failed).all():
            last = self._c.execute(arrived, {"notifier": row.notifier}).scalar()
            found.append(Failing(row.notifier, max(row.first, last or EPOCH), row.error))
        return found

    def due(self, now: datetime) -> LateMessages:
        d, o = delivery.c, outbox.c
        quiet = sa.select(quiet_channel.c.notifier).where(quiet_channel.c.quiet_until > now)
        is_due = sa.or_(
            (d.state == "waiting") & (d.next_at <= now), (d.state == "claimed") & (d.claimed_until <= now)
        )
        at = sa.case((d.state == "claimed", d.claimed_until), else_=d.next_at)
        on_their_way = sa.select(sa.func.count(), sa.func.min(at)).where(
            is_due, d.notifier.not_in(quiet), ~IS_STOPPED
        )
        may_go_at = sa.func.coalesce(o.not_before, o.created_at)
        waiting = sa.select(sa.func.count(), sa.func.min(may_go_at)).where(
            o.state == "pending",
            o.bundle_id.is_(None),
            may_go_at <= now,
            o.is_alarm == 1,
        )
        found = [self._c.execute(query).one() for query in (on_their_way, waiting)]
        oldest = min((since for _, since in found if since is not None), default=None)
        return LateMessages(sum(count for count, _ in found), oldest)

    def dead(self) -> int:
        unreached = sa.select(sa.func.count()).where(delivery.c.state == "unreachable")
        return int(self._c.execute(unreached).scalar_one())

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
        told: datetime = self._c.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
        return told.astimezone(UTC)


def standing_alarms(connection: sa.Connection) -> list[ToldAlarm]:
    """The alarms that stand, the oldest first."""
    rows = connection.execute(sa.select(alarm).order_by(alarm.c.since_at, alarm.c.key))
    return [_standing(row) for row in rows]


def marks(connection: sa.Connection) -> dict[str, WatchMark]:
    """What the watch did last, by name."""
    return {row.name: WatchMark(*row) for row in connection.execute(sa.select(watch_mark))}


def _standing(row: sa.Row[tuple[str, str, str, datetime, datetime]]) -> ToldAlarm:
    return ToldAlarm(AlarmCause(row.cause), row.about, row.since_at, row.told_at)
