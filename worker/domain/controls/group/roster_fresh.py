"""The list of a group's members is not older than it may be, and the register agrees with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, FaultPart, GroupControl, Times
from worker.domain.controls.policy import RegisterRule
from worker.domain.controls.reviewing import PREFIX, REVIEW, ROSTER
from worker.domain.controls.state import GroupState
from worker.domain.model import Coverage
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import TicketKind

_OLD, _PART, _DIFFERS = "old", "part", "differs"
DIFFERS_FOR = timedelta(days=7)  # how long a register may have other members than the messenger


def _check(group: GroupState, rule: RegisterRule, now: datetime) -> ControlResult:
    """A review that showed everybody makes up for a list that is old, as somebody's word."""
    is_part, is_old = group.coverage is not Coverage.FULL, group.taken_at < now - rule.roster_max_age
    since = group.taken_at if is_part or is_old else group.differs_since
    if since is None or not (is_part or is_old or since <= now - DIFFERS_FOR):
        return ControlResult(CheckValue.PASS, at=group.taken_at, grade=group.grade)
    confirmed = group.confirmed_at
    if confirmed is not None and confirmed > now - rule.roster_max_age:
        return ControlResult(CheckValue.PASS, at=confirmed, grade=group.confirmed_grade, source=REVIEW)
    failed = ControlResult(
        CheckValue.FAIL,
        _OLD if is_old else _DIFFERS,
        group.day(since).isoformat(),
        at=group.taken_at,
        grade=group.grade,
        occasion=f"{ROSTER}{max(since, confirmed or since):%Y-%m-%d}",
        is_asked_elsewhere=group.has_confirmation or group.size == 0,
    )
    # Each such list is of another day, and none of them says since when there has been no complete one
    return failed.with_parts([FaultPart(_PART, _PART)]) if is_part else failed


CONTROL = GroupControl(
    id="group.roster_fresh",
    title=N_("The list of its members is complete and not too old"),
    articles=("S1", "S24"),
    fails=N_("The list of members may be wrong: {found}."),
    asks=N_("Say who is in the group."),
    cannot_prove=N_("what happened in between"),
    words={
        _OLD: N_("no complete one is newer than {wanted}"),
        _PART: N_("no complete and fresh roster"),
        _DIFFERS: N_("the register and the messenger have differed since {wanted}"),
    },
    kind=TicketKind.REVIEW_GROUP,
    occasion=PREFIX,
    due=Times(timedelta(days=7), timedelta(days=3)),
    rules=lambda policy: policy.register,
    check=_check,
)
