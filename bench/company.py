"""A seeded company that streams itself: people, groups and memberships in pages, nothing held in memory."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from worker.domain.model import AccountFacts, Group, Member, Role, Roster
from worker.ports import Capabilities, CheckResult, DirectoryPage, PassEnd, Passive, SnapshotEnd

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
PAGE = 1_000
GROUPS_OF_ONE = 5


@dataclass(slots=True)
class Company:
    """`people` people, each in five groups; there is a group for every twenty people."""

    people: int
    seed: int = 1
    left: frozenset[int] = frozenset()
    now: datetime = START

    @property
    def groups(self) -> int:
        return self.people // 20

    def person(self, number: int) -> AccountFacts:
        return AccountFacts(
            person_id=f"{number:08d}",
            display_name=f"Person {number}",
            email=f"p{number}@example.org",
            employee_id=f"E{number:08d}",
            phones=(phone(number),),
            department=f"Department {number % 200}",
            enabled=number not in self.left,
        )

    def roster(self, group: int) -> Roster:
        """Members are spread by a stride that is prime to the number of people, so every group mixes departments."""
        size = self.people * GROUPS_OF_ONE // self.groups
        numbers = sorted({(group * size + i) * 7919 % self.people for i in range(size)})
        members = tuple(
            Member(phone(n), f"Person {n}", Role.ADMIN if i < 2 else Role.MEMBER, phone=phone(n))
            for i, n in enumerate(numbers)
        )
        return Roster(Group(f"g{group:06d}", f"Group {group}"), members, self.now)

    def leavers(self, how_many: int) -> frozenset[int]:
        return frozenset(random.Random(self.seed).sample(range(self.people), how_many))

    def with_left(self, left: frozenset[int]) -> Company:
        return replace(self, left=left, now=self.now + timedelta(hours=1))


def phone(number: int) -> str:
    """A number from no country's plan that anybody has: only its shape matters here."""
    return f"+4477{number:08d}"


@dataclass(slots=True)
class CompanyDirectory(Passive):
    """The company's directory: a full pass first, then only who changed since."""

    company: Company
    name: str = "corp"
    can_look_up: bool = False
    has_delta: bool = True
    can_tell_away: bool = False

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        is_full = cursor is None or full
        numbers = range(self.company.people) if is_full else sorted(self.company.left)
        for start in range(0, len(numbers), PAGE):
            yield DirectoryPage(tuple(self.company.person(n) for n in numbers[start : start + PAGE]))
        yield PassEnd(self.company.now.isoformat(), is_full, self.company.now)

    def look_up(self, person_id: str) -> AccountFacts | None:
        return self.company.person(int(person_id))

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="a benchmark")


@dataclass(slots=True)
class CompanyInventory(Passive):
    """The company's groups."""

    company: Company
    name: str = "groups"
    can = Capabilities(sees_all_groups=True)

    def changes(
        self, _cursor: str | None, _groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        for group in range(self.company.groups):
            yield self.company.roster(group)
        yield SnapshotEnd(self.company.now, self.company.groups)

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="a benchmark")
