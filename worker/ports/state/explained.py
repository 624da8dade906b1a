"""What a comparison of the state with the journal asks of the store: reads only, in pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from worker.domain.evidence.journal import Sealed
from worker.domain.model import AccountKey, HandleKey
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.access import ApiToken, Shown


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that none of our releases wrote: its key, the name that people know it by, and what is wrong."""

    key: Any
    row: str
    why: str


@dataclass(frozen=True, slots=True)
class StoredTicket:
    """A ticket, and in words what its row has besides that does not follow from it; empty where all does."""

    ticket: Ticket
    odd: str = ""


@dataclass(frozen=True, slots=True)
class AnsweredLink:
    """What somebody said of a member: who it is, or with no person that it is nobody of the directory.

    `by` is None where an earlier release has weighed the answer again since, and `at` then is of that.
    """

    key: HandleKey
    person: AccountKey | None
    at: datetime | None
    by: str | None


@dataclass(frozen=True, slots=True)
class CohortWord:
    """Where one cohort of a plan stands, or one person's word on it, which needs a second one.

    `is_word`: then `state` is what it is a word for, released or rejected, and `by_id` the `Actor.id` of whose it is.
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
    """A session of the console (`at` is when it began), or a login link (`by` is who made it).

    `account` is the `Actor.id` of whom it lets in, `secret` the SHA-256 of what lets them in.
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
    """Rows that events should explain, and the events. One row that can't be read hides no other."""

    def events_of(self, subjects: Collection[str]) -> dict[str, list[Sealed]]:
        """The entries of each of these subjects, in order."""

    def events(self, kinds: Collection[str], after: int, limit: int) -> list[Sealed]:
        """The next entries of these kinds with a seq above `after`, in order."""

    def events_at(self, kinds: Collection[str], instants: Collection[datetime]) -> list[Sealed]:
        """The entries of these kinds at exactly these instants."""

    def tickets(self, after: int, limit: int) -> list[StoredTicket | Unreadable]:
        """The next tickets with an id above `after`, by id."""

    def missing_tickets(self, numbers: Collection[int]) -> set[int]:
        """Which of these tickets there are not."""

    def answers(self, after: HandleKey | None, limit: int) -> list[AnsweredLink | Unreadable]:
        """The next answers of people that hold, by handle."""

    def cohorts(self) -> list[CohortWord | Unreadable]:
        """Where each cohort stands, and each approval."""

    def plans_past_their_gate(self) -> Sequence[int]:
        """Plans with a leaving that was let through, or kept back, against what was decided of its cohort."""

    def shown_links(self) -> list[Shown | Unreadable]: ...

    def tokens(self) -> list[StoredToken | Unreadable]: ...

    def login_links(self) -> list[Admission | Unreadable]: ...

    def sessions(self) -> list[Admission | Unreadable]: ...
