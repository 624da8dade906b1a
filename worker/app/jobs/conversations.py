"""Ask the role for reviews of leavers' conversations: before each last day that is near, for whom the policy names.

live reviews that nothing asks for any more end;  reviews of people who may not have them are handed on
people who leave soon -> whom the rule is for -> tickets
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.carrying import carry_out
from worker.app.reads.leavings import LeavingPerson, reviews_wanted
from worker.app.tell.addressing import rules_now
from worker.app.tell.teller import Teller
from worker.app.tell.withholding import admins_around, kept_from_review
from worker.domain.controls.policy import ConversationsRule
from worker.domain.people.persons import Person, addresses_of
from worker.domain.reconcile.guard import HeldSubject
from worker.domain.reconcile.held_findings import HeldFindings
from worker.domain.reconcile.leaving import answers_for, asked_again, over, passed_on, review_for
from worker.domain.reconcile.plan import Action
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork

NAMED_MAX = 200  # people whom a held plan names


class AskForReviews:
    """Asks for reviews of conversations. Without a rule it only ends those that were asked for."""

    def __init__(self, rule: ConversationsRule | None, tickets: TicketRules, teller: Teller) -> None:
        self._rule = rule
        self._tickets = tickets
        self._teller = teller

    def settle(self, uow: UnitOfWork, now: datetime) -> list[Action]:
        """End the live reviews that nothing asks for any more, and hand on those of people who may not have them.

        Nobody is told that somebody else, or nobody, answers for a review.
        """
        live = uow.leavings.live_reviews()
        humans = uow.people.humans({one.person for one in live if one.person})
        leavers = [(one, humans.get(one.person) if one.person else None) for one in live]
        found = [over(one, leaver.person if leaver else None, self._rule, now) for one, leaver in leavers]
        ended = [one for one in found if one is not None]
        over_now = {one.ticket.id for one in ended}
        going_on = [(one, leaver) for one, leaver in leavers if leaver and one.id not in over_now]
        handed = self._hand_on(uow, self._rule, going_on) if self._rule is not None else []
        return carry_out(uow, [*ended, *handed], (), self._teller, now)

    def _hand_on(
        self, uow: UnitOfWork, rule: ConversationsRule, live: Sequence[tuple[Ticket, Person]]
    ) -> list[Action]:
        """Name whoever is accountable for live reviews now; plan to hand on those of people who may not have them."""
        rules = rules_now(uow, self._tickets)
        admins = admins_around(uow, [leaver for _, leaver in live])
        known = uow.people.humans(
            {one.assignee.person for one, _ in live if one.assignee and one.assignee.person}
        )
        actions, same = list[Action](), list[Ticket]()
        for ticket, leaver in live:
            kept_from = kept_from_review(leaver, admins)
            who = ticket.assignee
            holder = known.get(who.person) if who and who.person else None
            theirs = {who.email.casefold() if who else "", *(addresses_of(holder) if holder else ())}
            named = replace(ticket, accountable=answers_for(ticket, rules, kept_from))
            if not kept_from.isdisjoint(theirs):
                actions.append(passed_on(named, rule, rules, kept_from))
            elif named != ticket:
                same.append(named)
        uow.tickets.update(same)
        return actions

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
        addresses = admins_around(uow, [one.human for _, one in wanted])
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
