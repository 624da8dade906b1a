"""One person, as a page, a command and the API show them. Any of their accounts finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.app.acts.looking_up import all_accounts
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry, Sealed
from worker.domain.kinds import kind_of
from worker.domain.model import Account, AccountKey, Evidence, Standing
from worker.domain.people.persons import Person
from worker.domain.text.reason import NO_REASON, Reason
from worker.domain.tickets.ticket import Ticket
from worker.ports.connectors.base import Port
from worker.ports.state.groups import GroupOfMember
from worker.ports.state.overview import NamedGroup
from worker.ports.state.sources import SourceState
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class WholePerson:
    """One account and its person, with the groups, tickets and directory (by name) of each of their accounts.

    `accounts` are all of them; those of directories that are not configured any more don't count for `human`.
    """

    account: Account
    human: Person
    accounts: Sequence[Account]
    groups: Sequence[GroupOfMember]
    tickets: Sequence[Ticket]
    directories: Mapping[str, SourceState]

    @property
    def keys(self) -> list[AccountKey]:
        """The keys of all of the person's accounts."""
        return [one.key for one in self.accounts]


def whole_person(uow: UnitOfWork, account: Account) -> WholePerson:
    """Read everything about one person except their history."""
    human = uow.people.human(account.key) or Person(account, None, (account,))
    accounts = all_accounts(uow, account)
    keys = [one.key for one in accounts]
    return WholePerson(
        account,
        human,
        accounts,
        [found for key in keys for found in uow.rosters.groups_of(key)],
        [ticket for key in keys for ticket in uow.tickets.of_person(key)],
        {key.source: uow.sources.get(key.source, Port.DIRECTORY) for key in keys},
    )


def history_of(uow: UnitOfWork, whole: WholePerson) -> list[Sealed]:
    """All events of the person, under all of their accounts, oldest first."""
    found = [sealed for key in whole.keys for sealed in uow.journal.of(_subject(key))]
    return sorted(found, key=lambda sealed: sealed.seq)


class Happening(StrEnum):
    """What can happen to a person, as their timeline says it."""

    FIRST_SEEN = "first_seen"
    JOINED = "joined"
    MOVED = "moved"
    LEAVING = "leaving"
    LEFT = "left"
    RETURNED = "returned"
    ERASED = "erased"
    GROUP_JOINED = "group_joined"
    GROUP_LEFT = "group_left"  # as a newer list proved it
    TICKET_OPENED = "ticket_opened"
    TICKET_DONE = "ticket_done"
    TICKET_VERIFIED = "ticket_verified"
    TICKET_REOPENED = "ticket_reopened"
    TICKET_CANCELLED = "ticket_cancelled"
    TICKET_WAIVED = "ticket_waived"
    TICKET_DISPUTED = "ticket_disputed"


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a person. `what` is a `Happening`'s code; a ticket says which group it is about."""

    at: datetime
    what: Happening
    group: NamedGroup | None = None
    ticket: Ticket | None = None
    evidence: Evidence | None = None
    by: str = ""
    reason: Reason = NO_REASON


_HAPPENINGS = {
    events.PERSON_JOINED: Happening.JOINED,
    events.PERSON_MOVED: Happening.MOVED,
    events.PERSON_LEAVING_ANNOUNCED: Happening.LEAVING,
    events.PERSON_LEFT: Happening.LEFT,
    events.PERSON_RETURNED: Happening.RETURNED,
    events.PERSON_ERASED: Happening.ERASED,
    events.TICKET_OPENED: Happening.TICKET_OPENED,
    events.TICKET_DONE: Happening.TICKET_DONE,
    events.TICKET_VERIFIED: Happening.TICKET_VERIFIED,
    events.TICKET_REOPENED: Happening.TICKET_REOPENED,
    events.TICKET_CANCELLED: Happening.TICKET_CANCELLED,
    events.TICKET_WAIVED: Happening.TICKET_WAIVED,
    events.TICKET_DISPUTED: Happening.TICKET_DISPUTED,
}


def life_of(uow: UnitOfWork, whole: WholePerson, limit: int) -> list[Moment]:
    """A person's life here, newest first: in the company, in groups, and the tickets about it.

    The journal's events are the last `limit`. Who was in a group before its first reading has no moment for that.
    """
    tickets = {f"ticket:{one.label}": one for one in whole.tickets}
    people = {_subject(one.key): one for one in whole.accounts}
    entries = [one.entry for one in uow.overview.history([*people, *tickets], limit)]
    found = [
        _moment(entry, _HAPPENINGS[events.current(entry.kind)], tickets.get(entry.subject))
        for entry in entries
        if events.current(entry.kind) in _HAPPENINGS
    ]
    known = {(entry.subject, events.current(entry.kind)) for entry in entries}
    first = uow.overview.first_seen([one.key for one in people.values()])
    for subject, one in people.items():
        if (subject, events.PERSON_JOINED) not in known and one.key in first:
            found.append(Moment(first[one.key], Happening.FIRST_SEEN, by=one.key.source))
        if (subject, events.PERSON_LEFT) not in known and one.left_at and one.standing is Standing.LEFT:
            found.append(Moment(one.left_at, Happening.LEFT, evidence=one.evidence, by=one.key.source))
    found += [
        Moment(
            member.joined_at, Happening.GROUP_JOINED, NamedGroup(group.key, group.name), by=group.key.source
        )
        for group, member in whole.groups
        if member.joined_at
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _moment(entry: Entry, what: Happening, ticket: Ticket | None) -> Moment:
    if ticket is None:
        return Moment(entry.at, what, by=entry.actor, reason=entry.why)
    if what is Happening.TICKET_VERIFIED and kind_of(ticket).is_exposure:
        what = Happening.GROUP_LEFT
    group = NamedGroup(ticket.group, ticket.group_name) if ticket.group else None
    return Moment(entry.at, what, group, ticket, by=entry.actor, reason=entry.why)


def _subject(account: AccountKey) -> str:
    return f"person:{'/'.join(account)}"
