"""Invented people whose handles change: what their company's directory says, what their groups show, and the truth.

They are drawn by the household. Each is made anew from its number, so nothing is held in memory.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.identity_households import CASES, PER, READS, Household, Seat
from worker.domain.model import AccountFacts, Group, Role, Roster

GROUP_OF = 20  # households
PAGE_OF = 1_000  # records


@dataclass(frozen=True, slots=True)
class People:
    """So many households, drawn by a seed."""

    households: int
    seed: int = 1
    cases: bytes = b""

    @classmethod
    def drawn(cls, households: int, seed: int = 1) -> People:
        rest = PER - sum(case.share for case in CASES)
        weights = [rest, *(case.share for case in CASES[1:])]
        drawn = random.Random(seed).choices(range(len(CASES)), weights, k=households)
        return cls(households, seed, bytes(drawn))

    @classmethod
    def of_each(cls, many: int) -> People:
        """So many households of each case in which something shows what happens."""
        seen = [at for at, case in enumerate(CASES) if not case.is_blind]
        return cls(many * len(seen), cases=bytes(seen * many))

    @property
    def groups(self) -> int:
        return -(-self.households // GROUP_OF)

    def household(self, at: int) -> Household:
        one = Household(at)
        CASES[self.cases[at]].make(one)
        return one

    def humans(self) -> Iterator[str]:
        """Everybody, once."""
        for at in range(self.households):
            moments = self.household(at).moments
            accounts = {record.person_id for moment in moments for record in moment.records}
            yield from sorted(accounts | {seat.human for moment in moments for seat in moment.seats})

    def records(self, read: int) -> Iterator[AccountFacts]:
        for at in range(self.households):
            yield from self.household(at).moments[read].records

    def seats(self, read: int) -> Iterator[tuple[int, Seat, bool]]:
        """Each member at one read: its case, itself, and whether the next read shows the same handle for the human."""
        for at in range(self.households):
            moments = self.household(at).moments
            later = [seat for moment in moments[read + 1 : read + 2] for seat in moment.seats]
            goes_on = {(seat.human, seat.member.handle) for seat in later}
            for seat in moments[read].seats:
                yield self.cases[at], seat, (seat.human, seat.member.handle) in goes_on

    def roster(self, group: int, read: int) -> Roster:
        those = range(group * GROUP_OF, min((group + 1) * GROUP_OF, self.households))
        moments = [self.household(at).moments[read] for at in those]
        members = [seat.member for moment in moments for seat in moment.seats]
        members = [replace(members[0], role=Role.ADMIN), *members[1:]] if members else []
        changed = tuple(one for moment in moments for one in moment.renumbered)
        return Roster(
            Group(f"g{group:06d}", f"Group {group}"), tuple(members), READS[read], renumbered=changed
        )
