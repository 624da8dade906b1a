"""All sections of controls are taken out of the configuration: what they asked for ends, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from harness import Harness
from reported import handled, report, reported_ward, to
from worker.domain.controls.others import POLICY
from worker.domain.controls.policy import (
    ControlPolicy,
    ConversationsRule,
    DescriptionRule,
    NameRule,
    ProfileRule,
    ReviewSection,
)
from worker.domain.controls.reviewing import ReviewRule
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.model import GroupFacts
from worker.domain.tickets.ticket import TicketKind, TicketState

ASKS, DAY = ControlSwitch(Mode.TICKET), timedelta(days=1)
PROFILE = ControlPolicy(profile=(ProfileRule(ASKS, description=DescriptionRule({"en": "Be kind."})),))
ATTEST = ControlPolicy(
    statements=(StatementRule(Statement.POLICY, POLICY.id, ASKS, "messaging", "1", {"en": "Be kind."}),)
)
REVIEW = ControlPolicy(review=(ReviewSection(ASKS, ReviewRule()),))
CONVERSATIONS = ControlPolicy(
    conversations=(ConversationsRule(ASKS, "hr@example.org", 14 * DAY, ("Finance",), "HR-17", "D-42"),)
)

RESTS = {
    "nothing": ControlPolicy(),
    "something": ControlPolicy(profile=(ProfileRule(name=NameRule("Ward .+")),)),
}


@pytest.mark.parametrize("policy, kind", [
    (PROFILE, TicketKind.FIX_PROFILE),
    (ATTEST, TicketKind.ATTEST),
    (REVIEW, TicketKind.REVIEW_GROUP),
    (CONVERSATIONS, TicketKind.REVIEW_CONVERSATIONS),
])  # fmt: skip
@pytest.mark.parametrize("rest", ["nothing", "something"])
def test_what_was_asked_for_ends(
    start: Callable[..., Harness], policy: ControlPolicy, kind: TicketKind, rest: str
) -> None:
    harness = start(controls=policy)
    harness.wards.show("ward-7", GroupFacts(read_at=harness.now, description="hello"))
    harness.hire("zoe", department="Finance", leave_at=harness.now + 7 * DAY)
    harness.settle()
    harness.control()
    if harness.plans():
        harness.decide()
    harness.later()
    harness.control()
    assert {(one.kind, one.state) for one in harness.tickets()} == {(kind, TicketState.OPEN)}
    harness.start(replace(harness.app.rules, controls=RESTS[rest]))
    harness.later()
    harness.control()
    assert {one.state for one in harness.tickets()} == {TicketState.CANCELLED}
    harness.later()
    assert harness.control().counts.get("cancel", 0) == 0


def test_a_report_is_handed_on_though_nobody_can_report_any_more(start: Callable[..., Harness]) -> None:
    ward = reported_ward(start)
    report(ward)
    assert to(handled(ward)[0]) == "dee@corp.example"
    ward.start(replace(ward.app.rules, controls=ControlPolicy()))
    ward.later()
    ward.leave("dee")
    ward.settle()
    ward.control()
    assert to(handled(ward)[0]) != "dee@corp.example"
