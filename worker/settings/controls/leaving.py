"""`controls.leaving`: what is done before somebody's last day."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from worker.domain.controls.group.hand_over import CONTROL
from worker.domain.controls.policy import ConversationsRule, HandOverRule
from worker.domain.controls.switch import Mode
from worker.domain.reconcile.rules import HandOver
from worker.settings.controls.base import ControlSection
from worker.settings.fields import Email, Patterns, Period, Text
from worker.settings.section import Section


class HandOverControls(Section):
    """Admins who leave hand over before their last day."""

    lead: Period = Field(default=timedelta(days=14), description="So long before the last day.")


class ConversationsWho(Section):
    """Whose conversations are reviewed; what is left out fits all."""

    departments: Patterns = Field(default=(), description="People of these departments.")


class ConversationsControls(Section):
    """The work conversations of somebody who leaves are reviewed by a role that may do that."""

    before: Period = Field(default=timedelta(days=14), description="So long before the last day.")
    to: Email = Field(description="The address of the role, such as HR's; never a group's admin.")
    who: ConversationsWho = Field(default_factory=ConversationsWho)
    policy_ref: Text = Field(description="The policy that allows it.")
    dpia_ref: Text = Field(description="The assessment of its effects on people.")
    hold_max: Annotated[Period, Field(le=timedelta(days=14))] = Field(
        default=timedelta(hours=72), description="The longest hold of a removal."
    )


class LeavingControls(ControlSection):
    """What is done before somebody's last day. Their directory has to say when that is."""

    hand_over: HandOverControls = Field(default_factory=HandOverControls)
    conversations: ConversationsControls | None = None

    def hand_over_rules(self, mode: Mode, admins_min: int) -> tuple[HandOverRule, ...]:
        return (HandOverRule(self.switch(mode), self.hand_over.lead, admins_min),)

    def hands_over(self, mode: str) -> HandOver | None:
        """How admins hand over by ticket; None: it is only reported. `mode`: what the section doesn't say."""
        if (self.mode or mode) != Mode.TICKET.value:
            return None
        due, sensitive_due = self.due or CONTROL.due.default, self.sensitive_due or CONTROL.due.sensitive
        return HandOver(self.hand_over.lead, due, sensitive_due, self.when.value())

    def conversations_rules(self, mode: Mode) -> tuple[ConversationsRule, ...]:
        one, switch = self.conversations, self.switch(mode)
        if one is None:
            return ()
        refs = (one.policy_ref, one.dpia_ref)
        return (ConversationsRule(switch, one.to, one.before, one.who.departments, *refs),)
