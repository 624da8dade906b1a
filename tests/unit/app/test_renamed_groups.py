"""A group that has another name now: whoever has a ticket finds the group by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import Harness, company_fixture
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.text.reason import NO_REASON

ME = Actor("sam")


@company_fixture
def company() -> Harness:
    """Ann has left, and is in a ward's group, with Dee as its admin."""
    harness = Harness()
    harness.hire("ann", "dee")
    harness.group("ward-7", "ann", admins=["dee"], name="Ward 7 days")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    return harness


def rename(company: Harness, name: str) -> None:
    company.group("ward-7", "ann", admins=["dee"], name=name)
    company.later(hours=1)
    company.settle()


@pytest.mark.parametrize("is_waived", [False, True])
def test_a_ticket_that_waits_has_the_name_that_its_group_has_now(
    company: Harness, *, is_waived: bool
) -> None:
    if is_waived:
        company.desk.waive(1, ME, "agreed", company.now)
    before = company.ticket()
    rename(company, "Ward 7 evenings")
    after = company.ticket()
    assert after.group_name == "Ward 7 evenings"
    same = replace(before, group_name=after.group_name, version=after.version, weighed_at=after.weighed_at)
    assert after == same
    assert after.version > before.version, "its copies in trackers are written anew"


def test_the_journal_keeps_no_names_of_it(company: Harness) -> None:
    before = len(company.journal())
    rename(company, "Ward 7 evenings")
    [moved] = [one.entry for one in company.journal()[before:] if one.entry.kind == events.TICKET_MOVED]
    assert moved.reason == NO_REASON
    assert "Ann" not in str(moved)


def test_a_ticket_that_is_over_keeps_the_name_of_its_day(company: Harness) -> None:
    company.corp.change("ann", enabled=True)
    company.later(hours=1)
    company.settle()
    rename(company, "Ward 7 evenings")
    assert company.ticket().group_name == "Ward 7 days"


def test_a_group_without_a_name_takes_none_away(company: Harness) -> None:
    rename(company, "")
    assert company.ticket().group_name == "Ward 7 days"
