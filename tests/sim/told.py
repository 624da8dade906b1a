"""Who is here and who has left: in truth, and as far as the sources have told. It judges nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sim.company import FILE, LOOKED_UP, has_left
from sim.seeing import Seeing
from worker.domain.model import AccountKey, GroupKey, Roster

ABSENT_PASSES, ABSENT_OVER = 3, timedelta(hours=48)
LEAVERS_MAX = 12
FILE_FRESH, FRESH = timedelta(hours=48), timedelta(hours=24)


class Told:
    """What the checks know of people, from the sources' own record and the company's books."""

    def __init__(self, world: Seeing, now: Callable[[], datetime]) -> None:
        self._world = world
        self._now = now
        self._alone: set[AccountKey] = set()

    def may_have_left(self, key: AccountKey) -> bool:
        """In truth now, or as far as the directory last said honestly."""
        company, directory = self._world.company, self._world.directories[key.source]
        if company.is_gone(key) or key.person_id in company.books[key.source].erased or self.was_alone(key):
            return True
        words = (directory.honest, directory.believed)
        return any(
            company.says_left(key, facts)
            for facts in (word.facts.get(key.person_id) for word in words)
            if facts is not None
        )

    def was_alone(self, key: AccountKey) -> bool:
        """Whether one of many was told of when few of them were: a directory that loses words makes no storm."""
        for mass in self._world.masses:
            told = self._world.directories[key.source].believed.facts
            seen = sum(told[one.person_id].enabled is False for one in mass.people if one.person_id in told)
            if key in mass.people and seen <= LEAVERS_MAX:
                self._alone.add(key)
        return key in self._alone

    def is_surely_here(self, key: AccountKey) -> bool:
        facts = self._world.directories[key.source].believed.facts.get(key.person_id)
        return facts is not None and not self.may_have_left(key)

    def is_told(self, key: AccountKey) -> bool:
        return key.person_id in self._world.directories[key.source].believed.facts

    def is_told_left(self, key: AccountKey, now: datetime | None = None) -> bool:
        directory = self._world.directories[key.source]
        word = directory.believed
        if key.person_id in word.absent:
            passes, since = word.absent[key.person_id]
            if directory.can_look_up:
                return True
            if passes >= ABSENT_PASSES and (word.taken_at or since) - since >= ABSENT_OVER:
                return True  # else what was said last still holds: absence takes no word back
        facts = word.facts[key.person_id]
        at = word.taken_at or self._now()
        is_fresh = self._now() - at <= (FILE_FRESH if key.source == FILE else FRESH)
        return has_left(facts, (now or self._now()) if is_fresh else at)

    def is_told_deleted(self, key: AccountKey) -> bool:
        facts = self._world.directories[key.source].believed.facts.get(key.person_id)
        return facts is not None and facts.is_deleted

    def accounts_with(self, phones: set[str | None]) -> set[AccountKey]:
        """Of any of the numbers."""
        return {
            AccountKey(name, facts.person_id)
            for name in (LOOKED_UP, FILE)
            for facts in self._world.directories[name].believed.facts.values()
            if phones & set(facts.phones)
        }

    def roster(self, group: GroupKey) -> Roster:
        return self._world.inventories[group.source].believed[group]
