from dataclasses import replace
from datetime import timedelta, timezone

from builders import LEFT_AT, NOW, key, ticket
from worker.domain.model import Evidence, Role
from worker.domain.reconcile.guard import Cohort, Departure, HeldPlan, HoldState
from worker.domain.reconcile.plan import Action, ActionKind, Plan, instant, plan_text
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Grade, TicketKind, TicketState

ANN = Departure(key(), LEFT_AT, Evidence.DISABLED, "Ann")
HELD = HeldPlan("corp", Reason("26 leavers"), NOW, (Cohort("c1", Reason("accounts disabled"), (ANN,)),), id=7)
FULL_TICKET = ticket(
    id=123,
    state=TicketState.BLOCKED,
    blocked_by=9,
    member_name="Ann E.",
    member_role=Role.ADMIN,
    assignee=Assignee("bob@corp.example", "Bob", AssigneeWhy.ADMIN, key("bob")),
    done_at=NOW,
    done_by="bob@corp.example",
    verified_at=NOW,
    verified_by="roster",
    grade=Grade.A,
    reopened=2,
    reason=Reason("waits"),
)


def test_instants_are_utc_without_fractions() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=5))) + timedelta(microseconds=5)
    assert instant(east) == "2026-11-24T12:00:00Z"
    assert instant(None) is None


OPENING = Action(ActionKind.OPEN, FULL_TICKET, Reason("Ann has left"), is_blocked=True)
WEIGHING = Action(ActionKind.WEIGH, FULL_TICKET, Reason("nothing new"))
CHANGE = Plan((OPENING, WEIGHING), (HELD,), ("wards is stale",))


def test_a_plan_in_words_has_a_line_for_each_action_cohort_and_warning() -> None:
    assert plan_text(CHANGE).splitlines() == [
        (
            "+ open      T-000123 remove_member      Ann in Ward 7 nights: Ann has left"
            " (waits for a new admin) -> bob@corp.example"
        ),
        "held P-000007 (corp): 26 leavers",
        "     c1: accounts disabled, 1 person",
        "warning: wards is stale",
    ]


def test_a_plan_in_words_leaves_out_the_cohorts_that_were_decided() -> None:
    released = replace(HELD.cohorts[0], id="c2", state=HoldState.RELEASED)
    held = replace(HELD, cohorts=(released, *HELD.cohorts))
    assert plan_text(Plan(held=(held,))).splitlines() == [
        "held P-000007 (corp): 26 leavers (1 of 2 cohorts decided already)",
        "     c1: accounts disabled, 1 person",
    ]


def test_what_would_be_opened_has_no_number_yet() -> None:
    done = Action(ActionKind.REMEDIATE, FULL_TICKET, Reason("wards"))
    known = Action(ActionKind.VERIFY, replace(FULL_TICKET, id=9), Reason("gone"))
    lines = plan_text(Plan((OPENING, done, known)), is_ahead=True).splitlines()
    assert [line[12:21] for line in lines] == ["new      ", "new      ", "T-000009 "]


def test_a_ticket_about_the_group_names_the_group_only() -> None:
    action = Action(
        ActionKind.CANCEL, ticket(TicketKind.REASSIGN_ADMIN, person_name=""), Reason("it is gone")
    )
    assert plan_text(Plan((action,))) == "- cancel    T-000001 reassign_admin     Ward 7 nights: it is gone"


def test_every_action_but_weighing_has_a_sign() -> None:
    for kind in set(ActionKind) - {ActionKind.WEIGH}:
        assert kind.value in plan_text(Plan((Action(kind, FULL_TICKET, Reason("why")),)))


def test_a_plan_without_actions_says_so() -> None:
    assert plan_text(Plan((WEIGHING,))).startswith("Nothing to do")
    assert Plan(warnings=("wards is stale",)).is_empty
    assert not Plan((OPENING,)).is_empty
    assert not Plan(held=(HELD,)).is_empty
