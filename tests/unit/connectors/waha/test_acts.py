"""Removing and promoting: what was asked, what came back, what that means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.gateways.server import Make, answered
from fakes.graph.http import Reply
from fakes.waha.server import WahaServer
from worker.domain.model import Member, Role, Roster
from worker.ports import AuthFailed, NotDone, PermissionDenied, Transient
from worker.ports.connectors.remover import ActOutcome, Effect

WARD = "120363000000000007@g.us"
SAM = Member("+447700900102", phone="+447700900102", role=Role.ADMIN)
AMINA = Member("+447700900101", phone="+447700900101", lid="90000000000101@lid")
HIDDEN = Member("90000000000103@lid", lid="90000000000103@lid")
REMOVE, PROMOTE = "/participants/remove", "/admin/promote"

pytestmark = pytest.mark.usefixtures("phone")


def asked(waha: WahaServer) -> Any:
    return json.loads(waha.seen(method="POST")[-1].request.body)


@pytest.mark.parametrize(
    "member, participant",
    [(SAM, "447700900102@c.us"), (AMINA, "90000000000101@lid"), (HIDDEN, "90000000000103@lid")],
    ids=["number", "both", "lid"],
)
def test_a_member_is_removed_by_the_id_that_the_group_knows_and_is_gone_at_the_next_read(
    waha: WahaServer, make: Make, member: Member, participant: str
) -> None:
    inventory = make()
    assert inventory.remove(WARD, member) == ActOutcome(Effect.DONE)
    assert asked(waha) == {"participants": [{"id": participant}]}
    (ward, _end) = inventory.changes(None, {WARD})
    assert isinstance(ward, Roster)
    assert member.handle not in {each.handle for each in ward.members}


def test_a_member_is_made_an_admin_and_is_one_at_the_next_read(make: Make) -> None:
    inventory = make()
    assert inventory.make_admin(WARD, HIDDEN) == ActOutcome(Effect.DONE)
    (ward, _end) = inventory.changes(None, {WARD})
    assert isinstance(ward, Roster)
    assert {each.role for each in ward.members if each.handle == HIDDEN.handle} == {Role.ADMIN}


@pytest.mark.parametrize(
    "status, effect",
    [(403, Effect.REFUSED), (401, Effect.REFUSED), (406, Effect.REFUSED), (404, Effect.NOT_NEEDED),
     (409, Effect.NOT_NEEDED)],
)  # fmt: skip
def test_the_inner_status_decides_although_the_answer_is_200(
    waha: WahaServer, make: Make, status: int, effect: Effect
) -> None:
    waha.act_answer = "NOWEB"
    waha.refused_acts["447700900102"] = status
    outcome = make().remove(WARD, SAM)
    assert outcome.effect is effect
    assert str(status) in outcome.said


def test_somebody_who_is_not_there_need_not_be_removed_and_cannot_be_promoted(
    waha: WahaServer, make: Make
) -> None:
    waha.act_answer = "NOWEB"
    nobody = Member("+447700900198", phone="+447700900198")
    inventory = make()
    assert inventory.remove(WARD, nobody).effect is Effect.NOT_NEEDED
    assert inventory.make_admin(WARD, nobody).effect is Effect.REFUSED


@pytest.mark.parametrize(
    "reply, kind",
    [
        (answered([{"status": "500"}]), Transient),
        (answered([]), Transient),
        (answered([{"status": "soon"}]), Transient),
        (answered({"message": "x"}, 502), Transient),
        (Reply(is_dropped=True), Transient),
        (answered({"message": "x"}, 429), NotDone),
        (answered({"message": "x"}, 401), AuthFailed),
        (answered({"status": "SCAN_QR_CODE", "expected": ["WORKING"]}, 422), AuthFailed),
        (answered({"message": "x"}, 403), PermissionDenied),
    ],
)
def test_what_is_unclear_or_the_source_s_trouble_raises(
    waha: WahaServer, make: Make, reply: Reply, kind: type[Exception]
) -> None:
    waha.tell(REMOVE, reply)
    waha.tell(PROMOTE, reply)
    inventory = make()
    for act in (inventory.remove, inventory.make_admin):
        with pytest.raises(kind) as raised:
            act(WARD, SAM)
        assert raised.type is kind


def test_a_refusal_of_the_request_is_said_without_anybody_s_number(waha: WahaServer, make: Make) -> None:
    waha.tell(REMOVE, answered({"message": "447700900102@c.us is not allowed"}, 400))
    outcome = make().remove(WARD, SAM)
    assert outcome.effect is Effect.REFUSED
    assert "400" in outcome.said
    assert "447700900102" not in outcome.said


def test_who_has_no_id_of_whatsapp_is_not_asked_for(waha: WahaServer, make: Make) -> None:
    assert make().remove(WARD, Member("name:sam", "Sam Okafor")).effect is Effect.REFUSED
    assert make().remove("../x", SAM).effect is Effect.REFUSED
    assert waha.log == []


def test_one_act_is_one_request(waha: WahaServer, make: Make) -> None:
    make().remove(WARD, SAM)
    assert len(waha.seen(method="POST")) == 1
