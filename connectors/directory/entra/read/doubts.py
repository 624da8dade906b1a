"""Users of whom a round says one thing and a single answer another: a replica lags. They are read again for an hour.

No round names them again, since its link moves on. Neither word is believed over a whole record: what is read counts.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, MutableSet
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from worker.domain.instants import has_come

LASTS = timedelta(hours=1)  # then the nightly list has to show it
DOUBTS_MAX = 1000  # as many as a round may name
ENABLED, REMOVED = "accountEnabled", "@removed"


class Doubt(NamedTuple):
    """What a round said, and when it was first not so; or what was read, and when. `is_enabled`: None if removed."""

    since: datetime
    is_enabled: bool | None


class Doubts:
    """`left`: those who are to be read in the next round, by id."""

    def __init__(self, before: Mapping[str, Doubt], seen: Mapping[str, Doubt], now: datetime) -> None:
        self._now = now
        self.left = _still(before, now)
        self._seen = _still(seen, now)

    @property
    def seen(self) -> dict[str, Doubt]:
        """Those who were read within the hour, as they were: the last of them, if they are many."""
        return dict(sorted(self._seen.items(), key=lambda one: one[1].since)[-DOUBTS_MAX:])

    def join(self, changed: MutableMapping[str, dict[str, Any]], removed: MutableSet[str]) -> None:
        """Add them to the users whom a round named itself, without a record that could be taken for a whole one."""
        for user_id, one in self.left.items():
            if user_id not in changed and user_id not in removed:
                if one.is_enabled is None:
                    removed.add(user_id)
                else:
                    changed[user_id] = {"id": user_id}

    def keep(self, user_id: str, said: Mapping[str, Any]) -> None:
        """Have somebody read in the next round of whom nothing can be read now."""
        if user_id not in self.left and len(self.left) < DOUBTS_MAX:
            is_enabled = said.get(ENABLED) is not False
            self.left[user_id] = Doubt(self._now, None if REMOVED in said else is_enabled)

    def weigh(self, user_id: str, said: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        """Compare what a round said of a user with what is read of them."""
        shown = found.get(ENABLED)
        if REMOVED in found or isinstance(shown, bool):
            self._seen[user_id] = Doubt(self._now, None if REMOVED in found else shown)
        before = self.left.pop(user_id, None)
        is_enabled = said.get(ENABLED, before.is_enabled if before else None)
        if REMOVED in said:
            is_enabled, differs = None, REMOVED not in found
        else:
            differs = REMOVED not in found and isinstance(is_enabled, bool) and shown is (not is_enabled)
        if differs and len(self.left) < DOUBTS_MAX:
            is_known = before is not None and before.is_enabled is is_enabled
            self.left[user_id] = before if before and is_known else Doubt(self._now, is_enabled)


def _still(those: Mapping[str, Doubt], now: datetime) -> dict[str, Doubt]:
    return {key: one for key, one in those.items() if not has_come(one.since + LASTS, now, LASTS)}
