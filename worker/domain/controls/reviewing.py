"""Reviews: an admin says of each member who matters whether they belong in the group. Pure.

The rows are of the roster as it is now: who left vanishes, who joined appears. Silence removes nobody and approves
nothing. Nobody answers for their own row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from worker.domain.identity.matching import QUESTIONS, IdentityState
from worker.domain.model import Account, AccountKey
from worker.domain.text.tongue import N_

_YEAR, _QUARTER, _MONTH = timedelta(days=300), timedelta(days=80), timedelta(days=25)
REVIEW = "review"  # what proves by an answered review
PREFIX = "review:"
ROSTER = "review:roster@"  # and the day since which the list is not sure: such a review shows everybody
OWN = "/own"  # ends the occasion of the ticket for rows that the reviewer may not answer


class RowAnswer(StrEnum):
    """What a reviewer says of one member."""

    KEEP = "keep"
    REMOVE = "remove"
    UNSURE = "unsure"  # "I don't know": the next run of the controls asks somebody else, once


class RowReason(StrEnum):
    """Why a row is shown. The texts are English, and translated when they are said."""

    NEVER = N_("never reviewed")
    JOINED = N_("joined since the last review")
    UNKNOWN = N_("nobody knows who it is")
    EXTERNAL = N_("not in the directory")
    REMOVE = N_("was to be removed the last time")
    MOVED = N_("works in another department now")
    LEAVING = N_("is about to leave")
    ADMIN = N_("is an admin")
    UNSURE = N_("nobody was sure the last time")
    SAMPLE = N_("drawn as a sample")
    ALL = N_("everybody is looked at this time")


SOON = timedelta(days=14)  # before a last day, where nothing else is said


@dataclass(frozen=True, slots=True)
class ReviewRule:
    """How often groups are reviewed.

    `full_every`: of so many reviews, one shows everybody. `sample`: so many unchanged rows are drawn. `remind`: so long
    before a review is due, whoever has rows left is told. `lead`: so long before a last day somebody is about to leave.
    """

    every: timedelta = timedelta(days=90)
    sensitive_every: timedelta = timedelta(days=30)
    full_every: int = 4
    sample: int = 5
    remind: tuple[timedelta, ...] = (timedelta(days=7), timedelta(days=3), timedelta(days=1))
    lead: timedelta = SOON


QUARTERLY = ReviewRule()


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """What was said of a member in the last review that had the row.

    `department`, `person`: theirs then; empty and None if nobody knew.
    """

    answer: RowAnswer
    at: datetime
    by: str
    department: str = ""
    person: AccountKey | None = None


@dataclass(frozen=True, slots=True)
class ReviewMember:
    """A member as a review sees them, with all accounts of the person behind them.

    `first_seen_at` is None for one who was there from the start.
    """

    handle: str
    name: str
    is_admin: bool
    state: IdentityState
    person: Account | None = None
    accounts: tuple[Account, ...] = ()
    first_seen_at: datetime | None = None
    last: LastAnswer | None = None

    @property
    def mark(self) -> str:
        """Whom a page shows, in 16 letters and digits: it differs once the handle is somebody else's."""
        person = "/".join(self.person.key) if self.person else ""
        return sha256(f"{self.handle}\n{person}\n{self.name}".encode()).hexdigest()[:16]

    def is_of(self, accounts: Collection[AccountKey]) -> bool:
        """Whether the person behind them has one of these accounts."""
        return any(one.key in accounts for one in self.accounts)


@dataclass(frozen=True, slots=True)
class Review:
    """One review of one group, under its ticket. `number` counts the group's reviews from 1; `seed` draws the sample.

    `before_at`: when the one before was completed. `only`: handles of the rows that it is about; empty: all.
    """

    ticket: int
    occasion: str
    number: int
    seed: str
    is_full: bool
    started_at: datetime
    due_at: datetime
    before_at: datetime | None = None
    completed_at: datetime | None = None
    only: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A row that is to be answered, with the reasons why it is shown."""

    member: ReviewMember
    reasons: tuple[RowReason, ...]


@dataclass(frozen=True, slots=True)
class ReviewRows:
    """All rows: those to answer, those that nothing changed for, and those of the reviewer, which others answer."""

    shown: tuple[ReviewRow, ...]
    unchanged: tuple[ReviewMember, ...]
    own: tuple[ReviewRow, ...]


def period(on: date, every: timedelta) -> str:
    """Return the name of the period in which a local day lies.

    It is a year, a quarter, a month or a week, whichever fits how often reviews are.
    """
    if every >= _YEAR:
        return f"{on:%Y}"
    if every >= _QUARTER:
        return f"{on:%Y}Q{(on.month + 2) // 3}"
    if every >= _MONTH:
        return f"{on:%Y-%m}"
    year, week, _ = on.isocalendar()
    return f"{year}W{week:02d}"


def occasion(on: date, every: timedelta, last: date | None) -> str:
    """Return the occasion of a review that is due on this local day; `last`: the day of the one before.

    It is the period; if that was the last one's as well, the day since which this one is due.
    """
    name = period(on, every)
    if last is not None and period(last, every) == name:
        name = f"{last + every:%Y-%m-%d}"
    return f"{PREFIX}{name}"


def rows_of(
    review: Review, members: Iterable[ReviewMember], rule: ReviewRule, reviewer: Collection[AccountKey]
) -> ReviewRows:
    """Sort a group's members into rows. The same seed draws the same sample.

    If that leaves the reviewer nothing to answer, the next one is drawn, too: a review without a row never ends.
    """
    mine = [one for one in members if not review.only or one.handle in review.only]
    is_own = {one.handle for one in mine if one.is_of(reviewer)}
    reasons = {one.handle: _reasons(review, one, rule) for one in mine}
    calm = [one for one in mine if not reasons[one.handle]]
    lots = sorted((one.handle for one in calm), key=lambda handle: _lot(review.seed, handle))
    chosen = {one.handle for one in mine if reasons[one.handle]} | set(lots[: rule.sample])
    if chosen <= is_own:
        chosen.update([handle for handle in lots[rule.sample :] if handle not in is_own][:1])
    rows = [
        ReviewRow(one, reasons[one.handle] or (RowReason.SAMPLE,)) for one in mine if one.handle in chosen
    ]
    return ReviewRows(
        tuple(sorted((one for one in rows if one.member.handle not in is_own), key=_order)),
        tuple(one for one in calm if one.handle not in chosen),
        tuple(one for one in rows if one.member.handle in is_own),
    )


def _reasons(review: Review, member: ReviewMember, rule: ReviewRule) -> tuple[RowReason, ...]:
    found = [why for why, holds in _CHECKS.items() if holds(review, member, rule)]
    return tuple(found) or ((RowReason.ALL,) if review.is_full or review.only else ())


def _joined(review: Review, member: ReviewMember, _rule: ReviewRule) -> bool:
    before, seen = review.before_at, member.first_seen_at
    return before is not None and seen is not None and seen > before


def _leaves(review: Review, member: ReviewMember, rule: ReviewRule) -> bool:
    """As of the beginning: the rows stay the same while a review goes on."""
    return member.person is not None and member.person.leaves_by(review.started_at + rule.lead)


def _moved(_review: Review, member: ReviewMember, _rule: ReviewRule) -> bool:
    if member.last is None or member.person is None or _is_new(member):
        return False
    was, now = member.last.department, member.person.facts.department
    return bool(was and now) and was != now


def _is_new(member: ReviewMember) -> bool:
    """Whether nothing was said of whoever has the handle now."""
    last = member.last
    if last is None:
        return True
    return last.person is not None and bool(member.accounts) and not member.is_of({last.person})


_CHECKS: Mapping[RowReason, Callable[[Review, ReviewMember, ReviewRule], bool]] = {
    RowReason.JOINED: _joined,
    RowReason.UNKNOWN: lambda _, one, _rule: one.state in QUESTIONS,
    RowReason.EXTERNAL: lambda _, one, _rule: one.state is IdentityState.NOBODY,
    RowReason.REMOVE: lambda _, one, _rule: one.last is not None and one.last.answer is RowAnswer.REMOVE,
    RowReason.MOVED: _moved,
    RowReason.LEAVING: _leaves,
    RowReason.UNSURE: lambda _, one, _rule: one.last is not None and one.last.answer is RowAnswer.UNSURE,
    RowReason.NEVER: lambda _, one, _rule: _is_new(one),
    RowReason.ADMIN: lambda _, one, _rule: one.is_admin,
}


def _lot(seed: str, handle: str) -> str:
    return sha256(f"{seed}{handle}".encode()).hexdigest()


def _order(row: ReviewRow) -> tuple[int, str, str]:
    risks = list(RowReason)
    return min(risks.index(one) for one in row.reasons), row.member.name.casefold(), row.member.handle


def open_rows(rows: ReviewRows, answers: Mapping[str, RowAnswer]) -> tuple[ReviewRow, ...]:
    """The rows without an answer."""
    return tuple(row for row in rows.shown if row.member.handle not in answers)
