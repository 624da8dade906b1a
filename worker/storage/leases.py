"""Leases: the right to do a job, for a limited time. Each change is one conditional statement and its row count.

The fence grows with every change of hands, never on a renewal, so that (holder, fence) names one tenure. A
transaction that writes for a job ends with `assert_held`, which fails once that tenure is over. A process that takes
a lease also ends the transactions of processes that failed to renew theirs.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from worker.domain.instants import APART_MAX
from worker.ports.state.leases import Lease, LeaseLost, ListedLease
from worker.storage.sql.engine import LEASE_IDLE_MAX_S, blocks_others, limit_idleness
from worker.storage.sql.migrate import CURRENT, require_unchanged
from worker.storage.sql.tables import EPOCH, lease, to_micros

MARGIN_SHARE = 5  # the holder stops a fifth of the lease's life early, since clocks drift and processes pause
NOBODY = ""
_ALL = sa.select(lease).order_by(lease.c.job)
SESSIONS = "whosleft "
NAME_MAX = 63 - len(
    SESSIONS
)  # PostgreSQL cuts off longer session names; the end of a holder's name is unique


class SqlLeases:
    """The port `Leases`. Every call is a transaction of its own."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def acquire(self, job: str, holder: str, now: datetime, life: timedelta) -> Lease | None:
        if not holder:
            raise ValueError("a lease needs a holder with a name")
        with self._engine.begin() as connection:
            limit_idleness(connection, LEASE_IDLE_MAX_S)
            _end_overdue(connection, now, life)
            fence = connection.execute(_take(job, holder, now, life)).scalar()
            if fence is None and connection.execute(_FIRST, _values(job, holder, now + life)).rowcount:
                fence = 1
        if fence is None:
            return None
        return Lease(job, holder, fence, _trusted_until(now, life))

    def release(self, lease: Lease) -> None:
        with self._engine.begin() as connection:
            limit_idleness(connection, LEASE_IDLE_MAX_S)
            connection.execute(_of(lease).values(holder=NOBODY, expires_at=EPOCH))

    def all(self) -> list[ListedLease]:
        """See the port. A released lease has the holder '' and ran out in 1970."""
        with self._engine.begin() as connection:
            return listed_leases(connection)


def listed_leases(connection: sa.Connection) -> list[ListedLease]:
    """Return every lease ever taken, by job."""
    rows = connection.execute(_ALL)
    return [
        ListedLease(Lease(row.job, row.holder, row.fence, row.expires_at), row.expires_at) for row in rows
    ]


def assert_held(connection: sa.Connection, held: Lease) -> None:
    """Raise LeaseLost if the lease changed hands; else nobody can take it until this transaction ends.

    Call it last before the commit: it locks the lease's row, so a renewal waits until the transaction ends.
    Raises SchemaNewer if a later release has changed the tables so that this one may not work on them.
    """
    tenure = {"of_job": held.job, "of_holder": held.holder, "of_fence": held.fence}
    row = connection.execute(_HELD, tenure).first()
    if row is None:
        raise LeaseLost(
            f"The lease on {held.job!r} (holder {held.holder}, fence {held.fence}) was taken over or "
            "released, so nothing of this run was written."
        )
    require_unchanged(connection, row.revision)


# Built once: it runs in each transaction of a job. SQLite needs no lock, as nobody else writes meanwhile
_HELD = (
    sa.select(CURRENT.scalar_subquery().label("revision"))
    .where(
        lease.c.job == sa.bindparam("of_job"),
        lease.c.holder == sa.bindparam("of_holder"),
        lease.c.fence == sa.bindparam("of_fence"),
    )
    .with_for_update()
)
_FIRST = sa.text(
    "INSERT INTO lease (job, holder, fence, expires_at) VALUES (:job, :holder, 1, :expires_at) "
    "ON CONFLICT (job) DO NOTHING"
)


def _values(job: str, holder: str, expires_at: datetime) -> dict[str, str | int | None]:
    return {"job": job, "holder": holder, "expires_at": to_micros(expires_at)}


def _take(job: str, holder: str, now: datetime, life: timedelta) -> ReturningUpdate[int]:
    """Renew the holder's lease while it lasts, or take one that has run out; even its own is then a new tenure.

    Another's that would last longer than any does has run out, too: its holder died while its clock was wrong.
    """
    is_own, runs = lease.c.holder == holder, lease.c.expires_at > now
    is_over = sa.or_(sa.not_(runs), lease.c.expires_at > _last_end(now, life))
    fence = sa.case((is_own & runs, lease.c.fence), else_=lease.c.fence + 1)
    return (
        sa.update(lease)
        .where(lease.c.job == job, sa.or_(is_own, is_over))
        .values(holder=holder, fence=fence, expires_at=now + life)
        .returning(lease.c.fence)
    )


def _last_end(now: datetime, life: timedelta) -> datetime:
    """Where a lease may end at the latest, if its holder's clock is about right."""
    return now + life + APART_MAX


def _of(held: Lease) -> sa.Update:
    return sa.update(lease).where(
        lease.c.job == held.job, lease.c.holder == held.holder, lease.c.fence == held.fence
    )


def session_name(held: Lease) -> str:
    """The name of a PostgreSQL session while it writes under a lease."""
    return SESSIONS + f"{held.holder} {held.job} {held.fence}"[-NAME_MAX:]


# The fence handles active sessions. Only one that sleeps in its transaction, or queues for the lock, blocks others.
# The second of delay is for a session that has only just taken its lease
_END_OVERDUE = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND state <> 'idle' "
    "AND (wait_event_type = 'Client' OR wait_event = 'advisory') "
    "AND state_change < clock_timestamp() - interval '1 second' AND starts_with(application_name, :sessions) "
    "AND NOT EXISTS (SELECT FROM lease WHERE expires_at > :now AND expires_at <= :last_end "
    "AND :sessions || right(concat_ws(' ', holder, job, fence), :name_max) = application_name)"
)


def _end_overdue(connection: sa.Connection, now: datetime, life: timedelta) -> None:
    """End transactions that can no longer commit, because their lease has run out or was taken over.

    Their process was stopped, cut off, or lost with its machine. In the middle of a statement that sends or receives
    rows, the server would wait for it for hours. It would also give the lock to each such session in the queue.
    """
    if blocks_others(connection):
        last_end = to_micros(_last_end(now, life))
        values = {"now": to_micros(now), "last_end": last_end, "sessions": SESSIONS, "name_max": NAME_MAX}
        connection.execute(_END_OVERDUE, values)


def _trusted_until(now: datetime, life: timedelta) -> datetime:
    return now + life - life / MARGIN_SHARE
