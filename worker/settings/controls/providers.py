"""`controls.providers`: what is agreed with the provider of a messenger."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from worker.domain.controls.policy import ProviderRule
from worker.domain.controls.switch import Mode
from worker.settings.controls.base import ControlSection
from worker.settings.times import Day


def _recorded(value: Any) -> Any:
    """Take null and `none` for nothing."""
    is_nothing = value is None or (isinstance(value, str) and value.strip().casefold() == "none")
    return "" if is_nothing else value


_Recorded = Annotated[str, BeforeValidator(_recorded)]


class ProviderEntry(ControlSection):
    """What is agreed with a messenger's provider, in the organisation's own words or references."""

    contract: _Recorded = Field(default="", description="The contract; none: there is none.")
    dpa: _Recorded = Field(default="", description="The data processing agreement.")
    breach_notice: _Recorded = Field(default="", description="Their duty to tell of a breach.")
    backup: _Recorded = Field(default="", description="How what is written is backed up.")
    checked_on: Day | None = Field(default=None, description="When somebody looked at it last; null: never.")

    def rule(self, messenger: str, mode: Mode) -> ProviderRule:
        return ProviderRule(
            messenger.casefold(), self.switch(mode), self.contract, self.dpa, self.breach_notice, self.backup,
            self.checked_on,
        )  # fmt: skip
