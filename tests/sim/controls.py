"""Controls in a world: what the organisation asks of groups and people, how groups drift from it, who answers how.

Facts besides the members are shown by the live inventory alone, and by it only now and then.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sim.company import LIVE, Company, Room
from sim.effects import Answered, EffectLog
from sim.office import At, Office, Temper
from worker.app.acts.reviewing import LastAdmin, ReviewShown
from worker.app.acts.statements import StatementAnswer
from worker.domain.controls.conversations import CheckAnswer, CheckItem, Checklist, ReviewResult
from worker.domain.controls.reviewing import ReviewRow, RowAnswer
from worker.domain.controls.statements import AttestAnswer
from worker.domain.evidence.actor import Actor
from worker.domain.kinds import CONVERSATIONS, REMOVALS, REVIEWS, STATEMENTS
from worker.domain.model import Role
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.running.app import App

TEXTS = Path(__file__).parent / "texts"
RULES = (TEXTS / "rules.txt").read_text().strip()
QUIET_AFTER = timedelta(days=60)
DAILY_MAX = 2  # new tickets of controls for one person
SOME = ["Group 1*", "Group 3"]  # that are reviewed, and whose admins accept a policy
SECTION: Mapping[str, Any] = {
    "mode": "ticket",
    "daily_max": DAILY_MAX,
    "per_day": 10,
    "dormant": {"after": "60d"},
    "review": {"due": "5d", "full_every": 1, "remind": ["3d", "1d"], "when": {"groups": SOME}},
    "admins": {"min": 2, "max": 3},
    "leaving": {
        "hand_over": {"lead": "5d"},
        "conversations": {"before": "5d", "to": "hr@corp.example", "policy_ref": "HR-17", "dpia_ref": "D-42"},
    },
    "profile": [{"description": {"texts": {"en": str(TEXTS / "rules.txt")}}}],
    "policies": [
        {
            "id": "messaging",
            "version": "1",
            "who": "admins",
            "when": {"groups": SOME},
            "due": "4d",
            "texts": {"en": str(TEXTS / "policy.md")},
        }
    ],
}
DRIFTS_A_DAY = 4


def is_of_review(ticket: Ticket) -> bool:
    """Whether a removal is asked for by a reviewer, and not because somebody left."""
    return ticket.kind in REMOVALS and ticket.evidence is None


class Drift:
    """Groups that drift from the rules: their descriptions, admins, and whether anybody writes in them."""

    def __init__(self, rng: random.Random, company: Company) -> None:
        self._rng = rng
        self._company = company
        for room in self._rooms():
            room.last_activity_at = company.now()
            self.describe(room)

    def schedule(self, at: At, begin: datetime, end: datetime) -> None:
        """Spread changes over a time."""
        hours = (end - begin) / timedelta(hours=1)
        for _ in range(int(DRIFTS_A_DAY * hours / 24)):
            at(begin + timedelta(hours=self._rng.uniform(0, hours)), self.something)

    def something(self) -> None:
        """Let one group drift a little."""
        room = self._rng.choice(self._rooms())
        self._rng.choice((self.describe, self.describe, self.fall_asleep, self.crown, self.uncrown))(room)

    def describe(self, room: Room) -> None:
        """Write another description, or have the messenger show none for a while."""
        room.description = self._rng.choice((RULES, f"Hello. {RULES}", "Hello.", "", None, None))

    def fall_asleep(self, room: Room) -> None:
        asleep = self._company.now() - 2 * QUIET_AFTER
        room.last_activity_at = self._rng.choice((asleep, self._company.now(), None))

    def crown(self, room: Room) -> None:
        self._regrade(room, [seat.handle for seat in room.seats.values() if not seat.role.is_admin])

    def uncrown(self, room: Room) -> None:
        admins = room.admins()
        if len(admins) > 1:
            self._regrade(room, [seat.handle for seat in admins])

    def _regrade(self, room: Room, handles: list[str]) -> None:
        if handles:
            seat = room.seats[self._rng.choice(handles)]
            seat.role = Role.MEMBER if seat.role.is_admin else Role.ADMIN
            room.admins_changed_at = self._company.now()

    def _rooms(self) -> list[Room]:
        return [room for room in self._company.rooms.values() if room.source == LIVE]


class ControlledOffice(Office):
    """The office, and what it does about tickets of controls. Those who never answer a ticket never answer these."""

    def __init__(
        self,
        rng: random.Random,
        own: random.Random,
        company: Company,
        log: EffectLog,
        app: Callable[[], App],
        at: At,
        told_at: Callable[[Room], datetime | None],
    ) -> None:
        super().__init__(rng, company, log, app, at, told_at)
        self._own = own
        self._deeds: dict[TicketKind, Callable[[Room], bool]] = {
            TicketKind.FIX_PROFILE: self._write_rules,
            TicketKind.ADD_ADMIN: self._promote,
            TicketKind.REDUCE_ADMINS: self._demote,
            TicketKind.CLOSE_GROUP: self._wake,
        }

    def act(self, number: int, who: str, temper: Temper) -> None:
        ticket = self._log.tickets[number]
        answers = {STATEMENTS: self._state, REVIEWS: self._review, CONVERSATIONS: self._tick_off}
        answer = answers.get(ticket.kind)
        if answer is None:
            super().act(number, who, temper)
        elif ticket.state is TicketState.OPEN and temper.claims and ticket.assignee is not None:
            self._desk(lambda: answer(ticket, temper))

    def _do(self, ticket: Ticket, who: str) -> bool:
        deed = self._deeds.get(ticket.kind)
        if deed is None:
            return super()._do(ticket, who)
        room = self._company.rooms.get(ticket.home)
        return room is not None and deed(room)

    def _remove(self, ticket: Ticket, room: Room) -> bool:
        """Whom a review sends away stays while they are the last admin: nobody would be left to act."""
        seat = room.seats.get(ticket.handle)
        is_last = seat is not None and seat.role.is_admin and len(room.admins()) == 1
        return not (is_of_review(ticket) and is_last) and super()._remove(ticket, room)

    def _write_rules(self, room: Room) -> bool:
        room.description = RULES
        return True

    def _demote(self, room: Room) -> bool:
        admins = room.admins()
        if len(admins) > 1:
            self._own.choice(admins).role = Role.MEMBER
            room.admins_changed_at = self._now()
        return True

    def _wake(self, room: Room) -> bool:
        """Nobody closes it: somebody writes in it again."""
        room.last_activity_at = self._now()
        return True

    def _link(self, ticket: Ticket) -> str:
        link = self._app().assigned.show_link(ticket.id, Actor("help desk"), self._now())
        return link.rpartition("/")[2]

    def _say(self, ticket: Ticket, removes: frozenset[str] = frozenset()) -> None:
        """Note that somebody answers, before they do: the process may die of it."""
        home = ticket.home if ticket.kind is REVIEWS else None
        self._log.extend([Answered(self._now(), ticket.id, home, removes)])

    # --- statements ------------------------------------------------------------------------------

    def _state(self, ticket: Ticket, _temper: Temper) -> None:
        """Answer everything that is due, mostly with yes."""
        token = self._link(ticket)
        due = self._app().attesting.look(token, self._now()).due
        said = self._own.choices(list(AttestAnswer), (7, 2, 1))[0]
        for one in due:
            self._say(one.ticket)
        answers = {one.ticket.id: StatementAnswer(said, one.text_sha256, words="as I said") for one in due}
        self._app().attesting.answer(token, answers, self._now())

    # --- conversations ---------------------------------------------------------------------------

    def _tick_off(self, ticket: Ticket, temper: Temper) -> None:
        """Answer the checklist, all of it or in part."""
        token, on = self._link(ticket), self._now().date()
        items = CheckItem if temper.does else list(CheckItem)[:3]
        said = Checklist(
            dict.fromkeys(items, CheckAnswer.DONE),
            begin=on,
            end=on,
            result=ReviewResult.NOTHING,
            delete_on=on,
        )
        if not said.needs:
            self._say(ticket)
        self._app().conversations.save(token, said, self._now())

    # --- reviews ---------------------------------------------------------------------------------

    def _review(self, ticket: Ticket, temper: Temper) -> None:
        """Answer all rows or some; who does not do what they claim keeps leavers and removes colleagues."""
        token = self._link(ticket)
        shown = self._app().reviewing.look(token, self._now())
        rows = shown.page[:3] if self._own.random() < 0.3 else shown.page
        said = {row.member.handle: self._word(shown, row, temper) for row in rows}
        removes = frozenset(handle for handle, answer in said.items() if answer is RowAnswer.REMOVE)
        self._say(ticket, removes)
        with suppress(LastAdmin):  # they come back to it another day
            answers = {row.member.mark: said[row.member.handle] for row in rows}
            self._app().reviewing.answer(token, answers, self._now())

    def _word(self, shown: ReviewShown, row: ReviewRow, temper: Temper) -> RowAnswer:
        seat = self._company.rooms[shown.ticket.home].seats.get(row.member.handle)
        chance = self._own.random()
        if chance < 0.1:
            return RowAnswer.UNSURE
        belongs = seat is not None and self._company.is_here(seat.human)
        if temper.does:
            return RowAnswer.KEEP if belongs else RowAnswer.REMOVE
        return RowAnswer.REMOVE if belongs and chance > 0.7 else RowAnswer.KEEP

    # --- the first run ---------------------------------------------------------------------------

    def _decide(self, number: int) -> None:
        """What controls found in their first run is released, by two people if it is much."""
        plan = self._undecided(number)
        if plan is None or any(cohort.people for cohort in plan.cohorts):
            super()._decide(number)
            return
        for name in ("approver", "second approver"):
            who = Actor(name)
            self._desk(
                lambda who=who: self._app().approvals.decide(  # type: ignore[misc]
                    number, [], who, "we want this", self._now(), release=True
                )
            )
