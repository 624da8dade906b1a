"""A tenant of Entra ID: people, groups, a history of every change with its number, and a clock that is moved by hand.

    add, change, delete, restore, purge -> state + one line of history each;  advance -> 30 days later they're purged

The fake Graph reads it; tests write it, and compare what a client made of it with `truth`.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from fakes.graph.population import Population, computed_id, sample
from fakes.graph.shapes import checked, instant

Json = dict[str, Any]
Kind = Literal["created", "changed", "deleted", "restored", "purged"]
TENANT_ID = "c0ffee00-7e57-4000-8000-00000000aaaa"
START = datetime(2026, 11, 24, 9, tzinfo=UTC)
KEPT = timedelta(days=30)  # a deleted user can be restored as long
NEVER_SET: Any = object()  # as a value: the property isn't there at all, which isn't null


@dataclass(slots=True, eq=False)
class User:
    """One account. `properties` is replaced, never changed: the history keeps the old ones."""

    id: str
    properties: Mapping[str, Any]
    manager: str | None = None
    deleted_at: datetime | None = None
    is_purged: bool = False

    @property
    def is_live(self) -> bool:
        return self.deleted_at is None and not self.is_purged


class Change(NamedTuple):
    """One line of the history: what was done to whom, and how they were afterwards."""

    number: int  # from 1
    user_id: str
    kind: Kind
    names: frozenset[str]
    properties: Mapping[str, Any]
    manager: str | None
    manager_before: str | None


@dataclass(slots=True, eq=False)
class Group:
    """Members are ids of users and of groups, in the order of their joining. Owners are ids of users."""

    id: str
    name: str
    members: dict[str, None] = field(default_factory=dict)
    owners: dict[str, None] = field(default_factory=dict)
    description: str | None = None
    is_team: bool = False


class FakeTenant:
    """One tenant. `people` computed users are there from the start, without a history (see Population).

    Unknown ids raise KeyError, unknown names and impossible values ValueError. Safe to use while it is served.
    """

    def __init__(
        self,
        *,
        people: int = 0,
        make: Callable[[int], Json] = sample,
        now: datetime = START,
        tenant_id: str = TENANT_ID,
    ) -> None:
        self.id = tenant_id
        self.name = "St Mary's"
        self.domain = "corp.example"
        self.history: list[Change] = []
        self.groups: dict[str, Group] = {}
        self.automatic_replies: dict[str, Json | None] = {}  # by user; None: no mailbox
        self.lock = threading.RLock()
        self._population = Population(people, make)
        self._known: dict[str, User] = {}
        self._added: list[str] = []
        self._by_address: dict[str, str] = {}
        self._deleted: dict[str, User] = {}
        self._live = people
        self._made = 0
        self._now = now

    # --- time -----------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move the clock on; who was deleted 30 days before is gone afterwards."""
        with self.lock:
            self._now += by
            for user in [each for each in self._deleted.values() if each.deleted_at]:
                if user.deleted_at and user.deleted_at + KEPT <= self._now:
                    self.purge(user.id)

    # --- people ---------------------------------------------------------------------------------------------

    def add(self, *, manager: str | None = None, user_id: str | None = None, **properties: Any) -> str:
        """Create an account and return its id; it is an enabled member with an address unless told otherwise.

        NEVER_SET leaves a property out, None sets it to null.
        """
        with self.lock:
            made = user_id or self._new_id("user")
            if made in self._known or self._population.number(made) is not None:
                raise ValueError(f"the id {made} is in use")
            address = f"user{self._made}@{self.domain}"
            usual = {"accountEnabled": True, "userType": "Member", "userPrincipalName": address}
            born = {"displayName": f"User {self._made}", "createdDateTime": instant(self._now)}
            stored = _merged({**usual, **born}, properties)
            self._known[made] = User(made, stored, manager)
            self._added.append(made)
            self._live += 1
            self._index(made, stored)
            self._record(
                "created", self._known[made], frozenset(stored) | ({"manager"} if manager else set())
            )
            return made

    def change(self, user_id: str, **properties: Any) -> None:
        """Set properties; a value that was there before is no change, as it isn't for the directory."""
        with self.lock:
            user = self.user(user_id)
            after = _merged(user.properties, properties)
            names = {
                name
                for name in properties
                if user.properties.get(name, NEVER_SET) != after.get(name, NEVER_SET)
            }
            if names:
                self._materialise(user).properties = after
                self._index(user_id, after)
                self._record("changed", user, frozenset(names))

    def disable(self, user_id: str) -> None:
        self.change(user_id, accountEnabled=False)

    def enable(self, user_id: str) -> None:
        self.change(user_id, accountEnabled=True)

    def set_manager(self, user_id: str, manager_id: str | None) -> None:
        with self.lock:
            user = self.user(user_id)
            before = user.manager
            if before != manager_id:
                self._materialise(user).manager = manager_id
                self._record("changed", user, frozenset({"manager"}), manager_before=before)

    def delete(self, user_id: str) -> None:
        """Delete softly: restorable for 30 days."""
        with self.lock:
            user = self._materialise(self.user(user_id))
            if not user.is_live:
                raise KeyError(user_id)
            user.deleted_at = self._now
            user.properties = {**user.properties, "deletedDateTime": instant(self._now)}
            self._deleted[user_id] = user
            self._live -= 1
            self._record("deleted", user, frozenset({"deletedDateTime"}))

    def restore(self, user_id: str) -> None:
        """Bring back who was deleted softly, under the same id."""
        with self.lock:
            user = self._deleted.pop(user_id)
            user.deleted_at = None
            user.properties = {k: v for k, v in user.properties.items() if k != "deletedDateTime"}
            self._live += 1
            self._record("restored", user, frozenset({"deletedDateTime"}))

    def purge(self, user_id: str) -> None:
        """Delete for good, whether or not they were deleted softly before."""
        with self.lock:
            user = self._materialise(self.user(user_id))
            if self._deleted.pop(user_id, None) is None:
                self._live -= 1
            user.is_purged = True
            self._record("purged", user, frozenset({"deletedDateTime"}))
            for group in self.groups.values():
                group.members.pop(user_id, None)

    # --- groups ---------------------------------------------------------------------------------------------

    def add_group(self, name: str, *members: str, group_id: str | None = None) -> str:
        """Create a group of users and groups, and return its id."""
        with self.lock:
            made = group_id or self._new_id("group")
            self.groups[made] = Group(made, name, dict.fromkeys(members))
            return made

    def join(self, group_id: str, *members: str) -> None:
        with self.lock:
            self.groups[group_id].members.update(dict.fromkeys(members))

    def leave(self, group_id: str, member: str) -> None:
        with self.lock:
            del self.groups[group_id].members[member]

    def members(self, group_id: str, *, is_transitive: bool = False) -> Iterator[str]:
        """Yield the ids of the live users in a group, each once; with those of the groups in it where asked."""
        todo, seen = [group_id], {group_id}
        while todo:
            for member in self.groups[todo.pop()].members:
                if member in seen:
                    continue
                seen.add(member)
                if member in self.groups:
                    todo += [member] if is_transitive else []
                elif self.user(member).is_live:
                    yield member

    # --- looking --------------------------------------------------------------------------------------------

    @property
    def last_change(self) -> int:
        """The number of the newest line of history; 0 before the first."""
        return len(self.history)

    @property
    def count(self) -> int:
        """How many live accounts there are."""
        return self._live

    @property
    def places(self) -> int:
        """How many places `at` has: every account that was ever made."""
        return self._population.count + len(self._added)

    def at(self, place: int) -> User:
        """Return the account at a place in the order of their making, live or not."""
        if place >= self._population.count:
            return self._known[self._added[place - self._population.count]]
        user_id = computed_id(place)
        return self._known.get(user_id) or self._computed(place)

    def user(self, user_id: str) -> User:
        """Return an account that was ever made; raise KeyError for none."""
        known = self._known.get(user_id)
        if known:
            return known
        number = self._population.number(user_id)
        if number is None:
            raise KeyError(user_id)
        return self._computed(number)

    def find(self, id_or_address: str) -> User | None:
        """Return the live account with this id or userPrincipalName, or None."""
        try:
            user = self.user(id_or_address)
        except KeyError:
            return self._find_address(id_or_address.lower())
        return user if user.is_live else None

    def deleted(self) -> list[User]:
        """Return who can be restored, the longest deleted first."""
        with self.lock:
            return list(self._deleted.values())

    def deleted_user(self, user_id: str) -> User | None:
        return self._deleted.get(user_id)

    def live(self) -> Iterator[User]:
        """Yield every live account in the order of their making."""
        for place in range(self.places):
            user = self.at(place)
            if user.is_live:
                yield user

    def truth(self, *names: str) -> dict[str, Json]:
        """Return id -> these properties (those that were set) of every live account; `manager` is one of them."""
        return {
            user.id: {name: _value(user, name) for name in names if _value(user, name) is not NEVER_SET}
            for user in self.live()
        }

    # --- within ---------------------------------------------------------------------------------------------

    def _find_address(self, address: str) -> User | None:
        found = self._by_address.get(address)
        if found is None:
            number = self._population.number_of_address(address)
            if number is None:
                return None
            found = computed_id(number)
        user = self.user(found)
        is_theirs = str(user.properties.get("userPrincipalName")).lower() == address
        return user if user.is_live and is_theirs else None

    def _computed(self, number: int) -> User:
        return User(computed_id(number), self._population.make(number), self._population.manager(number))

    def _materialise(self, user: User) -> User:
        return self._known.setdefault(user.id, user)

    def _index(self, user_id: str, properties: Mapping[str, Any]) -> None:
        address = properties.get("userPrincipalName")
        if isinstance(address, str):
            self._by_address[address.lower()] = user_id

    def _new_id(self, what: str) -> str:
        self._made += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.id}/{what}/{self._made}"))

    def _record(
        self, kind: Kind, user: User, names: frozenset[str], manager_before: str | None = None
    ) -> None:
        self.history.append(
            Change(len(self.history) + 1, user.id, kind, names, user.properties, user.manager, manager_before)
        )


def _merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> Json:
    given = checked({name: value for name, value in changes.items() if value is not NEVER_SET})
    after = {**before, **given}
    return {name: value for name, value in after.items() if changes.get(name) is not NEVER_SET}


def _value(user: User, name: str) -> Any:
    if name == "manager":
        return user.manager or NEVER_SET
    return user.id if name == "id" else user.properties.get(name, NEVER_SET)
