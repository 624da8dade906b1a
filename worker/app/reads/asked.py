"""Which statements people are asked for: those of the configuration, and those that messengers give rise to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from worker.app.reads.advisories import AdvisoryRules, provider_results, provider_statements, updates_asked
from worker.domain.controls.control import CheckValue
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import StatementRule
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class AskedRules:
    """What decides which statements people are asked for. `accountable` is an e-mail address; `timezone` is IANA."""

    policy: ControlPolicy
    timezone: str
    accountable: str = ""
    advisories: AdvisoryRules = field(default_factory=AdvisoryRules)

    def known(self, uow: UnitOfWork) -> tuple[StatementRule, ...]:
        """Return all rules that a page may have to show, those of answered statements, too."""
        providers = provider_statements(uow, self.policy, self.accountable)
        return (*self.policy.statements, *updates_asked(uow, self.advisories.rule), *providers)

    def wanted(self, uow: UnitOfWork, now: datetime) -> tuple[StatementRule, ...]:
        """Return the rules by which people are to be asked now; of those about providers, only the ones that fail."""
        policy, accountable = self.policy, self.accountable
        results = provider_results(uow, policy, accountable, self.timezone, now)
        failing = [one for one, result in results.items() if result.value is CheckValue.FAIL]
        providers = [one for one in provider_statements(uow, policy, accountable) if one.subject in failing]
        return (*policy.statements, *updates_asked(uow, self.advisories.rule), *providers)
