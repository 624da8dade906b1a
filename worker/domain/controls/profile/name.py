"""A group's name follows the pattern, and no other group has the same."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times
from worker.domain.controls.policy import ProfileRule
from worker.domain.controls.state import GroupState
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import TicketKind

NAME_MAX = 100  # characters that are compared; WhatsApp allows as many


def _check(group: GroupState, rule: ProfileRule, _now: datetime) -> ControlResult | None:
    wanted = rule.name
    if wanted is None:
        return None
    at = group.facts.read_at or group.taken_at
    example = wanted.example or wanted.pattern
    if not follows(group.name, wanted.pattern) or group.is_alike:
        return ControlResult(CheckValue.FAIL, group.name, example, at=at, grade=group.grade)
    return ControlResult(CheckValue.PASS, at=at, grade=group.grade)


def follows(name: str, pattern: str) -> bool:
    """Whether a name is as the pattern wants it; one that is too long is not."""
    return len(name) <= NAME_MAX and _pattern(pattern).fullmatch(name) is not None


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


CONTROL = GroupControl(
    id="profile.name",
    title=N_("Its name follows the rule, and no other group has it"),
    articles=("S15",),
    fails=N_('The name "{found}" doesn\'t follow the rule, or another group has it, too.'),
    asks=N_('Give the group a name of its own like "{wanted}".'),
    cannot_prove=N_("that people choose the right group"),
    words={},
    kind=TicketKind.FIX_PROFILE,
    occasion="profile",
    due=Times(timedelta(days=14), timedelta(days=14)),
    rules=lambda policy: policy.profile,
    check=_check,
)
