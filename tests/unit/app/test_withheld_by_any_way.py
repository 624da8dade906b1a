"""No admin of the group may hear of a report of harm, by whatever way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import rules
from fakes.tracker import FakeTracker
from harness import Harness
from reported import ADMIN, HARM, OTHER, handled, policy, report
from worker.app.reads.rotas import RotaRules
from worker.domain.controls.reports import Tier
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketKind
from worker.ports import Rejected
from worker.running.mirroring import TrackerRules

Start = Callable[..., Harness]
REPORTS = TrackerRules(kinds=frozenset({TicketKind.HANDLE_REPORT}))


def told(h: Harness) -> list[str]:
    h.deliver()
    return [message.to.address for message in h.soc.sent]


def mirror(h: Harness, *, minutes: float = 5) -> None:
    h.later(minutes=minutes)
    h.mirror()


@pytest.mark.parametrize("rules, copies", [(TrackerRules(), 0), (REPORTS, 1)])
@pytest.mark.parametrize("tier, about_admin", [(HARM, False), (OTHER, True)])
def test_it_has_a_copy_in_a_tracker_only_where_reports_are_named(
    start: Start, tier: Tier, rules: TrackerRules, copies: int, *, about_admin: bool
) -> None:
    h = start(controls=policy(), has_links=True)
    h.trackers = [FakeTracker(now=h.clock)]
    h.start(replace(h.app.rules, trackers={"desk": rules}))
    report(h, tier, about_admin=about_admin)
    h.settle()
    mirror(h)
    assert len(h.trackers[0].issues) == copies
    report(h, OTHER)
    h.settle()
    mirror(h)
    assert len(h.trackers[0].issues) == copies + 1, "of any other report the admins may hear"


def test_whoever_reassigns_the_copy_in_a_tracker_does_not_give_it_to_the_groups_admin(start: Start) -> None:
    h = start(controls=policy(), has_links=True)
    tracker = FakeTracker(now=h.clock, people={ADMIN, "it-security@example.org"})
    h.trackers = [tracker]
    h.start(replace(h.app.rules, trackers={"desk": REPORTS}, has_told_links=True))
    report(h, HARM, "words")
    h.settle()
    for _ in range(2):
        h.later(minutes=5)
        h.mirror()
    tracker.give(ADMIN)  # the project's default assignee, or a kind colleague
    h.later(minutes=5)
    h.mirror()
    [one] = handled(h)
    assert one.details["confidential"]
    assert ADMIN not in told(h), h.soc.to(ADMIN)
    assert one.assignee is not None
    assert one.assignee.email != ADMIN


@pytest.fixture
def copied(start: Start) -> Harness:
    """A report of harm with a copy in a tracker; the group's admin is accountable for what nobody else has."""
    h = start(controls=policy(), has_links=True, rules=rules(accountable=ADMIN))
    h.trackers = [FakeTracker(now=h.clock)]
    h.start(replace(h.app.rules, trackers={"desk": REPORTS}))
    report(h, HARM, "words")
    h.settle()
    mirror(h)
    [one] = handled(h)
    assert one.accountable == ""
    return h


def test_a_fight_over_its_copy_is_told_to_the_channel_alone(copied: Harness) -> None:
    for _ in range(4):
        copied.trackers[0].put(CopyStanding.DONE)
        mirror(copied)
    assert "trouble" in copied.titles()[-1]
    assert ADMIN not in told(copied), copied.soc.to(ADMIN)


def test_so_is_that_its_copy_was_deleted(copied: Harness) -> None:
    copied.trackers[0].only.is_gone = True
    mirror(copied)
    mirror(copied, minutes=60)
    assert "trouble" in copied.titles()[-1]
    assert ADMIN not in told(copied), copied.soc.to(ADMIN)


def test_so_is_what_its_copy_refuses(copied: Harness) -> None:
    def strict(_what: str) -> None:
        raise Rejected("SEC-1 can't be moved.", remedy="Allow it.")

    copied.trackers[0].put(CopyStanding.DONE)
    copied.trackers[0].before = strict
    mirror(copied)
    assert "trouble" in copied.titles()[-1]
    assert ADMIN not in told(copied), copied.soc.to(ADMIN)


def test_nor_does_it_come_to_the_admin_as_a_deputy(start: Start) -> None:
    step = Step(After(share=0.5), (Target.ACCOUNTABLE, Target.ADMINS))
    h = start(controls=policy(), has_links=True, rules=rules(policies=(Policy("t", (step,)),)))
    away = Absence("it-security@example.org", h.now - timedelta(days=1), h.now + timedelta(days=30), ADMIN)
    h.start(replace(h.app.rules, rotas=RotaRules(absences=(away,))))
    report(h, HARM, "words")
    h.settle()
    h.later(days=3)
    h.escalate()
    assert ADMIN not in told(h), h.soc.to(ADMIN)
