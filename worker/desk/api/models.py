"""What the API answers: the command line's JSON, field by field. A `null` is always there; nothing else is added."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from worker.domain.escalation.policy import Target
from worker.domain.identity.matching import How, LinkState
from worker.domain.model import Coverage, Evidence, Role, Standing
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
Data = dict[str, Any]
Counts = dict[str, int]
Item = TypeVar("Item")


class Shape(BaseModel):
    """One object of an answer."""

    model_config = ConfigDict(extra="forbid")


class Page(Shape, Generic[Item]):
    """A part of a list. `total` is null where it is not counted; `next` is null at the end."""

    items: list[Item]
    total: int | None
    next: str | None


# --- people and accounts --------------------------------------------------------------------------------------


class Account(Shape):
    """One of a human's accounts, as its directory has it."""

    source: str
    id: str
    standing: Standing
    evidence: Evidence | None
    left_at: Instant | None


class Person(Shape):
    """One account with what its directory says."""

    source: str
    id: str
    name: str
    email: str | None
    department: str | None
    title: str | None
    employee_id: str | None
    phones: list[str]
    standing: Standing
    evidence: Evidence | None
    left_at: Instant | None


class PersonGroup(Shape):
    """A group that somebody is in."""

    id: str
    name: str
    role: Role


class PersonHappened(Shape):
    """Something that happened to a person."""

    at: Instant
    by: str
    what: str


class PersonShown(Person):
    """An account, and the human behind it."""

    accounts: list[Account]
    has_left: bool
    groups: list[PersonGroup]
    tickets: list[str]
    history: list[PersonHappened]
    read_at: Instant | None


class PersonRef(Shape):
    """An account by its id alone."""

    source: str
    id: str


class NamedPerson(PersonRef):
    """An account by its id, with its name."""

    name: str


# --- tickets --------------------------------------------------------------------------------------------------


class TicketGroup(Shape):
    """The group that a ticket is about."""

    source: str
    id: str
    name: str
    messenger: str


class TicketMember(Shape):
    """The member that a ticket is about, as the messenger shows them."""

    handle: str
    display_name: str
    role: Role | None


class TicketPerson(NamedPerson):
    """The person that a ticket is about, and why."""

    evidence: Evidence | None
    left_at: Instant | None


class TicketPersonShown(TicketPerson):
    """With every account of the same human."""

    accounts: list[Account]


class TicketAssignee(Shape):
    """Who should do it, and why they."""

    name: str
    email: str
    why: str


class TakenStep(Shape):
    """An escalation step that was taken; (step, repeat) is unique."""

    step: int
    repeat: int
    at: Instant
    to: list[str]


class TicketHappened(PersonHappened):
    """Something that happened to a ticket."""

    reason: str
    data: Data


class Ticket(Shape):
    """A unit of human work."""

    id: str
    kind: TicketKind
    state: TicketState
    blocked_by: str | None
    group: TicketGroup
    member: TicketMember | None
    person: TicketPerson | None
    assignee: TicketAssignee | None
    opened_at: Instant
    due_at: Instant
    done_at: Instant | None
    done_by: str | None
    verified_at: Instant | None
    verified_by: str | None
    grade: Grade | None
    escalations: list[TakenStep]
    reopened: int
    reason: str


class TicketShown(Ticket):
    """A ticket with its history. `link_known_to`: who may have the assignee's link, besides the assignee."""

    person: TicketPersonShown | None
    link_known_to: list[str]
    history: list[TicketHappened]


class Link(Shape):
    """The assignee's signed link: whoever has it can act in their name."""

    url: Url


class Told(Shape):
    """Whom one target of a step means now, by name or address; nobody, where there is none to be reached."""

    target: Target
    people: list[str]


class ComingStep(Shape):
    """A step of a policy. `at` is when it comes by the policy; one that was taken may have been late."""

    step: int
    at: Instant
    what: str
    told: list[Told]
    state: Literal["taken", "to come"]


class Escalation(Shape):
    """A ticket's policy."""

    ticket: str
    policy: str
    due_at: Instant
    steps: list[ComingStep]


# --- plans ----------------------------------------------------------------------------------------------------


class Cohort(Shape):
    """The part of a held plan with one cause."""

    id: str
    cause: str
    count: int
    people: list[NamedPerson]
    state: HoldState


class Plan(Shape):
    """A plan that awaits, or awaited, a person."""

    id: str
    state: HoldState
    created_at: Instant
    source: str
    why: str
    cohorts: list[Cohort]


class Approval(Shape):
    """One person's word on one cohort of a plan that needs two."""

    cohort: str
    by: str
    at: Instant
    reason: str
    verdict: HoldState


class PlanShown(Plan):
    """A plan with what was said on it so far."""

    needs_two: bool
    approvals: list[Approval]


# --- groups and links -----------------------------------------------------------------------------------------


class Group(Shape):
    """A chat group: its size, admins and the age of what is known."""

    source: str
    id: str
    name: str
    messenger: str
    owner: str | None
    members: int
    admins: int
    coverage: Coverage
    taken_at: Instant
    read_at: Instant
    gone: bool
    warning: str


class GroupMember(Shape):
    """A member of a group, and who it is."""

    handle: str
    display_name: str
    role: Role
    link: LinkState | None
    how: How | None
    person: NamedPerson | None


class GroupShown(Group):
    """A group with its roster and tickets."""

    roster: list[GroupMember]
    tickets: list[str]


class Suggestion(NamedPerson):
    """Somebody whom a handle may belong to."""

    similarity: float


class HandleLink(Shape):
    """Who is behind a handle, or who could be."""

    id: str
    source: str
    handle: str
    state: LinkState
    how: How | None
    why: str
    person: PersonRef | None
    suggestions: list[Suggestion]


class Rejected(Shape):
    """A handle, and whose it is not; null: it is nobody's of the directory."""

    id: str
    source: str
    handle: str
    person: PersonRef | None


# --- sources and jobs -----------------------------------------------------------------------------------------


class Source(Shape):
    """A directory or an inventory, by its last reads. `stale`: what it last said is too old to prove anything."""

    name: str
    port: Literal["directory", "inventory"]
    kind: str
    ok: bool
    message: str
    remedy: str
    last_success_at: Instant | None
    last_attempt_at: Instant | None
    taken_at: Instant | None
    failures: int
    stale: bool
    counts: Counts


class SourceDay(Shape):
    """One day (UTC): the last good read's counts, and the most failures in a row."""

    day: Day
    failures: int
    counts: Counts


class Job(Shape):
    """What a job did last."""

    name: str
    last_run_at: Instant | None
    last_ok_at: Instant | None
    report: Data


# --- what happened --------------------------------------------------------------------------------------------


class Event(Shape):
    """One entry of the journal; `seq` counts without gaps, `hash` seals the entry and all before it."""

    seq: int
    at: Instant
    actor: str
    kind: str
    subject: str
    reason: str
    data: Data
    hash: str


class Feed(Shape):
    """Events, oldest first. `next` is where to go on, also when there was nothing new."""

    items: list[Event]
    total: int | None
    next: int


class Entries(Shape):
    """Events, newest first. `next` is what `before` takes; null at the end."""

    items: list[Event]
    total: int | None
    next: int | None


class ExposedPart(Shape):
    """People, and their memberships."""

    people: int
    memberships: int


class Exposed(Shape):
    """People who are out and still in groups, and their memberships: each is in one part, people may be in several.

    `asked`: a live ticket asks for it; `waiting`: for a decision about a held plan; `nobody`: nobody is asked.
    """

    people: int
    memberships: int
    asked: ExposedPart
    waiting: ExposedPart
    nobody: ExposedPart


class TicketCount(Shape):
    """How many tickets there are of one state and kind."""

    state: TicketState
    kind: TicketKind
    count: int


class Overview(Shape):
    """The situation in numbers. `held` counts plans in which something waits for a decision."""

    at: Instant
    exposed: Exposed
    overdue: int
    disputed: int
    held: int
    live: list[TicketCount]
