"""What the invariants see of a simulated company."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sim.company import Company
from sim.effects import EffectLog
from sim.events import Mass
from sim.sources import SimDirectory, SimInventory
from sim.tracker import SimTracker
from worker.domain.people.persons import AccountsRule
from worker.settings import Settings


class Seeing(Protocol):
    """What the checks look at."""

    @property
    def company(self) -> Company: ...
    @property
    def log(self) -> EffectLog: ...
    @property
    def directories(self) -> Mapping[str, SimDirectory]: ...
    @property
    def inventories(self) -> Mapping[str, SimInventory]: ...
    @property
    def masses(self) -> list[Mass]: ...
    @property
    def last_admins_removed(self) -> list[str]: ...
    @property
    def placed(self) -> Mapping[str, str]: ...
    @property
    def rule(self) -> AccountsRule: ...
    @property
    def tracker(self) -> SimTracker | None: ...
    @property
    def settings(self) -> Settings: ...

    def problem_of(self, ticket: int) -> str: ...
