"""Accounts, and the passes that bring them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.kinds.person_case import PersonCase
from worker.domain.model import Account, AccountFacts, AccountKey
from worker.domain.people.leaver import Judgement
from worker.domain.people.lifecycle import Event
from worker.domain.people.persons import Person


@dataclass(frozen=True, slots=True)
class Staged:
    """Counts of a staged pass, before it is applied."""

    records: int
    known: int  # people of this source, in scope, who are not known to have left
    missing: int  # of `known`, those that the pass does not list and nobody released as missing


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a pass did. `events` are in person order, none on a source's first pass.

    `ids` are those of people whose facts changed; none on a first pass.
    """

    events: tuple[Event, ...]
    changed: int
    first_run_leavers: int = 0
    ids: tuple[str, ...] = ()


class MissedPerson(NamedTuple):
    """A person whom the last full pass did not list: how many complete passes in a row, and since when."""

    person: Account
    passes: int
    since: datetime


class People(Protocol):
    """People and the passes that bring them."""

    def clear_stage(self, source: str) -> None:
        """Forget what an earlier, incomplete pass left behind."""

    def stage(self, source: str, records: Iterable[tuple[AccountFacts, Judgement | None]]) -> int:
        """Add a page to the staged pass (last occurrence of an id wins); return its length."""

    def staged(self, source: str) -> Staged:
        """Counts for deciding whether the pass can be believed."""

    def missing(self, source: str) -> list[AccountKey]:
        """People not known to have left whom the staged pass does not list, by id."""

    def apply_stage(self, source: str, *, is_full: bool, taken_at: datetime, now: datetime) -> Applied:
        """Make the staged pass the state, set-based, and mark groups and links that it touches dirty.

        A judgement of None keeps the standing that was known. Left people keep their first `left_at`.
        Opens an episode for everybody who left (at gate INITIAL on the source's first pass, else NEW),
        ends those of people who returned. A full pass counts the missing: see `absent`.
        """

    def absent(self, source: str) -> list[MissedPerson]:
        """People missing from the last full pass, by id."""

    def miss_again(self, source: str) -> None:
        """Count one more complete pass without those who are missing already."""

    def mark_left(self, people: Sequence[Account], seen_at: datetime, now: datetime) -> None:
        """Set standing, evidence and left_at of people as given; opens episodes, marks groups dirty."""

    def due_leavers(self, now: datetime, sources: Sequence[str]) -> list[Account]:
        """People of these sources who are leaving and whose date has come."""

    def mark_dirty(self, people: Iterable[AccountKey], now: datetime) -> None:
        """Put people on the list of those whom kinds of tickets about people look at next."""

    def mark_asked_dirty(self, now: datetime) -> None:
        """Put everybody about whom there is a live ticket on the list, for the nightly pass."""

    def take_dirty(self, limit: int) -> tuple[int, list[PersonCase]]:
        """Take the next people off the list, oldest first, with what reconciling each of them needs.

        Returns how many were taken, too: somebody who is no longer known has no case.
        """

    def get(self, person: AccountKey) -> Account | None:
        """One account."""

    def human(self, person: AccountKey) -> Person | None:
        """The human behind an account, as all of their accounts say together."""

    def languages(self, people: Collection[AccountKey]) -> dict[AccountKey, str]:
        """What language the directory has for each of these accounts, as it states it; of those that have one."""

    def find(self, text: str) -> list[Account]:
        """People whose id, e-mail, user name or employee id is `text` (case-blind), at most 20."""

    def page(self, after: AccountKey | None, limit: int) -> list[Account]:
        """The next people in key order."""

    def count(self) -> int:
        """How many people are known."""

    def erase(self, person: AccountKey) -> None:
        """Forget the personal data of one person: record, links, names in tickets and messages."""

    def erasable(self, before: datetime, after: AccountKey | None, limit: int) -> list[AccountKey]:
        """The next accounts, in key order, that left before then, are gone from their directory (deleted, or
        absent for good), and under which nobody is in a group, has a live ticket or is in a plan that waits.

        Other accounts of the same human are not looked at.
        """
