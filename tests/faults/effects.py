"""What came of it: tickets, journal, messages, and who wrote what under which lease; and what must be true of them.

The database itself takes down each change of a lease, and for whom a job's writes were made, by triggers that no
replica knows of.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import psycopg
import sqlalchemy as sa

from chains import first_broken
from connectors.notify.slack.client import hashed
from connectors.notify.slack.mapping import REPEAT
from fakes.slack.posting import Post
from faults.channels import MAIL, Channels, Mail
from faults.clicks import Click, Clicks
from faults.town import Place, Town, handle
from worker.app.jobs.table import JOBS
from worker.domain.evidence import events
from worker.domain.kinds import REMOVALS
from worker.domain.model import Role
from worker.domain.tickets.ticket import Ticket, TicketState, ticket_label
from worker.storage.sql.tables import delivery, outbox
from worker.storage.store import SqlStore

OVERTAKING = {  # a message about the ticket that still waits is not true any more
    events.TICKET_ASSIGNED,
    events.TICKET_ACKNOWLEDGED,
    events.TICKET_DONE,
    events.TICKET_VERIFIED,
    events.TICKET_CANCELLED,
}
CHANGED = "This has changed meanwhile"  # what somebody is told who comes too late

# A session that writes for a job has its holder's name; whoever has none is a person at the desk
NOTES = """
CREATE TABLE lease_note (
    id bigint GENERATED ALWAYS AS IDENTITY, job text, holder text, fence bigint,
    at timestamptz DEFAULT clock_timestamp()
);
CREATE FUNCTION note_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO lease_note (job, holder, fence) VALUES (NEW.job, NEW.holder, NEW.fence);
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON lease FOR EACH ROW EXECUTE FUNCTION note_lease();

CREATE TABLE write_note (
    id bigint GENERATED ALWAYS AS IDENTITY, job text, session text, is_held boolean,
    at timestamptz DEFAULT clock_timestamp()
);
CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO write_note (job, session, is_held) SELECT NEW.name, current_setting('application_name'), EXISTS (
        SELECT FROM lease WHERE job = split_part(NEW.name, '.', 1) AND holder <> ''
        AND current_setting('application_name') = 'whosleft ' || right(concat_ws(' ', holder, job, fence), 54));
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON job FOR EACH ROW EXECUTE FUNCTION note_write();
"""


class Tenure(NamedTuple):
    """Who had which lease from when."""

    job: str
    holder: str
    fence: int
    at: datetime


class Tap(NamedTuple):
    """Somebody's word that a ticket is done, which the desk took."""

    ticket: int
    at: datetime


class Effects:
    """Reads them over a connection of the test's own."""

    def __init__(
        self,
        engine: sa.Engine,
        session: psycopg.Connection,
        town: Town,
        channels: Channels,
        clicks: Clicks,
    ) -> None:
        self._engine = engine
        self._store = SqlStore(engine)
        self._session = session
        self._town = town
        self._channels = channels
        self._clicks = clicks
        self.taps: list[Tap] = []
        self.unsearched: set[str] = set()  # messages for which Slack could not be asked
        session.execute(NOTES)

    def use(self, session: psycopg.Connection) -> None:
        self._session = session

    # --- reading ---------------------------------------------------------------------------------

    def tickets(self) -> list[Ticket]:
        with self._store.reading() as reader:
            return reader.tickets.page(list(TicketState), 0, 100_000)

    def removals(self) -> list[Ticket]:
        return [one for one in self.tickets() if one.kind in REMOVALS]

    def tenures(self, job: str) -> list[Tenure]:
        """The changes of one job's lease, in order; whoever gives it back is followed by ''."""
        rows = self._session.execute(
            "SELECT job, holder, fence, at FROM lease_note WHERE job = %s ORDER BY id", (job,)
        )
        return [Tenure(*row) for row in rows]

    def posts(self) -> dict[str, list[Post]]:
        """What Slack was given, by the hash of the message's key."""
        found: dict[str, list[Post]] = defaultdict(list)
        for post in list(self._channels.slack.posts):
            found[post.body["metadata"]["event_payload"]["key"]].append(post)
        return found

    def mails(self) -> dict[str, list[Mail]]:
        """What has arrived by mail, by the hash of the message's key."""
        found: dict[str, list[Mail]] = defaultdict(list)
        for mail in self._channels.mails():
            found[hashed(mail.key)].append(mail)
        return found

    def acts(self, click: Click) -> int:
        """How often the journal has what somebody's click was to do."""
        kind = {"acknowledge": "ticket.acknowledged", "done": "ticket.done"}[click.act]
        with self._store.reading() as reader:
            entries = [sealed.entry for sealed in reader.journal.of(f"ticket:{click.label}")]
        return sum((entry.kind, entry.actor) == (kind, click.email) for entry in entries)

    def answers(self, click: Click) -> list[str]:
        """What only they were shown where they had clicked."""
        place = (click.channel, click.user, click.thread)
        return [
            one.shown
            for one in list(self._channels.slack.whispers)
            if (one.channel, one.user, one.body.get("thread_ts")) == place
        ]

    def counts(self) -> dict[str, int]:
        """How much of what there was."""
        posts, mails = self.posts(), self.mails()
        return {
            "tickets": len(self.tickets()),
            "taps": len(self.taps),
            "clicks": len(self._clicks.all),
            "clicks with an effect": sum(map(self.acts, self._clicks.all)),
            "posts": len(posts),
            "posts repeated": sum(len(found) - 1 for found in posts.values()),
            "mails": len(mails),
            "mails repeated": sum(len(found) - 1 for found in mails.values()),
            "tenures": len({(one.job, one.fence) for job in JOBS for one in self.tenures(job)}),
        }

    # --- what comes true in the end --------------------------------------------------------------

    def unsettled(self) -> list[str]:
        """What is not yet as it will be once the work is done."""
        wrong = list(self.unwanted())
        with self._store.reading() as reader:
            pending, unsent = reader.outbox.backlog()
        if pending or unsent:
            wrong.append(f"{pending} messages wait, {unsent} deliveries are under way")
        wrong += self.untaken()
        wrong += self._unescalated()
        if not wrong and (missing := self._unread()):  # a mail server takes its time
            wrong.append(f"mails {missing} are not in their mailboxes")
        return wrong

    def untaken(self) -> list[str]:
        """Clicks that were not heard, and how many have still to be taken."""
        wrong = [f"{click} is not acknowledged" for click in self._clicks.unacknowledged()]
        row = self._session.execute("SELECT count(*) FROM interaction WHERE state <> 'taken'").fetchone()
        return wrong if row == (0,) else [*wrong, f"{row} clicks are not taken"]

    def _unescalated(self) -> list[str]:
        """Tickets whose first step, a second after they were opened, is still to come."""
        rows = self._session.execute(
            "SELECT id FROM ticket WHERE state = 'open' AND acknowledged_until IS NULL "
            "AND NOT EXISTS (SELECT FROM escalation WHERE ticket_id = ticket.id)"
        )
        return [f"the channel has still to hear of ticket {number}" for (number,) in rows]

    def _unread(self) -> set[str]:
        query = sa.select(delivery.c.key).where(delivery.c.notifier == MAIL, delivery.c.state == "sent")
        with self._engine.connect() as connection:
            return {hashed(key) for key in connection.scalars(query)} - self.mails().keys()

    def unwanted(self) -> Iterator[str]:
        """Every leaver who is still in a group has exactly one live removal ticket, and nobody else has any."""
        names = {(ward, handle(number)): (ward, number) for ward, number in self._town.wanted()}
        live = Counter((one.group_name, one.handle) for one in self.removals() if one.is_live)
        for place in names.keys() | live.keys():
            if live[place] != (place in names):
                yield f"{place} has {live[place]} live removal tickets, and should have {int(place in names)}"

    # --- what is always true ---------------------------------------------------------------------

    def broken(self) -> list[str]:
        """What must never be, and is. The town should be settled."""
        checks = (
            self.unwanted,
            self._admins_lost,
            self._journal_wrong,
            self._taps_lost,
            self._clicks_wrong,
            self._proofs_missing,
            self._messages_wrong,
            self._fences_wrong,
            self._written_late,
        )
        return [what for check in checks for what in check()]

    def _admins_lost(self) -> Iterator[str]:
        for one in self.removals():
            is_admin = one.member_role is not None and one.member_role is not Role.MEMBER
            if one.state is TicketState.OPEN and is_admin and not self._town.active_admins(one.group_name):
                yield f"{one.label} is open, and {one.group_name} has no other active admin"

    def _journal_wrong(self) -> Iterator[str]:
        with self._store.reading() as reader:
            chain = list(reader.journal.chain())
        if (broken := first_broken(chain)) is not None:
            yield f"the journal is broken at {broken}"
        for sealed in chain:
            if not sealed.entry.actor:
                yield f"entry {sealed.seq} of the journal has no actor"

    def _taps_lost(self) -> Iterator[str]:
        with self._store.reading() as reader:
            for tap in self.taps:
                found = reader.tickets.get(tap.ticket)
                assert found is not None
                entries = [sealed.entry for sealed in reader.journal.of(f"ticket:{found.label}")]
                if not any(entry.kind == "ticket.done" and entry.at == tap.at for entry in entries):
                    yield f"the journal does not know who called {found.label} done"
                is_answered = any(entry.at >= tap.at and entry.kind != "ticket.done" for entry in entries)
                if found.state is TicketState.OPEN and not is_answered:
                    yield f"{found.label} is open though it was called done"

    def _proofs_missing(self) -> Iterator[str]:
        """Every verified removal had a later register without the member."""
        numbers = {handle(number): number for _, number in self._known_places()}
        for one in self.removals():
            if one.state is not TicketState.VERIFIED or one.verified_at is None:
                continue
            since, place = one.done_at or one.opened_at, (one.group_name, numbers[one.handle])
            if not any(
                since < at <= one.verified_at and place not in places for at, places in self._town.registers
            ):
                yield f"{one.label} is verified, and no register says so between {since} and {one.verified_at}"

    def _known_places(self) -> set[Place]:
        return {place for _, places in self._town.registers for place in places}

    def _clicks_wrong(self) -> Iterator[str]:
        """Each click has its effect once, or who clicked was told why not; of two on the same, one has it."""
        acts = {click: self.acts(click) for click in self._clicks.all}
        for click, times in acts.items():
            answers = self.answers(click)
            if times > 1:
                yield f"{click} had its effect {times} times"
            elif times and (len(answers) > 1 or CHANGED in "".join(answers)):
                yield f"{click} had its effect, and they were answered {answers}"
            elif not times and not answers:
                yield f"{click} had no effect, and they were not told"
        changes = Counter[tuple[str, int]]()
        for click, times in acts.items():
            changes[click.label, click.version] += times
        for same, times in changes.items():
            if times > 1:
                yield f"{same} was changed by {times} clicks on the same state"

    def _messages_wrong(self) -> Iterator[str]:
        posts, mails = self.posts(), self.mails()
        for key, found in posts.items():
            unsaid = sum(REPEAT not in post.shown_first for post in found)
            if len(found) > 1 and (key not in self.unsearched or unsaid > 1):
                yield f"message {key} was posted {len(found)} times, and {unsaid} of them say nothing of a repeat"
        for key, those in mails.items():
            unsaid = sum(not mail.says_repeat for mail in those)
            if unsaid > 1:
                yield f"message {key} was mailed {len(those)} times, and {unsaid} of them say nothing of a repeat"
        d = delivery.c
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(d.key, d.notifier, d.state, d.error, d.bundle_id)).all()
        for key, notifier, state, error, bundle in rows:
            if state == "dropped":
                yield from (f"message {key} is dropped, and {what}" for what in self._still_true(bundle))
            elif state != "sent":
                yield f"message {key} is {state}: {error}"
            elif hashed(key) not in (mails if notifier == MAIL else posts):
                yield f"message {key} is called sent, and {notifier} never saw it"

    def _still_true(self, bundle: int) -> Iterator[str]:
        """What should have been told of a bundle: a ticket that nobody has changed since, an alarm that stands."""
        o = outbox.c
        with self._engine.connect() as connection:
            query = sa.select(o.key, o.ticket_id, o.created_at).where(o.bundle_id == bundle)
            rows = connection.execute(query).all()
        with self._store.reading() as reader:
            alarms = {one.key for one in reader.watched.standing()}
            for key, number, created_at in rows:
                if number is None:
                    told = [alarm for alarm in alarms if key.startswith(f"alarm:{alarm}:")]
                    yield from (f"the alarm {alarm} stands" for alarm in told)
                    continue
                entries = [sealed.entry for sealed in reader.journal.of(f"ticket:{ticket_label(number)}")]
                if not any(entry.at > created_at and entry.kind in OVERTAKING for entry in entries):
                    yield f"{ticket_label(number)} is as it was told"

    def _fences_wrong(self) -> Iterator[str]:
        last: dict[str, Tenure] = {}
        rows = self._session.execute("SELECT job, holder, fence, at FROM lease_note ORDER BY id")
        for now in map(Tenure._make, rows):
            before = last.get(now.job, Tenure(now.job, "", 0, now.at))
            is_same = now.holder in {before.holder, ""}
            if now.fence < before.fence or (now.fence == before.fence and not is_same):
                yield f"the fence of {now.job} went from {before} to {now}"
            last[now.job] = now

    def _written_late(self) -> Iterator[str]:
        """A job's result is written by who holds its lease."""
        rows = self._session.execute("SELECT job, session, at FROM write_note WHERE NOT is_held ORDER BY id")
        for job, session, at in rows:
            yield f"{session or 'somebody without a lease'} wrote for {job} at {at}, and did not hold its lease"
