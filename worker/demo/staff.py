"""The staff's answers to tickets: most act at once, some late, and one says "done" without doing it.

Each act has two parts, as a person's has: the group really changes, and the desk is told "done" about the ticket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from worker.app.acts.statements import StatementAnswer
from worker.demo.hospital import Hospital
from worker.demo.words import listed
from worker.domain.controls.statements import AttestAnswer
from worker.domain.evidence.actor import Actor
from worker.domain.kinds.attest import topic_of
from worker.domain.kinds.controlled import pasted
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Ticket, TicketKind, TicketState
from worker.ports.state.store import UnitOfWork
from worker.running.app import App

Say = Callable[[datetime, str], None]


class Habit(Enum):
    """What a person does with a ticket instead of doing it."""

    IGNORE = "ignore it, unless somebody hands it on"
    LATE = "do it in the afternoon"
    CLAIM = "mark it done the first time, and forget to do it"
    DECLINE = "say no to a text that is to be accepted"


_ANSWERED = {TicketKind.IDENTIFY_MEMBER, TicketKind.ATTEST}  # what an answer closes, and no act in a group
_SAYS: Mapping[Habit | None, AttestAnswer] = {Habit.DECLINE: AttestAnswer.DECLINED}
_VERBS = {AttestAnswer.ACCEPTED: ("accepts", "accept"), AttestAnswer.DECLINED: ("declines", "decline")}
Habits = Mapping[tuple[str, str], Habit]  # by person and group; an empty name means the group itself

PAGE = 500
LATE_FROM_HOUR = 14
SLOW_ONE_IN = 4  # one ticket in this many waits for the next round


@dataclass(frozen=True, slots=True)
class Staff:
    """The people who get tickets."""

    app: App
    hospital: Hospital
    habits: Habits
    say: Say

    def act(self, now: datetime) -> bool:
        """Do the open tickets that are due; return whether there were any."""
        acts: dict[str, dict[str, list[Ticket]]] = {}
        due = [ticket for ticket in self.open_tickets() if self._is_time(ticket, now)]
        self._answer([ticket for ticket in due if ticket.kind is TicketKind.ATTEST], now)
        for ticket in due:
            if ticket.kind not in _ANSWERED:
                actor = _assignee(ticket)
                what = self._carry_out(ticket)
                self.app.desk.done(ticket.id, Actor(actor.email), now)
                acts.setdefault(actor.name or actor.email, {}).setdefault(what, []).append(ticket)
        for name, done in acts.items():
            what = ", ".join(f"{verb} {listed([t.group_name for t in same])}" for verb, same in done.items())
            labels = [ticket.label for same in done.values() for ticket in same]
            self.say(now, f"{name} {what}, and marks {listed(labels)} done.")
        return bool(acts)

    def _answer(self, tickets: Sequence[Ticket], now: datetime) -> None:
        """Answer the statements that people are asked for, each by their own link."""
        answers: dict[str, dict[AttestAnswer, list[str]]] = {}
        for ticket in tickets:
            answer = _SAYS.get(self._habit(ticket), AttestAnswer.ACCEPTED)
            with self.app.store.begin() as uow:
                token = self.app.rules.links.token(uow, ticket, now)
            due = next(d for d in self.app.attesting.look(token, now).due if d.ticket.id == ticket.id)
            said = StatementAnswer(answer, due.text_sha256)
            self.app.attesting.answer(token, {ticket.id: said}, now)
            names = answers.setdefault(topic_of(ticket, ENGLISH), {}).setdefault(answer, [])
            names.append(ticket.person_name)
        for topic, said_by in answers.items():
            what = "; ".join(
                f"{listed(names)} {_VERBS[one][len(names) > 1]}" for one, names in said_by.items()
            )
            self.say(now, f'Asked by link about "{topic}": {what}.')

    def open_tickets(self) -> list[Ticket]:
        """Tickets that people can act on, by id."""
        with self.app.store.begin() as uow:
            return _open(uow)

    def ticket(self, group: str, kind: TicketKind) -> Ticket | None:
        """The first open ticket of a kind in a group."""
        return next((t for t in self.open_tickets() if t.group_name == group and t.kind is kind), None)

    def _habit(self, ticket: Ticket) -> Habit | None:
        about = "" if ticket.kind is TicketKind.REASSIGN_ADMIN else ticket.person_name
        return self.habits.get((about, ticket.group_name))

    def _is_time(self, ticket: Ticket, now: datetime) -> bool:
        habit = self._habit(ticket)
        if habit is Habit.IGNORE:
            return _assignee(ticket).why is AssigneeWhy.ASSIGNED
        if habit is Habit.LATE:
            return now.hour >= LATE_FROM_HOUR
        is_slow = ticket.id % SLOW_ONE_IN == 0 and not ticket.is_sensitive and ticket.kind not in _ANSWERED
        hours = 6 if is_slow else 0
        return (now - ticket.clock_from).total_seconds() >= hours * 3600

    def _carry_out(self, ticket: Ticket) -> str:
        """Really do it; return what was done, in words up to the name of the group."""
        group, person = ticket.group_name, ticket.person_name
        if ticket.kind is TicketKind.FIX_PROFILE:
            return self._mend(ticket)
        if self._habit(ticket) is Habit.CLAIM and not ticket.reopened:
            return f"forgets to remove {person} from"
        if ticket.kind is TicketKind.ADD_MEMBER:
            self.hospital.add(group, self.hospital.person(person))
            return f"adds {person} to"
        if ticket.kind is TicketKind.REASSIGN_ADMIN:
            new = self.hospital.promote(group, self.hospital.candidates(group)[0])
            if _assignee(ticket).person == ticket.person:
                return f"hands over before the last day, makes {new} an admin of"
            return f"reaches {person}, has {new} made an admin of"
        self.hospital.remove(group, ticket.handle)
        if ticket.kind is TicketKind.CREATOR_MUST_LEAVE:
            return f"reaches {person} by phone, who leaves"
        return f"removes {person} from"

    def _mend(self, ticket: Ticket) -> str:
        if self._habit(ticket) is Habit.CLAIM and not ticket.reopened:
            return "forgets the description of"
        self.hospital.describe(ticket.group_name, pasted(ticket)[0])
        return "pastes the rules into the description of"


def _open(uow: UnitOfWork) -> list[Ticket]:
    return uow.tickets.page([TicketState.OPEN], 0, PAGE)


def _assignee(ticket: Ticket) -> Assignee:
    return ticket.assignee or Assignee(ticket.accountable)
