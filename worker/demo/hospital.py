"""The invented hospital: the truth about its people, their workplaces and their chat groups.

Nothing here knows Whosleft. Only these methods change people and groups; `files` writes what the directory and the
register would say about them, `gateway` answers what a linked phone sees of them.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from worker.demo.names import Names, ascii_of
from worker.demo.units import CAST, LIVE, UNITS, Unit, UnitPart
from worker.domain.model import Group, Member, Role, Roster

SEED = 20261102
FIRST_PHONE = 447700900000  # Ofcom's numbers for drama: +447700900000 to 900999
_NAMESPACE = uuid.UUID("5a3f1f0e-6f0e-4c2a-9d0b-2f1f4f6b7c01")


@dataclass(slots=True, eq=False)
class Employee:
    """One account in the directory; `mobile` is E.164."""

    guid: str
    name: str
    employee_id: str
    mobile: str
    ou: str
    department: str
    title: str
    office: str
    manager: Employee | None = None
    is_enabled: bool = True
    is_listed: bool = True  # False: the account was deleted, so exports no longer list it
    last_day: date | None = None
    expires_on: date | None = None  # the first day on which the account no longer works
    suffix: str = ""  # for a second account with the same name

    @property
    def account(self) -> str:
        return ascii_of(self.name) + self.suffix

    @property
    def email(self) -> str:
        return f"{self.account}@corp.example"


@dataclass(slots=True)
class ChatGroup:
    """One WhatsApp group: role and shown name by phone number, which is the one that a register has.

    `is_locked`: admins alone change its name, picture and description.
    """

    id: str
    name: str
    owner: Employee
    members: dict[str, tuple[str, Role]] = field(default_factory=dict)
    is_registered: bool = True
    description: str = ""
    is_locked: bool = False


class Hospital:
    """People and groups, and everything that can happen to them."""

    def __init__(self, seed: int = SEED) -> None:
        self._rng = random.Random(seed)
        self._names = Names(self._rng, [part.name for part in CAST])
        self._phones = self._rng.sample(range(1000), 1000)
        self.people: list[Employee] = []
        self.groups: dict[str, ChatGroup] = {}
        self._changed: dict[str, str] = {}  # the number that a register has -> the one that WhatsApp shows
        for unit in UNITS:
            self._open(unit)
        self.linked_phone = self._next_phone()
        for name in LIVE:
            self.groups[name].members[self.linked_phone] = ("Linked phone", Role.ADMIN)

    # --- how it was at the beginning -------------------------------------------------------------

    def _open(self, unit: Unit) -> None:
        cast = [part for part in CAST if part.unit == unit.name]
        staff = [self._hire_into(unit, part.name, part.title) for part in cast]
        while len(staff) < unit.size:
            staff.append(
                self._hire_into(unit, self._names.next(), unit.titles[len(staff) % len(unit.titles)])
            )
        manager = staff[-1]
        manager.title = unit.manager_title
        for employee in staff[:-1]:
            employee.manager = manager
        others = staff[len(cast) : -1]
        for number, (name, size, is_of_all) in enumerate(unit.groups):
            self._start(ChatGroup(f"g{len(self.groups) + 1:02}", name, manager), cast)
            if is_of_all or number == 0:
                self.add(name, manager, Role.CREATOR)
            rest = (
                others
                if is_of_all
                else others[number * len(others) // 2 :] + others[: number * len(others) // 2]
            )
            self._fill(name, rest[: max(size - len(self.groups[name].members), 0)], cast)
        for part in cast:
            self.person(part.name).is_enabled = not part.has_left

    def _hire_into(self, unit: Unit, name: str, title: str) -> Employee:
        return self.hire(name, title, ou=unit.ou, department=unit.department, office=unit.office)

    def _start(self, group: ChatGroup, cast: list[UnitPart]) -> None:
        self.groups[group.name] = group
        for part in cast:
            if group.name in part.groups:
                self.add(group.name, self.person(part.name), part.groups[group.name])

    def _fill(self, group: str, staff: list[Employee], cast: list[UnitPart]) -> None:
        """Add the other members: two admins (none beside a sole admin), and a creator unless there is one."""
        has_creator = any(role is Role.CREATOR for _, role in self.groups[group].members.values())
        roles = [Role.ADMIN, Role.ADMIN] if has_creator else [Role.CREATOR, Role.ADMIN, Role.ADMIN]
        if any(part.is_sole_admin_of == group for part in cast):
            roles = []
        for employee in staff:
            self.add(group, employee, roles.pop(0) if roles else Role.MEMBER)

    # --- the directory ---------------------------------------------------------------------------

    def hire(
        self, name: str, title: str, *, ou: str, department: str, office: str, of: Employee | None = None
    ) -> Employee:
        """Add a new account; `of` is the earlier account of a person who comes back."""
        number = len(self.people) + 1
        employee = Employee(
            guid=str(uuid.uuid5(_NAMESPACE, f"{number} {name}")),
            name=name,
            employee_id=of.employee_id if of else f"E{10000 + number}",
            mobile=of.mobile if of else self._next_phone(),
            ou=ou,
            department=department,
            title=title,
            office=office,
            suffix=".2" if of else "",
        )
        self.people.append(employee)
        return employee

    def _next_phone(self) -> str:
        return f"+{FIRST_PHONE + self._phones.pop()}"

    def person(self, name: str) -> Employee:
        """The latest account with this name. Raises LookupError if there is none."""
        found = [employee for employee in self.people if employee.name == name]
        if not found:
            raise LookupError(f"nobody is called {name}")
        return found[-1]

    def unit_of(self, ou: str) -> list[Employee]:
        """All people with an account in this unit."""
        return [employee for employee in self.people if employee.ou == ou]

    def manager_of(self, office: str) -> Employee:
        """The manager of the people in an office."""
        return next(e.manager for e in self.people if e.office == office and e.manager)

    # --- the groups ------------------------------------------------------------------------------

    def start_unregistered(self, name: str, creator: str, members: Iterable[str]) -> None:
        """Start a group that no register has, with people by their names, and add the linked phone as a member."""
        group = ChatGroup(f"g{len(self.groups) + 1:02}", name, self.person(creator), is_registered=False)
        self.groups[name] = group
        self.add(name, group.owner, Role.CREATOR)
        for member in members:
            self.add(name, self.person(member))
        group.members[self.linked_phone] = ("Linked phone", Role.MEMBER)

    def change_number(self, name: str) -> None:
        """Give somebody a new number in the directory and in WhatsApp; the register keeps the old one."""
        employee = self.person(name)
        old, employee.mobile = employee.mobile, self._next_phone()
        self._changed[old] = employee.mobile

    def number_shown(self, phone: str) -> str:
        """The number that WhatsApp shows of a member, by the one that a register has."""
        return self._changed.get(phone, phone)

    def add(self, group: str, employee: Employee, role: Role = Role.MEMBER) -> None:
        self.groups[group].members[employee.mobile] = (employee.name, role)

    def add_number(self, group: str, name: str) -> str:
        """Add a member with a number that no directory knows; return the number."""
        phone = self._next_phone()
        self.groups[group].members[phone] = (name, Role.MEMBER)
        return phone

    def remove(self, group: str, handle: str) -> None:
        """Remove the member whom a register, or WhatsApp, shows by this number or LID."""
        members = self.groups[group].members
        for phone in [p for p in members if handle in {p, self.number_shown(p), lid_of(p)}]:
            del members[phone]

    def promote(self, group: str, phone: str) -> str:
        """Make a member an admin; returns the name that the group shows."""
        name, _ = self.groups[group].members[phone]
        self.groups[group].members[phone] = (name, Role.ADMIN)
        return name

    def describe(self, group: str, text: str) -> None:
        """Write a group's description; admins alone may change it from then on."""
        self.groups[group].description, self.groups[group].is_locked = text, True

    def candidates(self, group: str) -> list[str]:
        """Members who still work here and are not admins yet, by number."""
        working = {e.mobile for e in self.people if e.is_enabled and e.is_listed}
        return sorted(
            phone
            for phone, (_, role) in self.groups[group].members.items()
            if self.number_shown(phone) in working and not role.is_admin
        )

    def memberships(self) -> frozenset[tuple[str, str, str, Role]]:
        """All memberships, for comparing with an earlier state."""
        every = ((g.id, phone, *shown) for g in self.groups.values() for phone, shown in g.members.items())
        return frozenset(every)

    def rosters(self, taken_at: datetime) -> Iterator[Roster]:
        """Every registered group as the register lists it: without the linked phone, which is nobody."""
        for group in filter(lambda group: group.is_registered, self.groups.values()):
            shown = [(phone, of) for phone, of in group.members.items() if phone != self.linked_phone]
            members = tuple(Member(phone, name, role, phone=phone) for phone, (name, role) in shown)
            yield Roster(Group(group.id, group.name, "whatsapp", group.owner.email), members, taken_at)


def lid_of(phone: str) -> str:
    """The hidden id that WhatsApp has for the member whom a register lists by this number; a new number keeps it."""
    return f"{10**14 + uuid.uuid5(_NAMESPACE, phone).int % 10**14}@lid"
