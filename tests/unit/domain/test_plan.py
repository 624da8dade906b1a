import json
from dataclasses import replace
from datetime import timedelta, timezone

from builders import LEFT_AT, NOW, key, leaver, person, ticket
from worker.domain.model import Evidence, Role
from worker.domain.reconcile.guard import Cohort, HeldPlan, Newcomer
from worker.domain.reconcile.plan import (
    Action,
    ActionKind,
    Plan,
    account_json,
    held_json,
    instant,
    plan_json,
    plan_text,
    ticket_json,
)
from worker.domain.tickets.ticket import Assignee, Grade, TicketKind, TicketState

ANN = Newcomer(key(), LEFT_AT, Evidence.DISABLED, "Ann")
HELD = HeldPlan("corp", "26 leavers", NOW, (Cohort("c1", "accounts disabled", (ANN,)),), id=7)
FULL_TICKET = ticket(
    id=123,
    state=TicketState.BLOCKED,
    blocked_by=9,
    member_name="Ann E.",
    member_role=Role.ADMIN,
    assignee=Assignee("bob@corp.example", "Bob", "active admin of the group", key("bob")),
    done_at=NOW,
    done_by="bob@corp.example",
    verified_at=NOW,
    verified_by="roster",
    grade=Grade.A,
    reopened=2,
    reason="waits",
)


def test_a_ticket_has_the_shape_that_scripts_depend_on() -> None:
    step = {"step": 1, "repeat": 0, "at": "2026-11-24T12:00:00Z", "to": ["Bob"]}
    assert ticket_json(FULL_TICKET, (step,)) == {
        "id": "T-000123",
        "kind": "remove_member",
        "state": "blocked",
        "blocked_by": "T-000009",
        "group": {"source": "wards", "id": "ward-7", "name": "Ward 7 nights", "messenger": "whatsapp"},
        "member": {"handle": "+447700900001", "display_name": "Ann E.", "role": "admin"},
        "person": {
            "source": "corp",
            "id": "ann",
            "name": "Ann",
            "evidence": "disabled",
            "left_at": "2026-11-23T12:00:00Z",
        },
        "assignee": {"name": "Bob", "email": "bob@corp.example", "why": "active admin of the group"},
        "opened_at": "2026-11-24T11:00:00Z",
        "due_at": "2026-11-25T11:00:00Z",
        "done_at": "2026-11-24T12:00:00Z",
        "done_by": "bob@corp.example",
        "verified_at": "2026-11-24T12:00:00Z",
        "verified_by": "roster",
        "grade": "A",
        "escalations": [step],
        "reopened": 2,
        "reason": "waits",
    }


def test_what_is_not_known_of_a_ticket_is_null() -> None:
    question = ticket_json(ticket(TicketKind.IDENTIFY_MEMBER))
    assert question["member"] == {"handle": "+447700900001", "display_name": "", "role": None}
    absent = ("blocked_by", "person", "assignee", "done_at", "done_by", "verified_at", "verified_by", "grade")
    assert [question[name] for name in absent] == [None] * len(absent)
    assert question["escalations"] == []
    assert ticket_json(ticket(TicketKind.REASSIGN_ADMIN))["member"] is None
    dateless = ticket_json(ticket(evidence=None, left_at=None))["person"]
    assert (dateless["evidence"], dateless["left_at"]) == (None, None)


def test_instants_are_utc_without_fractions() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=5))) + timedelta(microseconds=5)
    assert instant(east) == "2026-11-24T12:00:00Z"
    assert instant(None) is None


def test_a_held_plan_has_its_shape() -> None:
    assert held_json(HELD) == {
        "id": "P-000007",
        "state": "held",
        "created_at": "2026-11-24T12:00:00Z",
        "source": "corp",
        "why": "26 leavers",
        "cohorts": [
            {
                "id": "c1",
                "cause": "accounts disabled",
                "count": 1,
                "people": [{"source": "corp", "id": "ann", "name": "Ann"}],
                "state": "held",
            }
        ],
    }


OPENING = Action(
    ActionKind.OPEN, replace(FULL_TICKET, id=0, blocked_by=None), "Ann has left", is_blocked=True
)
WEIGHING = Action(ActionKind.WEIGH, FULL_TICKET, "nothing new")
CHANGE = Plan((OPENING, WEIGHING), (HELD,), ("wards is stale",))


def test_a_plan_in_json_leaves_out_what_is_only_remembered() -> None:
    said = plan_json(CHANGE, NOW)
    assert said["now"] == "2026-11-24T12:00:00Z"
    assert said["actions"] == [
        {"action": "open", "ticket": ticket_json(OPENING.ticket), "why": "Ann has left"}
    ]
    assert said["held"] == [held_json(HELD)]
    assert said["warnings"] == ["wards is stale"]
    assert json.loads(json.dumps(said)) == said


def test_a_plan_in_words_has_a_line_for_each_action_cohort_and_warning() -> None:
    assert plan_text(CHANGE).splitlines() == [
        (
            "+ open     new      remove_member      Ann in Ward 7 nights: Ann has left"
            " (waits for a new admin) -> bob@corp.example"
        ),
        "held P-000007 (corp): 26 leavers",
        "     c1: accounts disabled, 1 person",
        "warning: wards is stale",
    ]


def test_a_ticket_about_the_group_names_the_group_only() -> None:
    action = Action(ActionKind.CANCEL, ticket(TicketKind.REASSIGN_ADMIN, person_name=""), "it is gone")
    assert plan_text(Plan((action,))) == "- cancel   T-000001 reassign_admin     Ward 7 nights: it is gone"


def test_every_action_but_weighing_has_a_sign() -> None:
    for kind in set(ActionKind) - {ActionKind.WEIGH}:
        assert kind.value in plan_text(Plan((Action(kind, FULL_TICKET, "why"),)))


def test_a_plan_without_actions_says_so() -> None:
    assert plan_text(Plan((WEIGHING,))).startswith("Nothing to do")
    assert Plan(warnings=("wards is stale",)).is_empty
    assert not Plan((OPENING,)).is_empty
    assert not Plan(held=(HELD,)).is_empty


def test_an_account_is_shown_as_its_directory_has_it() -> None:
    assert account_json(leaver()) == {
        "source": "corp",
        "id": "ann",
        "standing": "left",
        "evidence": "disabled",
        "left_at": "2026-11-23T12:00:00Z",
    }
    assert (account_json(person())["evidence"], account_json(person())["left_at"]) == (None, None)
