"""What a chat export says of a group's members, and the ticks that follow from it. Pure.

known members + an export -> who has gone, who came, who has a new number; an admin confirms each

An export never shows all members, so it is no roster: it only changes ticks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, TypeAlias

from worker.domain.groups.declaring import ReadMembers, folded
from worker.domain.identity.phones import canonical
from worker.domain.model import Departed, Member


class ExportFault(StrEnum):
    """Why a file can't be read as an export; a page says what to do."""

    NO_EXPORT = "no_export"  # another file, damaged, or saved by another program
    TOO_LARGE = "large"
    CALENDAR = "calendar"  # its dates are of a calendar that is not read
    TWO_PEOPLE = "two"  # a chat of two people, not of a group


class UnreadableExport(Exception):
    """The file can't be read as an export."""

    def __init__(self, fault: ExportFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class NewNumber:
    """Somebody has a new number, `phone` (E.164). `name` and `before` are as the export has them, if it does."""

    name: str
    before: str | None
    phone: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChatExport:
    """What an export says of members; nothing that anybody wrote. All instants aware UTC.

    `came` are in the group by its last event of them, `gone` are not. `is_admin`: whether whoever exported it became an
    admin (True), is none any more (False), or it does not say. `first_at` and `last_at` are those of its first and
    last line; without dates, if day and month can't be told apart, both are None. `is_whole` is false if it counts
    people whom it does not name.
    """

    group_name: str
    came: tuple[Member, ...]
    gone: tuple[Departed, ...]
    numbers: tuple[NewNumber, ...]
    is_admin: bool | None
    first_at: datetime | None
    last_at: datetime | None
    is_whole: bool


# (an open file with a number of the system's, its name, the group's name, now) -> export; raises UnreadableExport
ReadExport: TypeAlias = Callable[[BinaryIO, str, str, datetime], ChatExport]


@dataclass(frozen=True, slots=True)
class Readers:
    """Read what people give on a group's page: a pasted list, and a chat export."""

    members: ReadMembers
    export: ReadExport


@dataclass(frozen=True, slots=True)
class Ticks:
    """The ticks of an export. `gone` and `numbers` (E.164) are by the handle of a known member.

    `came` are not known. `not_found` went, and are not known by that name or number, or by one that several have:
    nobody is taken to be gone by a guess.
    """

    gone: Mapping[str, Departed]
    numbers: Mapping[str, str]
    came: tuple[Member, ...]
    not_found: tuple[Departed, ...]


def ticked(known: Sequence[Member], export: ChatExport) -> Ticks:
    """Return the ticks that an export changes."""
    find = _Known(known, export.numbers)
    went = [(find.member(one.phone, one.display_name), one) for one in export.gone]
    gone = {member.handle: one for member, one in went if member is not None}
    numbers: dict[str, str] = {}
    for new in export.numbers:
        changed = find.member(new.before, new.name)
        if changed is not None and changed.handle not in gone and not find.has_number(new.phone):
            numbers[changed.handle] = new.phone
    came = tuple(one for one in export.came if not find.may_be(one.phone, one.display_name))
    return Ticks(gone, numbers, came, tuple(one for member, one in went if member is None))


def is_of_group(export: ChatExport, name: str) -> bool:
    """True if the export may be of the group of this name: case, punctuation and pictures don't count."""
    return _letters(export.group_name) == _letters(name)


def _letters(name: str) -> str:
    return "".join(letter for letter in folded(name) if letter.isalnum()) or folded(name)


class _Known:
    """Finds known members by number, by a number that they had before, or by name."""

    def __init__(self, known: Iterable[Member], numbers: Iterable[NewNumber]) -> None:
        self._by_phone: dict[str, Member] = {}
        self._by_name: dict[str, list[Member]] = defaultdict(list)
        for member in known:
            if member.phone:
                self._by_phone[canonical(member.phone)] = member
            if name := folded(member.display_name):
                self._by_name[name].append(member)
        self._before = {canonical(one.phone): one for one in numbers}

    def has_number(self, phone: str) -> bool:
        return canonical(phone) in self._by_phone

    def member(self, phone: str | None, name: str) -> Member | None:
        """The one known member with this number, else with this name; None if that is not sure."""
        found = self._all(phone, name)
        return found[0] if len(found) == 1 else None

    def may_be(self, phone: str | None, name: str) -> bool:
        """Whether anybody known may be meant."""
        return bool(self._all(phone, name))

    def _all(self, phone: str | None, name: str) -> list[Member]:
        """Those who may be meant. A number leads back, change by change, to the one by which somebody is known."""
        names, left = [name], dict(self._before)
        while phone is not None:
            if found := self._by_phone.get(canonical(phone)):
                return [found]
            earlier = left.pop(canonical(phone), None)
            phone = earlier.before if earlier else None
            names += [earlier.name] if earlier else []
        return next((named for one in names if (named := self._by_name.get(folded(one), []))), [])
