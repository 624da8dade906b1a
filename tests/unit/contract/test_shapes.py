"""The JSON that other people's programs read, key by key: nothing may be renamed, left out or added by the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from builders import LEFT_AT, NOW, key, leaver, person, ticket
from worker.app.evidence.zip import PackVerdict
from worker.app.reads.check import SourceCheck
from worker.app.reads.ticket import ListedTicket
from worker.app.reads.witness import Witness
from worker.contract.evidence import VerdictShape
from worker.contract.people import AccountShape
from worker.contract.plans import PlanShape, PreviewShape
from worker.contract.shape import ListShape, Shape
from worker.contract.sources import CheckedSourceShape
from worker.contract.tickets import TicketShape
from worker.domain.escalation.policy import Taken
from worker.domain.evidence.manifest import Manifest
from worker.domain.evidence.pack import Covered, JournalSum
from worker.domain.model import Evidence, Role
from worker.domain.reconcile.guard import Cohort, Departure, HeldPlan
from worker.domain.reconcile.plan import Action, ActionKind, Plan
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Grade, TicketKind, TicketState
from worker.ports import Capabilities, Port
from worker.ports.state.tickets import SeenIn, StepTaken

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


def said(shape: Shape | None) -> Any:
    """What a program reads."""
    assert shape is not None
    return shape.model_dump(mode="json", by_alias=True)


def test_a_ticket_has_the_shape_that_scripts_depend_on() -> None:
    steps = [StepTaken(Taken(1, 0, NOW), "standard", ("Bob",))]
    seen = [SeenIn("wards", True, NOW), SeenIn("gone", None, NOW)]
    listed = ListedTicket(FULL_TICKET, steps, seen)

    shown = said(TicketShape.of(listed, {"wards": Witness("register", Capabilities(is_kept_by_people=True))}))

    assert shown == {
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
        "assignee": {
            "name": "Bob",
            "email": "bob@corp.example",
            "phone": None,
            "why": "active admin of the group",
        },
        "opened_at": "2026-11-24T11:00:00Z",
        "due_at": "2026-11-25T11:00:00Z",
        "done_at": "2026-11-24T12:00:00Z",
        "done_by": "bob@corp.example",
        "verified_at": "2026-11-24T12:00:00Z",
        "verified_by": "roster",
        "grade": "A",
        "escalations": [{"step": 1, "repeat": 0, "at": "2026-11-24T12:00:00Z", "to": ["Bob"]}],
        "reopened": 2,
        "reason": "waits",
        "subject": {
            "about": "membership",
            "source": "wards",
            "group": "ward-7",
            "handle": "+447700900001",
            "person": None,
        },
        "occasion": "corp/ann@2026-11-23T12:00:00Z",
        "sources": [
            {
                "source": "wards",
                "kind": "register",
                "shows": True,
                "taken_at": "2026-11-24T12:00:00Z",
                "grade": "B",
            },
            {"source": "gone", "kind": "", "shows": None, "taken_at": "2026-11-24T12:00:00Z", "grade": "B"},
        ],
        "remediated_by": None,
        "acknowledged_until": None,
        "held_until": None,
        "snoozed_until": None,
        "waived_until": None,
        "silenced_by": None,
        "mirrors": [],
        "details": {},
    }
    assert list(shown)[:6] == ["id", "kind", "state", "blocked_by", "group", "member"]
    assert list(shown)[-1] == "details"


def test_what_is_not_known_of_a_ticket_is_null() -> None:
    question = said(TicketShape.of(ListedTicket(ticket(TicketKind.IDENTIFY_MEMBER)), {}))
    assert question["member"] == {"handle": "+447700900001", "display_name": "", "role": None}
    absent = ("blocked_by", "person", "assignee", "done_at", "done_by", "verified_at", "verified_by", "grade")
    assert [question[name] for name in absent] == [None] * len(absent)
    assert question["escalations"] == []
    assert said(TicketShape.of(ListedTicket(ticket(TicketKind.REASSIGN_ADMIN)), {}))["member"] is None
    dateless = said(TicketShape.of(ListedTicket(ticket(evidence=None, left_at=None)), {}))["person"]
    assert (dateless["evidence"], dateless["left_at"]) == (None, None)


def test_a_held_plan_has_its_shape() -> None:
    assert said(PlanShape.of(HELD)) == {
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
                "subjects": [],
                "state": "held",
            }
        ],
    }


def test_a_preview_leaves_out_what_is_only_remembered() -> None:
    opening = replace(FULL_TICKET, id=0, blocked_by=None)
    actions = (
        Action(ActionKind.OPEN, opening, Reason("Ann has left"), is_blocked=True),
        Action(ActionKind.WEIGH, FULL_TICKET, Reason("nothing new")),
    )
    east = NOW.astimezone(timezone(timedelta(hours=5)))

    assert said(PreviewShape.of(Plan(actions, (HELD,), ("wards is stale",)), east)) == {
        "now": "2026-11-24T12:00:00Z",
        "actions": [
            {
                "action": "open",
                "ticket": said(TicketShape.of(ListedTicket(opening), {})),
                "why": "Ann has left",
                "rule": None,
            }
        ],
        "held": [said(PlanShape.of(HELD))],
        "warnings": ["wards is stale"],
    }


def test_an_account_is_shown_as_its_directory_has_it() -> None:
    assert said(AccountShape.of(leaver())) == {
        "source": "corp",
        "id": "ann",
        "standing": "left",
        "evidence": "disabled",
        "left_at": "2026-11-23T12:00:00Z",
    }
    here = said(AccountShape.of(person()))
    assert (here["evidence"], here["left_at"]) == (None, None)


def test_a_list_has_its_items_whole_and_their_number() -> None:
    shown = said(ListShape.of([PlanShape.of(HELD), AccountShape.of(leaver())]))

    assert shown == {"items": [said(PlanShape.of(HELD)), said(AccountShape.of(leaver()))], "total": 2}


def test_what_a_connector_alone_can_say_stands_beside_what_all_say() -> None:
    one = SourceCheck(
        "corp",
        Port.DIRECTORY,
        "entra",
        True,
        "20 people",
        "",
        False,
        NOW,
        {"people": 20},
        {"subscribed": "no"},
    )

    shown = said(CheckedSourceShape.of(one))

    assert (shown["port"], shown["last_success_at"]) == ("directory", "2026-11-24T12:00:00Z")
    assert list(shown)[-2:] == ["counts", "subscribed"]
    assert shown["subscribed"] == "no"


def test_of_a_pack_without_a_manifest_only_its_problems_are_said() -> None:
    assert said(VerdictShape.of(PackVerdict(("It is no zip.",)))) == {
        "ok": False,
        "problems": ["It is no zip."],
    }


@pytest.mark.parametrize(
    "kept_at, kept", [(None, None), (3, {"count": 3, "since": 2})], ids=["no head", "a head of earlier"]
)
def test_of_a_pack_that_can_be_read_it_is_said_what_it_is(kept_at: int | None, kept: Any) -> None:
    manifest = Manifest(NOW, "sam", "whosleft 1", "St Mary's", "UTC", Covered(), JournalSum(5, "ab", 5, "cd"))

    shown = said(VerdictShape.of(PackVerdict((), manifest, kept_at)))

    assert shown["ok"]
    assert shown["covers"] == {"what": "everything", "ids": [], "from": None, "to": None, "search": None}
    assert (shown["events"], shown["head"], shown["kept_head"]) == (5, {"count": 5, "hash": "ab"}, kept)


def test_nothing_is_added_to_a_shape() -> None:
    with pytest.raises(ValidationError):
        PlanShape.model_validate(said(PlanShape.of(HELD)) | {"more": 1})
