"""A ward where bad messages are reported, and what its handlers do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import Harness
from worker.app.acts.reporting import ReportSaid
from worker.domain.controls.policy import ControlPolicy, DescriptionRule, ProfileRule, ReportsRule
from worker.domain.controls.reports import BadMessage, ReportOutcome, Tier
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import Ticket, TicketKind

WARD = GroupKey("wards", "ward-7")
HARM, PERSONAL, HARASSMENT, OTHER = Tier
ADMIN = "dee@corp.example"
Start = Callable[..., Harness]


def policy(rule: ReportsRule | None = None, text: str = "Be kind.") -> ControlPolicy:
    rules_text = ProfileRule(description=DescriptionRule({"en": text}))
    return ControlPolicy(profile=(rules_text,), reports=(rule or ReportsRule(),))


def reported_ward(start: Start) -> Harness:
    """Ward 7 with Ann, Ben and Cem, whose admin is Dee; reports are on."""
    return start(controls=policy(), has_links=True)


def token(harness: Harness, key: GroupKey = WARD) -> str:
    url = harness.app.reporting.url(key, harness.now)
    assert url is not None
    return url.rpartition("/r/")[2]


def report(harness: Harness, tier: Tier = OTHER, words: str = "", **said: Any) -> BadMessage:
    what = ReportSaid(tier, words=words, **said)
    return harness.app.reporting.report(token(harness), what, harness.now)


def handled(harness: Harness) -> list[Ticket]:
    return harness.tickets(TicketKind.HANDLE_REPORT)


def to(ticket: Ticket) -> str:
    return ticket.assignee.email if ticket.assignee else ""


def settle(harness: Harness, outcome: ReportOutcome = ReportOutcome.TOO_LATE, at: int = 0) -> Ticket:
    link = harness.link(handled(harness)[at].id).rpartition("/")[2]
    newest = harness.app.reporting.look(link, harness.now).newest
    return harness.app.reporting.settle(link, outcome, " a\nline ", newest, harness.now)


def lose_the_group(harness: Harness) -> None:
    """Read the inventory without Ward 7, beside others that stay."""
    for number in range(9):
        harness.group(f"other-{number}", "ann", admins=["dee"])
    harness.settle()
    harness.wards.remove_group("ward-7")
    harness.later()
    harness.settle()
