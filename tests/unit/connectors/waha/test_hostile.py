"""Answers that WAHA, or what stands in front of it, should never give: none of them is a clean list."""

from __future__ import annotations

import json
import traceback
from datetime import timedelta

import pytest

from contracts.inventory import context, read_to_the_error
from fakes.gateways.server import Make, answered
from fakes.graph.http import Reply
from fakes.waha.server import WahaServer
from worker.domain.model import Coverage, Member, Roster
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    SnapshotEnd,
    Transient,
)

SESSION, GROUPS, MEMBERS, LIDS = "/api/sessions/", "/groups?", "/participants/v2", "/lids/"
HTML = Reply(body=b"<html>Please sign in, 447700900101</html>", content_type="text/html")
DEEP = b"[" * 200_000
CASES: list[tuple[str, Reply, type[ConnectorError]]] = [
    (SESSION, HTML, Incomplete),
    (SESSION, answered([]), Incomplete),
    (SESSION, answered({"status": None}), Incomplete),
    (SESSION, answered({"status": "DANCING"}), Incomplete),
    (SESSION, answered({"message": "Forbidden"}, 403), PermissionDenied),
    (SESSION, Reply(302, headers={"Location": "https://login.example.org/"}), BadConfig),
    (GROUPS, HTML, Incomplete),
    (GROUPS, Reply(), Incomplete),
    (GROUPS, answered("groups"), Incomplete),
    (GROUPS, answered(7), Incomplete),
    (GROUPS, answered({"error": "no store"}), Incomplete),
    (GROUPS, answered({"groups": []}), Incomplete),
    (GROUPS, answered([1, 2, 3]), Incomplete),
    (GROUPS, answered([{"id": "447700900101@c.us", "subject": "x"}]), Incomplete),
    (GROUPS, Reply(body=b'[{"id": "120363000000000007@g.us"'), Incomplete),
    (GROUPS, Reply(body=json.dumps([{"id": "x"}] * 9).encode(), cut_after=40), Transient),
    (GROUPS, Reply(body=DEEP), Incomplete),
    (GROUPS, Reply(body=b"\xff\xfe\x00"), Incomplete),
    (GROUPS, answered({"message": "slow down"}, 429).with_headers(**{"Retry-After": "20"}), NotDone),
    (GROUPS, answered({"exception": {"message": "rate-overlimit"}}, 500), Transient),
    (GROUPS, answered({"message": "Unauthorized"}, 401), AuthFailed),
    (GROUPS, answered({"error": "x", "status": "STOPPED", "expected": ["WORKING"]}, 422), AuthFailed),
    (GROUPS, answered({"error": "x", "status": "??", "expected": ["WORKING"]}, 422), Incomplete),
    (GROUPS, answered({"message": "bad option"}, 400), Rejected),
    (MEMBERS, HTML, Incomplete),
    (MEMBERS, Reply(), Incomplete),
    (MEMBERS, answered({}), Incomplete),
    (MEMBERS, answered({"participants": []}), Incomplete),
    (MEMBERS, Reply(body=b"null"), Incomplete),
    (MEMBERS, Reply(body=b'[{"id": "4477009', cut_after=8), Transient),
    (MEMBERS, Reply(is_dropped=True), Transient),
    (MEMBERS, answered({"exception": {"message": "Connection of 447700900101@c.us Closed"}}, 500), Transient),
    (MEMBERS, answered({"message": "447700900101@c.us may not"}, 403), PermissionDenied),
    (LIDS, HTML, Incomplete),
    (LIDS, answered([]), Incomplete),
    (LIDS, answered({"message": "x"}, 503), Transient),
]


@pytest.mark.parametrize(
    "part, reply, kind", CASES, ids=[f"{part}{at}" for at, (part, _, _) in enumerate(CASES)]
)
def test_it_raises_with_a_remedy_ends_nothing_and_shows_nobody(
    waha: WahaServer, make: Make, part: str, reply: Reply, kind: type[ConnectorError]
) -> None:
    waha.tell(part, reply)
    inventory = make()

    seen, error = read_to_the_error(inventory)

    assert type(error) is kind
    assert error.remedy
    assert "WAHA" in error.message
    assert not any(isinstance(item, SnapshotEnd) for item in seen)
    told = "".join(traceback.format_exception(error)) + repr(error)
    assert "447700900101" not in told
    assert not inventory.check().ok
    waha.mend()
    assert inventory.check().ok


def test_the_wait_that_is_asked_for_is_kept(waha: WahaServer, make: Make) -> None:
    waha.tell(GROUPS, answered({}, 429).with_headers(**{"Retry-After": "20"}), times=1)
    waits: list[float] = []
    inventory = make(sleep=waits.append)
    _, error = read_to_the_error(inventory)
    assert isinstance(error, NotDone)
    assert error.retry_after_s == 20
    list(inventory.changes(None))
    assert max(waits) > 15


@pytest.mark.parametrize(
    "asked, wait_s",
    [("90", 90), ("86400", 3600), ("1795514400000", 3600), ("9" * 400, 3600)],
    ids=["a minute and a half", "a day", "an instant", "nonsense"],
)
def test_a_long_wait_is_not_waited_for_and_lasts_an_hour_at_most(
    waha: WahaServer, make: Make, asked: str, wait_s: float
) -> None:
    waha.tell(GROUPS, answered({}, 429).with_headers(**{"Retry-After": asked}), times=1)
    waits: list[float] = []
    inventory = make(sleep=waits.append)
    _, error = read_to_the_error(inventory)
    assert isinstance(error, NotDone)
    assert error.retry_after_s == wait_s
    asked_before = len(waha.log)

    _, again = read_to_the_error(inventory)
    with pytest.raises(NotDone):  # surely not done, so that it is tried again later
        inventory.remove("120363000000000007@g.us", Member("+447700900102", phone="+447700900102"))

    assert isinstance(again, NotDone)
    assert "left alone" in again.message
    until = context().now() + timedelta(seconds=wait_s + 59)
    assert f"{until:%Y-%m-%d %H:%M} UTC" in again.remedy
    assert (max(waits, default=0) < 10, len(waha.log)) == (True, asked_before)


def test_a_huge_answer_is_not_kept(waha: WahaServer, make: Make) -> None:
    waha.tell(GROUPS, Reply(body=b" " * (65 << 20)))
    _, error = read_to_the_error(make())
    assert isinstance(error, Incomplete)
    assert "64 MB" in error.message


def test_one_bad_row_of_the_list_is_set_aside_and_the_rest_is_read(waha: WahaServer, make: Make) -> None:
    waha.tell(GROUPS, answered([{"id": "x y"}, {"id": "120363000000000009@g.us", "subject": "Rota"}]))
    *rosters, end = make().changes(None)
    assert [each.group.name for each in rosters if isinstance(each, Roster)] == ["Rota"]
    assert isinstance(end, SnapshotEnd)
    assert [problem.record_id for problem in end.malformed] == ["groups row 1"]


def test_a_group_of_which_the_store_has_the_id_alone_is_out_of_sight(waha: WahaServer, make: Make) -> None:
    ward, rota = "120363000000000007@g.us", "120363000000000009@g.us"
    waha.engine = "GOWS"
    waha.rooms[ward].name = ""
    waha.rooms[ward].facts = {"GroupCreated": "0001-01-01T00:00:00Z", "Topic": "", "IsLocked": False}
    inventory = make()

    *rosters, end = inventory.changes(None)
    assert [each.group.group_id for each in rosters if isinstance(each, Roster)] == [rota]
    assert isinstance(end, SnapshotEnd)
    assert [problem.record_id for problem in end.malformed] == ["groups row 1"]

    *rosters, end = inventory.changes(None, {ward, rota})  # after a call about it
    assert [each.group.group_id for each in rosters if isinstance(each, Roster)] == [rota]


def test_an_answer_that_is_no_group_is_not_taken_for_one_that_is_out_of_sight(
    waha: WahaServer, make: Make
) -> None:
    waha.tell("/groups/", answered({"error": "no store"}))
    with pytest.raises(Incomplete, match="asked for a group, answered JSON of another shape"):
        list(make().changes(None, {"120363000000000007@g.us"}))


def test_one_bad_member_is_set_aside_and_the_group_is_partial(waha: WahaServer, make: Make) -> None:
    waha.rooms["120363000000000007@g.us"].bad_rows += [{"id": "x@lid", "role": "participant"}, 7]
    ward, rota, end = make().changes(None)
    assert isinstance(ward, Roster)
    assert isinstance(rota, Roster)
    assert isinstance(end, SnapshotEnd)
    assert (ward.coverage, rota.coverage) == (Coverage.PARTIAL, Coverage.FULL)
    assert [problem.record_id for problem in end.malformed] == [
        "120363000000000007@g.us row 4",
        "120363000000000007@g.us row 5",
    ]


def test_names_of_strangers_are_made_safe(waha: WahaServer, make: Make) -> None:
    waha.rooms["120363000000000009@g.us"].name = "Rota\x1b[2J\nof " + "x" * 500
    rota = list(make().changes(None))[1]
    assert isinstance(rota, Roster)
    assert "\x1b" not in rota.group.name
    assert "\n" not in rota.group.name
    assert len(rota.group.name) <= 200
