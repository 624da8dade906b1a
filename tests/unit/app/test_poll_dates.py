"""Leave dates come by our own timer, and none by a clock that was wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import facts
from harness import Harness
from scripted import Scripted, scripted
from worker.domain.model import Evidence, Standing
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.tickets.ticket import TicketKind
from worker.ports import (
    DirectoryPage,
    PassEnd,
    Transient,
)

Start = Callable[..., Harness]


def test_a_leave_date_fires_by_our_own_timer(company: Harness) -> None:
    company.corp.change("ann", leave_at=company.now + timedelta(hours=2))
    assert company.poll().counts["leaving"] == 1
    assert company.standing("ann") is Standing.LEAVING

    company.later(hours=2)
    report = company.poll()

    assert (report.counts["unchanged"], report.counts["left"]) == (1, 1)
    assert company.person("ann").evidence is Evidence.LEAVE_DATE


@pytest.mark.parametrize(
    "date, policy",
    [("leave_at", LeaverPolicy(leave_date=False)), ("expires_at", LeaverPolicy(expired=False))],
)
def test_a_date_that_counts_no_more_makes_no_leaver_when_it_comes(
    company: Harness, date: str, policy: LeaverPolicy
) -> None:
    dates: dict[str, Any] = {date: company.now + timedelta(hours=2)}
    company.corp.change("ann", **dates)
    company.settle()
    assert company.standing("ann") is Standing.LEAVING

    company.start(replace(company.app.rules, leaver=policy))
    company.later(hours=2)
    report = company.poll()

    assert (report.counts["unchanged"], report.counts["left"], report.counts["returned"]) == (1, 0, 1)
    assert company.standing("ann") is Standing.ACTIVE
    company.settle()
    assert not company.tickets()


def test_a_leave_date_does_not_fire_on_a_stale_source(company: Harness) -> None:
    company.corp.change("ann", leave_at=company.now + timedelta(hours=30))
    company.poll()
    company.corp.fail(Transient("down"))
    company.later(hours=31)

    assert company.poll().counts["left"] == 0
    assert company.standing("ann") is Standing.LEAVING

    company.corp.be_honest()
    assert company.poll().counts["left"] == 1


def test_whoever_left_by_a_wrong_clock_alone_is_taken_back_at_the_next_poll(company: Harness) -> None:
    company.corp.change("ann", leave_at=company.now + timedelta(days=10))
    company.settle()
    company.later(days=40)
    company.settle()
    assert [one.is_live for one in company.tickets()] == [True]

    company.later(days=-40)
    report = company.poll()

    assert (report.counts["unchanged"], report.counts["returned"]) == (1, 1)
    assert company.standing("ann") is Standing.LEAVING
    assert company.kinds().count("person.returned") == 1
    company.settle()
    assert not [one for one in company.tickets() if one.is_live]

    company.later(days=10)
    company.settle()
    assert company.standing("ann") is Standing.LEFT, "her day has come"
    assert len([one for one in company.tickets() if one.is_live]) == 1


def test_after_a_wrong_clock_a_source_without_news_is_of_now_again(company: Harness) -> None:
    company.later(days=40)
    company.poll()
    company.later(days=-40)

    assert company.poll().counts["unchanged"] == 1
    assert company.source().taken_at == company.now


def test_whoever_left_by_a_wrong_clock_and_is_disabled_since_has_left(company: Harness) -> None:
    company.corp.change("ann", leave_at=company.now + timedelta(days=10))
    company.poll()
    company.later(days=40)
    company.poll()
    company.leave("ann")
    company.later(days=-40)

    assert company.poll().counts["returned"] == 0
    assert company.leavers() == ["ann"]


@pytest.mark.parametrize("is_first", [False, True])
def test_nobody_has_left_later_than_now_whatever_the_date_of_a_read(
    start: Start, found: Start, *, is_first: bool
) -> None:
    """Whoever joins with the number of somebody who left before may be a stranger."""
    harness = (found if is_first else start)(directory_type=Scripted)
    harness.hire("ann")
    harness.group("ward-7", "ben", admins=["dee"])
    ann = facts("ann", phones=(harness.number("ann"),), enabled=False)
    ahead = PassEnd("next", is_full=False, taken_at=harness.now + timedelta(days=365))
    scripted(harness, DirectoryPage((ann,)), ahead)
    harness.poll()
    assert harness.person("ann").left_at == harness.now

    harness.later(days=30)
    harness.wards.add_member("ward-7", harness.member("ann"))
    harness.settle()
    assert not harness.tickets(TicketKind.REMOVE_MEMBER)
