"""Hand on the reports of handlers who left, and name who is accountable in place of somebody who left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.carrying import carry_out
from worker.app.reads.controls import ControlReads
from worker.app.tell.teller import Teller
from worker.domain.model import AccountKey, Standing
from worker.domain.reconcile.plan import Action
from worker.domain.reconcile.reporting import answers_for, passed_on
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.ticket import Assignee, Ticket
from worker.ports.state.store import UnitOfWork


def keep_reports(
    uow: UnitOfWork, reads: ControlReads, tickets: TicketRules, teller: Teller, now: datetime
) -> list[Action]:
    """Hand on the live reports of whoever has left; return what was done.

    `tickets`: the rules with who is accountable at present. Nobody is told that somebody else answers for a report.
    """
    live = uow.bad_messages.live_tickets()
    gone = _Gone(uow, live)
    mine = [one for one in live if gone.has(one.assignee)]
    theirs = [
        one for one in live if one.accountable.casefold() in gone.addresses and not gone.has(one.assignee)
    ]
    found = reads.of(uow, {one.home for one in (*mine, *theirs)}, now, frozenset())
    states = {key: group for key, (group, _) in found.items()}
    uow.tickets.update(
        [
            replace(one, accountable=answers_for(one, states[one.home], tickets))
            for one in theirs
            if one.home in states
        ]
    )
    actions = [passed_on(one, states[one.home], tickets) for one in mine if one.home in states]
    return carry_out(uow, actions, (), teller, now)


class _Gone:
    """Who has left, of those who have tickets or answer for them: by their account, or by their address alone."""

    def __init__(self, uow: UnitOfWork, tickets: Iterable[Ticket]) -> None:
        assignees = [one.assignee for one in tickets if one.assignee]
        addresses = {one.email.casefold() for one in assignees}
        addresses |= {one.accountable.casefold() for one in tickets}
        humans = uow.people.humans([one.person for one in assignees if one.person])
        self.people: set[AccountKey] = {
            key for key, one in humans.items() if one.person.standing is Standing.LEFT
        }
        self.addresses = uow.people.who_left(addresses - {""})

    def has(self, assignee: Assignee | None) -> bool:
        if assignee is None:
            return False
        return assignee.person in self.people or assignee.email.casefold() in self.addresses
