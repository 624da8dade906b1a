"""What becomes of each recorded ticket by other rules: opened, earlier or later; held with its leaving; or not opened.

What people did stays where it was: nobody knows when they would have acted on a ticket that came at another time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from worker.domain.controls.policy import ClassRule
from worker.domain.escalation.policy import Taken
from worker.domain.escalation.replay import Spell, replay
from worker.domain.kinds import kind_of
from worker.domain.kinds.controlled import TIME_S
from worker.domain.kinds.keeps import in_since
from worker.domain.kinds.kind import InControls, InReports
from worker.domain.model import GroupKey
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.rules import TicketRules
from worker.domain.replay.gate import GuardPlay
from worker.domain.replay.history import History, LeavingKey, RecordedTicket
from worker.domain.text.globs import fits
from worker.domain.tickets.ticket import Ticket, TicketState


class Become(StrEnum):
    """What becomes of a ticket."""

    OPENED = "opened"
    HELD = "held"  # its leaving waits for a person's decision
    ABSENT = "absent"


class Why(StrEnum):
    """Why a ticket is not opened, or is kept as it was."""

    NONE = ""
    GROUP_LEFT_OUT = "group_left_out"  # the configuration does not read the group
    NO_LEAVING = "no_leaving"  # such evidence does not count, or the directory is not read
    OTHER_DIRECTORY = "other_directory"  # another directory has not said that they left
    GONE_BEFORE = "gone_before"  # they were out of the group before it would have been opened
    PLAN_HELD = "plan_held"
    NOT_YET = "not_yet"  # the person had not been absent for long enough
    NO_RECORD = "no_record"  # how its leaving passed the guard is not known any more: it stays as it was


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one ticket; the instants (aware UTC) are None unless it is opened."""

    become: Become
    opened_at: datetime | None = None
    due_at: datetime | None = None
    why: Why = Why.NONE


@dataclass(frozen=True, slots=True)
class TicketSide:
    """One configuration's rules for tickets, and what the guard did by it.

    `takes`: by inventory, whether it reads a group of this id and name. `sensitive`: ids, names or globs of groups.
    `classes`: of data, by which groups are sensitive to controls and reports.
    """

    gate: GuardPlay
    rules: TicketRules
    takes: Mapping[str, Callable[[str, str], bool]] = field(default_factory=dict)
    sensitive: tuple[str, ...] = ()
    accounts: AccountsRule = AccountsRule.EITHER
    classes: tuple[ClassRule, ...] = ()

    def reads(self, history: History, group: GroupKey, name: str) -> bool:
        """Whether it reads a group of this name, in one at least of the sources that show it."""
        past = history.groups.get(group)
        shown = {**(past.shown_as if past else {}), group: name}
        return any(
            key.source in self.takes and self.takes[key.source](key.group_id, shown[key]) for key in shown
        )

    def judged(self, history: History, ticket: Ticket) -> Ticket:
        """The ticket, sensitive or not by these rules."""
        if ticket.group is None:
            return ticket
        past = history.groups.get(ticket.group)
        is_said = past is not None and past.is_sensitive
        names = (ticket.group.group_id, ticket.group_name)
        is_named = any(fits(name, self.sensitive) for name in names)
        is_sensitive = (
            is_said or is_named or self._is_by_class(ticket, names, past.data_class if past else "")
        )
        return ticket if ticket.is_sensitive is is_sensitive else replace(ticket, is_sensitive=is_sensitive)

    def _is_by_class(self, ticket: Ticket, names: tuple[str, str], said: str) -> bool:
        """Whether a ticket of controls or reports is of a sensitive class; of others, the class is not asked."""
        if not isinstance(kind_of(ticket).found, InControls | InReports):
            return False
        return next((one.is_sensitive for one in self.classes if one.has_known(*names, said)), False)


def fate_of(history: History, recorded: RecordedTicket, was: GuardPlay, side: TicketSide) -> Fate:
    """What becomes of a recorded ticket. `was`: what the guard did in fact.

    | its group is not read, in any of its sources            | absent            |
    | it is about no leaving, or was opened before it         | opened as it was  |
    | its leaving is none by these rules, and no other account's is one | absent  |
    | how its leaving passed the guard then is not known      | opened as it was  |
    | the guard holds the leaving                             | held              |
    | another directory has still to say so, or more time has to pass | absent    |
    | the leaving passes when it did, or before its own cause | opened as it was  |
    | the leaving passes later                                | opened then; absent if it was over by then |
    | it was opened when its leaving passed, which is sooner  | opened then, if they were in the group     |
    """
    ticket = recorded.ticket
    if ticket.group is not None and not side.reads(history, ticket.group, ticket.group_name):
        return Fate(Become.ABSENT, why=Why.GROUP_LEFT_OUT)
    leaving = recorded.leaving
    if leaving is None:
        return _opened(history, recorded, ticket.opened_at, side)
    begins = begins_at(history, leaving, ticket.opened_at, side)
    if begins is None and leaving in side.gate.ignored:
        return Fate(Become.ABSENT, why=Why.NO_LEAVING)
    passed = was.passed.get(leaving)
    if passed is None or ticket.opened_at < passed:
        return _opened(history, recorded, ticket.opened_at, side, Why.NO_RECORD)
    if begins is None:
        if leaving in side.gate.held:
            return Fate(Become.HELD, why=Why.PLAN_HELD)
        is_early = leaving in side.gate.early
        return Fate(Become.ABSENT, why=Why.NOT_YET if is_early else Why.OTHER_DIRECTORY)
    at = max(begins, ticket.opened_at)
    if ticket.opened_at <= passed:
        at = max(begins, in_since(ticket) or begins)
    needed_at = at if at <= ticket.opened_at else _needed_from(recorded.life, at)
    if needed_at is None:
        return Fate(Become.ABSENT, why=Why.GONE_BEFORE)
    return _opened(history, recorded, needed_at, side)


def _needed_from(life: Sequence[Spell], at: datetime) -> datetime | None:
    """The first instant from one on at which there is something to do; None: it is over for good by then."""
    later = (
        max(at, one.begins) for one in life if not _is_over(one) and (one.until is None or one.until > at)
    )
    return next(later, None)


def _is_over(spell: Spell) -> bool:
    return spell.state in {TicketState.VERIFIED, TicketState.CANCELLED}


def begins_at(history: History, leaving: LeavingKey, known_at: datetime, side: TicketSide) -> datetime | None:
    """When the absence of a leaving that was known at an instant begins, let through by the guard; None: never.

    Of a person with several accounts, it is when they count as gone by all of them. A move is of one account.
    """
    human = history.humans.get(leaving.person)
    if human is None or leaving.is_move:
        return side.gate.passed.get(leaving)
    return human.gone_from(known_at, side.gate.passed, side.accounts)


def _opened(
    history: History, recorded: RecordedTicket, at: datetime, side: TicketSide, why: Why = Why.NONE
) -> Fate:
    ticket = recorded.ticket
    if TIME_S in ticket.details and recorded.due_at is not None:
        return Fate(
            Become.OPENED, at, recorded.due_at, why
        )  # a time of its own, which may have been changed since
    started = side.rules.started(side.judged(history, ticket), at)
    return Fate(Become.OPENED, at, started.due_at, why)


Span = tuple[datetime, datetime]  # from, and until when (excluded)


def steps_of(
    history: History,
    recorded: RecordedTicket,
    fate: Fate,
    side: TicketSide,
    silences: Sequence[Span],
    reaches: Callable[[Taken], bool],
) -> tuple[Taken, ...]:
    """The steps that a ticket's policy takes between the history's ends, in order; none unless it is opened.

    `silences`: when nobody was told about it. `reaches` is as in `escalation.replay`.
    """
    if fate.opened_at is None:
        return ()
    ticket = side.judged(history, recorded.ticket)
    life = silenced(moved(recorded.life, ticket.opened_at, fate.opened_at), silences)
    opened = ticket if ticket.opened_at == fate.opened_at else replace(ticket, opened_at=fate.opened_at)
    policy = side.rules.policy(ticket)
    allowed, pass_at = side.rules.allowed(ticket), history.escalations.after
    taken = replay(opened, life, policy, allowed, history.ends, reaches, pass_at)
    return tuple(one for one in taken if history.begins <= one.at < history.ends)


def moved(life: Sequence[Spell], opened_at: datetime, to: datetime) -> tuple[Spell, ...]:
    """The life of a ticket that is opened at another instant: its first round begins then, and the rest stays."""
    if to == opened_at:
        return tuple(life)
    found = []
    for number, one in enumerate(life):
        if one.until is not None and one.until <= to:
            continue
        begins = to if number == 0 else max(one.begins, to)
        clock_from = to if one.clock_from <= max(opened_at, to) else one.clock_from
        found.append(replace(one, begins=begins, clock_from=clock_from))
    return tuple(found)


def silenced(life: Sequence[Spell], silences: Sequence[Span]) -> tuple[Spell, ...]:
    """The life of a ticket with silences in it: while one is on, it rests as if it were snoozed."""
    found = list(life)
    for begins, until in sorted(silences):
        found = [part for one in found for part in _with_silence(one, begins, until)]
    return tuple(found)


def _with_silence(one: Spell, begins: datetime, until: datetime) -> list[Spell]:
    if until <= one.begins or (one.until is not None and one.until <= begins):
        return [one]
    rests_until = max(until, one.snoozed_until) if one.snoozed_until else until
    if begins <= one.begins:
        return [replace(one, snoozed_until=rests_until)]
    return [replace(one, until=begins), replace(one, begins=begins, snoozed_until=rests_until)]
