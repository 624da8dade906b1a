"""Ask the role for reviews of leavers' conversations: before each last day that is near, for whom the policy names.

live reviews that nothing asks for any more end;  people who leave soon -> whom the rule is for -> tickets
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from worker.app.jobs.carrying import carry_out
from worker.app.reads.leavings import LeavingPerson, reviews_wanted
from worker.app.tell.addressing import rules_now
from worker.app.tell.teller import Teller
from worker.app.tell.withholding import kept_from_review
from worker.domain.controls.policy import ConversationsRule
from worker.domain.reconcile.guard import HeldSubject
from worker.domain.reconcile.held_findings import HeldFindings
from worker.domain.reconcile.leaving import asked_again, over, review_for
from worker.domain.reconcile.plan import Action
from worker.domain.reconcile.rules import TicketRules
from worker.ports.state.store import UnitOfWork

NAMED_MAX = 200  # people whom a held plan names


class AskForReviews:
    """Asks for reviews of conversations. Without a rule it only ends those that were asked for."""

    def __init__(self, rule: ConversationsRule | None, tickets: TicketRules, teller: Teller) -> None:
        self._rule = rule
        self._tickets = tickets
        self._teller = teller

    def settle(self, uow: UnitOfWork, now: datetime) -> list[Action]:
        """End the live reviews that nothing asks for any more."""
        live = uow.leavings.live_reviews()
        humans = uow.people.humans({one.person for one in live if one.person})
        found = []
        for ticket in live:
            human = humans.get(ticket.person) if ticket.person else None
            found.append(over(ticket, human.person if human else None, self._rule, now))
        return carry_out(uow, [one for one in found if one is not None], (), self._teller, now)

    def held(self, uow: UnitOfWork, now: datetime) -> HeldFindings:
        """How many reviews are to be asked for, and of whom: the first of them."""
        facts = [(one.account.key, one.human.person.facts) for _, one in self._wanted(uow, now)]
        subjects = [HeldSubject(*key, own.display_name, own.department or "") for key, own in facts]
        return HeldFindings(len(subjects), tuple(subjects[:NAMED_MAX]))

    def open(
        self, uow: UnitOfWork, left: int, a_day: int, opened_today: Counter[str], now: datetime
    ) -> list[Action]:
        """Ask for the reviews, at most `left` (1 or more), and `a_day` of one address in a day."""
        planned: list[Action] = []
        tickets = rules_now(uow, self._tickets)
        wanted = list(self._wanted(uow, now))
        addresses = uow.leavings.admin_addresses([own.key for _, one in wanted for own in one.human.accounts])
        for rule, one in wanted:
            kept_from = kept_from_review(one.human, addresses)
            action = review_for(one.account, one.at, rule, tickets, kept_from, now)
            if one.taken_back is not None:
                action = asked_again(one.taken_back, action, tickets, now)
            to = action.ticket.assignee.email.casefold() if action.ticket.assignee else ""
            if opened_today[to] < a_day:
                opened_today[to] += 1
                planned.append(action)
            if len(planned) >= left:
                break
        return carry_out(uow, planned, (), self._teller, now)

    def _wanted(self, uow: UnitOfWork, now: datetime) -> Iterator[tuple[ConversationsRule, LeavingPerson]]:
        if self._rule is not None:
            for one in reviews_wanted(uow, self._rule, now):
                yield self._rule, one
