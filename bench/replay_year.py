"""A year of a company, written as the jobs would have written it: leavings, tickets, claims, proofs, steps, messages.

To play it by the jobs themselves would take hours: each proof needs a read of half a million memberships.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from bench.company import START, Company, phone
from worker.domain.escalation.policy import Taken
from worker.domain.evidence import events
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry
from worker.domain.kinds import REMOVAL
from worker.domain.messages.message import Paragraph, Recipient, RecipientKind
from worker.domain.model import AccountKey, Evidence, GroupKey, Role, Standing
from worker.domain.people.leaving import episode_name
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Grade, Ticket, TicketState
from worker.ports.state.episodes import EpisodeKind, Gate
from worker.ports.state.outbox import OutMessage
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.tables import chat_group, episode, membership, outbox, person, to_micros
from worker.storage.store import SqlStore, SqlUnitOfWork

DAYS = 365
LEAVERS_SHARE = 0.15  # of the people, in the year
HOUR = timedelta(hours=1)
RULES = TicketRules(24 * HOUR, 4 * HOUR, "it-security@example.org")
# How many hours after the opening people claim, and with which share
CLAIMED = ((2, 0.5), (9, 0.25), (16, 0.15), (40, 0.08), (80, 0.02))
STEP_HOURS = ((1, 12), (2, 24), (3, 28), (3, 52), (3, 76))


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who leaves at an instant, and the groups that they are in."""

    number: int
    at: datetime
    groups: tuple[int, ...]

    @property
    def key(self) -> AccountKey:
        return AccountKey("corp", f"{self.number:08d}")


def write_year(store: SqlStore, company: Company, days: int = DAYS) -> datetime:
    """Write the year after the company's first reads; the instant of its end."""
    rng = random.Random(company.seed)
    groups = groups_of(company)
    leavers = rng.sample(range(company.people), int(company.people * LEAVERS_SHARE * days / DAYS))
    a_day = max(1, len(leavers) // days)
    for day in range(days):
        begins = START + timedelta(days=day + 1)
        today = leavers[day * a_day : (day + 1) * a_day]
        at = sorted(rng.uniform(0, 9) for _ in today)
        leaving = [
            Leaver(number, (begins + hours * HOUR).replace(microsecond=0), groups[number])
            for number, hours in zip(today, at, strict=True)
        ]
        with store.begin() as uow:
            _write_day(uow, leaving, rng)
    return START + timedelta(days=days + 5)


def groups_of(company: Company) -> dict[int, tuple[int, ...]]:
    """By person, the groups that they are in."""
    found: dict[int, list[int]] = {}
    for group in range(company.groups):
        for member in company.roster(group).members:
            found.setdefault(int(member.display_name.removeprefix("Person ")), []).append(group)
    return {number: tuple(those) for number, those in found.items()}


def _write_day(uow: SqlUnitOfWork, leavers: list[Leaver], rng: random.Random) -> None:
    connection = uow.tickets._c  # noqa: SLF001  rows of which no use case writes past ones
    rows = [
        (*one.key, EpisodeKind.LEFT.value, to_micros(one.at), Evidence.DISABLED.value, Gate.PASSED.value,
         to_micros(one.at), to_micros(one.at + 30 * HOUR / 3600))
        for one in leavers
    ]  # fmt: skip
    columns = ("source", "person_id", "kind", "at", "evidence", "gate", "seen_at", "passed_at")
    bulk_upsert(connection, episode, columns, rows)
    for one in leavers:
        left = {"standing": Standing.LEFT.value, "evidence": Evidence.DISABLED.value, "at": one.at}
        this = (person.c.source == one.key.source) & (person.c.person_id == one.key.person_id)
        connection.execute(sa.update(person).where(this).values(**left, changed_at=one.at))
    tickets = [ticket for one in leavers for ticket in _tickets(one)]
    opened = [
        replace(one, id=stored.id) for one, stored in zip(tickets, uow.tickets.insert(tickets), strict=True)
    ]
    lives = [_life(ticket, rng) for ticket in opened]
    entries = [
        Entry(
            one.at, "corp", events.PERSON_LEFT, f"person:{'/'.join(one.key)}", data={"evidence": "disabled"}
        )
        for one in leavers
    ]
    entries += [entry for life in lives for entry in life.entries]
    uow.journal.append(sorted(entries, key=lambda one: one.at))
    uow.tickets.update([life.ticket for life in lives])
    for life in lives:
        for step, to in life.steps:
            uow.tickets.take_step(life.ticket.id, step, "standard", to)
        for at, message in life.messages:
            uow.outbox.add([message], at)
    ids = [life.ticket.id for life in lives]
    connection.execute(sa.update(outbox).where(outbox.c.ticket_id.in_(ids)).values(state="sent"))
    _take_out(connection, lives)


def _take_out(connection: sa.Connection, lives: list[_Life]) -> None:
    m, g = membership.c, chat_group.c
    for life in lives:
        group = life.ticket.home
        member = (
            (m.source == group.source) & (m.group_id == group.group_id) & (m.handle == life.ticket.handle)
        )
        connection.execute(sa.delete(membership).where(member))
        this = (g.source == group.source) & (g.group_id == group.group_id)
        connection.execute(sa.update(chat_group).where(this).values(size=g.size - 1))


def _tickets(one: Leaver) -> Iterator[Ticket]:
    opened_at = one.at + timedelta(seconds=30)
    for group in one.groups:
        admin = Assignee(f"a{group}@example.org", f"Admin {group}", AssigneeWhy.ADMIN)
        draft = Ticket(
            REMOVAL, About.MEMBERSHIP, GroupKey("groups", f"g{group:06d}"), f"Group {group}", "whatsapp",
            opened_at, opened_at, opened_at, handle=phone(one.number), member_role=Role.MEMBER, person=one.key,
            person_name=f"Person {one.number}", evidence=Evidence.DISABLED, left_at=one.at,
            occasion=episode_name(one.key, one.at), assignee=admin, accountable=RULES.accountable,
        )  # fmt: skip
        yield RULES.started(draft, opened_at)


@dataclass(frozen=True, slots=True)
class _Life:
    """A ticket as it is in the end, with what is written of it on the way."""

    ticket: Ticket
    entries: list[Entry]
    steps: list[tuple[Taken, list[Recipient]]]
    messages: list[tuple[datetime, OutMessage]]


def _life(ticket: Ticket, rng: random.Random) -> _Life:
    hours = rng.choices([one for one, _ in CLAIMED], [share for _, share in CLAIMED])[0] + rng.random()
    done_at = ticket.opened_at + hours * HOUR
    admin = Recipient(RecipientKind.PERSON, ticket.assignee.email if ticket.assignee else "", "An admin")
    channel = Recipient(RecipientKind.CHANNEL)
    subject = f"ticket:{ticket.label}"
    entries = [Entry(ticket.opened_at, "whosleft", events.TICKET_OPENED, subject, data=ticket_facts(ticket))]
    body = Paragraph(f"Remove {ticket.person_name} from {ticket.group_name}")
    messages = [
        (ticket.opened_at, OutMessage(f"{ticket.label}:open:x", admin, body.headline, body, ticket=ticket.id))
    ]
    steps = []
    for number, (step, after) in enumerate(one for one in STEP_HOURS if one[1] < hours):
        at, to = ticket.opened_at + after * HOUR, channel if step > 2 else admin
        taken = Taken(step, max(0, number - 2), at)
        steps.append((taken, [to]))
        entries.append(
            Entry(at, "whosleft", events.TICKET_ESCALATED, subject, data={"step": step, "told": 1})
        )
        key = f"{ticket.label}:step{step}.{taken.repeat}:{to.kind.value}:{to.address}"
        messages.append((at, OutMessage(key, to, body.headline, body, ticket=ticket.id)))
    done = replace(ticket, state=TicketState.DONE, done_at=done_at, done_by="os:admin")
    entries.append(Entry(done_at, "admin", events.TICKET_DONE, subject, data=ticket_facts(done)))
    verified_at = done_at + HOUR / 4
    verified = replace(
        done, state=TicketState.VERIFIED, verified_at=verified_at, verified_by="groups", grade=Grade.A
    )
    entries.append(
        Entry(verified_at, "whosleft", events.TICKET_VERIFIED, subject, data=ticket_facts(verified))
    )
    group = f"group:{'/'.join(ticket.home)}"
    gone = {"added": 0, "removed": 1, "roles": 0}
    entries.append(Entry(verified_at, "groups", events.GROUP_ROSTER_CHANGED, group, data=gone))
    return _Life(verified, entries, steps, messages)
