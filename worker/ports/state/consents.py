"""Whose private number a group is about to be shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.controls.consent import Numbers
from worker.domain.controls.statements import StatementRule
from worker.domain.groups.case import GroupView
from worker.domain.model import AccountKey, GroupKey
from worker.domain.people.persons import Person
from worker.domain.tickets.ticket import Ticket


class GroupsToShow(NamedTuple):
    """A page of groups that may be about to show somebody's number. `last` is its last key; None at the end."""

    last: GroupKey | None
    views: list[GroupView]


class Consents(Protocol):
    """People who may have to be asked for their consent."""

    def groups(
        self, rule: StatementRule, after: GroupKey | None, limit: int, *, is_everywhere: bool
    ) -> GroupsToShow:
        """Return the next groups, by key, in which the joiner rules place people who may be missing or are asked.

        Of the rule's groups, these are the ones that add people by their number and whose roster is complete.
        """

    def asked(self) -> set[AccountKey]:
        """The people whom a live ticket asks for consent."""

    def tickets(self, people: Collection[AccountKey]) -> list[Ticket]:
        """The tickets that asked these people, by account, in any state."""

    def answered(self, after: AccountKey | None, limit: int) -> list[AccountKey]:
        """The next accounts, by key, of people who answered, whatever they said."""

    def people(self, keys: list[AccountKey]) -> list[Person]:
        """The people behind these accounts who are here, once each."""

    def note(self, found: Mapping[AccountKey, Numbers], now: datetime) -> None:
        """Note what numbers people have who are to be counted."""

    def forget_before(self, now: datetime) -> None:
        """Forget the people who were not noted at `now` or later."""

    def mark_dirty(self, people: Collection[AccountKey], now: datetime) -> None:
        """Have the next reconcile look at what people said."""

    def mark_withdrawn_dirty(self, now: datetime) -> None:
        """Have the next reconcile look at everybody whose last answer is a refusal, or takes their consent back."""
