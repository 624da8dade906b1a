"""Who may not hear of a ticket, or have it.

From the admins of a group a report is kept that is about one of them or about harm; a review of conversations is given
neither to the leaver nor to an admin of their groups.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from worker.domain.kinds import CONVERSATIONS, REPORTED_MESSAGES
from worker.domain.kinds.handle_report import is_confidential
from worker.domain.model import Account, AccountKey
from worker.domain.people.persons import Person
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


def withheld_from(uow: UnitOfWork, ticket: Ticket) -> frozenset[str]:
    """The e-mail addresses, casefolded, and the numbers of those who may not hear of it."""
    if ticket.kind is not REPORTED_MESSAGES or ticket.group is None or not is_confidential(ticket):
        return frozenset()
    return uow.group_states.admin_addresses(ticket.group)


def kept_from_review(human: Person, admins: Mapping[AccountKey, Collection[str]]) -> frozenset[str]:
    """The e-mail addresses, casefolded, of those who may not review somebody's conversations.

    They are their own, and those of the admins of their groups: `admins`, by the account that is in the group.
    """
    own = [one.facts.email.casefold() for one in human.accounts if one.facts.email]
    return frozenset([*own, *(address for one in human.accounts for address in admins.get(one.key, ()))])


def is_kept_from_review(uow: UnitOfWork, ticket: Ticket, person: Account | None, email: str) -> bool:
    """Whether somebody, by an address and what is known of them, may not have a ticket to review conversations."""
    leaver = uow.people.human(ticket.person) if ticket.kind is CONVERSATIONS and ticket.person else None
    if leaver is None:
        return False
    given = uow.people.human(person.key) if person else None
    theirs = {
        email.casefold(),
        *((one.facts.email or "").casefold() for one in (given.accounts if given else ())),
    }
    admins = uow.leavings.admin_addresses([one.key for one in leaver.accounts])
    return not theirs.isdisjoint(kept_from_review(leaver, admins))
