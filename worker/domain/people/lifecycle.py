"""What happened to a person between two passes: the life-cycle events, and whether a pass is believable.

Events are for the journal and for marking groups dirty. Decisions are made from state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.model import Account, AccountFacts, Standing


class EventKind(StrEnum):
    """Life-cycle of a person in the directory."""

    JOINED = "joined"
    MOVED = "moved"
    LEAVING = "leaving"
    LEFT = "left"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Event:
    """One turn in one person's life-cycle, at the instant that the pass speaks of."""

    kind: EventKind
    person: Account
    at: datetime
    before: Account | None = None

    @property
    def is_by_date(self) -> bool:
        """Whether a date alone made them leave as it came, or brought them back since it lies ahead of a clock.

        The directory says the same date as before.
        """
        before, after = self.before, self.person
        if before is None or Standing.LEFT not in {before.standing, after.standing}:
            return False
        at = before.leaves_at if after.standing is Standing.LEFT else before.left_at
        return at is not None and at == (after.left_at or after.leaves_at)


PLACE_FIELDS = ("department", "title", "office", "company", "org_unit", "attributes")


def events_between(before: Account | None, after: Account, at: datetime) -> tuple[Event, ...]:
    """Return what happened to one person, in order; empty if nothing did that matters.

    | before / after | ACTIVE               | LEAVING                              | LEFT       |
    | (unknown)      | joined               | joined, leaving                      | left       |
    | ACTIVE         | moved, if it did     | leaving (+ moved)                    | left       |
    | LEAVING        | returned             | leaving, if on another day (+ moved) | left       |
    | LEFT           | returned             | returned, leaving                    | -          |

    Who is out of scope is left alone: nothing but their leaving happens to them. `before` is None, too, for an
    account that never was in scope: it joins when it first comes into it.
    """

    def event(kind: EventKind) -> Event:
        return Event(kind, after, at, before)

    was = None if before is None else before.standing
    kinds: list[EventKind] = []
    if after.standing is Standing.LEFT:
        return () if was is Standing.LEFT else (event(EventKind.LEFT),)
    if not after.facts.is_in_scope:
        return ()
    if was is None:
        kinds.append(EventKind.JOINED)
    elif was is Standing.LEFT or (was is Standing.LEAVING and after.standing is Standing.ACTIVE):
        kinds.append(EventKind.RETURNED)
    if before is not None and was is not Standing.LEFT and has_moved(before.facts, after.facts):
        kinds.append(EventKind.MOVED)
    if after.standing is Standing.LEAVING and (
        was is not Standing.LEAVING or _has_another_day(before, after)
    ):
        kinds.append(EventKind.LEAVING)
    return tuple(event(kind) for kind in kinds)


def _has_another_day(before: Account | None, after: Account) -> bool:
    return before is not None and before.leaves_at != after.leaves_at


def has_moved(before: AccountFacts, after: AccountFacts) -> bool:
    """True if the changed attributes may change the groups that a person belongs in."""
    return any(getattr(before, name) != getattr(after, name) for name in PLACE_FIELDS)


MALFORMED_SHARE_MAX = 0.01


def is_too_malformed(malformed: int, read: int) -> bool:
    """True if so many records could not be understood that the pass proves nothing.

    Over 1 %, but one bad record alone never spoils a small file.
    """
    return malformed > max(1, MALFORMED_SHARE_MAX * (malformed + read))


# A decision about missing people is about those who are missed by then; whoever is missed later was listed meanwhile
DECISION_LASTS = timedelta(days=7)


def is_too_shrunken(missing: int, before: int, share_max: float | None, share_from: int) -> bool:
    """True if a full pass lacks so many of the people known before that it cannot be believed.

    A pass without anybody is never believed. `missing` below `share_from` is always believed otherwise.
    `share_max` None switches the limit off (which is announced elsewhere).
    """
    if before and missing >= before:
        return True
    return share_max is not None and missing >= share_from and missing > share_max * before
