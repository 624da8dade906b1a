"""A group's description has the rules."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from worker.domain.controls.control import (
    NEW_GROUP_TIME,
    CheckValue,
    ControlResult,
    GroupControl,
    Times,
    Unknown,
    unknown,
)
from worker.domain.controls.policy import DescriptionRule, ProfileRule
from worker.domain.controls.state import GroupState
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind


def _check(group: GroupState, rule: ProfileRule, now: datetime) -> ControlResult | None:
    wanted = rule.description
    if wanted is None:
        return None
    shown = group.facts.description
    if shown is None:
        return _by_the_register(group)
    at = group.facts.read_at or group.taken_at
    if _has_rules(shown, wanted):
        return ControlResult(CheckValue.PASS, at=at, grade=group.grade)
    is_new = now - group.first_seen_at <= NEW_GROUP_TIME
    return ControlResult(
        CheckValue.FAIL,
        shown,
        at=at,
        grade=group.grade,
        details={"texts": dict(wanted.texts)},
        due=NEW_GROUP_TIME if is_new else None,
    )


def _by_the_register(group: GroupState) -> ControlResult:
    """What a person wrote in the register is their word: it opens no ticket."""
    said = group.row.facts.description_ok if group.row else None
    if said is None or group.row is None:
        return unknown(Unknown.NOT_SHOWN)
    value = CheckValue.PASS if said else CheckValue.FAIL
    at, source = group.row.taken_at, group.row.source
    return ControlResult(value, at=at, grade=Grade.C, source=source, is_asked_elsewhere=True)


def _has_rules(shown: str, wanted: DescriptionRule) -> bool:
    have = folded(shown)
    texts = [folded(text) for text in wanted.texts.values()]
    return have in texts if wanted.is_exact else any(text in have for text in texts)


def folded(text: str) -> str:
    """A text without differences that nobody sees: case, widths, and how much white space there is."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


CONTROL = GroupControl(
    id="profile.description",
    title=N_("Its description has the rules"),
    articles=("S6", "S27"),
    fails=N_("The description doesn't have the rules."),
    asks=N_("Put the rules into the description of the group: copy the text below."),
    cannot_prove=N_("that it is read"),
    words={},
    kind=TicketKind.FIX_PROFILE,
    occasion="profile",
    due=Times(timedelta(days=7), timedelta(days=3)),
    rules=lambda policy: policy.profile,
    check=_check,
)
