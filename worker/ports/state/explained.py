"""Reads for comparing the state with the journal, in pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from worker.domain.controls.seals import Seal
from worker.domain.evidence.journal import Sealed
from worker.domain.model import AccountKey, HandleKey
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.access import ApiToken, Shown


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that no release of ours can have written: its key, its name for people, and what is wrong."""

    key: Any
    row: str
    why: str


@dataclass(frozen=True, slots=True)
class StoredTicket:
    """A ticket, and in words what its row has that does not follow from the ticket; empty if everything does."""

    ticket: Ticket
    odd: str = ""


@dataclass(frozen=True, slots=True)
class AnsweredLink:
    """A person's answer to the question who a member is; without a `person`: nobody in the directory.

    `by` is None if an earlier release weighed the answer again later; `at` is then the instant of that.
    """

    key: HandleKey
    person: AccountKey | None
    at: datetime | None
    by: str | None


@dataclass(frozen=True, slots=True)
class CohortWord:
    """The state of one cohort of a plan, or one person's decision on a cohort that needs two people.

    With `is_word` it is such a decision: `state` is what the person wants (released or rejected), and `by_id` is
    their `Actor.id`.
    """

    plan: int
    cohort: str
    state: HoldState
    by: str | None
    at: datetime | None
    is_word: bool = False
    by_id: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """A session of the console (`at` is when it began), or a login link (`by` is the person who made it).

    `account` is the `Actor.id` of the person it lets in, `secret` the SHA-256 of its secret.
    """

    name: str
    roles: tuple[str, ...]
    until: datetime
    account: str = ""
    secret: str = ""
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token of the API with the SHA-256 of its secret."""

    token: ApiToken
    secret: str


class Explained(Protocol):
    """Rows that events should explain, and the events. A row that can't be read hides no other row."""

    def events_of(self, subjects: Collection[str]) -> dict[str, list[Sealed]]:
        """The entries of each of these subjects, in order."""

    def events(self, kinds: Collection[str], after: int, limit: int) -> list[Sealed]:
        """The next entries of these kinds with a seq above `after`, in order."""

    def events_at(self, kinds: Collection[str], instants: Collection[datetime]) -> list[Sealed]:
        """The entries of these kinds at exactly these instants."""

    def tickets(self, after: int, limit: int) -> list[StoredTicket | Unreadable]:
        """The next tickets with an id above `after`, by id."""

    def missing_tickets(self, numbers: Collection[int]) -> set[int]:
        """Those of these numbers that no ticket has."""

    def seals(self, after: int, limit: int) -> list[Seal | Unreadable]:
        """The next seals with a number above `after`, by number, with their custody as far as it can be read."""

    def missing_seals(self, numbers: Collection[int]) -> set[int]:
        """Those of these numbers that no seal has."""

    def answers(self, after: HandleKey | None, limit: int) -> list[AnsweredLink | Unreadable]:
        """The next answers by people that are in force, by handle."""

    def cohorts(self) -> list[CohortWord | Unreadable]:
        """The state of each cohort, and each approval."""

    def plans_past_their_gate(self) -> Sequence[int]:
        """Plans with a leaving that was let through, or kept back, against the decision on its cohort."""

    def shown_links(self) -> list[Shown | Unreadable]: ...

    def tokens(self) -> list[StoredToken | Unreadable]: ...

    def login_links(self) -> list[Admission | Unreadable]: ...

    def sessions(self) -> list[Admission | Unreadable]: ...
