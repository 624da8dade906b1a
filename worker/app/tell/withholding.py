"""Who may not hear of a ticket, or have it.

From the admins of a group a report is kept that is about one of them or about harm; a review of conversations is given
neither to the leaver nor to an admin of their groups.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from worker.domain.kinds import CONVERSATIONS, REPORTED_MESSAGES
from worker.domain.kinds.handle_report import is_confidential
from worker.domain.model import AccountKey
from worker.domain.people.persons import Person, addresses_of
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


def withheld_from(uow: UnitOfWork, ticket: Ticket) -> frozenset[str]:
    """The e-mail addresses, casefolded, and the numbers of those who may not hear of it, or have it."""
    if ticket.kind is CONVERSATIONS:
        leaver = uow.people.human(ticket.person) if ticket.person else None
        return kept_from_review(leaver, admins_around(uow, [leaver])) if leaver else frozenset()
    if ticket.kind is not REPORTED_MESSAGES or ticket.group is None or not is_confidential(ticket):
        return frozenset()
    return uow.group_states.admin_addresses(ticket.group)


def answered_for(uow: UnitOfWork, ticket: Ticket) -> Ticket:
    """The ticket; nobody is accountable for it if it is withheld by now from whoever was."""
    is_withheld = ticket.accountable.casefold() in withheld_from(uow, ticket)
    return replace(ticket, accountable="") if is_withheld else ticket


def admins_around(uow: UnitOfWork, leavers: Collection[Person]) -> Mapping[AccountKey, Collection[str]]:
    """The addresses of the admins of these people's groups, by the account that is in the group."""
    return uow.leavings.admin_addresses([own.key for one in leavers for own in one.accounts])


def kept_from_review(human: Person, admins: Mapping[AccountKey, Collection[str]]) -> frozenset[str]:
    """The addresses, casefolded, and the numbers of those who may not review somebody's conversations.

    They are their own, and those of the admins of their groups: `admins`, by the account that is in the group.
    """
    return addresses_of(human).union(*(admins.get(one.key, ()) for one in human.accounts))
