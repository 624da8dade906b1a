"""`controls.reports`: people report bad messages by a form without an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from worker.domain.controls.policy import ReportsRule
from worker.domain.controls.reports import DUE, Tier
from worker.domain.controls.switch import Mode
from worker.domain.escalation.policy import Named, Target
from worker.settings.controls.base import ControlSection
from worker.settings.escalation import ToTell
from worker.settings.fields import Duration, Text, listed
from worker.settings.problems import Wrong
from worker.settings.section import Section

_AT_ONCE = (Target.ACCOUNTABLE, Target.CHANNEL)


class ReportTiers(Section):
    """How long a report may wait, by the kind of message."""

    harm: Duration = Field(default=DUE[Tier.HARM], description="A threat, or somebody may come to harm.")
    personal_data: Duration = Field(
        default=DUE[Tier.PERSONAL_DATA], description="Details of a patient or of another person."
    )
    harassment: Duration = Field(default=DUE[Tier.HARASSMENT], description="Harassment or discrimination.")
    other: Duration = Field(default=DUE[Tier.OTHER], description="Anything else that isn't allowed.")

    def value(self) -> dict[Tier, timedelta]:
        return {tier: getattr(self, tier.value) for tier in Tier}


class ReportsControls(ControlSection):
    """Reports of bad messages. Each opens a ticket, whatever the mode; due is the longest time that any tier has."""

    tiers: ReportTiers = Field(default_factory=ReportTiers)
    harm_to: Annotated[tuple[ToTell, ...], Field(min_length=1), BeforeValidator(listed)] = Field(
        default=_AT_ONCE,
        description="Who is told of harm at once: accountable, channel, channel:NAME, on_call:ROTA, or an e-mail "
        "address.",
    )
    whistleblowing_url: Text | None = Field(
        default=None, description="The organisation's own channel, which this form is not: https."
    )

    @field_validator("harm_to")
    @classmethod
    def _need_no_ticket(cls, to: tuple[Target | Named, ...]) -> tuple[Target | Named, ...]:
        for at, whom in enumerate(to):
            if isinstance(whom, Target) and whom not in _AT_ONCE:
                raise Wrong(
                    f"'{whom}' can't be told of harm, since it may be an admin",
                    "Name accountable, channel, channel:NAME, on_call:ROTA, or an e-mail address.",
                    at=(at,),
                )
        return to

    @field_validator("whistleblowing_url")
    @classmethod
    def _is_web_address(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith("https://"):
            raise Wrong("it is no address that starts with https://", "Write the whole address.")
        return url

    def value(self, mode: Mode) -> ReportsRule:
        return ReportsRule(self.switch(mode), self.tiers.value(), self.harm_to, self.whistleblowing_url or "")
