"""The guard between plan and action: it holds a suspiciously large plan, split by cause, for a person.

Pure: it gets the departures (episodes not let through yet), what was let through in the rolling window, and
the population; it returns None or a held plan with cohorts. The first run's leavers are always held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from worker.domain.evidence.actor import Actor
from worker.domain.model import AccountKey, Evidence, GroupKey
from worker.domain.people.evidence_words import EVIDENCE_SHARED
from worker.domain.text.reason import LocalInstant, Reason, Share, Written, because, because_many, together
from worker.domain.tickets.ticket import DIGITS_MAX


class HoldState(StrEnum):
    """Where a held plan or one of its cohorts stands; only a plan can be 'partly'."""

    HELD = "held"
    RELEASED = "released"
    REJECTED = "rejected"
    PARTLY = "partly"


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Limits within `window`; None switches one off, which is announced."""

    leavers_max: int | None = 25
    leavers_share_max: float | None = 0.05
    group_share_max: float | None = 0.5
    shrink_share_max: float | None = 0.2
    share_from: int = 5  # a share counts from this many people on: one of ten is not a storm
    window: timedelta = timedelta(hours=24)

    def switched_off(self) -> tuple[str, ...]:
        """The names of the limits that are off."""
        names = ("leavers_max", "leavers_share_max", "group_share_max", "shrink_share_max")
        return tuple(name for name in names if getattr(self, name) is None)


@dataclass(frozen=True, slots=True)
class Departure:
    """One episode that waits to be let through. `seen_at` is when the directory was read.

    `has_left_elsewhere`: another directory's leaving of the same person was let through before.
    """

    person: AccountKey
    at: datetime
    evidence: Evidence
    name: str = ""
    unit: str = ""  # OU or department, which people with one cause often share
    seen_at: datetime | None = None
    is_first_run: bool = False
    groups: tuple[GroupKey, ...] = ()
    has_left_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class HeldSubject:
    """A group or person for whom a control wants a ticket. `found` and `wanted` are as in the control's result."""

    source: str
    subject: str
    name: str
    found: str = ""
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The part of a held plan with one cause: people who left, or what one control found (its id is the control's).

    `unit`: the one that all of them are in, by the directory as it is now; empty if they are in several.
    """

    id: str
    cause: Reason
    people: tuple[Departure, ...]
    state: HoldState = HoldState.HELD
    unit: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""  # of the decision
    subjects: tuple[HeldSubject, ...] = ()
    findings: int = 0  # of a control; its subjects are the first of them

    @property
    def size(self) -> int:
        """The number of its people, or of what a control found."""
        return len(self.people) + self.findings

    @property
    def counted(self) -> str:
        """The same in English words."""
        return counted(self.size, is_of_controls=bool(self.findings))


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """A plan that waits for a person's decision. `why` says which limit it exceeds.

    `is_shrunken`: the source lists too few people to be believed; else too many leave, or move, at once.
    """

    source: str
    why: Reason
    created_at: datetime
    cohorts: tuple[Cohort, ...]
    id: int = 0
    state: HoldState = HoldState.HELD
    is_shrunken: bool = False

    @property
    def label(self) -> str:
        """The id that people see: `P-000007`."""
        return plan_label(self.id)

    @property
    def size(self) -> int:
        """The number of its people, or of what controls found, decided or not."""
        return sum(cohort.size for cohort in self.cohorts)

    @property
    def is_of_controls(self) -> bool:
        """Whether it holds what controls found, and not people who left."""
        return any(cohort.findings for cohort in self.cohorts)

    @property
    def counted(self) -> str:
        """Its size in English words."""
        return counted(self.size, is_of_controls=self.is_of_controls)


def counted(size: int, *, is_of_controls: bool) -> str:
    """A number of people, or of tickets of controls, in English."""
    if not is_of_controls:
        return people_count(size)
    return "1 ticket" if size == 1 else f"{size} tickets"


def held_counts(cohorts: Iterable[Cohort]) -> dict[str, int]:
    """How many people these parts of a plan are about, and how many tickets of controls, for the journal."""
    every = list(cohorts)
    counts = {"people": sum(len(one.people) for one in every), "tickets": sum(one.findings for one in every)}
    return {name: count for name, count in counts.items() if count or name == "people"}


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's decision on one cohort of a plan that needs two people: to release it, or to reject it.

    `subject` is their `Actor.id`; empty if only the name was known.
    """

    cohort: str
    by: str
    at: datetime
    reason: str
    subject: str = ""
    verdict: HoldState = HoldState.RELEASED

    def is_by(self, actor: Actor) -> bool:
        """True if it may be this person's. People can change their name and address, but not their subject."""
        return actor.may_be(Actor(self.by, self.subject))


def plan_label(number: int) -> str:
    """`P-000007`."""
    return f"P-{number:06d}"


def plan_number(label: str) -> int:
    """The number behind `P-000007`, `p-7` or `7`; raises ValueError with what is expected."""
    text = label.strip().upper().removeprefix("P-")
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise ValueError(f"'{label}' is not a plan id; they look like P-000007.")
    return int(text)


@dataclass(frozen=True, slots=True)
class Population:
    """Numbers of one source: active people, and episodes let through in the window.

    Who came within the window is not among the active: strangers would make a storm a smaller share.
    `includes_departures`: those who depart are active still, since they have moved.
    """

    active: int
    let_through: int = 0
    includes_departures: bool = False


@dataclass(frozen=True, slots=True)
class GroupLoad:
    """How many members one group loses by the departures and by earlier ones in the window."""

    name: str
    size: int
    let_through: int = 0


def inspect(
    source: str,
    departures: Sequence[Departure],
    population: Population,
    groups: dict[GroupKey, GroupLoad],
    limits: GuardLimits,
    now: datetime,
    timezone: str,
) -> HeldPlan | None:
    """Return None if the departures of one source may go through, else the plan that holds them.

    A person who has left elsewhere is not counted and not held. Shares are of the people who were active before these
    departures left (active + departures + let_through; active alone if these are among them). `groups` holds every
    group that a departure is in. Over a limit, all departures are held: a machine can't tell the mistakes among them.
    `timezone`: the organisation's, for what is said of hours.
    """
    news = [departure for departure in departures if not departure.has_left_elsewhere]
    if not news:
        return None
    reasons = _reasons(news, population, groups, limits)
    if not reasons:
        return None
    return HeldPlan(source, together(reasons), now, cohorts_of(news, limits.share_from, timezone))


def people_count(count: int) -> str:
    """A number of people, in English."""
    return "1 person" if count == 1 else f"{count} people"


def _reasons(
    departures: Sequence[Departure],
    population: Population,
    groups: dict[GroupKey, GroupLoad],
    limits: GuardLimits,
) -> list[Reason]:
    reasons = []
    first = sum(n.is_first_run for n in departures)
    if first:
        reasons.append(
            because_many(
                "first run: 1 person had already left and is still in groups",
                "first run: {n} people had already left and are still in groups",
                first,
            )
        )
    count = len(departures) + population.let_through
    before = max(population.active, count) if population.includes_departures else population.active + count
    hours = _hours(limits.window)
    if limits.leavers_max is not None and count > limits.leavers_max:
        reasons.append(
            because_many(
                "{n} leaver within {hours}, the limit is {limit}",
                "{n} leavers within {hours}, the limit is {limit}",
                count, hours=hours, limit=limits.leavers_max,
            )
        )  # fmt: skip
    limit = limits.leavers_share_max
    if limit is not None and _is_over_share(count, before, limit, limits.share_from):
        share = _percent_over(count / before, limit)
        reasons.append(
            because(
                "{count} of {before} people within {hours} ({share}), the limit is {limit}",
                count=count, before=before, hours=hours, share=share, limit=_percent(limit),
            )
        )  # fmt: skip
    per_group = Counter(group for departure in departures for group in departure.groups)
    for group, taken in sorted(per_group.items()):
        load = groups[group]
        total = taken + load.let_through
        limit = limits.group_share_max
        if limit is not None and _is_over_share(total, load.size, limit, limits.share_from):
            reasons.append(
                because(
                    "{count} of {size} members of {group}, the limit is {limit}",
                    count=total, size=load.size, group=load.name, limit=_percent(limit),
                )
            )  # fmt: skip
    return reasons


def _percent(limit: float) -> Written:
    """A limit as it was set."""
    return Written(f"{100 * limit:g}%", Share(limit))


def _percent_over(share: float, limit: float) -> Written:
    """A share that is over a limit, with enough digits to show that it is."""
    digits = next((digits for digits in range(9) if round(100 * share, digits) > 100 * limit), 9)
    return Written(f"{100 * share:.{digits}f}%", Share(round(share, digits + 2)))


def _is_over_share(count: int, of: int, share_max: float, share_from: int) -> bool:
    return count >= share_from and count > share_max * of


def _hours(window: timedelta) -> Written:
    return Written(f"{window.total_seconds() / 3600:g} h", window)


def cohorts_of(departures: Iterable[Departure], share_from: int, timezone: str) -> tuple[Cohort, ...]:
    """Split by cause: evidence and local hour, then a unit that at least `share_from` of them share.

    Departures that share nothing end in one cohort 'single people' per evidence. Sorted, largest first;
    ids are `c1`, `c2`… and every departure is in exactly one cohort.
    """
    everybody = sorted(departures, key=lambda n: (n.person, n.at))
    sizes = Counter(_characteristic(n, timezone) for n in everybody)
    parts: dict[_Characteristic, list[Departure]] = {}
    for departure in everybody:
        mark = _characteristic(departure, timezone)
        shared = mark if sizes[mark] >= share_from else mark._replace(unit="", hour=None, is_shared=False)
        parts.setdefault(shared, []).append(departure)
    causes = [(_cause(mark, timezone), people) for mark, people in parts.items()]
    ordered = sorted(causes, key=lambda pair: (-len(pair[1]), pair[0]))
    return tuple(Cohort(f"c{i}", cause, tuple(people)) for i, (cause, people) in enumerate(ordered, start=1))


class _Characteristic(NamedTuple):
    """What the departures of one cohort have in common."""

    evidence: Evidence
    unit: str
    hour: datetime | None
    is_shared: bool = True


def _characteristic(departure: Departure, timezone: str) -> _Characteristic:
    seen = departure.seen_at
    hour = seen and seen.astimezone(ZoneInfo(timezone)).replace(minute=0, second=0, microsecond=0).astimezone(
        UTC
    )
    return _Characteristic(departure.evidence, departure.unit, hour)


def _cause(mark: _Characteristic, timezone: str) -> Reason:
    evidence = because(EVIDENCE_SHARED[mark.evidence])
    if not mark.is_shared:
        return because("{cause}, single people", cause=evidence)
    parts = [evidence]
    if mark.unit:
        parts.append(because("all in {unit}", unit=mark.unit))
    if mark.hour is not None:
        parts.append(because("seen in the hour of {instant}", instant=LocalInstant(mark.hour, timezone)))
    return together(parts, ", ")


def state_of(cohorts: Iterable[Cohort]) -> HoldState:
    """A plan's state: its cohorts' if they agree, else partly."""
    states = {cohort.state for cohort in cohorts}
    return states.pop() if len(states) == 1 else HoldState.PARTLY


CONTROLS = "controls"  # in place of a source's name, for what controls found
