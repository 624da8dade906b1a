"""Reviews of groups, the answers to their rows, and what came of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.controls.reviewing import Review, ReviewMember, RowAnswer
from worker.domain.model import AccountKey, GroupKey
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import Grade


@dataclass(frozen=True, slots=True)
class AnsweredRow:
    """An answer to one row. `why`: why it was shown; `batch`: how many answers came with it; `by`: an `Actor.id`."""

    handle: str
    answer: RowAnswer
    why: str
    by: str
    at: datetime
    taken_at: datetime
    batch: int
    department: str = ""
    person: AccountKey | None = None


class CampaignGroup(NamedTuple):
    """One review of a campaign: its group, and how far it is."""

    ticket: int
    group: GroupKey
    name: str
    due_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """The reviews of one occasion together. `not_reviewed`: those that are not completed.

    `kept_then_left`: rows answered with keep whose person was found to have left within thirty days. `in_bulk`: rows
    answered together with more than ten others. `median_s`: the median of the seconds that a row took, as far as known.
    """

    occasion: str
    started_at: datetime
    due_at: datetime
    groups: int
    not_reviewed: int
    kept: int
    removed: int
    unsure: int
    kept_then_left: int
    in_bulk: int = 0
    median_s: int | None = None


class FinishedReviews(NamedTuple):
    """The completed reviews of a whole group: how many, and the instant of the last one; None if there was none."""

    number: int
    last_at: datetime | None


class LastReview(NamedTuple):
    """A group's last completed review, and how good it is as evidence."""

    completed_at: datetime
    grade: Grade


class Reviews(Protocol):
    """The state of reviews."""

    def start(self, new: Review, group: GroupKey) -> None:
        """Begin a review; one that was begun under the same ticket begins anew.

        The answers to its rows go. Those to other rows stay, of a review that is about some rows alone.
        """

    def of_ticket(self, ticket: int) -> Review | None:
        """The review under a ticket."""

    def finished(self, group: GroupKey) -> FinishedReviews:
        """Count the completed reviews of the whole group."""

    def members(self, group: GroupKey, rule: AccountsRule) -> list[ReviewMember]:
        """Everybody who is in a group now, with the last answer about each, by handle.

        So is whom its newest roster, a partial one, left out: nothing shows that they went.
        """

    def answers(self, ticket: int) -> dict[str, AnsweredRow]:
        """The answers so far, by handle."""

    def answer(self, ticket: int, group: GroupKey, rows: Sequence[AnsweredRow]) -> None:
        """Keep answers; a later one to the same row replaces it."""

    def behind_rows(self, group: GroupKey) -> dict[str, AccountKey | None]:
        """The handles that reviews of a group name or have answers about, in order, and who is behind each."""

    def move(self, group: GroupKey, to: GroupKey, handles: Mapping[str, str]) -> None:
        """Have all reviews of a group be of another one, which is the same group in another source.

        `handles`: those of rows whose people are known by another one there, each with that one.
        """

    def pace(self, occasion: str, seconds: int, rows: int) -> None:
        """Add rows that took so many seconds each to a campaign's count. It is kept of no person and no group."""

    def complete(self, ticket: int, grade: Grade, now: datetime, *, is_full: bool) -> None:
        """Note that all rows of a review are answered; `is_full`: those were all members."""

    def begun(self) -> list[int]:
        """The open tickets of reviews that have an answer and are not completed, by id."""

    def take_handed_on(self) -> list[int]:
        """The open tickets of reviews that are not completed and went to somebody else since they were taken last."""

    def put_back(self, tickets: Collection[int]) -> None:
        """Let `take_handed_on` return these reviews the next time, though they went to nobody else."""

    def open_tickets(self) -> list[int]:
        """The tickets of reviews that are not completed and whose ticket is open."""

    def campaigns(self) -> list[Campaign]:
        """All campaigns, the newest first."""

    def of_campaign(self, occasion: str) -> list[CampaignGroup]:
        """The reviews of a campaign, by group."""

    def last_of(self, groups: Collection[GroupKey], *, is_full: bool = False) -> dict[GroupKey, LastReview]:
        """When each group's last review was completed, and how good it is as evidence; `is_full`: of all members."""
