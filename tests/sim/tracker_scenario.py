"""Two scripted days of a copy's life: closed falsely, declined, given away, closed in truth, deleted, reopened.

The mirror runs twice in a cycle: what it began before it died may have to be looked for some minutes later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from sim.company import FILE, LIVE, LOOKED_UP, REGISTER, Human
from sim.effects import Queued
from sim.scenario import Scenario
from sim.tracker import DESK, SimIssue, SimTracker
from worker.domain.mirror.outside import CopyStanding, Goal
from worker.domain.model import Role
from worker.ports.connectors.tracker import TrackerAbilities

NURSE = "h1@corp.example"


class TrackerScenario(Scenario):
    """Six people in one group, two of whom leave, and a tracker that keeps what it is told."""

    jobs: ClassVar[tuple[str, ...]] = ("poll", "inventory", "reconcile", "verify", "mirror", "mirror")
    cycles: ClassVar[int] = 7

    def __init__(self, death: Any = None) -> None:
        super().__init__(death, controls={}, trackers=[{"name": DESK, "kind": "redmine"}])

    def _found(self) -> None:
        self.people: list[Human] = [self.company.hire(FILE if at == 5 else LOOKED_UP) for at in range(6)]
        for source, name, humans in ((LIVE, "Porters", self.people), (REGISTER, "Nights", self.people[:2])):
            room = self.company.open_room(source, name, humans, 1, None)
            next(iter(room.seats.values())).role = Role.ADMIN

    def _build_tracker(self) -> SimTracker | None:
        tracker = super()._build_tracker()
        assert tracker is not None
        tracker.can = TrackerAbilities(goals=frozenset(Goal))
        tracker.people = {human.email for human in self.people}
        tracker.robots = 0.0
        tracker.notes_apart = True
        return tracker

    def _script(self) -> tuple[tuple[float, Callable[[], None]], ...]:
        first, second = self.people[3], self.people[4]
        change = self.company.change
        return (
            (7, lambda: [change(human.accounts[0], enabled=False) for human in (first, second)]),  # type: ignore[return-value]
            (10, lambda: self._act(second, assignee=NURSE)),
            (12, lambda: self._put(first, CopyStanding.DONE, NURSE)),  # a lie
            (13, lambda: self._put(second, CopyStanding.DECLINED, "nurse7")),
            (26, lambda: self._leave(first)),
            (27, lambda: self._put(first, CopyStanding.DONE, "nurse7")),
            (28, lambda: self._delete(second)),
            (42, lambda: self._leave(second)),
            (43, lambda: self._put(first, CopyStanding.OPEN, NURSE)),
        )

    def _copy_of(self, human: Human) -> SimIssue:
        assert self.tracker is not None
        numbers = {t.id for t in self.log.tickets.values() if t.handle == f"u{human.number}"}
        [issue] = [one for one in self.tracker.every if one.number in numbers]
        return issue

    def _act(self, human: Human, by: str | None = None, **fields: Any) -> None:
        assert self.tracker is not None
        self.tracker.person(self._copy_of(human), by, **fields)

    def _put(self, human: Human, standing: CopyStanding, by: str) -> None:
        self._act(human, by, standing=standing, status=standing.value)

    def _delete(self, human: Human) -> None:
        self._copy_of(human).is_gone = True
        self._act(human)

    def _copies(self) -> Counter[Any]:
        assert self.tracker is not None
        issues = [
            (one.number, one.seen.standing, one.seen.assignee, one.is_gone) for one in self.tracker.every
        ]
        told = [
            (one.message.to.address, *one.message.key.split(":")[2:4])
            for one in self.log.effects
            if isinstance(one, Queued) and one.message.key.startswith("mirror:")
        ]
        return Counter([*issues, *told])
