"""An inventory in memory: groups that people join and leave, and every lie that a real one tells.

State is what is true; a lie changes only what is shown, until `mend`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from worker.domain.groups.facts import unasked
from worker.domain.model import (
    NOTHING_SHOWN,
    Coverage,
    Fact,
    Group,
    GroupFacts,
    GroupKey,
    Member,
    RegisterFacts,
    Renumbered,
    Role,
    Roster,
)
from worker.ports import (
    Capabilities,
    CheckResult,
    ConnectorError,
    Incomplete,
    Malformed,
    Passive,
    SnapshotEnd,
)
from worker.ports.connectors.inventory import KeepRenumbered
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect, as_decided


class FakeInventory(Passive):
    """`now` is the fake's clock: a roster is taken when it is read, unless a lie says otherwise."""

    def __init__(
        self, name: str = "wards", *, now: Callable[[], datetime], is_kept_by_people: bool = False
    ) -> None:
        self._name = name
        self.can = Capabilities(sees_all_groups=True, is_kept_by_people=is_kept_by_people)
        self.told: set[str] = set()  # groups that calls spoke of
        self.acts: list[tuple[str, str, str]] = []
        self.keep_renumbered: KeepRenumbered = lambda _changes: None  # for what a call tells
        self.refuses = ""
        self.asking: Callable[[], None] = lambda: None  # what takes time before the request of an act
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self._now = now
        self.reads = 0  # snapshots that were begun
        self._groups: dict[str, Group] = {}
        self._members: dict[str, dict[str, Member]] = {}
        self._renumbered: dict[str, tuple[Renumbered, ...]] = {}
        self._facts: dict[str, GroupFacts] = {}
        self._registered: dict[str, RegisterFacts] = {}
        self.looks: list[Mapping[str, Collection[Fact]]] = []
        self.look_error: ConnectorError | None = None
        self.mend()

    @property
    def name(self) -> str:
        return self._name

    # --- What is true -----------------------------------------------------------------------------------

    def put(self, *rosters: Roster) -> None:
        """Add groups with their members, or replace them."""
        for roster in rosters:
            self.add_group(roster.group, roster.members)

    def add_group(self, group: Group, members: Iterable[Member] = ()) -> None:
        self._groups[group.group_id] = group
        self._members[group.group_id] = {member.handle: member for member in members}

    def remove_group(self, group_id: str) -> None:
        del self._groups[group_id], self._members[group_id]

    def clear(self) -> None:
        self._groups.clear()
        self._members.clear()

    def add_member(self, group_id: str, member: Member) -> None:
        self._members[group_id][member.handle] = member

    def remove_member(self, group_id: str, handle: str) -> None:
        """Remove a member; one who isn't there is a mistake of the test (KeyError)."""
        del self._members[group_id][handle]

    def replace_member(self, group_id: str, handle: str, member: Member) -> None:
        """Show a member under another handle, without a word about why."""
        self.remove_member(group_id, handle)
        self.add_member(group_id, member)

    def record_change(self, group_id: str, old: str, new: str) -> None:
        """Record that a member's number changed now, as a chat does; who is listed stays as it is."""
        known = self._renumbered.get(group_id, ())
        self._renumbered[group_id] = (*known, Renumbered(old, new, self._now()))

    def show(self, group_id: str, facts: GroupFacts) -> None:
        """Show what there is of a group besides its members; what `can.costly` names, only to who looks closely."""
        self._facts[group_id] = facts

    def register(self, group_id: str, said: RegisterFacts) -> None:
        """Say of a group what a register does."""
        self._registered[group_id] = said

    def set_role(self, group_id: str, handle: str, role: Role) -> None:
        members = self._members[group_id]
        members[handle] = replace(members[handle], role=role)

    def members(self, group_id: str) -> tuple[Member, ...]:
        return tuple(self._members[group_id].values())

    def has_member(self, group_id: str, handle: str) -> bool:
        return handle in self._members.get(group_id, {})

    def key(self, group_id: str) -> GroupKey:
        return GroupKey(self._name, group_id)

    # --- Lies -------------------------------------------------------------------------------------------

    def mend(self) -> None:
        """Tell the truth again."""
        self._frozen: tuple[datetime, dict[str, tuple[Group, tuple[Member, ...]]]] | None = None
        self._taken_at: datetime | None = None
        self._lag = timedelta(0)
        self._kept: dict[str, int] = {}
        self._omitted: set[str] = set()
        self._coverage: dict[str, Coverage] = {}
        self._cut_after: int | None = None
        self._error: ConnectorError | None = None
        self._malformed: tuple[Malformed, ...] = ()

    def freeze(self) -> None:
        """Go on showing what is true now, dated now: a register that nobody keeps up."""
        self._frozen = self._now(), self._truth()

    def date(self, taken_at: datetime) -> None:
        """Date everything so, but never later than now."""
        self._taken_at = taken_at

    def lag(self, by: timedelta) -> None:
        """Date what is true now as if it were older."""
        self._lag = by

    def shrink(self, group_id: str, keep: int) -> None:
        """Show only the first members, and call it the whole group."""
        self._kept[group_id] = keep

    def omit(self, group_id: str) -> None:
        """Leave a group out, and end as if there were no such group."""
        self._omitted.add(group_id)

    def mark(self, group_id: str, coverage: Coverage, *, malformed: tuple[Malformed, ...] = ()) -> None:
        """Show the group as partial or stale; `malformed` joins the end of the snapshot."""
        self._coverage[group_id] = coverage
        self._malformed += malformed

    def cut_after(self, groups: int, error: ConnectorError | None = None) -> None:
        """Break off after so many groups."""
        self._cut_after = groups
        self._error = error

    def fail(self, error: ConnectorError) -> None:
        """Answer everything with this error, check too."""
        self.cut_after(0, error)

    # --- The port ---------------------------------------------------------------------------------------

    def changes(
        self, _cursor: str | None, only: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        self.reads += 1
        taken_at, shown = self._shown()
        groups = {key: one for key, one in shown.items() if only is None or key in only}
        total = len(groups)
        for number, group_id in enumerate(sorted(groups)):
            if number == self._cut_after:
                raise self._failure(number, total)
            yield self._roster(*groups[group_id], taken_at)
        if self._cut_after is not None:
            raise self._failure(total, total)
        yield SnapshotEnd(taken_at, total, self._malformed, is_full=only is None)

    def look_closely(self, wanted: Mapping[str, Collection[Fact]], /) -> Iterator[tuple[str, GroupFacts]]:
        """Show what is asked for; with `look_error`, only of the first group."""
        self.looks.append(wanted)
        for group_id in sorted(wanted.keys() & self._groups.keys()):
            facts = self._facts.get(group_id, NOTHING_SHOWN)
            asked = tuple((fact, self._now()) for fact in sorted(wanted[group_id]))
            yield group_id, replace(facts, read_apart=asked)
            if self.look_error is not None:
                raise self.look_error

    # --- Acts -------------------------------------------------------------------------------------------

    def remove(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Take a member out, unless `refuses` says why not; `asking`, `before` and `after` are called around it."""
        change = partial(self.remove_member, group_id, member.handle)
        return self._done("remove", group_id, member, change, confirm)

    def make_admin(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        change = partial(self.set_role, group_id, member.handle, Role.ADMIN)
        return self._done("make_admin", group_id, member, change, confirm)

    def _done(
        self, deed: str, group_id: str, member: Member, change: Callable[[], None], confirm: Confirm
    ) -> ActOutcome:
        self.asking()
        confirm()
        self.before()
        self.acts.append((deed, group_id, member.handle))
        if self.refuses:
            return ActOutcome(Effect.REFUSED, self.refuses)
        if not self.has_member(group_id, member.handle):
            return ActOutcome(Effect.NOT_NEEDED)
        if self.can.removal_is_asynchronous:
            return ActOutcome(Effect.ASKED, reference="r1")
        change()
        self.after()
        return ActOutcome(Effect.DONE)

    def keep_renumbered_by(self, keep: KeepRenumbered, /) -> None:
        self.keep_renumbered = keep

    def news(self) -> frozenset[str]:
        news, self.told = frozenset(self.told), set()
        return news

    def check(self) -> CheckResult:
        _taken_at, groups = self._shown()
        if self._cut_after is not None:
            error = self._failure(self._cut_after, len(groups))
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or "Mend the fake.")
        members = [member for _group, members in groups.values() for member in members]
        admins = sum(member.role.is_admin for member in members)
        counts = {"groups": len(groups), "members": len(members), "admins": admins}
        said = ", ".join(f"{number} {noun}" for noun, number in counts.items())
        return CheckResult(ok=True, message=f"{self._name}: {said}", counts=counts)

    def _truth(self) -> dict[str, tuple[Group, tuple[Member, ...]]]:
        return {group_id: (group, self.members(group_id)) for group_id, group in self._groups.items()}

    def _shown(self) -> tuple[datetime, dict[str, tuple[Group, tuple[Member, ...]]]]:
        taken_at, groups = self._frozen or (self._now(), self._truth())
        shown = {group_id: group for group_id, group in groups.items() if group_id not in self._omitted}
        return min(self._taken_at or taken_at, self._now()) - self._lag, shown

    def _roster(self, group: Group, members: tuple[Member, ...], taken_at: datetime) -> Roster:
        kept = members[: self._kept.get(group.group_id, len(members))]
        coverage = self._coverage.get(group.group_id, Coverage.FULL)
        renumbered = self._renumbered.get(group.group_id, ())
        facts = self._facts.get(group.group_id, NOTHING_SHOWN)
        hidden: dict[str, Any] = dict.fromkeys(self.can.costly)
        return Roster(
            group,
            kept,
            taken_at,
            coverage,
            facts=unasked(replace(facts, **hidden), self.can.costly),
            renumbered=renumbered,
            registered=self._registered.get(group.group_id),
        )

    def _failure(self, got: int, expected: int) -> ConnectorError:
        return self._error or Incomplete(
            f"{self._name}: the list of groups broke off.",
            remedy="Look at the source, and read again.",
            expected=expected,
            got=got,
        )
