"""The fakes that the worker reads from, with a record of what each of them said, and the ways they lie.

`said` is what complete passes told, whether true or not; the driver turns it into `believed` when the worker's
report shows no trouble. `honest` is what passes told while nothing was wrong with the source.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from fakes.directory import FakeDirectory
from sim.company import Company, Seat
from worker.domain.model import AccountFacts, Coverage, GroupKey, Member, Role, Roster
from worker.ports import (
    Capabilities,
    CheckResult,
    ConnectorError,
    DirectoryPage,
    Incomplete,
    PassEnd,
    Passive,
    SnapshotEnd,
    Transient,
)
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect, as_decided


@dataclass(slots=True)
class Word:
    """What a directory's complete passes have said so far."""

    facts: dict[str, AccountFacts] = field(default_factory=dict)
    taken_at: datetime | None = None
    absent: dict[str, tuple[int, datetime]] = field(default_factory=dict)  # id -> (full passes, since)

    def after(self, records: list[AccountFacts], end: PassEnd, here: Collection[str]) -> Word:
        """What is said after a pass; a look-up finds who is `here`, whatever the pass left out."""
        listed = {facts.person_id: facts for facts in records}
        if end.is_unchanged:
            return Word(self.facts, max(self.taken_at or end.taken_at, end.taken_at), self.absent)
        facts = {**self.facts, **listed}
        absent = {key: known for key, known in self.absent.items() if key not in listed}
        if end.is_full:
            is_another = (
                self.taken_at is None or end.taken_at > self.taken_at
            )  # the same export proves nothing more
            for key in self.facts.keys() - listed.keys() - set(here):
                passes, since = absent.get(key, (0, end.taken_at))
                absent[key] = (max(passes + is_another, 1), since)
        return Word(facts, end.taken_at, absent)


class SimDirectory(FakeDirectory):
    """A directory whose words are recorded. With `is_file` it says what its last export held."""

    def __init__(self, name: str, now: Callable[[], datetime], *, is_file: bool) -> None:
        super().__init__(name, now=now, page_size=100, can_look_up=not is_file, has_delta=not is_file)
        self.is_file = is_file
        self.said: Word | None = None
        self.said_cursor = ""
        self.said_everybody = False
        self.believed = Word()
        self.honest = Word()
        self.is_lying = False
        self._live: dict[str, AccountFacts] = {}
        self._exported_at = now()

    def write(self, facts: AccountFacts) -> None:
        """HR's side: what should be said from now on (of a file: from the next export on)."""
        self._live[facts.person_id] = facts
        if not self.is_file:
            self.put(facts)

    def strike(self, person_id: str) -> None:
        del self._live[person_id]
        if not self.is_file:
            self.erase(person_id)

    def export(self) -> None:
        """Write the file anew."""
        if self.is_lying:
            return
        self._exported_at = self._now()
        self._facts = {}
        self._changed = {}
        self.put(*self._live.values())

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        records: list[AccountFacts] = []
        if self.said is not None and cursor == self.said_cursor:
            self.believed = self.said  # the worker goes on from there
        elif self.said is not None and not full:
            yield from super().changes(cursor)  # it looks back, at what it knows already
            return
        self.said = None
        for item in super().changes(cursor, full=full):
            if isinstance(item, PassEnd):
                here = self._facts if self.can_look_up else ()
                end = replace(item, taken_at=self._exported_at) if self.is_file else item
                self.said, self.said_cursor = self.believed.after(records, end, here), end.cursor
                self.said_everybody = end.is_full and not end.is_unchanged
                if not self.is_lying:
                    self.honest = self.honest.after(records, end, here)
                yield end
            else:
                records += item.records
                yield item

    def look_up(self, person_id: str) -> AccountFacts | None:
        """Asked about one person it says the truth, as a part of the pass after which it is asked."""
        facts = super().look_up(person_id)
        if facts is not None and self.said is not None:
            self.said.facts[person_id] = facts
            self.honest.facts[person_id] = facts
        return facts

    def settle(self, *, is_ok: bool) -> None:
        """The worker's report is out: what was said is believed, or it is not."""
        if is_ok and self.said is not None:
            self.believed = self.said
        self.said = None


@dataclass(slots=True)
class Lie:
    """What is wrong with an inventory while it lasts."""

    kind: str  # raise | cut | few_groups | miscounted | partial | shrunken | stale
    group: str = ""
    error: ConnectorError | None = None


class SimInventory(Passive):
    """An inventory of the company's rooms. A register says what was last written into it."""

    def __init__(self, name: str, company: Company, *, is_register: bool) -> None:
        self.name = name
        self.is_register = is_register
        self.lie: Lie | None = None
        self.said: dict[GroupKey, Roster] | None = None
        self.believed: dict[GroupKey, Roster] = {}
        self.listed: dict[GroupKey, frozenset[str]] = {}  # the handles in the latest roster as it was read
        self.acted_upon: dict[GroupKey, Roster] = {}  # what was believed when groups were last reconciled
        self.shown: dict[
            GroupKey, list[Roster]
        ] = {}  # what was said since the last but one that was believed
        self.read_at: datetime | None = None
        self.acts = 0
        self.machine: Callable[[str, GroupKey, str], None] = lambda *_: (
            None
        )  # is told of each act before it is done
        self.pass_: Callable[[str], None] = lambda _place: None  # where the process may die
        self._company = company
        self._written: tuple[Roster, ...] = ()
        self._short: set[GroupKey] = set()

    @property
    def can(self) -> Capabilities:
        if self.is_register:
            return Capabilities(sees_all_groups=True, is_kept_by_people=True)
        return Capabilities(sees_all_groups=True, can_remove=True, can_change_admin=True)

    def remove(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """A machine takes somebody out of the room."""
        seats = self._acting("remove", group_id, member, confirm)
        is_there = seats.pop(member.handle, None) is not None
        self._answer()
        return ActOutcome(Effect.DONE if is_there else Effect.NOT_NEEDED)

    def make_admin(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """A machine makes somebody an admin of the room."""
        seats = self._acting("make_admin", group_id, member, confirm)
        if member.handle in seats:
            seats[member.handle].role = Role.ADMIN
        self._answer()
        return ActOutcome(Effect.DONE)

    def _answer(self) -> None:
        """Every third answer is lost."""
        self.pass_("after act")
        self.acts += 1
        if self.acts % 3 == 0:
            raise Transient("The answer broke off.", remedy="It is tried again.")

    def _acting(self, deed: str, group_id: str, member: Member, confirm: Confirm) -> dict[str, Seat]:
        self.pass_("before act")
        confirm()
        key = GroupKey(self.name, group_id)
        self.machine(deed, key, member.handle)
        room = self._company.rooms.get(key)
        return room.seats if room is not None else {}

    def write(self) -> None:
        """Somebody brings the register up to date."""
        if self.lie is None or self.lie.kind != "stale":
            self._written = self._rosters()

    def _rosters(self) -> tuple[Roster, ...]:
        now = self._company.now()
        rooms = [room for room in self._company.rooms.values() if room.source == self.name]
        return tuple(Roster(room.group, room.members(), now, facts=room.facts(now)) for room in rooms)

    def changes(
        self, _cursor: str | None, _groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        self.said = None
        if not self.is_register:
            self.write()
        lie = self.lie
        if lie is not None and lie.error is not None:
            raise lie.error
        rosters = tuple(self._bent(roster) for roster in self._written)
        if lie is not None and lie.kind == "few_groups":
            rosters = rosters[: len(rosters) // 2]
        for at, roster in enumerate(rosters):
            if lie is not None and lie.kind == "cut" and at == len(rosters) // 2:
                return
            self.shown.setdefault(GroupKey(self.name, roster.group.group_id), []).append(roster)
            yield roster
        self.said = {GroupKey(self.name, roster.group.group_id): roster for roster in rosters}
        self._short = {k for k, r, w in zip(self.said, rosters, self._written, strict=False) if r is not w}
        miscount = lie is not None and lie.kind == "miscounted"
        yield SnapshotEnd(max(r.taken_at for r in rosters), len(rosters) + miscount)

    def _bent(self, roster: Roster) -> Roster:
        lie = self.lie
        if lie is None or lie.group != roster.group.group_id:
            return roster
        half = roster.members[: len(roster.members) // 3]
        if lie.kind == "partial":
            return replace(roster, members=half, coverage=Coverage.PARTIAL)
        if lie.kind == "shrunken" and len(roster.members) - len(half) >= 5:
            return replace(roster, members=half)
        return roster

    def settle(self, *, is_ok: bool, now: datetime) -> None:
        """As `SimDirectory.settle`. A roster that lost most of its members at once proves nothing yet."""
        if is_ok and self.said is not None:
            before = self.believed  # a job that is at work meanwhile has seen these
            self.shown = {
                key: [*([before[key]] if key in before else []), roster] for key, roster in self.said.items()
            }
            self.believed = {key: self._weighed(key, roster) for key, roster in self.said.items()}
            self.listed = {key: frozenset(m.handle for m in r.members) for key, r in self.said.items()}
            self.read_at = now
        self.said = None

    def _weighed(self, key: GroupKey, roster: Roster) -> Roster:
        if key not in self._short or key not in self.believed:
            return roster
        listed = {member.handle for member in roster.members}
        kept = tuple(m for m in self.believed[key].members if m.handle not in listed)
        return replace(roster, members=(*roster.members, *kept), coverage=Coverage.PARTIAL)

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message=f"{self.name}: {len(self._written)} groups")


def broke_off(name: str) -> Incomplete:
    return Incomplete(f"{name}: the answer broke off.", remedy="Wait for the next read.")
