"""What every section of `controls:` takes: mode, place, and time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.settings.fields import Patterns, Period
from worker.settings.section import Section


class ControlWhen(Section):
    """Which groups a rule is for; what is left out fits all."""

    groups: Patterns = Field(default=(), description="Groups by id, name or glob.")
    sensitive: bool | None = Field(
        default=None, description="Only sensitive groups (true), or only others (false)."
    )
    departments: Patterns = Field(default=(), description="Departments that own the group, by the register.")
    messenger: Patterns = Field(default=(), description="Messengers, such as whatsapp.")

    def value(self) -> Where:
        return Where(self.groups, self.sensitive, self.departments, self.messenger)


class ControlSection(Section):
    """What every control takes."""

    mode: Literal["report", "ticket"] | None = Field(
        default=None,
        description="report: shows what fails; ticket: asks people, too. null: as controls.mode.",
    )
    when: ControlWhen = Field(default_factory=ControlWhen)
    due: Period | None = Field(default=None, description="Time for its tickets; null: the control's own.")
    sensitive_due: Period | None = Field(default=None, description="The same where the group is sensitive.")

    def switch(self, mode: Mode) -> ControlSwitch:
        return ControlSwitch(
            Mode(self.mode) if self.mode else mode, self.when.value(), self.due, self.sensitive_due
        )
