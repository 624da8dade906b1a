"""A held plan ends by itself once nobody in it waits any more, and whoever was told of it is told so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit_checks import problems
from harness import Harness
from worker.app.refused import Refused
from worker.domain.evidence.actor import SYSTEM
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import TicketState

Start = Callable[..., Harness]

TEMPS, NURSES = [f"t{number:02}" for number in range(20)], [f"n{number:02}" for number in range(20)]
HELD, OVER = "Held: plan P-000001 for corp", "Over: Held: plan P-000001 for corp"


def storm(found: Start) -> Harness:
    """Forty people of two units are shown as left at once: a plan of two parts is held and told."""
    harness = found()
    harness.hire(*TEMPS, department="Temps")
    harness.hire(*NURSES, "dee", department="Night")
    harness.group("all", *TEMPS, *NURSES, admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave(*TEMPS, *NURSES)
    harness.settle()
    harness.deliver()
    harness.later()
    assert told(harness) == [HELD]
    return harness


def come_back(harness: Harness, *people: str) -> None:
    for one in people:
        harness.corp.enable(one)
    harness.settle()
    harness.deliver()


def told(harness: Harness) -> list[str]:
    """The headlines about plans."""
    headlines = [part.headline for message in harness.soc.sent for part in message.paragraphs]
    return [one for one in headlines if "P-00000" in one]


def states(harness: Harness, plan: int = 1) -> list[HoldState]:
    [found] = [one for one in harness.plans() if one.id == plan]
    return [cohort.state for cohort in found.cohorts]


def test_a_plan_whose_people_are_all_back_needs_no_decision(found: Start) -> None:
    harness = storm(found)
    come_back(harness, *TEMPS, *NURSES)

    [plan] = harness.plans()
    assert plan.state is HoldState.REJECTED
    assert {(one.decided_by, one.reason) for one in plan.cohorts} == {
        (SYSTEM.name, "everybody in it is back")
    }
    assert told(harness) == [HELD, OVER]
    assert harness.soc.sent[-1].paragraphs[0].text == "everybody in it is back"
    with pytest.raises(Refused, match="decided"):
        harness.decide()
    assert problems(harness) == []


def test_a_part_ends_by_itself_and_the_rest_waits(found: Start) -> None:
    harness = storm(found)
    come_back(harness, *TEMPS, NURSES[0])

    assert states(harness) == [HoldState.HELD, HoldState.REJECTED]
    assert told(harness) == [HELD], "somebody still has to decide"
    come_back(harness, *NURSES[1:])
    assert told(harness) == [HELD, OVER]


def test_who_leaves_again_on_the_same_date_is_asked_out(found: Start) -> None:
    """Their leaving was rejected by nobody."""
    harness = storm(found)
    last_day = harness.now
    come_back(harness, *TEMPS, *NURSES)
    for one in TEMPS:
        harness.corp.change(one, leave_at=last_day)
    harness.settle()
    for one in TEMPS:
        harness.corp.change(one, leave_at=None)
    harness.settle()
    assert states(harness, 2) == [HoldState.REJECTED]
    harness.corp.change(TEMPS[0], leave_at=last_day)
    harness.settle()

    assert [(one.person_name, one.state) for one in harness.tickets()] == [("T00", TicketState.OPEN)]
    assert problems(harness) == []


def test_who_is_back_and_gone_again_before_reconcile_looks_still_waits(found: Start) -> None:
    """Two lists in one poll, of which the first has a column that was emptied by mistake."""
    harness = found()
    harness.hire(*TEMPS, *NURSES)
    harness.settle()
    last_day = harness.later()
    for when in (last_day, None, last_day):
        for one in TEMPS:
            harness.corp.change(one, leave_at=when)
        harness.poll()
        if when is not None:
            harness.reconcile()

    held = {
        one.person.person_id
        for plan in harness.plans()
        for part in plan.cohorts
        if part.state is HoldState.HELD
        for one in part.people
    }
    assert held == set(TEMPS)


def test_of_a_plan_that_nobody_was_told_of_nobody_is_told_that_it_is_over(found: Start) -> None:
    harness = found()
    harness.hire(*TEMPS, "dee")
    harness.group("all", *TEMPS, admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave(*TEMPS[:19])
    harness.settle()
    come_back(harness, *TEMPS)

    assert states(harness) == [HoldState.REJECTED]
    assert told(harness) == []


def test_of_a_plan_of_which_a_part_waits_they_are_told_though_it_ended_in_part_before(found: Start) -> None:
    harness = found()
    harness.hire(*TEMPS, department="Temps")
    harness.hire(*NURSES, "dee", department="Night")
    harness.settle()
    harness.later()
    harness.leave(*TEMPS, *NURSES)
    harness.settle()
    come_back(harness, *TEMPS)

    assert states(harness) == [HoldState.HELD, HoldState.REJECTED]
    assert told(harness) == [HELD]


def test_the_watch_reminds_no_more(found: Start) -> None:
    harness = storm(found)
    harness.later(days=1)
    harness.watch()
    harness.deliver()
    assert "Needs a look: plans: P-000001" in told(harness)
    come_back(harness, *TEMPS, *NURSES)
    harness.later(days=1)
    harness.poll()
    harness.watch()
    harness.deliver()

    assert told(harness).count("Needs a look: plans: P-000001") == 1
    assert "Over: Needs a look: plans: P-000001" in told(harness)


@pytest.mark.parametrize("has_delta", [True, False])
def test_a_plan_about_a_short_list_is_over_once_a_later_list_is_believed(
    start: Start, has_delta: bool
) -> None:
    harness = start(has_delta=has_delta)
    harness.corp.shrink_to(0.5)
    harness.poll(full=True)
    harness.deliver()
    harness.corp.be_honest()
    harness.later()
    harness.poll(full=has_delta)  # a file that is as it was before is not read again
    harness.deliver()

    assert states(harness) == [HoldState.REJECTED]
    assert told(harness) == [HELD, OVER]
    assert harness.soc.sent[-1].paragraphs[0].text == "a later list of corp is believed"
    assert problems(harness) == []


def test_what_ended_by_itself_is_asked_about_when_it_comes_again(start: Start) -> None:
    harness = start()
    harness.corp.shrink_to(0.5)
    harness.poll(full=True)
    harness.corp.be_honest()
    harness.poll(full=True)
    harness.corp.shrink_to(0.5)
    assert "release the held plan" in harness.poll(full=True).troubles[0]

    assert states(harness, 1) == [HoldState.REJECTED]
    assert states(harness, 2) == [HoldState.HELD]


def test_changes_alone_end_no_plan_about_a_short_list(start: Start) -> None:
    """They show nobody who is missing."""
    harness = start()
    harness.corp.shrink_to(0.5)
    harness.poll(full=True)
    harness.later()
    harness.hire("zoe")
    harness.poll()

    assert states(harness) == [HoldState.HELD]


def test_another_source_s_list_ends_no_plan(found: Start) -> None:
    harness = found(directories=("corp", "tenant"))
    harness.hire(*TEMPS)
    harness.directories[1].put(*harness.corp.people())
    harness.settle()
    harness.corp.shrink_to(0.5)
    harness.poll(full=True)
    harness.later()
    harness.poll(full=True)

    assert harness.source("tenant").last_full_at == harness.now
    assert states(harness) == [HoldState.HELD]
