"""What the use cases ask of storage. One unit of work is one transaction.

Implemented by `worker/storage` on SQLite and PostgreSQL; the contract suite holds both to the docstrings
here. All instants are aware UTC. Lists come in a stable order; what can be long comes in pages or as an
iterator that is read within the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from worker.domain.accounts import Human
from worker.domain.directory import Event
from worker.domain.escalation import Taken
from worker.domain.findings import GroupView
from worker.domain.guard import Approval, Cohort, GroupLoad, GuardLimits, HeldPlan, Newcomer, Population
from worker.domain.identity import Candidate, Link
from worker.domain.journal import Entry, Sealed
from worker.domain.leaver import Judgement
from worker.domain.message import Recipient
from worker.domain.model import GroupKey, HandleKey, Member, Person, PersonFacts, PersonKey, Roster
from worker.domain.ticket import Ticket, TicketState
from worker.domain.verify import Sight
from worker.ports.desk import DeskState
from worker.ports.leases import JobRuns, Lease, Leases
from worker.ports.outbox import Outbox

if TYPE_CHECKING:
    from worker.ports.explained import Explained
    from worker.ports.overview import Overview


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of one connector's reads; `trouble` is set from a failed read until a good one."""

    name: str
    port: str
    cursor: str | None = None
    first_pass_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    last_full_at: datetime | None = None
    taken_at: datetime | None = None
    failures: int = 0
    trouble: str | None = None
    remedy: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


class Sources(Protocol):
    """One row a connector that is read from."""

    def get(self, name: str, port: str) -> SourceState:
        """The state; an empty one for a source that was never read."""

    def put(self, state: SourceState) -> None:
        """Insert or replace."""

    def all(self) -> list[SourceState]:
        """By name."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Counts of a staged pass, before it is applied."""

    records: int
    known: int  # people of this source, in scope, who are not known to have left
    missing: int  # of `known`, those that the pass does not list and nobody released as missing


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a pass did. `events` are in person order, none on a source's first pass.

    `ids` are those of people whose facts changed; none on a first pass.
    """

    events: tuple[Event, ...]
    changed: int
    first_run_leavers: int = 0
    ids: tuple[str, ...] = ()


class People(Protocol):
    """People and the passes that bring them."""

    def clear_stage(self, source: str) -> None:
        """Forget what an earlier, incomplete pass left behind."""

    def stage(self, source: str, records: Iterable[tuple[PersonFacts, Judgement | None]]) -> int:
        """Add a page to the staged pass (last occurrence of an id wins); return its length."""

    def staged(self, source: str) -> Staged:
        """Counts for deciding whether the pass can be believed."""

    def missing(self, source: str) -> list[PersonKey]:
        """People not known to have left whom the staged pass does not list, by id."""

    def apply_stage(self, source: str, *, is_full: bool, taken_at: datetime, now: datetime) -> Applied:
        """Make the staged pass the state, set-based, and mark groups and links that it touches dirty.

        A judgement of None keeps the standing that was known. Left people keep their first `left_at`.
        Opens an episode for everybody who left (gate 'initial' on the source's first pass, else 'new'),
        ends those of people who returned. A full pass counts the missing: see `absent`.
        """

    def absent(self, source: str) -> list[tuple[Person, int, datetime]]:
        """People missing from the last full pass: (person, complete passes missed, missing since)."""

    def miss_again(self, source: str) -> None:
        """Count one more complete pass without those who are missing already."""

    def mark_left(self, people: Sequence[Person], seen_at: datetime, now: datetime) -> None:
        """Set standing, evidence and left_at of people as given; opens episodes, marks groups dirty."""

    def due_leavers(self, now: datetime, sources: Sequence[str]) -> list[Person]:
        """People of these sources who are leaving and whose date has come."""

    def get(self, person: PersonKey) -> Person | None:
        """One account."""

    def human(self, person: PersonKey) -> Human | None:
        """The human behind an account, as all of their accounts say together."""

    def languages(self, people: Collection[PersonKey]) -> dict[PersonKey, str]:
        """What language the directory has for each of these accounts, as it states it; of those that have one."""

    def find(self, text: str) -> list[Person]:
        """People whose id, e-mail, user name or employee id is `text` (case-blind), at most 20."""

    def page(self, after: PersonKey | None, limit: int) -> list[Person]:
        """The next people in key order."""

    def count(self) -> int:
        """How many people are known."""

    def erase(self, person: PersonKey) -> None:
        """Forget the personal data of one person: record, links, names in tickets and messages."""

    def erasable(self, before: datetime, after: PersonKey | None, limit: int) -> list[PersonKey]:
        """The next accounts, in key order, that left before then, are gone from their directory (deleted, or
        absent for good), and under which nobody is in a group, has a live ticket or is in a plan that waits.

        Other accounts of the same human are not looked at.
        """


class Rosters(Protocol):
    """Groups, memberships and the snapshots that bring them."""

    def clear_stage(self, source: str) -> None:
        """Forget what an earlier, incomplete snapshot left behind."""

    def stage(self, source: str, rosters: Iterable[Roster]) -> int:
        """Add rosters to the staged snapshot; return the number of members."""

    def apply_stage(self, source: str, *, now: datetime, limits: GuardLimits) -> RosterChanges:
        """Make the staged rosters the state, set-based; mark changed groups and handles dirty.

        A roster that lost more than `group_share_max` of its members is believed only when a later one says the
        same; until then it counts as partial. Groups that the snapshot does not list
        are gone, unless so many are missing that RosterChanges.too_few_groups says so and nothing is applied.
        """

    def groups(self) -> list[GroupRow]:
        """All groups, by source and name."""

    def group(self, key: GroupKey) -> GroupRow | None:
        """One group."""

    def members(self, key: GroupKey) -> list[tuple[Member, Link | None, Person | None]]:
        """One group's members with who is behind them, by handle."""

    def groups_of(self, person: PersonKey) -> list[tuple[GroupRow, Member]]:
        """The groups that a person is in under this account: the one that a member is linked to."""

    def mark_wrong_groups_dirty(self, now: datetime) -> int:
        """Mark every group that state says needs a ticket opened, cancelled or changed; return how many.

        One set-based query for each kind of finding, for the nightly pass.
        """

    def dirty_count(self) -> int:
        """How many groups wait to be reconciled."""

    def take_dirty(self, limit: int) -> tuple[int, list[GroupView]]:
        """Take the next groups off the dirty list, oldest first, with all that reconciling each needs.

        Returns how many were taken too: one that is no longer there has no view.
        """

    def mark_dirty(self, groups: Iterable[GroupKey], now: datetime) -> None:
        """Put groups on the dirty list."""

    def active_admins(self, group: GroupKey) -> list[Person]:
        """Known people who are admins of the group and have not left."""

    def expectations(self, person: PersonKey) -> dict[GroupKey, str]:
        """The groups in which the joiner rules place (or placed) a person: state by group."""

    def expect(self, person: PersonKey, states: Mapping[GroupKey, str], since: datetime) -> None:
        """Record what the joiner rules say now: `due` or `former`; marks the groups dirty."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as lists show it."""

    key: GroupKey
    name: str
    messenger: str
    owner_email: str | None
    coverage: str
    taken_at: datetime
    read_at: datetime
    size: int
    admins: int
    is_gone: bool
    warning: str


@dataclass(frozen=True, slots=True)
class RosterChanges:
    """What applying a snapshot did, by group: (added, removed, role changes)."""

    changed: Mapping[GroupKey, tuple[int, int, int]]
    new_groups: tuple[GroupKey, ...] = ()
    gone_groups: tuple[GroupKey, ...] = ()
    shrunken: tuple[tuple[GroupKey, int, int], ...] = ()  # (group, members before, members now)
    too_few_groups: tuple[int, int] | None = None  # (groups before, groups missing)


@dataclass(frozen=True, slots=True)
class Question:
    """A handle to be matched: the member, the link decided before, and who could be behind it.

    `fingerprint` is `identity.fingerprint` of the whole member as the inventory shows them now; people whom
    somebody rejected for this handle are not among the candidates.
    """

    key: HandleKey
    member: Member
    fingerprint: str
    previous: Link | None
    candidates: tuple[Candidate, ...]
    first_seen_at: datetime | None


class Links(Protocol):
    """Who is behind which handle."""

    def has_questions(self) -> bool:
        """Tell whether any handle waits to be matched."""

    def questions(self, limit: int) -> list[Question]:
        """The next handles to be matched (new, changed, or touched by a change in a directory)."""

    def answer(self, links: Sequence[tuple[HandleKey, Link]], now: datetime, by: str | None = None) -> int:
        """Store links; marks the groups of those that changed dirty. Returns how many changed."""

    def get(self, key: HandleKey) -> Link | None:
        """One link."""

    def find(self, text: str) -> list[HandleKey]:
        """Handles named by `source/handle`, by the handle alone, or by their identify ticket."""

    def reject(self, key: HandleKey, person: PersonKey | None, now: datetime, by: str) -> None:
        """Never link this handle to `person` again; with None: it belongs to nobody in the directory."""

    def ask_again(self, key: HandleKey) -> None:
        """Take an answer back: the handle is a question again."""

    def names(self, limit: int) -> list[tuple[PersonKey, str]]:
        """Active people for name suggestions, at most `limit`."""

    def page(
        self, states: Sequence[str], after: HandleKey | None, limit: int
    ) -> list[tuple[HandleKey, Link]]:
        """Links in the given states, in key order."""


class Episodes(Protocol):
    """Leavings and moves, the guard's gate, and held plans."""

    def newcomers(self) -> dict[tuple[str, str], list[Newcomer]]:
        """Episodes not let through yet, by (source, kind: left | moved); of a first run only those still in a
        group.
        """

    def population(self, source: str, kind: str, since: datetime) -> Population:
        """Active people, and episodes of this kind let through after `since`."""

    def loads(self, groups: Sequence[GroupKey], since: datetime) -> dict[GroupKey, GroupLoad]:
        """Size of each group and how many of its members were let through after `since`."""

    def let_through(self, newcomers: Sequence[Newcomer], now: datetime) -> None:
        """Open the gate; marks their groups dirty."""

    def add_moves(self, people: Sequence[Person], at: datetime) -> None:
        """Open a 'moved' episode for each; the gate holds what the joiner rules say of them."""

    def hold(self, plan: HeldPlan, kind: str = "leavers") -> HeldPlan:
        """Store a held plan and hold its episodes; returns it with its id."""

    def plans(self) -> list[HeldPlan]:
        """All held plans, newest first."""

    def plan(self, number: int) -> HeldPlan | None:
        """One held plan."""

    def undecided_of(self, person: PersonKey) -> list[str]:
        """The labels of plans with this account in them of which any part waits for a decision."""

    def open_shrunken(self, source: str) -> HeldPlan | None:
        """The undecided plan about people missing from a source, if there is one."""

    def approve(self, number: int, words: Sequence[Approval]) -> None:
        """Keep one person's words on cohorts of a plan that needs two; idempotent."""

    def take_back(self, number: int, words: Sequence[Approval]) -> None:
        """Forget words that were kept for a plan."""

    def approvals(self, number: int) -> list[Approval]:
        """The words kept for a plan, by cohort and time."""

    def decide(self, plan: HeldPlan, cohorts: Sequence[Cohort], by: str, reason: str, now: datetime) -> None:
        """Store the cohorts' new states; episodes of released ones pass, of rejected ones never do."""


class Tickets(Protocol):
    """Tickets and their escalations."""

    def insert(self, new: Sequence[Ticket]) -> list[Ticket]:
        """Store new tickets with the next ids, in order; a second one with a key that is there is an error."""

    def update(self, changed: Sequence[Ticket]) -> None:
        """Store tickets' new states."""

    def get(self, number: int) -> Ticket | None:
        """One ticket."""

    def page(self, states: Sequence[TicketState], after: int, limit: int) -> list[Ticket]:
        """Tickets in the given states with an id above `after`, by id."""

    def open_of(self, email: str) -> list[Ticket]:
        """Open tickets of one assignee (case-blind), by group name and id."""

    def of_person(self, person: PersonKey) -> list[Ticket]:
        """All tickets about one person, by id."""

    def of_group(self, group: GroupKey) -> list[Ticket]:
        """All tickets about one group, by id."""

    def counts(self) -> dict[tuple[str, str], int]:
        """How many tickets there are by (state, kind)."""

    def to_weigh(self, after: int, limit: int, claimed_before: datetime) -> list[tuple[Ticket, Sight | None]]:
        """Live tickets whose group was read since they were last weighed, or whose claim is of an instant up to
        `claimed_before`, by id.

        `Sight.is_fresh` is left True and `Sight.is_kept_by_people` False: the caller knows the source.
        """

    def claims(self, sources: Collection[str], after: int, limit: int) -> list[tuple[Ticket, Sight | None]]:
        """Done tickets in groups of these inventories, with what their latest roster shows, by id."""

    def to_escalate(self, after: int, limit: int) -> list[tuple[Ticket, tuple[Taken, ...]]]:
        """Open tickets with the steps taken, by id."""

    def unreachable(self) -> list[int]:
        """Tickets with a message that reached nobody and that no further step has answered yet."""

    def answered_unreachable(self, number: int) -> None:
        """The next step was taken because of it."""

    def take_step(self, number: int, taken: Taken, policy: str, to: Sequence[Recipient]) -> bool:
        """Record a step; False when (ticket, step, repeat) was taken already."""

    def steps(self, number: int) -> list[tuple[Taken, str, tuple[str, ...]]]:
        """The steps taken of one ticket: (taken, policy, labels of whom it told), in order."""

    def steps_of(self, numbers: Collection[int]) -> dict[int, list[tuple[Taken, str, tuple[str, ...]]]]:
        """As `steps`, of many tickets by number, in few queries."""


class Journal(Protocol):
    """The hash-chained log."""

    def append(self, entries: Iterable[Entry]) -> None:
        """Seal and store entries at the chain's end."""

    def of(self, subject: str) -> list[Sealed]:
        """Entries about one subject, in order."""

    def chain(self) -> Iterator[Sealed]:
        """The whole chain, in order."""

    def page(self, after: int, limit: int) -> list[Sealed]:
        """The next entries with a seq above `after`, in order."""

    def head(self) -> tuple[int, str]:
        """(seq, hash) of the last entry; (0, GENESIS) of an empty chain."""


class UnitOfWork(Protocol):
    """One transaction's access to everything."""

    @property
    def people(self) -> People: ...

    @property
    def rosters(self) -> Rosters: ...

    @property
    def links(self) -> Links: ...

    @property
    def episodes(self) -> Episodes: ...

    @property
    def tickets(self) -> Tickets: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def sources(self) -> Sources: ...

    @property
    def jobs(self) -> JobRuns: ...

    @property
    def desk(self) -> DeskState: ...

    @property
    def overview(self) -> Overview: ...

    @property
    def explained(self) -> Explained: ...


class Store(Protocol):
    """Where state lives."""

    @property
    def leases(self) -> Leases: ...

    def begin(self, lease: Lease | None = None) -> AbstractContextManager[UnitOfWork]:
        """One transaction: committed at a normal end, rolled back at any exception.

        With `lease`, the commit fails with LeaseLost when the lease was taken over.
        """

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """One transaction that only reads, from one moment's state; it waits for no writer, and no writer for it."""
