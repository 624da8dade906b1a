"""Invariant 5, that a plan too big to be true is held: checks of whose leaving is held, rejected or released."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sim.company import has_left
from sim.effects import Decided, Effect, Held
from sim.seeing import Seeing
from sim.told import LEAVERS_MAX, Told
from worker.domain.model import AccountKey, Evidence
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.episodes import PlanKind

MASS_READ_WITHIN = timedelta(days=4)


class GuardChecks:
    """Hears all effects. `fail` is told the invariant's number and what is wrong."""

    def __init__(
        self, world: Seeing, told: Told, now: Callable[[], datetime], fail: Callable[[int, str], None]
    ) -> None:
        self._world = world
        self._told = told
        self._now = now
        self._fail = fail
        self._plan_kinds: dict[int, PlanKind] = {}
        self._gates: dict[tuple[AccountKey, datetime], str] = {}
        self._let_through: dict[tuple[AccountKey, str], datetime] = {}

    def hear(self, effect: Effect) -> None:
        if isinstance(effect, Held):
            self._plan_kinds[effect.plan.id] = effect.kind
            self._set_gates(effect, "held")
        elif isinstance(effect, Decided):
            self._set_gates(effect, "")

    def _set_gates(self, effect: Held | Decided, state: str) -> None:
        if self._plan_kinds.get(effect.plan.id) is not PlanKind.LEAVERS:
            return
        cohorts = effect.plan.cohorts if isinstance(effect, Held) else effect.cohorts
        for cohort in cohorts:
            for departure in cohort.people:
                leaving = (departure.person, departure.at)
                if (
                    isinstance(effect, Held) or leaving in self._gates
                ):  # else it is over: no word of it is kept
                    self._gates[leaving] = state or cohort.state.value

    def is_any_held(self) -> bool:
        return "held" in self._gates.values()

    def stops(self, accounts: Collection[AccountKey]) -> bool:
        """Whether the leaving of any of them is held or was rejected."""
        return any(
            state in {"held", "rejected"} for (key, _), state in self._gates.items() if key in accounts
        )

    def forget_returned(self) -> None:
        """What was said of a leaving is over once the directory says that the person is here."""
        self._gates = {
            (key, at): state for (key, at), state in self._gates.items() if not self._has_returned(key)
        }

    def _has_returned(self, key: AccountKey) -> bool:
        """A date that came is not taken back by a directory that has been silent since."""
        if not self._told.is_told(key) or self._told.is_told_left(key):
            return False
        return not has_left(self._world.directories[key.source].believed.facts[key.person_id], self._now())

    def passed(self, ticket: Ticket) -> None:
        """To be called when somebody is asked out because they left."""
        if ticket.person is None or ticket.left_at is None or ticket.evidence is Evidence.MOVED:
            return
        gate = self._gates.get((ticket.person, ticket.left_at), "")
        if gate in {"held", "rejected"}:
            self._fail(5, f"{ticket.label} is about somebody whose leaving is {gate}")
        for mass in self._world.masses:
            is_of_it = ticket.person in mass.people and ticket.evidence is Evidence.DISABLED
            is_then = mass.at <= ticket.left_at <= mass.at + MASS_READ_WITHIN
            if is_of_it and is_then and gate != "released" and not self._told.was_alone(ticket.person):
                self._fail(5, f"{ticket.label} is one of {len(mass.people)} at once, and nobody released it")
        if gate != "released":
            self._let_through.setdefault((ticket.person, ticket.occasion), self._now())
            since = self._now() - timedelta(hours=24)
            source = ticket.person.source
            recent = [at for (key, _), at in self._let_through.items() if key.source == source and at > since]
            if len(recent) > LEAVERS_MAX:
                self._fail(5, f"{len(recent)} leavers of {source} in a day, and nobody was asked")
