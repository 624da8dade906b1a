"""What a control is: a check of one subject against the organisation's rules, level-triggered and pure.

A check sees state, rules and the time, never an event. What a source does not show is unknown: it opens no ticket, and
is never counted as pass or as fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.state import GroupState
from worker.domain.controls.switch import ControlSwitch
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind


class CheckValue(StrEnum):
    """What a check says of one subject."""

    PASS = "pass"  # noqa: S105  no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"  # it fails, and a person waived its ticket


NEW_GROUP_TIME = timedelta(days=3)  # within so long, a group that is new is told of the rules


class Unknown(StrEnum):
    """Why a check can't tell. The texts are English, and translated when they are said."""

    NOT_SHOWN = N_("no source shows it")
    NO_REGISTER = N_("no register was read completely")
    NO_ROSTER = N_("no complete and fresh roster")
    NO_ROLES = N_("the roster doesn't show who is an admin")
    NOT_IDENTIFIED = N_("an admin is not identified yet")
    NO_PICTURES = N_("no standard picture is known")
    NO_ATTRIBUTES = N_("no directory says where a number stands")
    NO_LAST_DAY = N_("no directory shows when somebody leaves")
    NOT_ALL_KNOWN = N_("some members are not identified yet")
    NO_FEED = N_("no feed of advisories was read in time")
    NO_PRODUCT = N_("it is not known what advisories call this messenger")


class FaultPart(NamedTuple):
    """One thing that a result finds, such as one admin of several. It is waived by its `id`, whatever the occasion."""

    id: str
    found: str
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class ControlResult:
    """What a check says of one subject, and by which evidence.

    `found` and `wanted` are what there is and what the rules want, as words or as values; `text` is a text to paste.
    `at` is the instant that the evidence is true for, `grade` how good it is; both only where something was seen.
    `source`: the register that shows it, or REVIEW; empty: the group's own source.
    `occasion` tells repeated tickets apart, `details` go into the ticket, `due` replaces the control's time.
    `parts`: what `found` and `wanted` consist of, where each is told apart. Empty: the occasion tells it apart.
    `is_asked_elsewhere`: another ticket or a review asks for it, or nobody could answer, so this one opens none.
    """

    value: CheckValue
    found: str = ""
    wanted: str = ""
    text: str = ""
    unknown: Unknown | None = None
    at: datetime | None = None
    grade: Grade | None = None
    source: str = ""
    occasion: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    due: timedelta | None = None
    is_asked_elsewhere: bool = False
    parts: tuple[FaultPart, ...] = ()

    def with_parts(self, parts: Iterable[FaultPart]) -> Self:
        """The same of these parts."""
        those = tuple(parts)
        found = ", ".join(part.found for part in those)
        wanted = ", ".join(part.wanted for part in those if part.wanted)
        return replace(self, found=found, wanted=wanted, parts=those)


def unknown(why: Unknown) -> ControlResult:
    return ControlResult(CheckValue.UNKNOWN, unknown=why)


class Ruled(Protocol):
    """A rule of controls: it has a switch, and knows the groups and the controls that it is for."""

    @property
    def switch(self) -> ControlSwitch: ...

    def governs(self, group: GroupState) -> bool: ...

    def asks(self, control: str) -> bool: ...


Rule = TypeVar("Rule", bound=Ruled)


@dataclass(frozen=True, slots=True)
class Times:
    """How long a ticket of a control may take, unless its section says otherwise."""

    default: timedelta
    sensitive: timedelta


@dataclass(frozen=True, slots=True)
class Control:
    """A control, as reports name it.

    id              lasting, as in configuration, reports and tickets
    title           what is so where it passes: an English text, translated when it is said
    articles        the sentences of the guidance that it answers
    cannot_prove    what a pass does not prove, likewise
    """

    id: str
    title: str
    articles: tuple[str, ...]
    cannot_prove: str


@dataclass(frozen=True, slots=True)
class GroupControl(Control, Generic[Rule]):
    """A control of groups.

    fails           an English text with {found} and {wanted}, translated when it is said
    asks            what to do about it, likewise
    words           English texts for what a result finds or wants, by the result's word; they may use {wanted}
    kind, occasion  of its tickets; a result's own occasion comes first. None: it is only reported
    rules           the rules of a policy, of which the first that governs a group counts; empty: it is off
    check           (group, rule, now) -> result; None: the rule asks nothing of this group
    sees_closed     whether it looks at a group that is closed; the others ask nothing of one
    """

    fails: str
    asks: str
    words: Mapping[str, str]
    kind: TicketKind | None
    occasion: str
    due: Times
    rules: Callable[[ControlPolicy], Sequence[Rule]]
    check: Callable[[GroupState, Rule, datetime], ControlResult | None]
    sees_closed: bool = False
