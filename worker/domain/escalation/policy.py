"""Escalation policies: which step is due when, who is told, and how often it repeats.

Pure arithmetic over a business or plain calendar; nothing here sends. A step whose time came while the
worker was down is taken late, never dropped; missed repeats are taken once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from worker.domain.escalation.calendar import Calendar, CalendarClock, add
from worker.domain.instants import APART_MAX
from worker.domain.model import Evidence
from worker.domain.text.durations import parse_duration
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState


class Target(StrEnum):
    """Whom a step tells, by their part in the ticket."""

    ASSIGNEE = "assignee"
    ADMINS = "admins"
    OWNER = "owner"
    MANAGER = "manager"
    ACCOUNTABLE = "accountable"
    CHANNEL = "channel"


LAST_RESORT = (Target.ACCOUNTABLE, Target.CHANNEL)  # told in place of a last step that reaches nobody


class NamedKind(StrEnum):
    """What a step may name: a channel, a rota, or a person."""

    CHANNEL = "channel"
    ON_CALL = "on_call"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Named:
    """A channel, whoever is on call in a rota, or a person by e-mail address."""

    kind: NamedKind
    name: str

    def __str__(self) -> str:
        return self.name if self.kind is NamedKind.PERSON else f"{self.kind.value}:{self.name}"


Whom: TypeAlias = Target | Named


def parse_whom(text: str) -> Whom:
    """Read `assignee`, `channel:wards`, `on_call:security` or an e-mail address.

    Raises ValueError that says what is valid.
    """
    stated = text.strip()
    kind, colon, name = stated.partition(":")
    if colon and name.strip() and kind in {NamedKind.CHANNEL, NamedKind.ON_CALL}:
        return Named(NamedKind(kind), name.strip())
    if "@" in stated and not set(stated) & set(" :<>,;"):
        return Named(NamedKind.PERSON, stated.casefold())
    if stated.casefold() in set(Target):
        return Target(stated.casefold())
    raise ValueError(
        f"'{text}' is nobody to tell; write {', '.join(Target)}, channel:NAME, on_call:ROTA or an e-mail address."
    )


@dataclass(frozen=True, slots=True)
class After:
    """When a step comes: a share of the time to due, plus a further amount. `due+4h` is share 1, plus 4 h."""

    share: float = 0.0
    plus: timedelta = timedelta(0)


def parse_after(text: str) -> After:
    """Read `50%`, `2h`, `due`, `due+4h`; raises ValueError that says what is valid."""
    stated = text.strip().casefold()
    if stated.endswith("%"):
        return After(share=_share(stated, text))
    if stated == "due":
        return After(share=1.0)
    if stated.startswith("due+"):
        return After(share=1.0, plus=parse_duration(stated.removeprefix("due+")))
    return After(plus=parse_duration(stated))


def _share(stated: str, text: str) -> float:
    try:
        value = float(stated.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:  # noqa: PLR2004  per cent
        raise ValueError(f"'{text}' is not a share of the time to due; write for example 50%.")
    return value / 100


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `repeat` (in the policy's time) repeats it for as long as the ticket is live.

    `via` names the notifiers to use, the first choice first; empty: all. While somebody has acknowledged the ticket,
    only a step that `is_until_done` goes on. One that is `day_or_night` does not wait for quiet hours to end.
    """

    after: After
    to: tuple[Whom, ...]
    repeat: timedelta | None = None
    via: tuple[str, ...] = ()
    is_until_done: bool = False
    is_day_or_night: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """Which tickets a policy is for; an empty field fits all."""

    kinds: frozenset[TicketKind] = frozenset()
    sensitive: bool | None = None
    evidence: frozenset[Evidence] = frozenset()
    messenger: frozenset[str] = frozenset()

    def fits(self, kind: TicketKind, evidence: Evidence | None, messenger: str, *, sensitive: bool) -> bool:
        """True if the policy is for a ticket with these properties."""
        return (
            (not self.kinds or kind in self.kinds)
            and (self.sensitive is None or self.sensitive == sensitive)
            and (not self.evidence or evidence in self.evidence)
            and (not self.messenger or messenger in self.messenger)
        )


_PLAIN = CalendarClock()


@dataclass(frozen=True, slots=True)
class Policy:
    """Ordered steps over one calendar; how long an acknowledgement holds, and a snooze at most.

    `others`: the names of the policies beside it. What was taken by one of them is no step of this one; what was taken
    under a name that is no more counts, or a new name would tell everybody everything again.
    """

    name: str
    steps: tuple[Step, ...]
    when: When = When()
    calendar: Calendar = _PLAIN
    acknowledge_for: timedelta = timedelta(hours=4)  # half a shift: long enough to act, too short to forget
    snooze_max: timedelta = timedelta(hours=72)
    others: frozenset[str] = field(default=frozenset(), compare=False)

    def has_taken(self, step: Taken, since: datetime) -> bool:
        """Whether a step that was taken is one of this policy, in the round that began at `since`."""
        return step.at >= since and step.policy not in self.others


STANDARD = Policy(
    "standard",
    (
        Step(After(share=0.5), (Target.ASSIGNEE,)),
        Step(After(share=1.0), (Target.ASSIGNEE, Target.ADMINS, Target.ACCOUNTABLE)),
        Step(After(share=1.0, plus=timedelta(hours=4)), (Target.CHANNEL,), repeat=timedelta(hours=24)),
    ),
)


def policy_for(
    policies: tuple[Policy, ...],
    kind: TicketKind,
    evidence: Evidence | None,
    messenger: str,
    *,
    sensitive: bool,
) -> Policy:
    """The first policy with a `when` that fits; the built-in one if none does. It knows the names of the others."""
    fitting = (p for p in policies if p.when.fits(kind, evidence, messenger, sensitive=sensitive))
    found = next(fitting, STANDARD)
    return replace(found, others=frozenset(p.name for p in (*policies, STANDARD)) - {found.name})


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken by the policy of this name: `step` counts from 1, `repeat` from 0."""

    step: int
    repeat: int
    at: datetime
    policy: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class DueStep:
    """A step to take now, and the instant at which it was due."""

    step: int
    repeat: int
    at: datetime


def step_at(ticket: Ticket, policy: Policy, step: Step, allowed: timedelta) -> datetime:
    """The instant (aware UTC) at which a step is first due.

    `allowed` is the policy's time from clock_from to due, without the time in which claims waited for proof.
    """
    if step.after.share >= 1.0:
        return add(policy.calendar, ticket.due_at, step.after.plus)  # `due_at` may be another clock's
    waited = timedelta(microseconds=ticket.waited_us)
    return add(policy.calendar, ticket.clock_from, allowed * step.after.share + step.after.plus + waited)


def due_steps(
    ticket: Ticket, policy: Policy, taken: tuple[Taken, ...], allowed: timedelta, now: datetime
) -> tuple[DueStep, ...]:
    """Return the steps that are due and not yet taken, in order; at most one for each step of the policy.

    A step is due when `now >= step_at(...)` (inclusive). Only an open ticket escalates, and none while it is
    snoozed. Steps taken before `clock_from` belong to an earlier round and do not count, nor those of another policy
    by which the ticket went before, nor those ahead of `now`, taken by a wrong clock. What comes then goes on with the
    next repeat number, so (step, repeat) is unique, and the one with the highest was the last.
    Calling twice with the same arguments returns the same; recording is the caller's work.
    """
    if ticket.state is not TicketState.OPEN or ticket.is_snoozed(now):
        return ()
    found = (
        _due_one(number, step, ticket, policy, taken, allowed, now)
        for number, step in enumerate(policy.steps, start=1)
        if step.is_until_done or not ticket.is_acknowledged(now)
    )
    return tuple(due for due in found if due is not None)


def _due_one(
    number: int,
    step: Step,
    ticket: Ticket,
    policy: Policy,
    taken: tuple[Taken, ...],
    allowed: timedelta,
    now: datetime,
) -> DueStep | None:
    first = step_at(ticket, policy, step, allowed)
    if now < first:
        return None
    ever = [t for t in taken if t.step == number]
    ours = (t for t in ever if policy.has_taken(t, ticket.clock_from))
    this_round = [t for t in ours if t.at <= now + APART_MAX]
    if not this_round:
        return DueStep(number, len(ever), first)
    if not step.repeat:
        return None
    again = add(policy.calendar, _last(this_round).at, step.repeat)
    return DueStep(number, len(ever), again) if now >= again else None


def _last(taken: Sequence[Taken]) -> Taken:
    """The last taking of one step by its number: an instant may be a wrong clock's."""
    return max(taken, key=lambda t: t.repeat)


def next_unreached(policy: Policy, taken: tuple[Taken, ...], since: datetime) -> int | None:
    """The number of the first step not taken since `since` (the ticket's clock_from); None if all were taken.

    It comes next when nobody is reached.
    """
    done = {t.step for t in taken if policy.has_taken(t, since)}
    return next((n for n in range(1, len(policy.steps) + 1) if n not in done), None)


@dataclass(frozen=True, slots=True)
class Coming:
    """A step with the instant (aware UTC) at which it is due; `step` counts from 1, `number` its repeats from 0.

    `is_taken`: it was taken then, in this round.
    """

    step: int
    at: datetime
    to: tuple[Whom, ...]
    repeat: timedelta | None = None
    number: int = 0
    is_taken: bool = False


def explain(
    ticket: Ticket, policy: Policy, taken: tuple[Taken, ...], allowed: timedelta
) -> tuple[Coming, ...]:
    """Say for each step of the policy when it comes, or when it came last, and when it comes again."""
    found: list[Coming] = []
    for number, step in enumerate(policy.steps, start=1):
        ever = [t for t in taken if t.step == number]
        ours = [t for t in ever if policy.has_taken(t, ticket.clock_from)]
        if not ours:
            at = step_at(ticket, policy, step, allowed)
            found.append(Coming(number, at, step.to, step.repeat, len(ever)))
            continue
        last = _last(ours)
        found.append(Coming(number, last.at, step.to, step.repeat, last.repeat, is_taken=True))
        if step.repeat:
            # As `due_steps` has it: one that was taken early, or was put off since, does not come before its own time
            again = max(step_at(ticket, policy, step, allowed), add(policy.calendar, last.at, step.repeat))
            found.append(Coming(number, again, step.to, step.repeat, len(ever)))
    return tuple(found)
