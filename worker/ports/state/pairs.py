"""Groups that several sources show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.groups.pairing import AlikeBy, Pair
from worker.domain.model import GroupKey


class Follows(NamedTuple):
    """A group that is followed in another source from now on: `leader` is the better witness."""

    follower: GroupKey
    leader: GroupKey


class Pairs(Protocol):
    """Pairs of groups."""

    def find(self, weaker: str, stronger: str, now: datetime, alike_by: AlikeBy = AlikeBy.ANYTHING) -> int:
        """Find and keep new pairs of groups of two sources, set by set; return how many.

        Pairs that are kept already, whatever is said of them, stay as they are.
        """

    def all(self) -> list[Pair]:
        """Every pair, by its groups."""

    def of(self, one: GroupKey, other: GroupKey) -> list[Pair]:
        """Every pair that has one of these groups, by its groups; `one` is in the weaker witness, as `Pair.a`."""

    def suggested(self, limit: int) -> list[Pair]:
        """Pairs that wait for somebody's answer, by their groups; none of a group that is one with another by now."""

    def put(self, pair: Pair) -> None:
        """Insert or replace."""

    def follow(self, ranks: Mapping[str, int], now: datetime) -> list[Follows]:
        """Say of every group in which other one it is followed; return what is new.

        `ranks`: how good a witness each source is (`pairing.rank`), the best first. A group that is gone, out of sight
        or stale, or whose source is not configured any more, follows another one. Of sources of one rank, one whose
        list is a part, or was not read for a day, follows one that shows all of the group. Changed groups are dirty.
        """

    def carry_places(self, follows: Follows) -> None:
        """Have whom the joiner rules place, or placed, in the follower in the leader, too, since the same instant.

        Whom they place in either belongs in it, and who left the follower by themself has left the leader.
        """
