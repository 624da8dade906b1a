"""One person, as a page, a command and the API show them. Any of their accounts finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.domain.evidence.journal import Sealed
from worker.domain.model import Account, AccountKey
from worker.domain.people.persons import Person
from worker.domain.tickets.ticket import Ticket
from worker.ports.connectors.base import Port
from worker.ports.state.groups import GroupOfMember
from worker.ports.state.sources import SourceState
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class WholePerson:
    """One account and its person, with the groups, tickets and directory (by name) of each of their accounts."""

    account: Account
    human: Person
    groups: Sequence[GroupOfMember]
    tickets: Sequence[Ticket]
    directories: Mapping[str, SourceState]


def whole_person(uow: UnitOfWork, account: Account) -> WholePerson:
    """Read everything about one person except their history."""
    human = uow.people.human(account.key) or Person(account, None, (account,))
    keys = [one.key for one in human.accounts]
    return WholePerson(
        account,
        human,
        [found for key in keys for found in uow.rosters.groups_of(key)],
        [ticket for key in keys for ticket in uow.tickets.of_person(key)],
        {key.source: uow.sources.get(key.source, Port.DIRECTORY) for key in keys},
    )


def history_of(uow: UnitOfWork, whole: WholePerson) -> list[Sealed]:
    """All events of the person, under all of their accounts, oldest first."""
    found = [sealed for one in whole.human.accounts for sealed in uow.journal.of(_subject(one.key))]
    return sorted(found, key=lambda sealed: sealed.seq)


def timeline_of(uow: UnitOfWork, whole: WholePerson, limit: int) -> Sequence[Sealed]:
    """The last events of the person and of the tickets about them, newest first."""
    subjects = [_subject(one.key) for one in whole.human.accounts]
    return uow.overview.history([*subjects, *(f"ticket:{one.label}" for one in whole.tickets)], limit)


def _subject(account: AccountKey) -> str:
    return f"person:{'/'.join(account)}"
