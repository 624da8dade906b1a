"""Seeded companies that stream themselves: people, groups and memberships in pages, nothing held in memory.

`Company` has nothing but people in groups. `Mixed` has what makes work besides: strangers, sole admins, people with two
accounts, lists that are kept by hand, and people who left long ago.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from worker.domain.model import AccountFacts, Group, Member, Role, Roster
from worker.ports import Capabilities, CheckResult, DirectoryPage, PassEnd, Passive, SnapshotEnd

CORP, TENANT = "corp", "tenant"
LIVE, LIST = "phones", "list"
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
    def directories(self) -> tuple[str, ...]:
        return (CORP,)

    @property
    def inventories(self) -> tuple[str, ...]:
        return ("groups",)

    @property
    def groups(self) -> int:
        return self.people // 20

    def groups_of(self, inventory: str) -> range:
        """The numbers of an inventory's groups."""
        del inventory
        return range(self.groups)

    def account(self, directory: str, number: int) -> AccountFacts | None:
        """Somebody's account in a directory; None if they have none."""
        return self.person(number) if directory == CORP else None

    def accounts(self, directory: str) -> Iterator[AccountFacts]:
        """Everybody's account in a directory."""
        found = (self.account(directory, number) for number in range(self.people))
        return (one for one in found if one is not None)

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


@dataclass(slots=True)
class Mixed(Company):
    """A group for every fifty people; the lists of half of them are kept by hand, the others come from the messenger.

    Of 25 people one has a second account, in another directory; of 100 one left before anybody looked, and of ten of
    these one is still in their groups. Of 50 members one is a stranger, who is in five groups. Of five groups one has
    a single admin.
    """

    @property
    def directories(self) -> tuple[str, ...]:
        return (CORP, TENANT)

    @property
    def inventories(self) -> tuple[str, ...]:
        return (LIVE, LIST)

    @property
    def groups(self) -> int:
        return self.people // 50

    def groups_of(self, inventory: str) -> range:
        return range(0 if inventory == LIVE else 1, self.groups, 2)

    def account(self, directory: str, number: int) -> AccountFacts | None:
        if directory == CORP:
            return self.person(number)
        if number % 25:
            return None
        facts = Company.person(self, number)
        return replace(facts, person_id=f"t{number:08d}", phones=())

    def person(self, number: int) -> AccountFacts:
        facts = Company.person(self, number)
        return replace(facts, enabled=False) if number % 100 == LONG_GONE else facts

    def roster(self, group: int) -> Roster:
        whole = Company.roster(self, group)
        people = [one for one in whole.members if _is_still_in(int(one.handle[-8:]))]
        first = group * 37 % len(people)  # or only the people with the lowest numbers would be admins
        admins = range(first, first + (1 if group % 5 == 0 else 2))
        members = [
            replace(one, role=Role.ADMIN if at in admins else Role.MEMBER) for at, one in enumerate(people)
        ]
        for at in range(max(1, len(members) // 50)):
            number = STRANGER + group // GROUPS_OF_ONE * 50 + at
            members.append(Member(phone(number), f"Guest {number} of an agency", phone=phone(number)))
        return replace(whole, members=tuple(members))

    def leavers(self, how_many: int) -> frozenset[int]:
        numbers = random.Random(self.seed).sample(range(self.people // 100 * LONG_GONE), how_many)
        return frozenset(number // LONG_GONE * 100 + number % LONG_GONE for number in numbers)


LONG_GONE = 99  # of each hundred people, the number of who has left before
STRANGER = 90_000_000  # the first number that is nobody's


def _is_still_in(number: int) -> bool:
    return number % 100 != LONG_GONE or number % 1_000 == LONG_GONE


def phone(number: int) -> str:
    """A number from no country's plan that anybody has: only its shape matters here."""
    return f"+4477{number:08d}"


@dataclass(slots=True)
class CompanyDirectory(Passive):
    """The company's directory: a full pass first, then only who changed since."""

    company: Company
    name: str = CORP
    can_look_up: bool = False
    has_delta: bool = True
    can_tell_away: bool = False

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        is_full = cursor is None or full
        numbers = range(self.company.people) if is_full else sorted(self.company.left)
        for start in range(0, len(numbers), PAGE):
            found = (self.company.account(self.name, n) for n in numbers[start : start + PAGE])
            yield DirectoryPage(tuple(one for one in found if one is not None))
        yield PassEnd(self.company.now.isoformat(), is_full, self.company.now)

    def look_up(self, person_id: str) -> AccountFacts | None:
        return self.company.account(self.name, int(person_id.removeprefix("t")))

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="a benchmark")


@dataclass(slots=True)
class CompanyInventory(Passive):
    """The company's groups."""

    company: Company
    name: str = "groups"

    @property
    def can(self) -> Capabilities:
        return Capabilities(sees_all_groups=True, is_kept_by_people=self.name == LIST)

    def changes(
        self, _cursor: str | None, _groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        groups = self.company.groups_of(self.name)
        for group in groups:
            yield self.company.roster(group)
        yield SnapshotEnd(self.company.now, len(groups))

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="a benchmark")
