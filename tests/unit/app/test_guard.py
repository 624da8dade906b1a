"""What is too big to be true is held, split by cause, until a person decides."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from builders import DAY
from harness import Harness
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.model import Evidence
from worker.domain.people.joiners import Placement
from worker.domain.reconcile.guard import GuardLimits, HoldState
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports.state.episodes import Gate
from worker.storage.sql.tables import episode

Start = Callable[..., Harness]


def storm(harness: Harness) -> None:
    """Twelve leave at once: six of Theatre, six of Catering; all in one group."""
    for unit, names in (("Theatre", "abcdef"), ("Catering", "ghijkl")):
        harness.hire(*(f"{unit[0]}{name}" for name in names), department=unit)
    crowd = [f"T{name}" for name in "abcdef"] + [f"C{name}" for name in "ghijkl"]
    harness.group("all", *crowd, *"", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave(*crowd)
    harness.settle()
    harness.later()


def test_the_first_run_s_leavers_in_groups_are_held_however_few(found: Start) -> None:
    harness = found()
    harness.hire("ann", "ben", "cem", "dee")
    harness.leave("ann", "ben")
    harness.group("ward-7", "ann", admins=["dee"])
    harness.settle()

    [plan] = harness.plans()
    assert "first run: 1 person had already left" in plan.why
    assert harness.tickets() == []
    assert harness.titles() == ["Held: plan P-000001 for corp"]

    harness.decide()
    harness.settle()
    assert [ticket.person_name for ticket in harness.tickets()] == ["Ann"]


def test_accounts_made_ahead_of_the_first_day_are_no_leavers(company: Harness) -> None:
    company.hire(*(f"new-{number}" for number in range(40)), enabled=False)
    company.settle()
    company.later()
    company.leave("ann")
    company.settle()
    assert company.plans() == []
    assert [ticket.person_name for ticket in company.tickets()] == ["Ann"]


def test_who_first_appears_as_left_and_is_in_a_group_is_a_leaver_like_any_other(company: Harness) -> None:
    company.wards.add_member("ward-7", company.member("zoe"))
    company.settle()
    company.later()
    company.hire("zoe", enabled=False)
    company.settle()
    assert company.plans() == []
    assert [one.person_name for one in company.tickets(TicketKind.REMOVE_MEMBER)] == ["Zoe"]


def test_many_who_first_appear_as_left_and_are_in_groups_are_held(company: Harness) -> None:
    crowd = [f"old-{number}" for number in range(30)]
    company.group("all", *crowd, admins=["dee"])
    company.settle()
    company.later()
    company.hire(*crowd, enabled=False)
    company.settle()
    [plan] = company.plans()
    assert plan.why.startswith("30 leavers within 24 h")
    assert "first run" not in plan.why
    assert company.tickets(TicketKind.REMOVE_MEMBER) == []


def test_who_came_back_under_a_new_account_is_held_whatever_the_directory_dates_the_second_leaving(
    company: Harness,
) -> None:
    company.corp.change("ann", employee_id="E-17")
    company.hire("ann-again", employee_id="E-17", phones=())
    crowd = [f"p{number}" for number in range(9)]
    company.hire(*crowd)
    company.settle()
    company.later()
    company.leave("ann")
    company.settle()
    assert company.tickets() == []

    company.later(days=2)
    for one in ("ann-again", *crowd):
        company.corp.change(one, leave_at=company.now - 30 * DAY)
    company.settle()

    [plan] = company.plans()
    held = {departure.person.person_id for cohort in plan.cohorts for departure in cohort.people}
    assert "ann-again" in held
    assert company.tickets() == []
    company.decide()
    company.settle()
    assert [ticket.person_name for ticket in company.tickets()] == ["Ann-again"]


def test_a_mass_event_is_held_in_cohorts_and_each_is_decided_by_itself(company: Harness) -> None:
    storm(company)
    [plan] = company.plans()
    assert company.tickets() == []
    assert [(c.id, len(c.people)) for c in plan.cohorts] == [("c1", 6), ("c2", 6)]
    assert "Catering" in plan.cohorts[0].cause

    assert company.decide("c1").state is HoldState.PARTLY
    company.settle()
    assert {ticket.person_name[0] for ticket in company.tickets()} == {"C"}

    after = company.decide("c2", release=False)
    company.settle(full=True)
    assert after.state is HoldState.PARTLY
    assert [c.state for c in after.cohorts] == [HoldState.RELEASED, HoldState.REJECTED]
    assert len(company.tickets()) == 6


def test_what_was_rejected_never_comes_again(company: Harness) -> None:
    storm(company)
    assert company.decide(release=False).state is HoldState.REJECTED
    for _ in range(3):
        company.settle(full=True)
        company.later(hours=30)
        company.corp.put(*company.corp.people())

    assert company.tickets() == []
    assert len(company.plans()) == 1


def test_who_returned_and_leaves_again_after_a_rejection_is_asked_about_anew(company: Harness) -> None:
    storm(company)
    company.decide(release=False)
    company.corp.enable("Ta")
    company.settle()
    company.later(hours=30)
    company.leave("Ta")
    company.settle()

    assert [ticket.state for ticket in company.tickets()] == [TicketState.OPEN]


def test_who_returned_while_held_gets_no_ticket_from_a_release(company: Harness) -> None:
    storm(company)
    company.corp.enable("Ta")
    company.settle()
    company.decide()
    company.settle()

    assert len(company.tickets()) == 11


def test_a_decision_is_in_the_journal_with_its_reason(company: Harness) -> None:
    storm(company)
    company.decide("c1")

    entry = company.journal()[-1].entry
    assert (entry.kind, entry.actor, entry.reason) == ("plan.released", "sam", "asked the ward")
    assert entry.data == {"cohorts": ["c1"], "people": 6}
    assert company.decide("c2").state is HoldState.RELEASED


@pytest.mark.parametrize(
    "number, cohorts, reason, says",
    [
        (1, (), " ", "a reason is required"),
        (9, (), "why not", "no plan P-000009"),
        (1, ("c9",), "why not", "has no cohort c9; it has c1, c2"),
        (1, ("c1",), "why not", "P-000001: c1 is decided already"),
    ],
)
def test_what_cannot_be_decided_is_refused_with_the_reason(
    company: Harness, number: int, cohorts: tuple[str, ...], reason: str, says: str
) -> None:
    storm(company)
    company.decide("c1")

    with pytest.raises(Refused, match=says):
        company.approvals.decide(number, cohorts, Actor("sam"), reason, company.now, release=True)


def test_a_plan_is_decided_once(company: Harness) -> None:
    storm(company)
    company.decide()

    with pytest.raises(Refused, match="P-000001 is decided already"):
        company.decide(release=False)


def test_strangers_do_not_make_a_storm_a_smaller_share(found: Start) -> None:
    harness = found(limits=GuardLimits(None, leavers_share_max=0.2, group_share_max=None))
    nurses = [f"nurse-{number:02}" for number in range(20)]
    harness.hire(*nurses, "dee")
    harness.group("ward-7", *nurses, admins=["dee"])
    harness.settle()
    harness.later(days=2)
    harness.hire(*(f"stranger-{number}" for number in range(100)))
    harness.leave(*nurses[:5])
    harness.settle()

    [plan] = harness.plans()
    assert plan.why == "5 of 21 people within 24 h (24%), the limit is 20%"
    assert harness.tickets() == []


def test_who_leaves_while_a_plan_waits_is_let_through_within_the_limits_and_no_more(found: Start) -> None:
    harness = found(limits=GuardLimits(4, leavers_share_max=None, group_share_max=None))
    crowd = [f"nurse-{number:02}" for number in range(20)]
    harness.hire(*crowd, "dee")
    harness.group("ward-7", *crowd, admins=["dee"])
    harness.settle()
    for leave, held, asked in ((5, 5, 0), (4, 5, 4), (1, 6, 4)):
        harness.later(minutes=15)
        harness.leave(*(crowd.pop() for _ in range(leave)))
        harness.settle()
        assert (sum(plan.size for plan in harness.plans()), len(harness.tickets())) == (held, asked)


def test_of_those_who_were_in_a_plan_no_more_leave_again_than_the_limits_let_through(found: Start) -> None:
    harness = found(limits=GuardLimits(4, leavers_share_max=None, group_share_max=0.3))
    crowd = [f"nurse-{number:02}" for number in range(20)]
    harness.hire(*crowd, "dee")
    harness.group("ward-7", *crowd, admins=["dee"])
    harness.settle()
    harness.later(hours=1)
    friday = harness.now - 3 * DAY
    for one in crowd:
        harness.corp.change(one, leave_at=friday)
    harness.settle()
    assert [plan.size for plan in harness.plans()] == [20]
    harness.later(minutes=15)
    for one in crowd:
        harness.corp.change(one, leave_at=None)
    harness.settle()
    for _ in range(5):
        harness.later(minutes=15)
        for one in (crowd.pop() for _ in range(3)):
            harness.corp.change(one, leave_at=friday)
        harness.settle()

    assert len(harness.tickets(TicketKind.REMOVE_MEMBER)) == 3
    assert [plan.size for plan in harness.plans()] == [3, 3, 3, 3, 20]


def test_whom_a_person_released_uses_up_no_limit(found: Start) -> None:
    harness = found(limits=GuardLimits(4, leavers_share_max=None, group_share_max=None))
    crowd = [f"nurse-{number:02}" for number in range(20)]
    harness.hire(*crowd, "dee")
    harness.group("ward-7", *crowd, admins=["dee"])
    harness.settle()
    harness.later(minutes=15)
    harness.leave(*crowd[:6])
    harness.settle()
    harness.later(minutes=15)
    harness.decide()
    harness.leave(*crowd[6:10])
    harness.settle()
    assert len(harness.plans()) == 1
    assert len(harness.tickets(TicketKind.REMOVE_MEMBER)) == 10


NURSES = Placement((("department", ("Nursing",)),), ("Ward*",))


def nurses(found: Start, moved: str) -> Harness:
    """Six nurses whom the rules place in ward 7. These are moved elsewhere, and all leave, by reads of one instant."""
    harness = found(limits=GuardLimits(4, leavers_share_max=None, group_share_max=None), joiners=(NURSES,))
    harness.hire("dee", "max")
    harness.group("ward-7", "max", admins=["dee"], name="Ward 7")
    harness.settle()
    harness.later()
    harness.hire(*"abcdef", department="Nursing")
    harness.settle()
    for one in "abcdef":
        harness.wards.add_member("ward-7", harness.member(one))
    harness.settle()
    harness.later()
    for one in moved:
        harness.corp.change(one, department="Surgery")
    harness.poll()
    harness.leave(*"abcdef")
    harness.poll()
    harness.reconcile()
    return harness


def test_a_move_that_is_let_through_lets_no_leaving_of_the_same_instant_through(found: Start) -> None:
    harness = nurses(found, moved="ab")
    [plan] = harness.plans()
    assert plan.size == 6
    assert harness.tickets(TicketKind.REMOVE_MEMBER) == []


@pytest.mark.parametrize("leavings, moves", [(True, False), (False, True)])
def test_of_moves_and_leavings_of_the_same_instant_each_is_decided_by_itself(
    found: Start, leavings: bool, moves: bool
) -> None:
    harness = nurses(found, moved="abcdef")
    about_moves, about_leavings = harness.plans()
    assert about_leavings.cohorts[0].people[0].evidence is Evidence.DISABLED
    with harness.store.reading() as uow:
        [group] = uow.episodes.released_groups(about_moves.id)
        [view] = uow.episodes.views_after_release(about_moves.id, [group])
        assert not [one for one in view.members if one.leaving]
    harness.decide(plan=about_moves.id, release=moves)
    harness.decide(plan=about_leavings.id, release=leavings)
    harness.settle()
    assert len(harness.tickets(TicketKind.REMOVE_MEMBER)) == (6 if leavings else 0)
    with harness.engine.connect() as connection:
        e = episode.c
        gates = connection.execute(sa.select(e.kind, e.gate).distinct().order_by(e.kind)).all()
    said = {True: Gate.PASSED, False: Gate.REJECTED}
    assert [tuple(one) for one in gates] == [("left", said[leavings]), ("moved", said[moves])]
