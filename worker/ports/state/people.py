"""Accounts, and the passes that they come from."""

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
    missing: int  # people of `known` whom the pass does not list, without those released as missing


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a pass did. `events` are in the order of people; a source's first pass has none.

    `ids` are the people whose facts changed; a first pass has none. `doubted`: how many were not believed to be back,
    or gone.
    """

    events: tuple[Event, ...]
    changed: int
    first_run_leavers: int = 0
    ids: tuple[str, ...] = ()
    doubted: int = 0


class JudgedFacts(NamedTuple):
    """What a directory says of one account, and what that means; None if it decides nothing."""

    facts: AccountFacts
    judgement: Judgement | None


class DirtyPeople(NamedTuple):
    """People taken off the dirty list, with everything that reconciling each needs.

    `taken` also counts people who are no longer known; they have no case.
    """

    taken: int
    cases: list[PersonCase]


class MissedPerson(NamedTuple):
    """A person missing from the last full pass: from how many complete passes in a row, and since when."""

    person: Account
    passes: int
    since: datetime


class People(Protocol):
    """Accounts and the passes that they come from."""

    def clear_stage(self, source: str) -> None:
        """Forget what an earlier, incomplete pass left in the stage."""

    def stage(self, source: str, records: Iterable[JudgedFacts]) -> int:
        """Add a page to the staged pass (last occurrence of an id wins); return its length."""

    def staged(self, source: str, believed_at: datetime | None = None) -> Staged:
        """Counts of the staged pass, for deciding whether it can be believed.

        Who was released in a plan about a shrunken read is not missing, unless a read listed them since: one that was
        believed at `believed_at`, after the release.
        """

    def missing(
        self, source: str, *, also_out_of_scope: bool = False, came_by: datetime | None = None
    ) -> list[AccountKey]:
        """People in scope who are not known to have left and are missing from the staged pass, by id.

        `also_out_of_scope`: with those out of scope whom a group lists, as nothing else may tell that they are gone.
        `came_by`: without those who came after it, but for the source's first pass: what is staged may be older.
        """

    def apply_stage(
        self,
        source: str,
        *,
        is_full: bool,
        taken_at: datetime,
        now: datetime,
        listed_at: datetime | None = None,
        doubts_since: datetime | None = None,
    ) -> Applied:
        """Make the staged pass the state, set-based, and mark groups and links that it affects dirty.

        A judgement of None keeps the known standing. Left people keep their first `left_at`. Opens an episode for
        everybody who left (at gate INITIAL for who came as left, else NEW), and ends the episodes of people
        who returned. A full pass counts the missing: see `absent`. `listed_at`: the date of the pass before. It listed
        them, so a pass that is dated before it does not say since when they are missing; and one that is not dated
        after it is no other pass for those whom it lacked as well. With `doubts_since`, what is staged may be older
        than what is known: nobody is back whose account was changed after that, and nobody has left who came after it,
        or who had left before and was changed after it.
        """

    def absent(self, source: str) -> list[MissedPerson]:
        """People missing from the last full pass, by id."""

    def miss_again(self, source: str) -> None:
        """Count one more complete pass for each person who is missing already."""

    def mark_left(self, people: Sequence[Account], seen_at: datetime, now: datetime) -> None:
        """Set standing, evidence and left_at of people as given; open episodes, mark groups dirty."""

    def due_leavers(self, now: datetime, sources: Sequence[str]) -> list[Account]:
        """Return the people of these sources whose standing is LEAVING and whose date has come."""

    def left_too_early(self, now: datetime) -> list[Account]:
        """Return the people of all sources who left by a date that is ahead of `now`."""

    def end_returned(self, back_by: datetime, now: datetime) -> None:
        """End the held leavings of those who are back by then, since their date is ahead of `now`."""

    def follow(self, events: Sequence[Event], now: datetime) -> None:
        """Make people what they are after these events; open and end their episodes, mark groups dirty.

        If only a clock brought somebody back, or made them leave again, their episode stays as the guard or a person
        decided, unless it was noticed ahead of `now`.
        """

    def mark_dirty(self, people: Iterable[AccountKey], now: datetime) -> None:
        """Put people on the list for the next reconcile of tickets about people."""

    def mark_asked_dirty(self, now: datetime) -> None:
        """Put everybody with a live ticket about them on the list, for the nightly pass."""

    def take_dirty(self, limit: int) -> DirtyPeople:
        """Take the next people off the dirty list, oldest first."""

    def get(self, person: AccountKey) -> Account | None:
        """Return one account; None if it is not known."""

    def human(self, person: AccountKey) -> Person | None:
        """Return the person behind an account, as all of their accounts show them; None if it is not known."""

    def humans(self, people: Collection[AccountKey]) -> dict[AccountKey, Person]:
        """Return the person behind each of these accounts, by account; unknown ones are left out."""

    def accounts(self, people: Collection[AccountKey]) -> dict[AccountKey, set[AccountKey]]:
        """Return, by account, all accounts of its person, this one included; unknown ones are left out."""

    def facts(
        self, people: Collection[AccountKey], *, having: Collection[str] = ()
    ) -> dict[AccountKey, AccountFacts]:
        """What the directory says of each of these accounts; unknown ones are left out.

        `having`, names of fields or of `attributes`: also those are left out of whom none of these is known or
        unread, though a few of them may come.
        """

    def find(self, text: str) -> list[Account]:
        """People with `text` as id, e-mail address or employee id (case-blind), or as SOURCE/ID; at most 20.

        An id with an @ is found as it is written, or in small or capital letters alone.
        """

    def with_username(self, username: str) -> list[Account]:
        """People with this user name (case-blind), if it looks like an e-mail address and is nobody's.

        By it somebody without a mailbox may sign in.
        """

    def who_left(self, addresses: Collection[str]) -> set[str]:
        """Those of these e-mail addresses, in small letters, and numbers (E.164) that nobody has who is still here.

        A user name that is nobody's address counts as one.
        What somebody has whose leaving the guard holds, or nobody in the directories, is none of them.
        """

    def page(self, after: AccountKey | None, limit: int) -> list[Account]:
        """The next people in key order."""

    def count(self) -> int:
        """How many people are known."""

    def erase(self, person: AccountKey) -> None:
        """Erase the personal data of one person: record, links, names in tickets and messages."""

    def to_do_of(self, person: AccountKey) -> list[int]:
        """The tickets, by number, that an account has to do or claims to have done, without those that are blocked."""

    def erasable(self, before: datetime, after: AccountKey | None, limit: int) -> list[AccountKey]:
        """The next accounts, in key order, that left before then and are gone from their directory.

        Gone means deleted, or absent for good. Accounts in a group, with a live ticket, or in a plan that waits are
        left out. Other accounts of the same person are not looked at.
        """
