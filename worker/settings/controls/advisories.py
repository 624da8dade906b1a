"""`controls.advisories`: vulnerabilities of the messengers in use."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from worker.domain.controls.policy import AdvisoryRule
from worker.domain.controls.switch import Mode
from worker.settings.connectors import AdvisoryFeedEntry
from worker.settings.controls.base import ControlSection
from worker.settings.fields import Patterns, Period
from worker.settings.problems import Wrong, shown

IN_USE = "in_use"
_SCORE_MAX = 10.0


def _score(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _SCORE_MAX:
        raise Wrong(f"{shown(value)} is no score of CVSS", "Write a number from 0 to 10, such as 7.0.")
    return float(value)


def _messengers(value: Any) -> Any:
    return IN_USE if value == [IN_USE] else value


def _is_not_empty(value: Any) -> Any:
    if value != IN_USE and not value:
        raise Wrong("no messenger is named", f"Write {IN_USE}, or for example [whatsapp].")
    return value


class AdvisoriesControls(ControlSection):
    """Vulnerabilities that become known of messengers."""

    feeds: tuple[AdvisoryFeedEntry, ...] = Field(
        default=(), description="Who publishes them; empty: nothing is read."
    )
    messengers: Annotated[
        Literal["in_use"] | Patterns, BeforeValidator(_messengers), AfterValidator(_is_not_empty)
    ] = Field(default="in_use", description="in_use: those of all groups; or a list, such as [whatsapp].")
    severity_from: Annotated[float, BeforeValidator(_score), Field(ge=0, le=10)] = Field(
        default=7.0, description="The score (CVSS) from which one is told; what is exploited always is."
    )
    os: bool = Field(default=False, description="Whether exploited ones of iOS and Android are told, too.")
    update_due: Period = Field(default=timedelta(days=14), description="The time to update.")

    def value(self, mode: Mode) -> AdvisoryRule:
        named = None if self.messengers == IN_USE else tuple(one.casefold() for one in self.messengers)
        return AdvisoryRule(self.switch(mode), named, self.severity_from, self.os, self.update_due)
