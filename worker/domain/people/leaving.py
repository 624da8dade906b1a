"""One leaving of one person, on its way out of groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.domain.model import Account, AccountKey, Evidence


def episode_name(person: AccountKey, at: datetime) -> str:
    """The name of one leaving (or one move) of one person."""
    return f"{person.source}/{person.person_id}@{at.strftime('%Y-%m-%dT%H:%M:%SZ')}"


@dataclass(frozen=True, slots=True)
class Leaving:
    """One person's reason to be out of groups, after the guard let it through: employment that ended, or a move.

    A move concerns only the groups that the joiner rules no longer name (`Expected.is_former`). `person` is the
    account by which they left. `also` are the names of episodes in which other directories say that the person
    left. `accounts` are all of the person's accounts.
    """

    person: AccountKey
    evidence: Evidence
    at: datetime
    also: frozenset[str] = frozenset()
    accounts: tuple[Account, ...] = ()

    @property
    def name(self) -> str:
        """The episode's name."""
        return episode_name(self.person, self.at)
