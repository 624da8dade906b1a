"""Whose accounts a pass parts from one another, or joins: who was one person before its changes, and who is after.

note() before the accounts or the keys are written anew -> compare() after that
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import sqlalchemy as sa

from worker.domain.model import AccountKey
from worker.storage.persons import humans_near
from worker.storage.sql.chunks import chunked


class Regrouped(NamedTuple):
    """The accounts that are no longer one person's with another, and those that are one person's with another now."""

    parted: frozenset[AccountKey]
    joined: frozenset[AccountKey]


class Regrouping:
    """One pass's accounts that may be another person's now, and who was one person before it."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection
        self._before: dict[AccountKey, frozenset[AccountKey]] = {}
        self._noted: set[AccountKey] = set()

    def note(self, accounts: Iterable[AccountKey]) -> None:
        """Remember who is one person with these, and with whoever has a key in common with them."""
        these = {*accounts}
        self._noted |= these
        for one, human in self._near(these):
            self._before.setdefault(one, human)  # what was noted first is what was before

    def compare(self, also: Iterable[AccountKey] = ()) -> Regrouped:
        """Whose accounts are others than they were. `also`: accounts that may have been joined, and were not noted."""
        before = self._before
        after = dict(self._near(self._noted.union(before, also)))
        both = before.keys() | after.keys()
        was, is_now = ({one: known.get(one, frozenset({one})) for one in both} for known in (before, after))
        return Regrouped(
            frozenset(one for one in both if was[one] - is_now[one]),
            frozenset(one for one in both if is_now[one] - was[one]),
        )

    def _near(self, accounts: Collection[AccountKey]) -> Iterator[tuple[AccountKey, frozenset[AccountKey]]]:
        """What `humans_near` says of these, part by part: it reads whole accounts, and there may be very many."""
        for part in chunked(sorted(accounts)):
            yield from humans_near(self._c, part).items()
