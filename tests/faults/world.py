"""A town with its replicas, its channels and its database, which can be broken and must come to rest again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic
from uuid import uuid4

from psycopg import Connection, sql
from sqlalchemy.exc import DBAPIError

from faults.channels import CALLED_CHANNEL, Channels, running_channels
from faults.clicks import Clicks
from faults.cluster import CALL_PORTS, PORT, Cluster
from faults.effects import Effects, Tap
from faults.replicas import Fleet, Replica, configure, running_fleet, url_of
from faults.town import PEOPLE, Town
from faults.waiting import SOON_S, until
from postfix import Postfix
from worker.app.acts.tickets import TicketActs
from worker.app.jobs.table import JOBS
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.ops.clock import system_now
from worker.running.connecting import Connectors
from worker.running.database import open_store
from worker.running.wiring import build_app, load_settings
from worker.storage.sql.engine import WRITERS, open_engine
from worker.storage.sql.migrate import migrate

CLAIMED_S = 300  # how long a claim on a delivery lasts: what the tests do not wait for
TAKEN_S = 60  # and one on what somebody did
HURRY_S = 3
LOCKING_MAX_S = 10
SENDING_S = 2  # of somebody who is awake, a claim older than this is nobody's: a message takes milliseconds


class World:
    """Everything there is. `calm` is called between faults, `check` in the end."""

    def __init__(self, cluster: Cluster, database: str, folder: Path, channels: Channels) -> None:
        self.cluster = cluster
        self.database = database
        self.channels = channels
        self.slack = channels.slack
        self.town = Town(folder)
        self.engine = open_engine(url_of((cluster.address, PORT), database))
        migrate(self.engine)
        self.session = cluster.connect(database)
        addresses = [f"{cluster.address}:{port}" for port in CALL_PORTS]
        self.clicks = Clicks(channels.slack, channels.sockets, CALLED_CHANNEL, addresses)
        self.effects = Effects(self.engine, self.session, self.town, channels, self.clicks)
        self._draw = Random(0)  # which replica gets what is repeated
        self._awake_s = 0.0  # since when, by the monotonic clock, everybody is
        self._hurried = open_engine(f"{self.engine.url}?options=-c%20lock_timeout%3D{HURRY_S}s")
        self.desk = self._desk(folder / "desk.yaml")
        self.fleet = Fleet([])

    def _desk(self, config: Path) -> TicketActs:
        """What admins tap on, by the replicas' configuration; it reads from nobody."""
        url = url_of((self.cluster.address, PORT), self.database)
        configure(config, url, self.channels.notifiers("127.0.0.1:0"))
        settings, nobody = load_settings(config), Connectors((), (), ())
        return build_app(settings, open_store(settings, self._hurried), nobody, system_now).desk

    def reconnect(self) -> None:
        """After the server was away: the test's own sessions are gone with it."""
        self.session.close()
        self.session = self.cluster.connect(self.database)
        self.engine.dispose()
        self._hurried.dispose()
        self.effects.use(self.session)

    def close(self) -> None:
        self.clicks.close()
        self.session.close()
        self.engine.dispose()
        self._hurried.dispose()

    # --- who does what ---------------------------------------------------------------------------

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have the writers' turn: whoever begins to write waits, and keeps the lease it writes under."""
        with self._locking() as session:
            session.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))
            yield

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Keep everybody from a table: whoever has the turn and comes to it stops in the middle."""
        with self._locking() as session:
            session.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
            yield

    @contextmanager
    def _locking(self) -> Iterator[Connection]:
        with self.cluster.connect(self.database) as session, session.transaction():
            session.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(f"{LOCKING_MAX_S}s"))
            yield session

    def held(self) -> dict[str, str]:
        """The holder of each job's lease that is held just now."""
        rows = self.session.execute("SELECT job, holder FROM lease WHERE holder <> ''")
        return dict(rows.fetchall())

    def busiest(self) -> tuple[Replica, list[str]]:
        """Within a `turn`: the replica with most jobs, and those, once each job is somebody's."""
        held = until("every job is held", lambda: held if len(held := self.held()) == len(JOBS) else None)
        by_replica: dict[Replica, list[str]] = {}
        for job, holder in held.items():
            by_replica.setdefault(self.fleet.of(holder), []).append(job)
        return max(by_replica.items(), key=lambda entry: len(entry[1]))

    def taken_over(self, job: str, holder: str) -> datetime | None:
        """When somebody else took the job after this holder last had it."""
        tenures = self.effects.tenures(job)
        last = max(at for at, tenure in enumerate(tenures) if tenure.holder == holder)
        return next((one.at for one in tenures[last + 1 :] if one.holder not in {"", holder}), None)

    def writer(self, waits_for: str = "Lock") -> str:
        """Who has the turn and waits for a lock, or for whom the server waits (Client); '' while nobody does."""
        row = self.session.execute(
            "SELECT split_part(application_name, ' ', 2) FROM pg_stat_activity JOIN pg_locks USING (pid) "
            "WHERE locktype = 'advisory' AND granted AND wait_event_type = %s "
            "AND application_name LIKE 'whosleft %%' AND datname = current_database()",
            (waits_for,),
        ).fetchone()
        return "" if row is None else str(row[0])

    def waiting(self) -> list[Replica]:
        """Whose jobs wait for a lock in the middle of a transaction."""
        rows = self.session.execute(
            "SELECT DISTINCT split_part(application_name, ':', 2) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name LIKE 'whosleft %'"
        )
        pids = {pid for (pid,) in rows}
        return [replica for replica in self.fleet if replica.is_running and str(replica.pid) in pids]

    def works(self, replica: Replica, since: datetime) -> bool:
        """Whether it took a lease after this."""
        row = self.session.execute(
            "SELECT FROM lease_note WHERE at > %s AND split_part(holder, ':', 2) = %s LIMIT 1",
            (since, str(replica.pid)),
        ).fetchone()
        return row is not None

    # --- people ----------------------------------------------------------------------------------

    def tap_done(self, ticket: Ticket) -> None:
        """An admin's tap, which counts once the desk has taken it; admins do not wait for long."""
        at = system_now()
        try:
            self.desk.done(ticket.id, Actor("nurse"), at)
        except (DBAPIError, Refused):  # nobody's turn for so long; or it is done already
            return
        self.effects.taps.append(Tap(ticket.id, at))

    def do_the_work(self, draw: Random) -> None:
        """Admins take out whom their tickets name, and say so of most."""
        tickets = [one for one in self.effects.removals() if one.state is TicketState.OPEN]
        some = draw.sample(tickets, min(len(tickets), 4))
        for one in some:
            if draw.random() < 0.7:
                self.tap_done(one)
        numbers = {one.handle: self._number(one) for one in some}
        self.town.remove(*((one.group_name, numbers[one.handle]) for one in some))

    def _number(self, ticket: Ticket) -> int:
        return int(ticket.handle[-3:])

    # --- rest ------------------------------------------------------------------------------------

    def heal(self) -> None:
        """The database, the wires and the processes as they should be."""
        if not self.cluster.is_up():
            self.cluster.start()
        self.channels.mend()
        self.fleet.heal()
        self._awake_s = monotonic()

    def has_begun(self) -> bool:
        rows = self.session.execute("SELECT name FROM job WHERE last_ok_at IS NOT NULL")
        return {name for (name,) in rows} >= {"poll", "inventory", "reconcile"}

    def calm(self, within_s: float = SOON_S) -> None:
        """Wait until the work is done. The register is written last: it proves only what was said before it."""
        left: list[str] = []

        def is_over(find: Callable[[], list[str]]) -> bool:
            self._let_time_pass()
            self.clicks.repeat(self._draw)
            left[:] = find()
            return not left

        try:
            until("all clicks are taken", partial(is_over, self.effects.untaken), within_s)
            self.town.staff()
            until("the work is done", partial(is_over, self.effects.unsettled), within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {left}\n{self.told()}") from error

    def check(self) -> None:
        broken = self.effects.broken()
        assert not broken, "\n".join([*broken, self.told()])

    def told(self) -> str:
        """The end of each replica's log."""
        return "\n".join(f"--- {one.name}\n{one.text()[-3000:]}" for one in self.fleet)

    def _let_time_pass(self) -> None:
        """What was claimed by a process that then died is free after minutes: those have passed. Not so for
        one that has only just been woken, and is about to send.
        """
        is_everybody_s = monotonic() - self._awake_s > SENDING_S
        self.session.execute(
            "UPDATE delivery SET claimed_until = 0 WHERE state = 'claimed' AND claimed_until < "
            "(extract(epoch FROM clock_timestamp()) + %s) * 1000000 AND "
            "(%s OR split_part(claimed_by, ':', 2) <> ALL (%s))",
            (CLAIMED_S - SENDING_S, is_everybody_s, self.fleet.pids),
        )
        if is_everybody_s:
            self.session.execute(
                "UPDATE interaction SET claimed_until = 0 WHERE state = 'claimed' AND claimed_until < "
                "(extract(epoch FROM clock_timestamp()) + %s) * 1000000",
                (TAKEN_S - SENDING_S,),
            )
        # Now, not long ago: what is very late may come from a restored backup, and says that it may be a repeat
        self.session.execute(
            "UPDATE delivery SET next_at = extract(epoch FROM clock_timestamp()) * 1000000 "
            "WHERE state = 'waiting' AND next_at > extract(epoch FROM clock_timestamp()) * 1000000"
        )


@contextmanager
def running_world(cluster: Cluster, folder: Path, mail: Postfix) -> Iterator[World]:
    """A town and its replicas on a database of their own."""
    database = f"t_{uuid4().hex}"
    with ExitStack() as stack:
        with cluster.connect("postgres") as admin:
            admin.execute(f'CREATE DATABASE "{database}" TEMPLATE template0')
        stack.callback(_drop, cluster, database)
        channels = stack.enter_context(running_channels(mail, PEOPLE))
        world = World(cluster, database, folder, channels)
        stack.callback(world.close)
        world.fleet = stack.enter_context(running_fleet(folder, cluster, database, channels.notifiers))
        # Who had left before the first reading would be held: the town begins with nobody gone
        until("the first readings", world.has_begun)
        yield world


def _drop(cluster: Cluster, database: str) -> None:
    if cluster.is_up():
        with cluster.connect("postgres") as admin:
            admin.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
