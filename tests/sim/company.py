"""The truth: humans, their accounts in the directories, and the chat groups that they really sit in.

Nothing here knows the worker. Everything is drawn from one random stream, so a seed is a company.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from worker.domain.model import (
    NOTHING_SHOWN,
    AccountFacts,
    AccountKey,
    Group,
    GroupFacts,
    GroupKey,
    Member,
    Role,
)

DEPARTMENTS = ("Nursing", "Surgery", "Kitchen", "Porters", "Pharmacy", "Records", "Estates")
LOOKED_UP, FILE = "corp", "payroll"  # a directory with look-up and deltas, and one that is a file
REGISTER, LIVE = "wards", "teams"  # an inventory that people keep by hand, and one that is read live


@dataclass(slots=True)
class Human:
    """Somebody real. `accounts` in order of hiring; none for somebody from outside."""

    number: int
    name: str
    phone: str
    employee_id: str = ""
    accounts: list[AccountKey] = field(default_factory=list)
    is_doubtful: bool = False  # the number was ever shared or recycled: identity is no safe ground

    @property
    def email(self) -> str:
        return f"h{self.number}@corp.example"


@dataclass(slots=True)
class Seat:
    """A human in a group, as the messenger has them."""

    human: Human
    handle: str
    phone: str
    role: Role
    joined_at: datetime


@dataclass(slots=True)
class Room:
    """A chat group. `admins_changed_at`: when somebody last changed its admins without a ticket.

    `description`, `last_activity_at`: as a live source shows them; None: it does not.
    """

    group: Group
    source: str
    seats: dict[str, Seat] = field(default_factory=dict)
    admins_changed_at: datetime | None = None
    description: str | None = None
    last_activity_at: datetime | None = None

    @property
    def key(self) -> GroupKey:
        return GroupKey(self.source, self.group.group_id)

    def admins(self) -> list[Seat]:
        return [seat for seat in self.seats.values() if seat.role.is_admin]

    def members(self) -> tuple[Member, ...]:
        return tuple(
            Member(s.handle, s.human.name, s.role, phone=s.phone, joined_at=None)
            for _, s in sorted(self.seats.items())
        )

    def facts(self, now: datetime) -> GroupFacts:
        """What is shown besides the members."""
        if self.description is None and self.last_activity_at is None:
            return NOTHING_SHOWN
        return GroupFacts(self.description, last_activity_at=self.last_activity_at, read_at=now)


class Book:
    """The honest content of one directory: facts by person id."""

    def __init__(self, put: Callable[[AccountFacts], None], erase: Callable[[str], None]) -> None:
        self.facts: dict[str, AccountFacts] = {}
        self.erased: dict[str, AccountFacts] = {}
        self._put = put
        self._erase = erase

    def write(self, facts: AccountFacts) -> None:
        self.facts[facts.person_id] = facts
        self._put(facts)

    def erase(self, person_id: str) -> None:
        self.erased[person_id] = self.facts.pop(person_id)
        self._erase(person_id)


def has_left(facts: AccountFacts | None, now: datetime) -> bool:
    """Whether an account is a leaver's; the sim's own reading of the rules, apart from worker.domain.people.leaver."""
    if facts is None or facts.is_deleted or facts.is_moved_out:
        return True
    if facts.enabled is False and not facts.is_on_long_leave:
        return True
    return any(at is not None and at <= now for at in (facts.leave_at, facts.expires_at))


class Company:
    """Everybody and every group. `books`: the directories' honest content by name."""

    def __init__(self, rng: random.Random, books: dict[str, Book], now: Callable[[], datetime]) -> None:
        self.rng = rng
        self.books = books
        self.now = now
        self.humans: list[Human] = []
        self.by_account: dict[AccountKey, Human] = {}
        self.rooms: dict[GroupKey, Room] = {}
        self.falsely_disabled: set[AccountKey] = set()
        self.by_phone: dict[str, list[Human]] = {}
        self.handed_on: dict[str, Human] = {}  # number -> who had it before
        self._phones = iter([f"+447700900{n:03d}" for n in range(1000)])

    # --- who is who ------------------------------------------------------------------------------

    def hire(self, source: str | None = None, phone: str | None = None, **facts: object) -> Human:
        """Somebody new with an account."""
        number = len(self.humans)
        human = Human(number, f"Person {number}", "", employee_id=f"E{number:04d}")
        self.humans.append(human)
        self.give_phone(human, phone)
        self.open_account(human, source or (FILE if self.rng.random() < 0.25 else LOOKED_UP), **facts)
        return human

    def outsider(self) -> Human:
        """Somebody whom no directory knows."""
        human = Human(len(self.humans), f"Guest {len(self.humans)}", "")
        self.humans.append(human)
        self.give_phone(human)
        return human

    def give_phone(self, human: Human, phone: str | None = None) -> None:
        """A number of their own, or somebody's."""
        human.phone = phone or next(self._phones)
        self.by_phone.setdefault(human.phone, []).append(human)

    def hand_on_phone(self, old: Human, new: Human) -> None:
        """Somebody's number is somebody else's from now on, with the seats that it has in groups."""
        phone = new.phone = old.phone
        self.by_phone[phone] = [new]
        self.handed_on[phone] = old
        for _, seat in self.rooms_of(old):
            if seat.phone == phone:
                seat.human = new
        self.give_phone(old)

    def behind(self, source: str, handle: str) -> list[Human]:
        """Whoever had a handle, but for those who handed it on."""
        return self.by_phone[handle] if source == REGISTER else [self.humans[int(handle[1:])]]

    def open_account(self, human: Human, source: str, **facts: object) -> AccountKey:
        key = AccountKey(source, f"{source[0]}{human.number}-{len(human.accounts)}")
        human.accounts.append(key)
        self.by_account[key] = human
        stated = {
            "email": human.email,
            "employee_id": human.employee_id,
            "phones": (human.phone,),
            "department": self.rng.choice(DEPARTMENTS),
            "enabled": True,
            **facts,
        }
        self.books[source].write(AccountFacts(key.person_id, human.name, **stated))  # type: ignore[arg-type]
        return key

    def facts(self, key: AccountKey) -> AccountFacts | None:
        return self.books[key.source].facts.get(key.person_id)

    def change(self, key: AccountKey, **fields: object) -> None:
        self.books[key.source].write(replace(self.books[key.source].facts[key.person_id], **fields))  # type: ignore[arg-type]

    def is_gone(self, key: AccountKey) -> bool:
        """Whether this account's holder has truly left by it; a directory's error leaves nobody."""
        return self.says_left(key, self.facts(key))

    def says_left(self, key: AccountKey, facts: AccountFacts | None) -> bool:
        """Whether such facts make a leaver, but for what is in them by error."""
        if facts is not None and key in self.falsely_disabled:
            facts = replace(facts, enabled=True)
        return has_left(facts, self.now())

    def is_here(self, human: Human) -> bool:
        return any(not self.is_gone(key) for key in human.accounts)

    def staff(self) -> list[Human]:
        return [human for human in self.humans if human.accounts and self.is_here(human)]

    def leavers(self) -> list[Human]:
        return [human for human in self.humans if human.accounts and not self.is_here(human)]

    def account_here(self, human: Human) -> AccountKey:
        return next(key for key in human.accounts if not self.is_gone(key))

    # --- groups ----------------------------------------------------------------------------------

    def open_room(self, source: str, name: str, humans: list[Human], admins: int, owner: str | None) -> Room:
        messenger = "whatsapp" if source == REGISTER else "signal"
        group = Group(f"g{len(self.rooms)}", name, messenger, owner)
        room = Room(group, source)
        self.rooms[room.key] = room
        for at, human in enumerate(humans):
            role = Role.MEMBER
            if at < admins:
                role = Role.CREATOR if at == 0 and self.rng.random() < 0.4 else Role.ADMIN
            self.seat(room, human, role)
        return room

    def seat(self, room: Room, human: Human, role: Role = Role.MEMBER) -> None:
        handle, phone = human.phone, human.phone
        if room.source == LIVE:  # an account of the messenger keeps the number that it was made with
            handle = f"u{human.number}"
            seats = (other.seats.get(handle) for other in self.rooms.values())
            phone = next((seat.phone for seat in seats if seat is not None), phone)
        if handle not in room.seats:
            room.seats[handle] = Seat(human, handle, phone, role, self.now())

    def rooms_of(self, human: Human) -> Iterator[tuple[Room, Seat]]:
        for room in self.rooms.values():
            for seat in list(room.seats.values()):
                if seat.human is human:
                    yield room, seat


def found_company(company: Company, *, people: int, groups: int) -> None:
    """Fill an empty company: staff, a few who had left before, some of whom still sit in groups."""
    rng = company.rng
    for _ in range(people):
        human = company.hire()
        if rng.random() < 0.04:
            company.change(human.accounts[0], enabled=False)
    for human in company.humans:
        boss = rng.choice(company.humans)
        if boss.accounts[0].source == human.accounts[0].source:
            company.change(human.accounts[0], manager_id=boss.accounts[0].person_id)
    for at in range(groups):
        source = LIVE if at % 3 == 2 else REGISTER
        crowd = rng.sample(company.humans, rng.randint(7, 24))
        owner = rng.choice(company.staff()).email if rng.random() < 0.4 else None
        company.open_room(source, f"Group {at}", crowd, rng.choice((1, 1, 1, 2, 2, 3)), owner)
    for _ in range(4):
        company.seat(rng.choice(list(company.rooms.values())), company.outsider())
