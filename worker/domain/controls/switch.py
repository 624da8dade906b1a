"""Where a control looks, and whether it opens tickets. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from worker.domain.model import GroupKey
from worker.domain.text.globs import fits


class Mode(StrEnum):
    """What a control does with what fails."""

    REPORT = "report"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Where:
    """The groups that a rule is for; what is empty fits all. Globs fit whatever their case."""

    groups: tuple[str, ...] = ()
    sensitive: bool | None = None
    departments: tuple[str, ...] = ()
    messengers: tuple[str, ...] = ()

    def fits(self, key: GroupKey, name: str, department: str, messenger: str, *, is_sensitive: bool) -> bool:
        if self.sensitive is not None and self.sensitive is not is_sensitive:
            return False
        if self.groups and not (fits(key.group_id, self.groups) or fits(name, self.groups)):
            return False
        if self.departments and not fits(department, self.departments):
            return False
        return not self.messengers or fits(messenger, self.messengers)


ANYWHERE = Where()


@dataclass(frozen=True, slots=True)
class ControlSwitch:
    """Mode and reach of a rule. `due` and `sensitive_due` replace the control's own times."""

    mode: Mode = Mode.REPORT
    where: Where = ANYWHERE
    due: timedelta | None = None
    sensitive_due: timedelta | None = None


REPORTED = ControlSwitch()
