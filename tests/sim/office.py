"""The humans around the worker: who reads messages and acts, late, falsely or never; who approves plans.

They learn of tickets only from messages that they can see, and act through the desk, as people do.
`told_at(room)`: the age of the latest roster that the worker has acted upon.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sim.company import Company, Room, Seat
from sim.effects import Decided, Effect, EffectLog, Held, Seen, tickets_in
from worker.app.refused import Refused
from worker.app.tell.signed_links import LinkDead
from worker.domain.evidence.actor import Actor
from worker.domain.kinds import REMOVALS
from worker.domain.messages.message import RecipientKind
from worker.domain.model import AccountKey, Role
from worker.domain.reconcile.guard import Cohort, HeldPlan
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.running.app import App

HOUR = timedelta(hours=1)
HALF_A_MINUTE = timedelta(seconds=30)
ANSWERS = [one for one in Answer if one is not Answer.NOT_NEEDED]  # that is said of reviews alone
At = Callable[[datetime, Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Temper:
    """What somebody does about a ticket: how soon, and whether the deed or the word or both."""

    soonest: timedelta
    latest: timedelta
    does: bool = True
    claims: bool = True


PROMPT = Temper(HOUR / 2, 8 * HOUR)
LATE = Temper(20 * HOUR, 80 * HOUR)
FALSE = Temper(HOUR, 20 * HOUR, does=False)
SILENT = Temper(HOUR, 20 * HOUR, claims=False)
NEVER = Temper(HOUR, HOUR, does=False, claims=False)


class Office:
    """Everybody who acts on what the worker says. `app` gives the process that is up now."""

    def __init__(
        self,
        rng: random.Random,
        company: Company,
        log: EffectLog,
        app: Callable[[], App],
        at: At,
        told_at: Callable[[Room], datetime | None],
    ) -> None:
        self._rng = rng
        self._company = company
        self._log = log
        self._app = app
        self._at = at
        self._told_at = told_at
        self._tempers: dict[str, Temper] = {}
        self.last_admins_removed: list[str] = []
        self.refused = 0
        log.listeners.append(self._notice)

    def _now(self) -> datetime:
        return self._company.now()

    # --- tickets ---------------------------------------------------------------------------------

    def _notice(self, effect: Effect) -> None:
        if isinstance(effect, Seen):
            self._read(effect)
        elif isinstance(effect, Held):
            wait = timedelta(hours=self._rng.uniform(1, 40))
            self._at(self._now() + wait, lambda: self._decide(effect.plan.id))

    def _read(self, seen: Seen) -> None:
        to = seen.message.to
        is_person = to.kind is RecipientKind.PERSON
        who = to.address if is_person else "security"
        temper = self._temper(who) if is_person else self._rng.choice((PROMPT, LATE, NEVER, SILENT))
        for number in tickets_in(seen.message):
            if not is_person and self._rng.random() < 0.3:
                continue
            wait = timedelta(
                seconds=self._rng.uniform(temper.soonest.total_seconds(), temper.latest.total_seconds())
            )
            self._at(self._now() + wait, lambda number=number: self.act(number, who, temper))  # type: ignore[misc]

    def _temper(self, who: str) -> Temper:
        if who not in self._tempers:
            drawn = self._rng.choices((PROMPT, LATE, FALSE, SILENT, NEVER), (5, 2, 1, 1, 1))[0]
            self._tempers[who] = drawn
        return self._tempers[who]

    def act(self, number: int, who: str, temper: Temper) -> None:
        """Look at a ticket as it is now, and do what its kind asks for, or only say so."""
        ticket = self._log.tickets[number]
        if ticket.state is TicketState.DONE and self._rng.random() < 0.3:
            self._desk(lambda: self._app().desk.done(number, Actor("a second person"), self._now()))
            return
        if ticket.state is not TicketState.OPEN:
            return
        chance = self._rng.random()
        if chance < 0.08 and temper is LATE:
            self._desk(lambda: self._app().desk.acknowledge(number, Actor(who), self._now()))
            return
        if chance > 0.97:
            until = self._now() + self._rng.choice((24, 100)) * HOUR
            self._desk(
                lambda: self._app().desk.waive(number, Actor(who), "we live with it", self._now(), until)
            )
            return
        if temper.does and not self._do(ticket, who):
            return
        if temper.claims:
            self._claim(ticket, who)

    def _claim(self, ticket: Ticket, who: str) -> None:
        """The assignee says it by their link, others by the desk; some have something else to say, or take it back."""
        if ticket.assignee is None or ticket.assignee.email.casefold() != who:
            self._desk(lambda: self._app().desk.done(ticket.id, Actor(who), self._now()))
            return
        answer = self._rng.choice(ANSWERS) if self._rng.random() < 0.15 else None
        takes_back = self._rng.random() < 0.15

        def deed() -> None:
            token = (
                self._app().assigned.show_link(ticket.id, Actor("help desk"), self._now()).rpartition("/")[2]
            )
            if answer is None:
                self._app().assigned.done(token, self._now())
            else:
                self._app().assigned.answer(token, answer, "as I said", self._now())
            if takes_back:
                self._at(self._now() + HALF_A_MINUTE, lambda: self._desk(lambda: self._take_back(token)))

        self._desk(deed)

    def _take_back(self, token: str) -> None:
        self._app().assigned.undo(token, self._now())

    def _desk(self, deed: Callable[[], object]) -> None:
        try:
            deed()
        except (Refused, LinkDead):
            self.refused += 1

    def do(self, ticket: Ticket, who: str) -> bool:
        """Do what a ticket asks for, whoever says that it was done; whether it could be done."""
        return ticket.about is not About.PERSON and self._do(ticket, who)

    def _do(self, ticket: Ticket, who: str) -> bool:
        room = self._company.rooms.get(ticket.home)
        if ticket.kind is TicketKind.IDENTIFY_MEMBER:
            return self._identify(ticket, who)
        if room is None:
            return False
        if ticket.kind in REMOVALS:
            return self._remove(ticket, room)
        if ticket.kind is TicketKind.REASSIGN_ADMIN:
            return self._promote(room)
        return self._add(ticket, room)

    def _remove(self, ticket: Ticket, room: Room) -> bool:
        seat = room.seats.get(ticket.handle)
        if seat is None:
            return True
        if ticket.kind is TicketKind.CREATOR_MUST_LEAVE and self._rng.random() < 0.4:
            return False  # the creator will not leave
        others = [other for other in room.admins() if other is not seat]
        told_at = self._told_at(room)
        changed_at = room.admins_changed_at
        is_told = changed_at is None or (told_at is not None and told_at > changed_at)
        if seat.role.is_admin and not others and is_told:
            self.last_admins_removed.append(f"{ticket.label}: {seat.human.name} of {room.group.name}")
        del room.seats[ticket.handle]
        return True

    def _promote(self, room: Room) -> bool:
        """Make somebody an admin: mostly somebody who is here, sometimes by mistake another leaver."""
        seats = [seat for seat in room.seats.values() if not seat.role.is_admin]
        here = [seat for seat in seats if self._company.is_here(seat.human)]
        choice: list[Seat] = seats if self._rng.random() < 0.1 else here
        if not choice:
            return False
        self._rng.choice(choice).role = Role.ADMIN
        return True

    def _add(self, ticket: Ticket, room: Room) -> bool:
        human = self._company.by_account.get(ticket.person) if ticket.person else None
        if human is None:
            return False
        self._company.seat(room, human)
        return True

    def _identify(self, ticket: Ticket, who: str) -> bool:
        """Say who it is, as far as the truth is known. The desk's answer settles the ticket by itself."""
        room = next((r for r in self._company.rooms.values() if ticket.handle in r.seats), None)
        if room is None:
            return False
        human = room.seats[ticket.handle].human
        link = f"{ticket.home.source}/{ticket.handle}"
        if not human.accounts:
            self._desk(lambda: self._app().identifying.reject(link, Actor(who), "a guest", self._now()))
        else:
            key = human.accounts[-1]
            name = f"{key.source}/{key.person_id}"
            self._desk(lambda: self._app().identifying.confirm(link, name, Actor(who), self._now()))
        return False

    # --- held plans ------------------------------------------------------------------------------

    def _decide(self, number: int) -> None:
        plan = self._undecided(number)
        if plan is None:
            return
        cohorts = [cohort for cohort in plan.cohorts if cohort.state.value == "held"]
        if self._rng.random() < 0.4 and len(cohorts) > 1:  # one at a time, the rest later
            cohorts = cohorts[:1]
            wait = timedelta(hours=self._rng.uniform(1, 20))
            self._at(self._now() + wait, lambda: self._decide(number))
        for cohort in cohorts:
            is_true = self._is_true(cohort)
            self._desk(
                lambda cohort=cohort, is_true=is_true: self._app().approvals.decide(  # type: ignore[misc]
                    number, [cohort.id], Actor("approver"), "asked HR", self._now(), release=is_true
                )
            )

    def _undecided(self, number: int) -> HeldPlan | None:
        with self._app().store.begin() as uow:
            plan = uow.episodes.plan(number)
        return plan if plan is not None and plan.state.value in {"held", "partly"} else None

    def _is_true(self, cohort: Cohort) -> bool:
        """Whether everybody in it has really left, as HR says when asked."""
        return all(self._company.is_gone(AccountKey(*departure.person)) for departure in cohort.people)


def decided_people(effect: Decided, state: str) -> list[AccountKey]:
    """The people of the cohorts that were given this state."""
    return [n.person for cohort in effect.cohorts if cohort.state.value == state for n in cohort.people]
