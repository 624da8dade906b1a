from __future__ import annotations

from typing import Any

import pytest

from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from fakes.whatsapp_cloud.server import CloudServer, Raw, Refused
from unwanted import is_ended
from worker.domain.model import Member, Roster
from worker.ports import AuthFailed, NotDone, PermissionDenied, Transient
from worker.ports.connectors.remover import Effect

AMINA = Member("+447700900101", phone="+447700900101", business_id="GB.1")
HIDDEN = Member("GB.2", business_id="GB.2")


def members(inventory: WhatsappCloudInventory) -> list[str]:
    return [m.handle for item in inventory.changes(None) if isinstance(item, Roster) for m in item.members]


def test_a_removal_is_asked_for_and_shows_later(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", "447700900101", "447700900102")

    outcome = inventory.remove("a", AMINA)

    assert (outcome.effect, outcome.reference[:8]) == (Effect.ASKED, "request-")
    assert members(inventory) == ["+447700900101", "+447700900102"]
    server.settle()
    assert members(inventory) == ["+447700900102"]
    assert inventory.remove("a", AMINA).effect is Effect.NOT_NEEDED


def test_a_member_without_a_number_is_named_by_the_bsuid(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A").participants = [{"user_id": "GB.2"}]
    assert inventory.remove("a", HIDDEN).effect is Effect.ASKED
    body = server.asked[-1][3]
    assert body == {"messaging_product": "whatsapp", "participants": [{"user": "GB.2"}]}


@pytest.mark.parametrize(
    "code, effect",
    [
        (131212, Effect.NOT_NEEDED),
        (131207, Effect.REFUSED),
        (131041, Effect.REFUSED),
        (131020, Effect.REFUSED),
    ],
)
def test_a_refusal_is_an_outcome(
    code: int, effect: Effect, server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", "447700900101").error = Refused(400, code)
    outcome = inventory.remove("a", AMINA)
    assert outcome.effect is effect
    assert str(code) in outcome.said
    assert "4477" not in outcome.said


@pytest.mark.parametrize(
    "answer, effect",
    [
        (b'{"request_id": "r1"}', Effect.ASKED),
        (b'{"success": true}', Effect.ASKED),
        (b'{"request_id": "r1", "failed_participants": [{"input": "x", "errors": [{"code": 131212}]}]}',
         Effect.NOT_NEEDED),
        (b'{"request_id": "r1", "failed_participants": [{"input": "x", "errors": [{"code": "131203"}]}]}',
         Effect.REFUSED),
        (b'{"request_id": "r1", "errors": [{"code": 131201, "error_data": {}}]}', Effect.REFUSED),
        (b'{"failed_participants": ["x"]}', Effect.REFUSED),
    ],
)  # fmt: skip
def test_the_inner_answer_decides(
    answer: bytes, effect: Effect, server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.hook = lambda _m, _p, _q: Raw(206, answer)
    assert inventory.remove("a", AMINA).effect is effect


@pytest.mark.parametrize("answer", [b"{}", b"[]", b"", b'{"success": false}', b'{"request_id": ""}', b"null"])
def test_an_unclear_answer_may_have_been_done(
    answer: bytes, server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.hook = lambda _m, _p, _q: Raw(200, answer)
    with pytest.raises(Transient) as raised:
        inventory.remove("a", AMINA)
    assert not isinstance(raised.value, NotDone)


@pytest.mark.parametrize(
    "refused, kind",
    [
        (Refused(500, 1), Transient),
        (Refused(429, 131208), NotDone),
        (Refused(401, 190), AuthFailed),
        (Refused(403, 10), PermissionDenied),
        (Refused(403, 131215), PermissionDenied),
    ],
)
def test_what_is_the_source_s_and_not_the_member_s_is_an_error(
    refused: Refused, kind: Any, server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.error = refused
    with pytest.raises(kind) as raised:
        inventory.remove("a", AMINA)
    assert "4477" not in str(raised.value)
    assert "Amina" not in str(raised.value)


def test_nobody_unknown_to_meta_is_asked_for(server: CloudServer, inventory: WhatsappCloudInventory) -> None:
    assert inventory.remove("a", Member("name:bob")).effect is Effect.REFUSED
    assert inventory.remove("../a", AMINA).effect is Effect.REFUSED
    assert inventory.remove("a/b?c", AMINA).effect is Effect.REFUSED
    assert server.asked == []


def test_nobody_can_be_made_an_admin(server: CloudServer, inventory: WhatsappCloudInventory) -> None:
    assert inventory.make_admin("a", AMINA).effect is Effect.REFUSED
    assert not inventory.can.can_change_admin
    assert server.asked == []


def test_a_removal_that_is_not_wanted_any_more_is_not_asked_for(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", "447700900101", "447700900102")
    is_ended(inventory.remove, "a", AMINA)
    server.settle()
    assert len(members(inventory)) == 2
