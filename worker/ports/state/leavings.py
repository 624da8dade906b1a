"""The port to people whose last day is near."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from worker.domain.model import Account, AccountKey
from worker.domain.tickets.ticket import Ticket


class Leavings(Protocol):
    """People whose last day is near, and the reviews of their conversations."""

    def shows_last_days(self) -> bool:
        """Whether any directory has ever shown when somebody leaves."""

    def to_review(
        self, now: datetime, until: datetime, after: AccountKey | None, limit: int
    ) -> list[Account]:
        """Accounts whose last day ends after `now`, and up to `until`, without a live review; by key."""

    def reviews_of(self, people: Collection[AccountKey]) -> list[Ticket]:
        """The tickets for reviews of conversations of these accounts, in any state."""

    def cases_over(self, since: datetime) -> list[Ticket]:
        """Return the latest proven removal of each leaving that has one since then, and no live removal."""

    def live_reviews(self) -> list[Ticket]:
        """The live tickets for reviews of conversations, by id."""

    def admin_addresses(self, accounts: Collection[AccountKey]) -> dict[AccountKey, set[str]]:
        """By account, the e-mail addresses, casefolded, and the numbers of all known admins of its groups.

        They are of each of the admins' accounts. An account without any is left out.
        """
