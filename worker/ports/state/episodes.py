"""Leavings and moves, and the plans that hold them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from worker.domain.groups.case import GroupView
from worker.domain.model import Account, AccountKey, GroupKey
from worker.domain.reconcile.guard import Approval, Cohort, Departure, GroupLoad, HeldPlan, Population


class EpisodeKind(StrEnum):
    """What an episode is about."""

    LEFT = "left"
    MOVED = "moved"


class Gate(StrEnum):
    """The state of an episode at the guard. Only those that passed lead to tickets."""

    INITIAL = "initial"  # of an account that came as left: by its source's first pass, or later
    NEW = "new"
    PASSED = "passed"
    HELD = "held"  # by a plan that waits for a decision
    REJECTED = "rejected"
    OVER = "over"  # the person returned before it passed


class PlanKind(StrEnum):
    """Why a plan is held."""

    LEAVERS = "leavers"  # too many people leave, or move, at once
    SHRUNKEN = "shrunken"  # a source lists too few people to be believed
    CONTROLS = "controls"  # controls open tickets for the first time


class EpisodeSort(NamedTuple):
    """Episodes with the same values here are judged together by the guard."""

    source: str
    kind: EpisodeKind


class WaitingPlan(NamedTuple):
    """A held plan of which a part waits for a decision.

    `size` is the number of its people, or of tickets of controls, decided or not; `parts` has that of each part that
    waits, by its id.
    """

    number: int
    created_at: datetime
    size: int
    parts: dict[str, int]
    is_of_controls: bool


class Episodes(Protocol):
    """Leavings and moves, the guard's gate, and held plans."""

    def departures(self, *, with_early: bool = True) -> dict[EpisodeSort, list[Departure]]:
        """Episodes that wait at the gate; of accounts that came as left, only those of people in a group, or none."""

    def is_any_early(self, accounts: Collection[AccountKey]) -> bool:
        """True if an episode of one of these waits that came as left."""

    def population(self, source: str, kind: EpisodeKind, since: datetime) -> Population:
        """Active people who were known by `since`, and episodes of this kind let through after it.

        Whoever came by the source's first pass counts as known.
        """

    def loads(self, groups: Sequence[GroupKey], since: datetime) -> dict[GroupKey, GroupLoad]:
        """The size of each group, and how many of its members were let through after `since`."""

    def let_through(self, departures: Sequence[Departure], now: datetime) -> None:
        """Let episodes pass the gate; mark their groups dirty."""

    def add_moves(self, people: Sequence[Account], at: datetime) -> None:
        """Open an episode for each person's move; until it passes, the joiner rules' changes for them wait."""

    def hold(self, plan: HeldPlan, kind: PlanKind = PlanKind.LEAVERS) -> HeldPlan:
        """Store a held plan and hold its episodes; returns it with its id."""

    def plans(self) -> list[HeldPlan]:
        """All held plans, newest first."""

    def undecided(self) -> list[WaitingPlan]:
        """The plans of which a part waits for a decision, the oldest first."""

    def without_people(self) -> dict[int, list[str]]:
        """The parts of plans about leavers that wait for a decision in which no leaving waits any more, by plan."""

    def about_short_lists(self, source: str) -> dict[int, list[str]]:
        """The parts that wait of plans about lists of this source that were too short, by plan."""

    def plan(self, number: int) -> HeldPlan | None:
        """Return one held plan; None if there is none with this number."""

    def released_groups(self, number: int) -> list[GroupKey]:
        """The groups that a release of all that a plan still holds changes, by key."""

    def views_after_release(self, number: int, groups: Sequence[GroupKey]) -> list[GroupView]:
        """The views of these groups as if all that a plan still holds were released, in the same order."""

    def undecided_of(self, person: AccountKey) -> list[str]:
        """The labels of plans that have this account and still wait for a decision on some part."""

    def approve(self, number: int, words: Sequence[Approval]) -> None:
        """Keep one person's decisions on cohorts of a plan that needs two people; idempotent."""

    def take_back(self, number: int, words: Sequence[Approval]) -> None:
        """Forget decisions that were kept for a plan."""

    def approvals(self, number: int) -> list[Approval]:
        """The single decisions kept for a plan, by cohort and time."""

    def decide(self, plan: HeldPlan, cohorts: Sequence[Cohort], by: str, reason: str, now: datetime) -> None:
        """Store the cohorts' new states. Episodes of released cohorts pass; those of rejected ones never do."""
