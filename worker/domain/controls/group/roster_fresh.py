"""The list of a group's members is not older than it may be."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times
from worker.domain.controls.policy import RegisterRule
from worker.domain.controls.state import GroupState
from worker.domain.model import Coverage
from worker.domain.text.tongue import N_


def _check(group: GroupState, rule: RegisterRule, now: datetime) -> ControlResult:
    day = f"{group.taken_at:%Y-%m-%d}"
    if group.coverage is not Coverage.FULL or group.taken_at < now - rule.roster_max_age:
        return ControlResult(CheckValue.FAIL, day, at=group.taken_at, grade=group.grade)
    return ControlResult(CheckValue.PASS, at=group.taken_at, grade=group.grade)


CONTROL = GroupControl(
    id="group.roster_fresh",
    title=N_("The list of its members is complete and not too old"),
    articles=("S1", "S24"),
    fails=N_("No complete list of members is newer than {found}."),
    asks=N_("Say who is in the group."),
    cannot_prove=N_("what happened in between"),
    words={},
    kind=None,
    occasion="",
    due=Times(timedelta(days=7), timedelta(days=3)),
    rules=lambda policy: policy.register,
    check=_check,
)
