"""Ask people for statements: whoever is in a rule's groups and has not made one, so many a day.

what is wanted now;  what other systems say answers tickets;  tickets that no rule asks for any more end
whom to ask -> tickets
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.carrying import carry_out
from worker.app.jobs.consenting import note_numbers
from worker.app.jobs.joining import join_statements
from worker.app.jobs.matching import Matching
from worker.app.reads.controls import ControlReads
from worker.app.tell.addressing import rules_now
from worker.app.tell.answering import statement_message
from worker.app.tell.teller import Teller
from worker.domain.controls.state import GroupState
from worker.domain.controls.statements import AttestAnswer, Statement, StatementRule
from worker.domain.controls.switch import ANYWHERE, Mode
from worker.domain.model import AccountKey, GroupKey
from worker.domain.reconcile.attesting import answered_elsewhere, ask
from worker.domain.reconcile.engine import cancelled
from worker.domain.reconcile.guard import HeldSubject
from worker.domain.reconcile.held_findings import HeldFindings
from worker.domain.reconcile.plan import Action
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
from worker.ports.state.attestations import CLOSED, SENSITIVE, AskingRule
from worker.ports.state.store import UnitOfWork

NAMED_MAX = 200  # subjects that a held plan names of each control


class Asking:
    """Asks for the statements of the rules."""

    def __init__(self, reads: ControlReads, tickets: TicketRules, teller: Teller) -> None:
        self._policy = reads.rules.policy
        self._asked = reads.rules.asked
        self._rules = tickets
        self._tickets = tickets  # with who is accountable at present
        self._teller = teller
        self._wanted: tuple[StatementRule, ...] = ()

    def look(self, uow: UnitOfWork, now: datetime) -> None:
        """See what is to be asked for now; before anything else in a run."""
        self._wanted = self._asked.wanted(uow, now)
        self._tickets = rules_now(uow, self._rules)

    @property
    def rules(self) -> tuple[StatementRule, ...]:
        return self._wanted

    def of(self, control: str) -> list[StatementRule]:
        return [rule for rule in self.rules if rule.control == control]

    # --- what there is ---------------------------------------------------------------------------

    def note_scope(self, uow: UnitOfWork, groups: Iterable[GroupState], now: datetime) -> None:
        """Note which groups each rule is for that is not for all; where that counts, which are sensitive or closed."""
        seen = list(groups)
        if any(rule.sensitive_due is not None for rule in self.rules):
            uow.attestations.scope(SENSITIVE, [group.key for group in seen if group.is_sensitive], now)
        if any(rule.for_each_group for rule in self.rules):
            uow.attestations.scope(CLOSED, [group.key for group in seen if group.is_closed], now)
        for rule in self.rules:
            if not is_everywhere(rule):
                mine = [group.key for group in seen if governs(rule, group)]
                uow.attestations.scope(rule.name, mine, now)

    def note_numbers(self, matching: Matching, now: datetime) -> None:
        """Note whose numbers a group is about to be shown, where a rule asks for their consent."""
        for rule in self.rules:
            if rule.statement is Statement.CONSENT:
                note_numbers(matching, rule, now)

    def join(self, matching: Matching, now: datetime) -> None:
        """See what people said under other accounts of theirs."""
        join_statements(matching, [AskingRule(rule, is_everywhere(rule)) for rule in self.rules], now)

    def place_in_groups(self, uow: UnitOfWork) -> None:
        """Put right what a process of an older release wrote, while both run."""
        if any(rule.for_each_group for rule in self.rules):
            uow.attestations.place_in_groups()

    def changed_texts(self, uow: UnitOfWork, now: datetime) -> list[StatementRule]:
        """The rules of which a text changed under the same version; texts that are new are noted."""
        known = uow.attestations.texts()
        changed = [rule for rule in self.rules if rule.differs_from(known)]
        uow.attestations.see_texts(
            (one for rule in self.rules if rule not in changed for one in rule.seen), now
        )
        return changed

    def settle(self, uow: UnitOfWork, now: datetime) -> list[Action]:
        """Answer the tickets that another system has a word on, and end those that no rule asks for any more."""
        said = {
            ticket.id: (ticket, said)
            for rule in self.rules
            for ticket, said in uow.attestations.said_elsewhere(rule, now)
        }
        found = {at: answered_elsewhere(ticket, what, now) for at, (ticket, what) in said.items()}
        answered = {at: action for at, action in found.items() if action is not None}
        asking = [
            AskingRule(rule, is_everywhere(rule)) for rule in self.rules if rule.switch.mode is Mode.TICKET
        ]
        why = because("it is not asked for any more")
        over = [
            cancelled(ticket, why, now)
            for ticket in uow.attestations.needless(asking)
            if ticket.id not in answered
        ]
        done = carry_out(uow, [*answered.values(), *over], (), self._teller, now)
        declined = [at for at in answered if said[at][1].answer is AttestAnswer.DECLINED]
        uow.outbox.add(
            [
                message
                for at in declined
                for message in statement_message(uow, answered[at].ticket, said[at][1], self._teller, now)
            ],
            now,
        )
        return done

    # --- the first run ---------------------------------------------------------------------------

    def held(self, uow: UnitOfWork, control: str, now: datetime) -> HeldFindings:
        """How many people a control would ask, and the first of them."""
        count, subjects = 0, []
        for rule in self.of(control):
            everywhere = is_everywhere(rule)
            count += uow.attestations.count_to_ask(rule, now, is_everywhere=everywhere)
            for one in uow.attestations.to_ask(rule, now, NAMED_MAX, is_everywhere=everywhere):
                name = one.person.facts.display_name
                version = "" if rule.statement is Statement.PROVIDER else rule.version  # a hash says nothing
                subjects.append(HeldSubject(*one.person.key, name, rule.subject, version))
        return HeldFindings(count, tuple(subjects[:NAMED_MAX]))

    # --- new tickets -----------------------------------------------------------------------------

    def open(
        self,
        matching: Matching,
        controls: Collection[str],
        opened_today: Counter[str],
        skipped: Sequence[StatementRule],
        now: datetime,
    ) -> list[Action]:
        """Ask people, rule by rule, until the day's tickets are used up."""
        actions: list[Action] = []
        for rule in self.rules:
            if rule.control not in controls or rule in skipped or rule.switch.mode is not Mode.TICKET:
                continue
            left = self._policy.per_day - opened_today.total()
            if left > 0:
                actions += self._ask(matching, rule, min(left, self._policy.per_day), opened_today, now)
        return actions

    def _ask(
        self,
        matching: Matching,
        rule: StatementRule,
        left: int,
        opened_today: Counter[str],
        now: datetime,
    ) -> list[Action]:
        with matching.begin() as uow:
            found = uow.attestations.to_ask(rule, now, left, is_everywhere=is_everywhere(rule))
            accounts = uow.people.accounts([one.person.key for one in found])
            humans: set[tuple[AccountKey, GroupKey | None]] = set()
            planned: list[Action] = []
            for one in found:
                who = min(accounts[one.person.key])
                action = ask(one, rule, self._tickets, now)
                address = action.ticket.assignee.email if action.ticket.assignee else ""
                to = address.casefold() or "/".join(who)
                if (who, one.group) in humans or opened_today[to] >= self._policy.daily_max:
                    continue
                humans.add((who, one.group))
                opened_today[to] += 1
                planned.append(action)
            if planned and rule.statement is Statement.UPDATE:
                _note_asked(uow, rule)
            return carry_out(uow, planned, (), self._teller, now)


def _note_asked(uow: UnitOfWork, rule: StatementRule) -> None:
    """Note with an advisory that people are asked to update."""
    mine = [one for one in uow.advisories.all().values() if one.key.id == rule.subject]
    asked = [one for one in mine if one.key.messenger in rule.messengers and not one.is_update_asked]
    uow.advisories.put([replace(one, is_update_asked=True) for one in asked])


def is_everywhere(rule: StatementRule) -> bool:
    """Whether a rule is for all governed groups."""
    return rule.switch.where == ANYWHERE


def governs(rule: StatementRule, group: GroupState) -> bool:
    """Whether a rule is for the people of a group."""
    return rule.switch.where.fits(
        group.key, group.name, group.department, group.messenger, is_sensitive=group.is_sensitive
    )
