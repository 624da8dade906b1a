"""Pair one group that several sources show: which pairs are sure, and which source is the better witness. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.domain.groups.capabilities import Capabilities
from worker.domain.model import GroupKey
from worker.domain.text.reason import Reason

COMMON_SHARE = 0.5  # of the smaller roster, that has to be in both
COMMON_MIN = 3  # members; fewer prove nothing by themselves


class PairState(StrEnum):
    """What is known of a pair."""

    SURE = "sure"  # by itself: same id, same join link, or same name and half of the members
    SUGGESTED = "suggested"  # a question for people
    CONFIRMED = "confirmed"  # a person said that they are one group
    APART = "apart"  # a person said that they are two groups

    @property
    def is_one(self) -> bool:
        """Whether the two count as one group."""
        return self in {PairState.SURE, PairState.CONFIRMED}


class AlikeBy(StrEnum):
    """By what two groups of two sources are one by themselves; each time in one messenger, if that is said."""

    ANYTHING = "anything"  # id, join link, or name and members: the sources differ in kind
    NAMED = "named"  # id and name, join link, or name and members: they do, and people keep both
    ID = "id"  # id or join link
    ID_AND_NAME = "id_and_name"  # id and name, or join link, which is a question where the names differ


class Difference(StrEnum):
    """In what the sources of a group differ."""

    UNREGISTERED = "unregistered"  # the messenger shows it, and no register has it
    NOT_SEEN = "not_seen"  # a register has it, and no source that reads its messenger shows it
    MEMBERS = "members"  # one of them lists a member whom the other does not


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups of two sources. `a` is in the source that is the weaker witness."""

    a: GroupKey
    b: GroupKey
    state: PairState
    why: Reason
    at: datetime
    by: str = ""


def rank(can: Capabilities) -> int:
    """Return how good a witness of membership a source is: the messenger itself, a whole list, a part of one."""
    if not can.is_kept_by_people:
        return 3
    if not can.sees_roles:
        return 0
    return 1 if can.sees_all_groups else 2


def overlaps(common: int, size_a: int, size_b: int) -> bool:
    """Return True if two groups of these sizes with so many common members are alike."""
    smaller = min(size_a, size_b)
    return smaller > 0 and common >= COMMON_SHARE * smaller


def says_overlap(common: int, size_a: int, size_b: int) -> bool:
    """As `overlaps`, but with at least `COMMON_MIN` common members: for groups that nothing else makes alike."""
    return common >= COMMON_MIN and overlaps(common, size_a, size_b)
