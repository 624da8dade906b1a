from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from contracts.inventory import NOW
from fakes.whatsapp_cloud.server import APP_SECRET, VERIFY_TOKEN, CloudServer, change, signed
from worker.domain.model import Member, Renumbered
from worker.ports import Called, InboundCall

CALLS = {"listen": "127.0.0.1:8071", "path": "/meta", "verify_token": VERIFY_TOKEN, "app_secret": APP_SECRET}
RECENT = int((NOW - timedelta(minutes=1)).timestamp())


@pytest.fixture
def called(make: Any) -> WhatsappCloudInventory:
    inventory: WhatsappCloudInventory = make(calls=CALLS)
    return inventory


def receiver(inventory: WhatsappCloudInventory) -> Called:
    (one,) = inventory.calls
    return one


def post(inventory: WhatsappCloudInventory, value: Any, **headers: str) -> int:
    body, proof = signed(value)
    return receiver(inventory).receive(InboundCall("POST", "/meta", {}, proof | headers, body))[0]


def question(**query: str) -> InboundCall:
    asked = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"}
    return InboundCall("GET", "/meta", asked | query)


# --- Whose address it is ----------------------------------------------------------------------------------


def test_the_challenge_of_a_genuine_question_is_the_answer(called: WhatsappCloudInventory) -> None:
    assert receiver(called).receive(question()) == (200, "1158201444")
    assert called.news() == frozenset()


@pytest.mark.parametrize(
    "query",
    [
        {"hub.verify_token": "other"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "\ud800"},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": ""},
        {"hub.challenge": "<script>"},
        {"hub.challenge": "1" * 300},
    ],
)
def test_any_other_question_is_refused(query: dict[str, str], called: WhatsappCloudInventory) -> None:
    assert receiver(called).receive(question(**query)) == (401, "")


def test_other_paths_and_methods_are_none(called: WhatsappCloudInventory) -> None:
    assert receiver(called).receive(InboundCall("GET", "/other"))[0] == 404
    assert receiver(called).receive(InboundCall("PUT", "/meta"))[0] == 405


def test_without_the_configuration_nobody_can_call(inventory: WhatsappCloudInventory) -> None:
    assert inventory.calls == ()
    assert inventory.news() == frozenset()


# --- What is said -----------------------------------------------------------------------------------------

REMOVED = {
    "type": "group_participants_remove",
    "group_id": "g1",
    "timestamp": str(RECENT),
    "initiated_by": "business",
}
SAID = {
    "a member": (change("group_participants_update", REMOVED), {"g1"}),
    "a member, with a field in the singular": (change("group_participant_update", REMOVED), {"g1"}),
    "a member, with a type turned round": (
        change("group_participants_update", REMOVED | {"type": "group_remove_participants"}), {"g1"}),
    "a group": (change("group_lifecycle_update", {"type": "group_create", "group_id": "g1"}), {"g1"}),
    "settings": (change("group_settings_update", {"group_id": "g1", "group_subject": {"text": "x"}}), {"g1"}),
    "a suspension": (change("group_status_update", {"type": "group_suspend", "group_id": "g1"}), {"g1"}),
    "two groups": (change("group_status_update", {"group_id": "g1"}, {"group_id": "g2"}), {"g1", "g2"}),
    "a group called id": (change("group_status_update", {"id": "g1"}), {"g1"}),
    "no group": (change("group_lifecycle_update", {"type": "group_create", "errors": [{"code": 1}]}), {""}),
    "no groups at all": (change("group_lifecycle_update"), {""}),
    "an odd id": (change("group_status_update", {"group_id": "../x"}), {""}),
    "an odd row": (change("group_status_update", 7), {""}),
}  # fmt: skip


@pytest.mark.parametrize("value, groups", SAID.values(), ids=SAID)
def test_a_call_makes_the_read_of_its_groups_due(
    value: Any, groups: set[str], called: WhatsappCloudInventory
) -> None:
    assert post(called, value) == 202
    assert called.news() == groups
    assert called.news() == frozenset()


def test_groups_without_a_list_around_them_count_too(called: WhatsappCloudInventory) -> None:
    value = {"entry": [{"changes": [{"field": "group_status_update", "value": {"group_id": "g1"}}]}]}
    assert post(called, value) == 202
    value["entry"][0]["changes"][0]["value"] = {"groups": {"group_id": "g2"}}
    assert post(called, value) == 202
    assert called.news() == {"g1", "g2"}


@pytest.mark.parametrize(
    "value",
    [
        change("messages", {"group_id": "g1"}),
        change(
            "group_status_update", {"group_id": "g1"}, number="999999999999999"
        ),  # another number of the app
        change("group_status_update", {"group_id": "g1", "timestamp": RECENT - 3600}),  # too old
        {"object": "whatsapp_business_account", "entry": []},
    ],
)
def test_what_means_nothing_to_us_has_no_effect(value: Any, called: WhatsappCloudInventory) -> None:
    assert post(called, value) == 200
    assert called.news() == frozenset()


def test_a_call_that_comes_again_has_no_effect(called: WhatsappCloudInventory) -> None:
    value = change("group_participants_update", REMOVED)
    assert post(called, value) == 202
    assert called.news() == {"g1"}
    assert post(called, value) == 200
    assert called.news() == frozenset()
    other = change("group_participants_update", REMOVED | {"request_id": "r2"})
    assert post(called, other) == 202
    assert called.news() == {"g1"}


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": "sha256=" + "0" * 64},
        {
            "x-hub-signature-256": signed(change("group_status_update", REMOVED), "other")[1][
                "x-hub-signature-256"
            ]
        },
        {"x-hub-signature-256": signed({})[1]["x-hub-signature-256"]},
        {"x-hub-signature-256": "\ud800"},
        {"x-hub-signature": signed(change("group_status_update", REMOVED))[1]["x-hub-signature-256"]},
    ],
)
def test_a_call_without_the_right_signature_is_refused_unread(
    proof: dict[str, str], called: WhatsappCloudInventory
) -> None:
    body = json.dumps(change("group_status_update", REMOVED)).encode()
    assert receiver(called).receive(InboundCall("POST", "/meta", {}, proof, body)) == (401, "")
    assert receiver(called).receive(InboundCall("POST", "/meta", {}, proof, b"not json")) == (401, "")
    assert called.news() == frozenset()


@pytest.mark.parametrize(
    "value", [None, 7, "x", [], {}, {"entry": 7}, {"entry": [7]}, {"entry": [{}]}, {"entry": [{"changes": [{}]}]},
              {"entry": [{"changes": [{"field": "group_x", "value": 7}]}]}],
    ids=range(10),
)  # fmt: skip
def test_a_signed_call_of_another_shape_is_a_bad_one(value: Any, called: WhatsappCloudInventory) -> None:
    assert post(called, value) == 400
    assert called.news() == frozenset()


def test_what_meta_calls_with_after_a_removal_makes_its_group_due(
    server: CloudServer, called: WhatsappCloudInventory
) -> None:
    server.add("g1", "G", "447700900101")
    called.remove("g1", Member("+447700900101", phone="+447700900101"))
    (said,) = server.settle()
    assert post(called, change("group_participants_update", said | {"timestamp": RECENT})) == 202
    assert called.news() == {"g1"}


# --- Numbers that change ----------------------------------------------------------------------------------

OLD, NEW = "447700900101", "447700900102"


def told(at: int = RECENT, /, **system: Any) -> Any:
    row = {"from": OLD, "id": "wamid.1", "timestamp": str(at), "type": "system", "system": system}
    return {"entry": [{"changes": [{"field": "messages", "value": {"messages": [row]}}]}]}


@pytest.fixture
def kept(called: WhatsappCloudInventory) -> list[tuple[str, str, datetime]]:
    """The changes that were stored."""
    found: list[tuple[str, str, datetime]] = []
    called.keep_renumbered_by(lambda changes: found.extend((one.old, one.new, one.at) for one in changes))
    return found


def test_a_changed_number_and_id_are_stored_before_the_answer(
    called: WhatsappCloudInventory, kept: list[tuple[str, str, datetime]]
) -> None:
    value = told(type="user_changed_number", wa_id=NEW, user_id="GB.2", previous_user_id="GB.1", body="x")

    assert post(called, value) == 202
    assert called.news() == {""}
    at = datetime.fromtimestamp(RECENT, UTC)
    assert kept == [(f"+{OLD}", f"+{NEW}", at), ("GB.1", "GB.2", at)]
    assert post(called, value) == 200, "the same call once more"


def test_a_changed_number_counts_however_late_it_is_told(
    called: WhatsappCloudInventory, kept: list[tuple[str, str, datetime]]
) -> None:
    """Meta repeats for days what it could not deliver, and no read shows this."""
    days_ago = RECENT - 3 * 86_400
    assert post(called, told(days_ago, type="user_changed_number", wa_id=NEW)) == 200
    assert called.news() == frozenset(), "an old call, or a replay, makes no read due"
    assert kept == [(f"+{OLD}", f"+{NEW}", datetime.fromtimestamp(days_ago, UTC))]


def test_a_changed_number_that_could_not_be_stored_is_to_be_told_again(
    called: WhatsappCloudInventory,
) -> None:
    def broken(_changes: Sequence[Renumbered]) -> None:
        raise OSError("no space left")

    value = told(type="user_changed_number", wa_id=NEW)
    assert post(called, value) == 503, "nothing stores it yet"
    called.keep_renumbered_by(broken)
    assert post(called, value) == 503
    assert called.news() == frozenset()

    kept: list[Renumbered] = []
    called.keep_renumbered_by(kept.extend)
    assert (post(called, value), len(kept)) == (202, 1)


@pytest.mark.parametrize(
    "system",
    [
        {"type": "user_identity_changed", "wa_id": NEW},
        {"type": "user_changed_number"},
        {"type": "user_changed_number", "wa_id": OLD},
        {"type": "user_changed_user_id", "user_id": "GB.2", "previous_user_id": "../x"},
    ],
)
def test_what_says_no_old_and_new_number_changes_nothing(
    system: dict[str, str], called: WhatsappCloudInventory
) -> None:
    assert post(called, told(**system)) == 200
    assert called.news() == frozenset()


@pytest.mark.parametrize(
    "row", [{"type": "text", "system": {"type": "user_changed_number", "wa_id": NEW}}, 7]
)
def test_a_message_of_a_person_is_no_record(row: Any, called: WhatsappCloudInventory) -> None:
    value = {"entry": [{"changes": [{"field": "messages", "value": {"messages": [row]}}]}]}
    assert post(called, value) == 200
    assert called.news() == frozenset()
