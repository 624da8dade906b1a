"""What an admin declares of a group: who of the known members is still there, and who else. Pure.

known members + who was ticked or listed -> the roster, who was added, who is gone
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol, TypeAlias

from worker.domain.identity.phones import canonical, is_e164
from worker.domain.model import Member

MEMBERS_MAX = 2_000
_UNSEEN = frozenset({"Cf", "Cc"})


class NamedMember(Protocol):
    """One member as a text names them: by name, by number (E.164), or as "you"."""

    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def is_me(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Added:
    """A member whom a page offers to add, by name, by number, or both."""

    name: str
    phone: str | None
    is_me: bool = False


class MemberList(Protocol):
    """What a text says. `not_understood` are its other parts; `is_cut`: it says itself that there are more."""

    @property
    def entries(self) -> Sequence[NamedMember]: ...
    @property
    def not_understood(self) -> Sequence[str]: ...
    @property
    def is_cut(self) -> bool: ...


# (a text, the names and the numbers of who is known) -> what it says; raises ValueError for a text that is too long
ReadMembers: TypeAlias = Callable[[str, Collection[str], Collection[str]], MemberList]


@dataclass(frozen=True, slots=True)
class Declared:
    """A roster as it was declared. `members` has everybody; `added` are those of them who were not known."""

    members: tuple[Member, ...]
    added: tuple[Member, ...]
    gone: tuple[Member, ...]


def declared(
    known: Sequence[Member], kept: Iterable[Member], entries: Iterable[NamedMember], me: Member
) -> Declared:
    """Return the roster of the known members who were `kept`, and of those whom `entries` name; "you" is `me`.

    "You" with another's number is them, too: the word may be their name.

    An entry is the known member with its number, else those with exactly its name and no other number, else a new
    member. A known member stays as known, and gets a number where there was none.
    """
    members = {member.handle: member for member in kept}
    find = _Finder(known)
    for entry in entries:
        if entry.is_me:
            members[me.handle] = me
        if not entry.is_me or _is_another_s(entry.phone, me):
            members |= {member.handle: member for member in find.meant(entry)}
    handles = {member.handle for member in known}
    added = tuple(member for member in members.values() if member.handle not in handles)
    gone = tuple(member for member in known if member.handle not in members)
    return Declared(tuple(members.values()), added, gone)


def added_as(name: str, phone: str | None) -> Member:
    """Return a member who was not known: the handle is the number, else `name:` and the name."""
    return Member(phone or f"name:{folded(name)}", name, phone=phone)


def under(member: Member, phone: str | None) -> Member:
    """Return the member under this number. A handle that is another number follows: that may be somebody else's now."""
    if phone is None or not is_e164(member.handle) or canonical(member.handle) == canonical(phone):
        return replace(member, phone=phone)
    return replace(member, phone=phone, handle=phone)


def _is_another_s(phone: str | None, me: Member) -> bool:
    return phone is not None and me.phone is not None and canonical(phone) != canonical(me.phone)


@lru_cache(maxsize=8)  # a list's reader compares each part several times
def folded(name: str) -> str:
    """Return a form for comparing names: without case, invisible marks and extra spaces."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = (c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join("".join(seen).split())


class _Finder:
    """Finds the known members whom an entry may mean."""

    def __init__(self, known: Sequence[Member]) -> None:
        self._by_phone = {canonical(member.phone): member for member in known if member.phone}
        self._by_name: dict[str, list[Member]] = defaultdict(list)
        for member in known:
            if name := folded(member.display_name):
                self._by_name[name].append(member)

    def meant(self, entry: NamedMember) -> Iterator[Member]:
        """Yield them; of several of one name all, since nobody is taken to be gone by a guess."""
        if entry.phone and (one := self._by_phone.get(canonical(entry.phone))):
            yield one
            return
        named = [one for one in self._by_name.get(folded(entry.name), ()) if not (entry.phone and one.phone)]
        if len(named) == 1 and entry.phone:
            yield replace(named[0], phone=entry.phone)
        elif named:
            yield from named
        else:
            yield added_as(entry.name, entry.phone)
