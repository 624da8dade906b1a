"""The API's requests: every parameter has bounds, and only parameters that are named here are accepted.

A text has no NUL (PostgreSQL stores none) and no half of a surrogate pair (pydantic refuses those). Numbers fit into
64 bits. A day beyond a database's instants counts as the nearest possible one.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Path
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)

from worker.desk.refs import REFERENCE_MAX
from worker.domain.escalation.wall_clock import named_day
from worker.domain.identity.matching import IdentityState
from worker.domain.text.durations import parse_duration
from worker.domain.tickets.ticket import LIVE, TicketKind, TicketState
from worker.ports.state.deliveries import PostState

SEQ_MAX = 2**63 - 1
EXACT_MAX = 2**53 - 1  # every program reads JSON numbers up to this exactly
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,19})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPAN = r"^[1-9][0-9]{0,3}[mhd]$"  # in one unit: programs need no more, and all that fits is a duration
# Characters that show nothing, one by one: what \s means differs between JSON Schema, Python and pydantic
_BLANK = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
# One line; the second one has to have something visible
_ANY = r"^[^\x00]*$"
_SOME = rf"^[^\x00]*[^{_BLANK}][^\x00]*$"
_LINE = r"^[^\x00-\x1f\x7f]*$"


def _integer(value: Any) -> int:
    """Read an integer parameter. It comes as text, and pydantic accepts more forms than JSON."""
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise ValueError("write a whole number")
    return int(value)


def _whole(value: Any) -> int:
    """Read a whole number of JSON, which may have a decimal point: 50.0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1:
        raise ValueError("write a whole number")
    return int(value)


def _flag(value: Any) -> bool:
    if value not in {"true", "false"}:
        raise ValueError("write true or false")
    return bool(value == "true")


def _day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("write a day as YYYY-MM-DD")
    return named_day(value)


def _span(value: Any) -> timedelta:
    if not isinstance(value, str) or not re.fullmatch(_SPAN, value, re.ASCII):
        raise ValueError("write a time span such as 90m, 4h or 2d")
    return parse_duration(value)


Text = Annotated[str, StringConstraints(max_length=200, pattern=_ANY)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=_SOME)]
By = Annotated[str, StringConstraints(max_length=200, pattern=_LINE)]
Reason = Annotated[str, StringConstraints(max_length=1000, pattern=_ANY)]
NeededReason = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=_SOME)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=rf"^[^@{_BLANK}]+@[^@{_BLANK}]+$")]
GroupId = Annotated[str, StringConstraints(max_length=400, pattern=r"^([^/\x00]+/[^\x00]+)?$")]
CohortId = Annotated[str, StringConstraints(max_length=60, pattern=r"^(c[0-9]{1,10}|[a-z]+\.[a-z_]+)$")]
Cursor = Annotated[str, StringConstraints(max_length=REFERENCE_MAX, pattern=r"^[A-Za-z0-9_-]*$")]
Limit = Annotated[int, Field(ge=1, le=500), BeforeValidator(_integer)]
Seq = Annotated[int, Field(ge=0, le=SEQ_MAX), BeforeValidator(_integer)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Span = Annotated[
    timedelta,
    BeforeValidator(_span),
    WithJsonSchema({"type": "string", "pattern": _SPAN, "examples": ["4h"]}),
]
Named = Annotated[list[Name], Field(max_length=100)]

SourceName = Annotated[str, Path(min_length=1, max_length=200, pattern=_ANY)]
Identity = Annotated[str, Path(min_length=1, max_length=400, pattern=_ANY)]
TicketLabel = Annotated[str, Path(pattern=r"^T-[0-9]{6,18}$", examples=["T-000123"])]
SilenceLabel = Annotated[str, Path(pattern=r"^[A-Za-z]{1,10}-[0-9]{1,18}$", examples=["S-000007"])]
PostLabel = Annotated[str, Path(pattern=r"^[DM]-[0-9]{6,18}$", examples=["D-000007"])]
ControlId = Annotated[
    str, Path(max_length=60, pattern=r"^[a-z]+\.[a-z_]+$", examples=["profile.description"])
]
PlanLabel = Annotated[str, Path(pattern=r"^P-[0-9]{6,18}$", examples=["P-000007"])]

AdvisoryId = Annotated[str, Path(pattern=r"^CVE-[0-9]{4}-[0-9]{4,19}$", examples=["CVE-2026-12345"])]


class Paged(BaseModel):
    """A page of a list."""

    after: Cursor = ""
    limit: Limit = 50


class StateChoice(StrEnum):
    """A ticket's state, live (open, blocked or done) or all."""

    LIVE = "live"
    ALL = "all"
    OPEN = "open"
    BLOCKED = "blocked"
    DONE = "done"
    VERIFIED = "verified"
    CANCELLED = "cancelled"
    WAIVED = "waived"


def states_of(choice: StateChoice) -> tuple[TicketState, ...]:
    """The chosen states; an empty tuple means all."""
    if choice is StateChoice.LIVE:
        return tuple(sorted(LIVE))
    return () if choice is StateChoice.ALL else (TicketState(choice.value),)


class TicketsQuery(Paged):
    """Which tickets; `group` is `source/id`. Texts are searched by a body: addresses are logged on the way."""

    state: StateChoice = StateChoice.LIVE
    kind: Annotated[list[TicketKind], Field(max_length=10)] = []
    overdue: Flag = False
    disputed: Flag = False
    group: GroupId = ""


class Search(BaseModel):
    """The body of a search. `text` is part of a name, or of a person's e-mail address, or the whole id."""

    model_config = ConfigDict(extra="forbid")

    after: Cursor = ""
    limit: Annotated[int, Field(ge=1, le=500), BeforeValidator(_whole)] = 50
    text: Text = ""


class TicketsSearch(Search):
    """Which tickets. `text` is part of a name, number or id in it, or the leaver's address; `group` is `source/id`."""

    state: StateChoice = StateChoice.LIVE
    kind: Annotated[list[TicketKind], Field(max_length=10)] = []
    overdue: StrictBool = False
    disputed: StrictBool = False
    assignee: Text = ""
    group: GroupId = ""


class LinksQuery(Paged):
    """Which links; those that are questions, unless told otherwise."""

    state: Annotated[list[IdentityState], Field(max_length=10)] = [
        IdentityState.AMBIGUOUS,
        IdentityState.UNMATCHED,
    ]


class DeliveriesQuery(Paged):
    """Which messages; all, unless told otherwise."""

    state: Annotated[list[PostState], Field(max_length=10)] = list(PostState)


class DaysQuery(BaseModel):
    """How many days back."""

    days: Annotated[int, Field(ge=1, le=366), BeforeValidator(_integer)] = 90


class FeedQuery(BaseModel):
    """Which events: those after `after`, which is the `next` of the answer before."""

    after: Seq = 0
    limit: Limit = 50


class AuditQuery(BaseModel):
    """Which entries. `kind` may end in `.*`; both days count, in the organisation's time zone."""

    kind: Text = ""
    from_on: Annotated[Day | None, Field(alias="from")] = None
    to_on: Annotated[Day | None, Field(alias="to")] = None
    before: Seq | None = None
    limit: Limit = 50


class AuditSearch(BaseModel):
    """As AuditQuery, in a body, with who did it and what it is about."""

    model_config = ConfigDict(extra="forbid")

    actor: Text = ""
    kind: Text = ""
    subject: Annotated[str, StringConstraints(max_length=900, pattern=_ANY)] = ""
    from_on: Annotated[Day | None, Field(alias="from")] = None
    to_on: Annotated[Day | None, Field(alias="to")] = None
    before: Annotated[int, Field(ge=0, le=EXACT_MAX), BeforeValidator(_whole)] | None = None
    limit: Annotated[int, Field(ge=1, le=500), BeforeValidator(_whole)] = 50


class Act(BaseModel):
    """The body of an act. `by` is whom the caller acts for, as it says itself."""

    model_config = ConfigDict(extra="forbid", strict=True)

    by: By = ""


class Said(Act):
    """An act that may have a reason."""

    reason: Reason = ""


class Reasoned(Act):
    """An act that needs a reason."""

    reason: NeededReason


class Waive(Reasoned):
    """For good, or until the end of a day in the organisation's time zone."""

    until: Day | None = None


class Acknowledge(Said):
    """So long, in place of the policy's time."""

    span: Annotated[Span | None, Field(alias="for")] = None


class Snooze(Said):
    """So long, at most for the policy's `snooze_max`."""

    span: Annotated[Span, Field(alias="for")]


class MakeSilence(Reasoned):
    """What it covers: all fields that are not empty have to fit. It ends after `for`, or with the day `until`.

    `groups` are globs of names or ids, `people` e-mail addresses or ids, `sources` names of inventories.
    """

    groups: Named = []
    people: Named = []
    sources: Named = []
    kinds: Annotated[list[Annotated[TicketKind, Field(strict=False)]], Field(max_length=100)] = []
    span: Annotated[Span | None, Field(alias="for")] = None
    until: Day | None = None


class Assign(Said):
    """Who is to do it."""

    email: Email


class Decision(Reasoned):
    """Which cohorts; none: all that are undecided."""

    cohorts: Annotated[list[CohortId], Field(max_length=1000)] = []


class Confirm(Said):
    """`link` is `source/handle`, the handle, or its ticket's id; `person` an id, e-mail address or employee id."""

    link: Name
    person: Name


class Reject(Reasoned):
    """`link` as in Confirm; `person`: whose it is, so that nothing else is answered, as by a call that is repeated."""

    link: Name
    person: Name | None = None


class Export(Act):
    """One person, one group, or a search and its days (both count), as AuditSearch; with none of them everything.

    What is given may not be blank or null: a variable that is empty by mistake would ask for everything.
    """

    person: Name = Field(default_factory=str)
    group: Name = Field(default_factory=str)
    actor: Name = Field(default_factory=str)
    kind: Name = Field(default_factory=str)
    subject: Annotated[str, StringConstraints(max_length=900, pattern=_SOME)] = Field(default_factory=str)
    from_on: Annotated[Day | None, Field(alias="from")] = None
    to_on: Annotated[Day | None, Field(alias="to")] = None
