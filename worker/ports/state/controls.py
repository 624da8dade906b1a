"""What controls see of groups, what they found, and which of them may open tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.controls.control import CheckValue
from worker.domain.controls.switch import Mode
from worker.domain.model import GroupKey
from worker.domain.reconcile.guard import HeldSubject
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.group_states import Lists


@dataclass(frozen=True, slots=True)
class ControlFailure:
    """A subject that fails a control, or whose failure is waived.

    `found` and `wanted` are as in `ControlResult`. `time_s` is how long its ticket may take, in seconds. `asks`: a
    ticket is to be opened for it. `since_at` is when it was first seen to fail.
    """

    control: str
    source: str
    subject: str
    name: str
    value: CheckValue
    found: str = ""
    wanted: str = ""
    department: str = ""
    is_sensitive: bool = False
    time_s: int = 0
    asks: bool = False
    since_at: datetime | None = None

    @property
    def place(self) -> FailurePlace:
        """Where it stands in a list."""
        return FailurePlace(self.is_sensitive, self.source, self.subject)


@dataclass(frozen=True, slots=True)
class ControlCounts:
    """What a control said of all its subjects at one time. `unknown_why`: how often, by the reason's name."""

    at: datetime
    subjects: int = 0
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    waived: int = 0
    declined: int = 0
    grades: Mapping[str, int] = field(default_factory=dict)
    oldest_evidence_at: datetime | None = None
    unknown_why: Mapping[str, int] = field(default_factory=dict)


class TicketCounts(NamedTuple):
    """The live tickets of a control."""

    live: int
    overdue: int


NO_TICKETS = TicketCounts(0, 0)


@dataclass(frozen=True, slots=True)
class ControlReport:
    """One control at one time. `mode` is None for one that is off."""

    control: str
    mode: Mode | None
    counts: ControlCounts
    tickets: TicketCounts


class ControlDay(NamedTuple):
    """A control's last counts of one local day, and its tickets at that time."""

    day: str
    counts: ControlCounts
    tickets: TicketCounts = NO_TICKETS


class FailurePlace(NamedTuple):
    """Where a failure stands in a list: sensitive groups come first."""

    is_sensitive: bool
    source: str
    subject: str


class Controls(Protocol):
    """The state behind controls."""

    def keep(self, failures: Sequence[ControlFailure], now: datetime) -> None:
        """Keep what fails now; what is known already keeps its `since_at`."""

    def note_differences(self, groups: Collection[GroupKey], lists: Lists, now: datetime) -> None:
        """Note which of these groups a register lists with other members; what is known keeps since when."""

    def forget_before(self, now: datetime) -> None:
        """Forget each failure that was not kept, and each difference that was not noted, at `now` or later.

        A difference stays while nobody could look: while one of the two lists was not read in full, or is out of sight.
        """

    def failures(self, control: str, after: FailurePlace | None, limit: int) -> list[ControlFailure]:
        """What fails a control, sensitive groups first, then by source and subject."""

    def departments(self, control: str) -> dict[str, int]:
        """How many subjects fail a control by the department that owns them; "" for those without one."""

    def failures_of(self, source: str, subject: str) -> list[ControlFailure]:
        """The controls that a subject fails, by control."""

    def to_open(self, controls: Collection[str], limit: int, skip: int) -> list[GroupKey]:
        """Groups for which tickets of these controls are to be opened, the worst first."""

    def opened_since(self, since: datetime) -> dict[str, int]:
        """How many tickets of controls were opened or reopened since, by assignee's address; "": those without one.

        A claim that turned out not to be true is no ticket opened anew.
        """

    def has_live_tickets(self) -> bool:
        """True if any ticket of controls, or about a reported message, is live."""

    def to_weigh(
        self, after: int, limit: int, registers: Collection[str], now: datetime, claimed_before: datetime
    ) -> list[Ticket]:
        """Live tickets of controls about which something newer was read than they were weighed with, by id; those that
        were weighed ahead of now; and claims that were made at `claimed_before` or earlier.
        """

    def ticket_counts(self, now: datetime) -> dict[str, TicketCounts]:
        """The live tickets by control; one that lists several faults counts for each of them."""

    def by_tickets(self, at: datetime) -> dict[str, ControlCounts]:
        """Count the controls that other parts of the worker find, by their tickets.

        Each ticket that was needed is a subject.
        """

    def count(
        self, day: str, counts: Mapping[str, ControlCounts], tickets: Mapping[str, TicketCounts]
    ) -> None:
        """Keep the counts of a local day, in place of earlier ones of that day. A day is YYYY-MM-DD."""

    def days(self, since: str) -> dict[str, list[ControlDay]]:
        """The counts of each control by day, from a local day on."""

    def started(self) -> dict[str, int | None]:
        """Each control that had its first run with tickets, with the number of the plan that held it, if one did."""

    def start(self, controls: Mapping[str, int | None], now: datetime) -> None:
        """Note the first run of controls, with the plan that holds it."""

    def asking(self, control: str) -> list[HeldSubject]:
        """Return the subjects for which a control wants a ticket and has none, by name."""

    def allowed(self) -> set[str]:
        """The controls that may open tickets: they had a first run, and no part of it waits for a decision."""

    def refused(self) -> set[str]:
        """The controls whose first run with tickets a person rejected."""

    def forget_start(self, controls: Collection[str]) -> None:
        """Forget the first run of controls that open no tickets any more: their next one is a first run again."""

    def rejected(self, keys: Collection[GroupKey]) -> set[tuple[str, GroupKey]]:
        """The pairs of control and group for which a person said no when the control's last first run was held."""
