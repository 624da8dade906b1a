"""Of a plan that waits the watch reminds from the next morning on, each day, until it is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.pinger import FakePinger
from harness import TWO_APPROVERS_FROM, Harness
from letters import Found
from worker.app.jobs.table import OF_ALL
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import Paragraph
from worker.ports import NotDone

EIGHT = datetime(2026, 11, 25, 8, tzinfo=UTC)  # of the day after, in London
REMINDER, OVER = "Needs a look: plans: P-000001", "Over: Needs a look: plans: P-000001"
DAY = timedelta(days=1)


def held(found: Found, people: int, at: datetime = EIGHT - timedelta(hours=15)) -> Harness:
    """So many people leave at once at an instant, most of them of one unit; the plan was told."""
    harness = found()
    harness.now = at - timedelta(hours=1)
    crowd = [f"p{number:02}" for number in range(people)]
    harness.hire(*crowd[:-1], org_unit="OU=Temps")
    harness.hire(crowd[-1], "boss", org_unit="OU=Night")
    harness.group("hall", *crowd, admins=["boss"])
    harness.settle()
    harness.now = at
    harness.leave(*crowd)
    harness.settle()
    harness.deliver()
    return harness


def look(harness: Harness, at: datetime | None = None) -> list[Paragraph]:
    """All sources are read and all jobs have run; the watch looks. Return what is told."""
    harness.now = at or harness.now
    harness.poll()
    harness.inventory()
    with harness.store.begin() as uow:
        for name in OF_ALL:
            uow.jobs.record(name, harness.now, is_ok=True, report={})
    before = len(harness.soc.sent)
    harness.watch()
    harness.deliver()
    return [part for message in harness.soc.sent[before:] for part in message.paragraphs]


def titles(harness: Harness, at: datetime | None = None) -> list[str]:
    return [part.headline for part in look(harness, at)]


def test_it_begins_on_the_next_morning_and_comes_each_day_until_somebody_decided(found: Found) -> None:
    harness = held(found, 30)
    assert titles(harness) == []
    assert titles(harness, EIGHT - timedelta(minutes=1)) == []
    [told] = look(harness, EIGHT)
    assert told.headline == REMINDER
    assert told.text == (
        "30 people have waited for a decision since 2026-11-24T17:00:00Z. `whosleft plans show P-000001` shows it."
    )
    assert titles(harness, EIGHT + timedelta(hours=23)) == []
    assert titles(harness, EIGHT + DAY) == [REMINDER]
    harness.decide(release=False)
    assert titles(harness, EIGHT + DAY + timedelta(hours=2)) == [OVER]
    assert titles(harness, EIGHT + 2 * DAY) == []


def test_what_is_held_before_eight_is_told_that_morning(found: Found) -> None:
    harness = held(found, 30, EIGHT - timedelta(hours=1))
    assert titles(harness, EIGHT) == [REMINDER]


def test_what_was_held_by_a_clock_that_was_ahead_does_not_wait_for_its_time(found: Found) -> None:
    harness = held(found, 30, EIGHT + 40 * DAY)
    assert REMINDER in titles(harness, EIGHT)


def test_only_what_waits_counts_and_the_end_is_that_of_the_last_part(found: Found) -> None:
    harness = held(found, 30)
    harness.decide("c1", release=False)
    [told] = look(harness, EIGHT)
    assert told.text.startswith("1 person has waited for a decision since 2026-11-24T17:00:00Z. ")
    harness.decide("c2")
    assert titles(harness, EIGHT + timedelta(hours=1)) == [OVER]


def test_it_says_that_a_second_person_must_decide_the_same_and_who_nobody_is(found: Found) -> None:
    harness = held(found, TWO_APPROVERS_FROM)
    [told] = look(harness, EIGHT)
    assert "One person" not in told.text, "nobody has"
    harness.approvals.decide(1, ["c1"], Actor("sam@example.org"), "a season ended", harness.now, release=True)
    [told] = look(harness, EIGHT + DAY)
    assert told.text.startswith(
        f"{TWO_APPROVERS_FROM} people have waited for a decision since 2026-11-24T17:00:00Z. "
        "Somebody has decided about c1, and no second person the same yet. "
    )
    assert "sam@" not in str(told)
    assert "P00" not in str(told)


@pytest.mark.parametrize(
    "hours, is_decided, in_the_end",
    [(10, True, []), (10, False, [REMINDER]), (72, True, [OVER]), (72, False, [REMINDER])],
)
def test_over_an_outage_it_does_not_pile_up_and_after_the_decision_it_is_not_told(
    found: Found, hours: int, is_decided: bool, in_the_end: list[str]
) -> None:
    harness = held(found, 30)
    harness.soc.down = NotDone("no connection")
    for at in range(hours):
        assert titles(harness, EIGHT + timedelta(hours=at)) == []
    if is_decided:
        harness.decide(release=False)
        assert titles(harness) == []
    harness.soc.down = None
    told = [one for at in range(hours, hours + 4) for one in titles(harness, EIGHT + timedelta(hours=at))]
    assert [one for one in told if REMINDER in one] == in_the_end


def test_the_dead_man_s_switch_hears_that_all_is_well_meanwhile(found: Found) -> None:
    harness, pinger = held(found, 30), FakePinger()
    harness.start(replace(harness.app.rules, ping_every=timedelta(seconds=30)), pinger=pinger)
    assert titles(harness, EIGHT) == [REMINDER]
    look(harness, EIGHT + timedelta(minutes=1))
    assert pinger.heard[-1] == "well"
