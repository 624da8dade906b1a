"""Who is not added to a group though the joiner rules place them in it: consent or a policy is missing, or refused.

Refusals count always. What is missing counts only while people are asked for it: once a person allowed these tickets.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.domain.controls.consent import Numbers, numbers_of, work_numbers
from worker.domain.controls.others import CONSENT
from worker.domain.controls.statements import Statement, StatementRule, TextSeen
from worker.domain.controls.switch import ANYWHERE, REPORTED, Mode
from worker.domain.groups.case import Expected, GroupView, KeptOut
from worker.domain.messengers import messenger
from worker.domain.model import AccountFacts, AccountKey, GroupKey, Standing
from worker.ports.state.store import UnitOfWork

# By it refusals are looked up where no rule asks for consent any more
_ANY_CONSENT = StatementRule(Statement.CONSENT, CONSENT.id, REPORTED, "", "1")


@dataclass(frozen=True, slots=True)
class _Gate:
    """A rule that keeps people out of its groups until they made the statement. `groups` None: of all groups."""

    rule: StatementRule
    groups: Collection[GroupKey] | None
    free: Collection[AccountKey]

    def holds(self, view: GroupView, one: Expected) -> bool:
        is_here = self.groups is None or view.key in self.groups
        return is_here and one.keys.isdisjoint(self.free)


class Gating:
    """Notes in the groups that are reconciled who is not to be added, by the rules about statements."""

    def __init__(self, statements: Sequence[StatementRule]) -> None:
        self._consent = next((one for one in statements if one.statement is Statement.CONSENT), None)
        self._gates = [one for one in statements if one.is_gate and one.switch.mode is Mode.TICKET]

    def texts(self, uow: UnitOfWork) -> Sequence[TextSeen]:
        """The texts that were shown so far, for `seen`; empty where no rule keeps people out."""
        return uow.attestations.texts() if self._gates else ()

    def seen(
        self, uow: UnitOfWork, views: Sequence[GroupView], texts: Sequence[TextSeen], now: datetime
    ) -> list[GroupView]:
        """Return the groups with who is not to be added, and with the numbers by which others are added."""
        people = {key for view in views for one in view.missing for key in one.keys}
        if not people:
            return list(views)
        refused = uow.attestations.declined(self._consent or _ANY_CONSENT, people)
        gates = self._closed(uow, [view.key for view in views], people, texts, now)
        return [self._judged(view, refused, gates) for view in views]

    def _closed(
        self,
        uow: UnitOfWork,
        groups: Collection[GroupKey],
        people: Collection[AccountKey],
        texts: Sequence[TextSeen],
        now: datetime,
    ) -> list[_Gate]:
        """The gates of which somebody asks people: nobody is to wait for a question that is not asked."""
        if not self._gates:
            return []
        asked = uow.controls.allowed() - uow.controls.refused()
        found = []
        for rule in self._gates:
            if rule.control not in asked or rule.differs_from(texts):
                continue
            where = None if rule.switch.where == ANYWHERE else uow.attestations.groups_of(rule, groups)
            free = uow.attestations.passed(rule, people, now)
            if not rule.statement.is_revocable:  # nobody can consent for somebody else
                free |= uow.attestations.excused(rule, people, now)
            found.append(_Gate(rule, where, free))
        return found

    def _judged(self, view: GroupView, refused: Collection[AccountKey], gates: Sequence[_Gate]) -> GroupView:
        missing = view.missing
        if not missing:
            return view
        why = ((one.person.key, self._why(view, one, refused, gates)) for one in missing)
        kept = tuple((who, reason) for who, reason in why if reason is not None)
        is_asked = any(gate.rule is self._consent for gate in gates)
        if not is_asked:
            return replace(view, kept_out=kept)
        return replace(view, kept_out=kept, expected=tuple(map(self._by_work_numbers, view.expected)))

    def _why(
        self, view: GroupView, one: Expected, refused: Collection[AccountKey], gates: Sequence[_Gate]
    ) -> KeptOut | None:
        numbers = self._numbers(one) if messenger(view.messenger).is_by_number else Numbers.WORK
        if numbers is not Numbers.WORK and not one.keys.isdisjoint(refused):
            return KeptOut.REFUSED
        for gate in gates:
            is_consent = gate.rule is self._consent
            if gate.holds(view, one) and (numbers is Numbers.PRIVATE or not is_consent):
                return KeptOut.CONSENT if is_consent else KeptOut.POLICY
        return None

    def _numbers(self, one: Expected) -> Numbers:
        """What numbers somebody has; unknown if no rule says which are private."""
        return numbers_of(facts_here(one), self._consent.private) if self._consent else Numbers.UNKNOWN

    def _by_work_numbers(self, one: Expected) -> Expected:
        """Somebody with work numbers is added by one of these, wherever they stand among the others."""
        numbers = work_numbers(facts_here(one), self._consent.private) if self._consent else ()
        return replace(one, numbers=numbers)


def facts_here(one: Expected) -> list[AccountFacts]:
    """What the directories say of somebody's accounts that are not over, the one that is placed first."""
    accounts = [one.person, *(account for account in one.accounts if account.key != one.person.key)]
    return [account.facts for account in accounts if account.standing is not Standing.LEFT]
