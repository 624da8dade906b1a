"""Who is behind an assignee, and whether a review's ticket asks about themselves."""

from __future__ import annotations

from worker.domain.kinds.controlled import ONLY
from worker.domain.model import HandleKey
from worker.domain.people.persons import Person
from worker.domain.reconcile.whom import is_one_of
from worker.domain.tickets.ticket import Assignee, Ticket
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


def is_about_themself(uow: UnitOfWork, ticket: Ticket, assignee: Assignee) -> bool:
    """Whether a ticket asks about members apart from the others, and the assignee is one of them."""
    handles = [HandleKey(ticket.home.source, one) for one in ticket.details.get(ONLY, ())]
    known = (uow.identities.get(one) for one in handles)
    humans = uow.people.humans({one.person for one in known if one is not None and one.person is not None})
    return is_one_of(assignee, [account for human in humans.values() for account in human.accounts])
