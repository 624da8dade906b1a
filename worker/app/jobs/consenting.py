"""Note who has to be asked before a group is shown their private number; take out who took their consent back.

groups that lack somebody -> what numbers they have -> the subjects of the control
people who took it back -> groups whose roster shows the number -> removals
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.matching import Matching
from worker.app.tell.addressing import rules_now
from worker.domain.controls.consent import Numbers, numbers_of, private_numbers, work_numbers
from worker.domain.controls.statements import AttestAnswer, Statement, StatementRule
from worker.domain.controls.switch import ANYWHERE
from worker.domain.groups.case import GroupView
from worker.domain.identity.phones import canonical
from worker.domain.kinds.person_case import PersonCase
from worker.domain.kinds.removals import CONSENT
from worker.domain.model import Account, AccountKey, GroupKey, Standing
from worker.domain.reconcile.attesting import WITHDRAWN
from worker.domain.reconcile.engine import cancelled
from worker.domain.reconcile.plan import Action
from worker.domain.reconcile.rules import TicketRules
from worker.domain.reconcile.withdrawing import removals_after, shows
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork

GROUPS_PAGE = 200
PEOPLE_PAGE = 500


def note_numbers(matching: Matching, rule: StatementRule, now: datetime) -> None:
    """Note what numbers those have who are about to be shown to a group, are asked, or have answered.

    Each page is written by itself, so that people's taps need not wait for all.
    """
    with matching.begin() as uow:
        asked = uow.consents.asked()
    everywhere = rule.switch.where == ANYWHERE
    after: GroupKey | None = None
    while True:
        with matching.begin() as uow:
            after, views = uow.consents.groups(rule, after, GROUPS_PAGE, is_everywhere=everywhere)
            uow.consents.note(_known(_about_to_be_shown(views, asked), rule), now)
        if after is None:
            break
    last: AccountKey | None = None
    while True:
        with matching.begin() as uow:
            keys = uow.consents.answered(last, PEOPLE_PAGE)
            uow.consents.note(_known((one.accounts for one in uow.consents.people(keys)), rule), now)
        if not keys:
            break
        last = keys[-1]


def _about_to_be_shown(views: Iterable[GroupView], asked: set[AccountKey]) -> Iterator[Sequence[Account]]:
    """The accounts of people whom the joiner rules place in a group that lacks them, and of those who are asked."""
    for view in views:
        for one in view.expected:
            is_lacking = one in view.missing and not view.has_left(one)
            if not one.is_former and (one.keys & asked or is_lacking):
                yield one.accounts or (one.person,)


def _known(people: Iterable[Sequence[Account]], rule: StatementRule) -> dict[AccountKey, Numbers]:
    """What numbers people have whom the control is about, by the first account that is here."""
    found: dict[AccountKey, Numbers] = {}
    for accounts in people:
        here = [one for one in accounts if one.standing is not Standing.LEFT and one.facts.is_in_scope]
        numbers = numbers_of((one.facts for one in here), rule.private)
        if numbers in {Numbers.PRIVATE, Numbers.UNKNOWN}:
            found[min(one.key for one in here)] = numbers
    return found


class Withdrawing:
    """Asks for removals, by the rule about consent; None: nobody is asked for it any more, and refusals stand."""

    def __init__(
        self,
        statements: Sequence[StatementRule],
        tickets: TicketRules,
        is_sensitive: Callable[[GroupView], bool],
    ) -> None:
        self._rule = next((one for one in statements if one.statement is Statement.CONSENT), None)
        self._tickets = tickets
        self._is_sensitive = is_sensitive

    def of(self, uow: UnitOfWork, cases: Sequence[PersonCase], now: datetime) -> list[Action]:
        """The removals of people who took their consent back; those of people who gave it again end."""
        keys = {account.key for case in cases for account in case.person.accounts}
        asked = {one.person: one for one in uow.consents.tickets(keys)}
        actions: list[Action] = []
        for case in cases:
            mine = [asked[one.key] for one in case.person.accounts if one.key in asked]
            if mine:
                actions += self._settled(uow, case, max(mine, key=lambda one: one.id), now)
        return actions

    def _settled(self, uow: UnitOfWork, case: PersonCase, asked: Ticket, now: datetime) -> list[Action]:
        if asked.details.get(WITHDRAWN):
            return self._out(uow, case, asked, now)
        if asked.details.get("answer") != AttestAnswer.ACCEPTED.value:
            return []
        why = because("the person consents again")
        return [cancelled(one, why, now) for one in _removals(uow, case)]

    def _out(self, uow: UnitOfWork, case: PersonCase, asked: Ticket, now: datetime) -> list[Action]:
        accounts = case.person.accounts
        facts = [account.facts for account in accounts]
        numbers = (
            private_numbers(facts, self._rule.private)
            if self._rule
            else {canonical(one) for account in facts for one in account.phones}
        )
        entries = [one for account in accounts for one in uow.rosters.groups_of(account.key)]
        groups = {one.group.key for one in entries if shows(one.member, numbers)}
        views = (uow.rosters.view(key) for key in sorted(groups))
        for_work = (
            {canonical(one) for one in work_numbers(facts, self._rule.private)} if self._rule else set()
        )
        at_work = {(one.group.key, one.member.handle) for one in entries if shows(one.member, for_work)}
        why = because("the number is for work now")
        ended = [
            cancelled(one, why, now) for one in _removals(uow, case) if (one.group, one.handle) in at_work
        ]
        tickets = rules_now(uow, self._tickets)
        return ended + [
            action
            for view in views
            if view is not None
            for action in removals_after(
                replace(view, is_sensitive=self._is_sensitive(view)), asked, numbers, tickets, now
            )
        ]


def _removals(uow: UnitOfWork, case: PersonCase) -> list[Ticket]:
    """The live removals because the person took their consent back."""
    theirs = [one for account in case.person.accounts for one in uow.tickets.of_person(account.key)]
    return [one for one in theirs if one.is_live and CONSENT in one.details]
