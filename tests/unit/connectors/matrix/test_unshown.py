"""One room or one account that Synapse fails to show: the others are read, and it proves nobody to be out."""

from __future__ import annotations

import pytest

from connectors.inventory.matrix.connector import MatrixInventory
from connectors.kit.unshown import FAILED_MAX
from contracts.inventory import read_to_the_error
from fakes.graph.http import Reply
from fakes.matrix.server import MatrixServer, json_reply
from matrix_reading import ids, read, rooms
from worker.domain.model import Coverage
from worker.ports import AuthFailed, ConnectorError, NotDone, PermissionDenied, Rejected, Transient

FULL, PARTIAL = Coverage.FULL, Coverage.PARTIAL
BAD = "!001"
BROKEN = json_reply({"errcode": "M_UNKNOWN", "error": "Internal server error"}, 500)
FORBIDDEN = json_reply({"errcode": "M_FORBIDDEN", "error": "You are not allowed"}, 403)
HTML = Reply(body=b"<html>Sign in</html>", content_type="text/html")


@pytest.mark.parametrize("part", ["/state", "/members"])
@pytest.mark.parametrize("reply", [BROKEN, FORBIDDEN, HTML, Reply(is_dropped=True), json_reply({})])
def test_one_room_that_fails_is_a_part_that_is_named_and_the_others_are_read(
    server: MatrixServer, amina: str, inventory: MatrixInventory, part: str, reply: Reply
) -> None:
    rooms(server, amina, 4)
    server.faults[f"{BAD}{part}"] = reply
    rosters, end = read(inventory)
    assert [(one.group.name, one.coverage, len(one.members)) for one in rosters] == [
        ("Ward 0", FULL, 1),
        ("Ward 1", PARTIAL, 0),
        ("Ward 2", FULL, 1),
        ("Ward 3", FULL, 1),
    ]
    (problem,) = end.malformed
    assert (problem.record_id, bool(problem.remedy)) == (BAD, True)
    assert f"The group is {BAD}." in problem.message
    assert rosters[1].warnings == (problem.message,)
    assert (end.groups_total, end.is_full, end.out_of_sight(BAD)) == (4, True, False)


def test_check_says_which_room_it_could_not_read(
    server: MatrixServer, amina: str, inventory: MatrixInventory
) -> None:
    rooms(server, amina, 4)
    server.faults[f"{BAD}/state"] = BROKEN
    result = inventory.check()
    assert (result.ok, result.counts["groups"]) == (True, 4)
    assert BAD in result.details["first record set aside"]


@pytest.mark.parametrize(
    "reply, kind",
    [
        (json_reply({"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token passed."}, 401), AuthFailed),
        (json_reply({"errcode": "M_LIMIT_EXCEEDED", "error": "Too many", "retry_after_ms": 1500}, 429), NotDone),
    ],
)  # fmt: skip
@pytest.mark.parametrize("part", [f"{BAD}/state", f"{BAD}/members", "/v2/users/@noor"])
def test_what_concerns_the_whole_server_ends_the_read(
    server: MatrixServer,
    amina: str,
    inventory: MatrixInventory,
    part: str,
    reply: Reply,
    kind: type[ConnectorError],
) -> None:
    rooms(server, amina, 4)
    noor = server.person("Noor")
    server.room("!001", amina, [amina, noor], name="Ward 1")
    server.faults[part] = reply
    seen, error = read_to_the_error(inventory)
    assert (len(seen), type(error)) == (1, kind)
    assert (noor if "users" in part else BAD) in error.message


@pytest.mark.parametrize("reply, kind", [(BROKEN, Transient), (FORBIDDEN, PermissionDenied)])
def test_a_server_that_shows_no_list_any_more_ends_the_read(
    server: MatrixServer,
    amina: str,
    inventory: MatrixInventory,
    reply: Reply,
    kind: type[ConnectorError],
) -> None:
    rooms(server, amina, 4)
    server.faults["/_synapse/admin"] = reply
    with pytest.raises(kind):
        read(inventory, [BAD, "!002"])


@pytest.mark.parametrize("reply, kind", [(BROKEN, Transient), (FORBIDDEN, Rejected)])
def test_where_most_rooms_fail_the_read_does(
    server: MatrixServer, amina: str, inventory: MatrixInventory, reply: Reply, kind: type[ConnectorError]
) -> None:
    rooms(server, amina, 4)
    for room_id in ("!000", "!001", "!003"):
        server.faults[f"{room_id}/state"] = reply
    seen, error = read_to_the_error(inventory)
    assert (len(seen), type(error), "!003" in error.message) == (3, kind, True)
    assert not inventory.check().ok


def test_a_room_that_is_asked_for_and_not_shown_keeps_its_name(
    server: MatrixServer, amina: str, inventory: MatrixInventory
) -> None:
    """Only the list and the room itself have its name, and here there is no list."""
    rooms(server, amina, 4)
    server.faults[f"{BAD}/state"] = BROKEN
    rosters, end = read(inventory, ["!000", BAD])
    assert (ids(rosters), [one.record_id for one in end.malformed]) == (["!000"], [BAD])
    with pytest.raises(Transient, match=f"The group is {BAD}"):
        read(inventory, [BAD])


# --- Accounts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [BROKEN, FORBIDDEN, HTML])
def test_an_account_that_synapse_fails_to_show_makes_its_rooms_a_part_and_is_named_once(
    server: MatrixServer, amina: str, sam: str, inventory: MatrixInventory, reply: Reply
) -> None:
    noor = server.person("Noor")
    server.room("!a", amina, [amina, sam, noor], name="Ward A")
    server.room("!b", amina, [amina, noor], name="Ward B")
    server.room("!c", amina, [amina, sam], name="Ward C")
    server.faults[f"/v2/users/{noor}"] = reply
    rosters, end = read(inventory)
    assert [(one.coverage, [each.handle for each in one.members]) for one in rosters] == [
        (PARTIAL, [amina, sam]),
        (PARTIAL, [amina]),
        (FULL, [amina, sam]),
    ]
    assert rosters[0].warnings == (f"Synapse fails to show the account {noor}",)
    (problem,) = end.malformed
    assert (problem.record_id, f"The account is {noor}." in problem.message) == (noor, True)


def test_a_forbidden_account_is_no_missing_right(
    server: MatrixServer, amina: str, sam: str, inventory: MatrixInventory
) -> None:
    server.room("!a", amina, [amina, sam], name="Ward A")
    server.faults[f"/v2/users/{sam}"] = FORBIDDEN
    (problem,) = read(inventory)[1].malformed
    assert "may list the rooms" in problem.remedy
    assert '"admin": true' not in problem.remedy


def test_more_accounts_than_ten_are_the_server_s_fault(
    server: MatrixServer, amina: str, inventory: MatrixInventory
) -> None:
    staff = [server.person(f"Nurse {number:02}") for number in range(2 * FAILED_MAX + 2)]
    server.room("!a", amina, [amina, *staff], name="Ward A")
    for user_id in staff[:FAILED_MAX]:
        server.faults[f"/v2/users/{user_id}"] = BROKEN
    assert len(read(inventory)[1].malformed) == FAILED_MAX
    server.faults[f"/v2/users/{staff[FAILED_MAX]}"] = BROKEN
    with pytest.raises(Transient, match=f"The account is {staff[FAILED_MAX]}"):
        read(inventory)


def test_where_most_accounts_fail_the_read_does(
    server: MatrixServer, amina: str, sam: str, inventory: MatrixInventory
) -> None:
    server.room("!a", amina, [amina, sam], name="Ward A")
    server.faults["/v2/users/"] = FORBIDDEN
    with pytest.raises(Rejected, match=amina):
        read(inventory)
