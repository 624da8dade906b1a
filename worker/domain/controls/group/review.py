"""A group's members are reviewed by somebody who knows them, regularly."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times, Unknown, unknown
from worker.domain.controls.policy import ReviewSection
from worker.domain.controls.reviewing import PREFIX, REVIEW, occasion
from worker.domain.controls.state import GroupState
from worker.domain.model import Coverage
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind


def _check(group: GroupState, rule: ReviewSection, now: datetime) -> ControlResult | None:
    """A list that is old or incomplete is brought up to date before it is reviewed.

    Whoever declares a roster has looked at everybody in it: that is a review.
    """
    if group.size == 0:
        return None
    every = rule.review.sensitive_every if group.is_sensitive else rule.review.every
    at, grade, source = group.reviewed_at, group.reviewed_grade or Grade.C, REVIEW
    is_declared = group.is_declared and group.coverage is Coverage.FULL
    if is_declared and (at is None or group.taken_at > at):
        at, grade, source = group.taken_at, Grade.C, ""
    if at is not None and at > now - every:
        return ControlResult(CheckValue.PASS, at=at, grade=grade, source=source)
    if not group.is_listed:
        return unknown(Unknown.NO_ROSTER)
    last = group.day(at) if at else None
    return ControlResult(
        CheckValue.FAIL,
        last.isoformat() if last else "never",
        at=group.taken_at,
        grade=group.grade,
        occasion=occasion(group.day(now), every, last),
        is_asked_elsewhere=group.has_confirmation,
    )


CONTROL = GroupControl(
    id="group.review",
    title=N_("Members are reviewed regularly"),
    articles=("S2", "S24"),
    fails=N_("The members of the group were last reviewed: {found}."),
    asks=N_("Say of each member who is shown whether they belong in the group."),
    cannot_prove=N_("that the reviewer looked"),
    words={"never": N_("never")},
    kind=TicketKind.REVIEW_GROUP,
    occasion=PREFIX,
    due=Times(timedelta(days=14), timedelta(days=7)),
    rules=lambda policy: policy.review,
    check=_check,
)
