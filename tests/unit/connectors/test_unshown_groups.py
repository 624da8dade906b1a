"""One group whose members a gateway fails to show: the others are read, and it proves nobody to be out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.inventory import read_to_the_error
from fakes.evolution.server import failed as evolution_failed
from fakes.gateways.kinds import KINDS, Gateway, linked_to
from fakes.gateways.server import Person, Room, answered
from fakes.gowa.server import refused as gowa_refused
from fakes.gowa.server import success
from fakes.graph.http import Reply
from worker.domain.model import Coverage, Role
from worker.ports import (
    AuthFailed,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    SnapshotEnd,
    Transient,
)

GROUPS = [f"12036300000000000{n}@g.us" for n in range(1, 6)]
BAD = GROUPS[1]
AT = {
    "waha": f"/{BAD}/participants",
    "gowa": "/group/participants?group_id=" + BAD.replace("@", "%40"),
    "evolution": "/participants/ward?groupJid=" + BAD.replace("@", "%40"),
}
STATE = {"waha": "/api/sessions/", "gowa": "/app/status", "evolution": "/connectionState/"}
UNLINKED = {
    "waha": answered({"name": "default", "status": "SCAN_QR_CODE"}),
    "gowa": success({"is_logged_in": False, "is_connected": False}),
    "evolution": answered({"instance": {"state": "close"}}),
}
HTML = Reply(body=b"<html></html>", content_type="text/html")
OVER_LIMIT = {
    "waha": answered({"exception": {"message": "rate-overlimit"}}, 500),
    "gowa": gowa_refused(500, "X", "info query returned status 429: rate-overlimit"),
    "evolution": evolution_failed("No participants", "Error: rate-overlimit"),
}


def fail(gateway: Gateway, reply: Reply, group_id: str = BAD) -> None:
    gateway.server.tell(AT[gateway.kind].replace(BAD[:18], group_id[:18]), reply)


@pytest.fixture(params=KINDS)
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    with linked_to(request.param) as found:
        found.server.rooms = {
            one: Room(f"Group {one}", [Person("447700900102", Role.CREATOR)]) for one in GROUPS
        }
        yield found


@pytest.mark.parametrize(
    "reply",
    [
        answered({"message": "it broke"}, 500),
        answered({"message": "bad"}, 400),
        answered({"message": "it may not be shown"}, 403),
        HTML,
        answered("of another shape"),
        Reply(is_dropped=True),
    ],
    ids=["500", "400", "403", "html", "shape", "dropped"],
)
def test_one_group_that_fails_is_a_part_that_is_named_and_the_others_are_read(
    gateway: Gateway, reply: Reply
) -> None:
    fail(gateway, reply)
    rosters, end = gateway.read()
    assert {one: each.coverage for one, each in rosters.items()} == {
        one: Coverage.PARTIAL if one == BAD else Coverage.FULL for one in GROUPS
    }
    assert rosters[BAD].members == ()
    (warning,) = rosters[BAD].warnings
    assert f"fails to show who is in {BAD}: " in warning
    assert "asked for the members of a group" in warning
    assert (end.groups_total, end.is_full) == (5, True)
    (problem,) = end.malformed
    assert (problem.record_id, BAD in problem.message, bool(problem.remedy)) == (BAD, True, True)
    result = gateway.inventory.check()
    assert (result.ok, result.counts["malformed"]) == (True, 1)
    assert BAD in result.details["warnings"]


def test_a_gateway_that_asks_to_wait_is_left_alone(gateway: Gateway) -> None:
    for reply in (answered({"message": "slow"}, 429), OVER_LIMIT[gateway.kind]):
        gateway.server.mend()
        fail(gateway, reply)
        seen, error = read_to_the_error(gateway.inventory)
        assert isinstance(error, Transient)
        assert BAD in error.message
        assert len(seen) == 1


def test_a_phone_that_was_unlinked_meanwhile_ends_the_read(gateway: Gateway) -> None:
    fail(gateway, HTML)
    gateway.server.tell(STATE[gateway.kind], UNLINKED[gateway.kind])
    _seen, error = read_to_the_error(gateway.inventory)
    assert isinstance(error, AuthFailed)


@pytest.mark.parametrize(
    "reply, kind",
    [
        (answered({"message": "it broke"}, 500), Transient),
        (answered({"message": "bad"}, 400), Rejected),
        (answered({"message": "slow"}, 429), NotDone),
        (answered({"message": "no"}, 403), PermissionDenied),
        (HTML, Incomplete),
    ],
    ids=["500", "400", "429", "403", "html"],
)
def test_where_most_groups_fail_the_read_does_and_the_error_names_one(
    gateway: Gateway, reply: Reply, kind: type[ConnectorError]
) -> None:
    for one in GROUPS[:3]:
        fail(gateway, reply, one)
    seen, error = read_to_the_error(gateway.inventory)
    assert type(error) is kind
    assert GROUPS[len(seen)] in error.message
    assert not any(isinstance(item, SnapshotEnd) for item in seen)
    assert not gateway.inventory.check().ok


def test_one_group_that_is_asked_for_alone_is_an_error_that_names_it(gateway: Gateway) -> None:
    fail(gateway, HTML)
    with pytest.raises(Incomplete, match=BAD):
        list(gateway.inventory.changes(None, {BAD}))


def test_of_many_groups_more_than_ten_that_fail_are_the_gateway_s_fault(gateway: Gateway) -> None:
    ids = [f"1203630000000001{n:02}@g.us" for n in range(40)]
    gateway.server.rooms = {one: Room("Group", [Person("447700900102", Role.CREATOR)]) for one in ids}
    for one in ids[:10]:
        fail(gateway, HTML, one)
    assert len(gateway.read()[1].malformed) == 10
    fail(gateway, HTML, ids[10])
    seen, error = read_to_the_error(gateway.inventory)
    assert (len(seen), ids[10] in error.message) == (10, True)
