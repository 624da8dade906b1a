"""Reports of bad messages, and the public links by which people report them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.controls.reports import BadMessage, ReportOutcome
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class ReportLink:
    """A group's public link. `rules_sha256` is of the rules text that it was made for: another text, another link."""

    token: str
    group: GroupKey
    rules_sha256: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ReportCounts:
    """How many reports there are: with an outcome, without one, and without one whose ticket is waived.

    `grades`: of the outcomes, by grade. `oldest_at`: when the first outcome was given.
    """

    settled: int
    waiting: int
    waived: int
    grades: Mapping[str, int]
    oldest_at: datetime | None


class ReportedPlace(NamedTuple):
    """A place with several reports. `department` is empty for a group, `name` for a department."""

    name: str
    department: str
    reports: int


class BadMessages(Protocol):
    """The state of reports."""

    def link(self, token: str) -> ReportLink | None:
        """The link with this token, even if another has taken its place."""

    def link_of(self, group: GroupKey, rules_sha256: str) -> ReportLink | None:
        """The link of a group for this rules text."""

    def add_link(self, link: ReportLink) -> None:
        """Keep a new link."""

    def add(self, report: BadMessage) -> BadMessage:
        """Keep a report; return it with its number."""

    def under(self, report: BadMessage, ticket: int) -> None:
        """Put a report under a ticket."""

    def same(self, report: BadMessage, since: datetime) -> BadMessage | None:
        """The report of the same group, kind and text since then, by the same form; None if it is new."""

    def count_since(self, group: GroupKey, since: datetime) -> int:
        """How many reports a group had since then."""

    def of_ticket(self, ticket: int, limit: int) -> list[BadMessage]:
        """The reports under a ticket, the newest first."""

    def count_of_ticket(self, ticket: int) -> int:
        """How many reports are under a ticket."""

    def by_receipt(self, receipt: str) -> BadMessage | None:
        """The report with this receipt."""

    def page(self, after: int, limit: int) -> list[BadMessage]:
        """Reports by number, from the one after `after`."""

    def settle(self, ticket: int, outcome: ReportOutcome, words: str, now: datetime) -> None:
        """Keep the outcome of all reports under a ticket."""

    def void(self, ticket: int) -> None:
        """Take the outcome back."""

    def forget_texts(self, before: datetime) -> int:
        """Delete the texts of reports that were settled before then, or came before then and are waived.

        Return how many had one.
        """

    def live_tickets(self) -> list[Ticket]:
        """The live tickets, by id."""

    def counts(self) -> ReportCounts:
        """All reports, counted."""

    def repeated(self) -> Sequence[ReportedPlace]:
        """Groups, and departments, with more than one report, the most first."""
