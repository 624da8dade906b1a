"""Who an assignee is to the directories: by the account on the ticket, and by the address."""

from __future__ import annotations

from collections.abc import Iterable

from worker.domain.model import AccountKey, Standing
from worker.domain.people.persons import Person
from worker.domain.tickets.ticket import Assignee
from worker.ports.state.store import UnitOfWork


def people_behind(uow: UnitOfWork, assignee: Assignee | None) -> list[Person]:
    """Who an assignee is, by their account and by their address: an owner may be known by the address alone.

    Whoever the account belongs to comes first.
    """
    if assignee is None:
        return []
    known = [assignee.person] if assignee.person else []
    known += [one.key for one in uow.people.find(assignee.email)]
    humans = uow.people.humans(known)
    return [humans[one] for one in dict.fromkeys(known) if one in humans]


def language_of(people: Iterable[Person]) -> str | None:
    """The language that a directory has of the first of some people who is here and has one; None: of nobody."""
    here = (one.person for one in people if one.person.standing is not Standing.LEFT)
    return next((one.facts.language for one in here if one.facts.language), None)


def account_of(uow: UnitOfWork, assignee: Assignee | None) -> AccountKey | None:
    """The account by which an assignee is known: the ticket's, else one of whoever has the address and is here."""
    if assignee is not None and assignee.person is not None:
        return assignee.person
    people = (one.person for one in people_behind(uow, assignee))
    return next((one.key for one in people if one.standing is not Standing.LEFT), None)
