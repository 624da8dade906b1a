"""Answers of another form than described: an error each, and never a copy."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.tracker.jira import mapping
from connectors.tracker.jira.moves import way_to
from contracts.tracker import draft
from fakes.graph.http import Reply, Request
from fakes.jira.world import JiraWorld
from worker.domain.mirror.outside import CopyGone, CopyStanding, Goal, Seen
from worker.ports import ConnectorError, Incomplete, NotDone, Rejected, Transient

ROW: dict[str, Any] = {"id": "1", "key": "SEC-1", "fields": {"status": {"name": "To Do"}}}


@pytest.mark.parametrize(
    "body", [[], 1, "x", None, {}, {"issues": 1}, {"issues": [1]}, {"issues": [{"id": 1}]}]
)
def test_a_list_of_another_form_proves_nothing(either: JiraWorld, body: Any) -> None:
    seen = either.tracker.create(draft(), either.tracker.mark())
    reply = Reply(200, json.dumps(body).encode())
    either.server.read_faults.append(reply)
    with pytest.raises(Incomplete):
        list(either.tracker.read([seen.ref]))


@pytest.mark.parametrize("body", [[], 1, {}, {"deploymentType": 1}, {"deploymentType": None}])
def test_a_server_that_does_not_say_what_it_is(either: JiraWorld, body: Any) -> None:
    either.server.read_faults.append(Reply(200, json.dumps(body).encode()))
    with pytest.raises(Incomplete, match="its version"):
        either.tracker.mark()


@pytest.mark.parametrize(
    "row",
    [
        {},
        {**ROW, "id": 1},
        {**ROW, "id": "1/../2"},
        {**ROW, "id": "9" * 5000},
        {**ROW, "key": None},
        {**ROW, "fields": []},
        {**ROW, "fields": {"status": "Done"}},
    ],
)
def test_a_row_that_is_no_issue(row: dict[str, Any], either: JiraWorld) -> None:
    place = mapping.Place("10000", "SEC", "https://jira.example.org")
    with pytest.raises(Incomplete):
        mapping.seen(row, place, either.tracker._config.states)


def test_numbers_that_nobody_can_read_are_none() -> None:
    assert mapping.number_in(f"SEC-{'9' * 5000}") == 0
    moved = {"created": "2026-11-24T09:00:00Z", "items": [{"field": "status"}]}
    assert mapping.last_move([{**moved, "id": "9" * 5000}, {**moved, "id": ["a"]}]) is not None


@pytest.mark.parametrize("total", [["a"], "9", {"a": 1}])
def test_a_count_of_changes_that_is_none_proves_nothing(cloud: JiraWorld, total: Any) -> None:
    seen = cloud.tracker.create(draft(), cloud.tracker.mark())
    cloud.close(seen.ref)
    [closed] = cloud.tracker.read([seen.ref])
    assert isinstance(closed, Seen)
    issue = cloud.server.answer
    cloud.server.answer = lambda request: (  # type: ignore[method-assign]
        Reply(200, json.dumps({"values": [], "total": total}).encode())
        if request.path.endswith("/changelog")
        else issue(request)
    )
    with pytest.raises(Incomplete):
        cloud.tracker.last_move(closed)


def test_a_comment_whose_id_is_no_text_is_one_all_the_same(either: JiraWorld) -> None:
    seen = either.tracker.create(draft(), either.tracker.mark())
    answer = either.server.answer

    def odd(request: Request) -> Reply:
        reply = answer(request)
        if request.method == "GET" and request.path.endswith("/comment"):
            found = json.loads(reply.body)
            return replace(reply, body=json.dumps({"comments": [*found["comments"], {"id": ["a"]}]}).encode())
        return reply

    either.server.answer = odd  # type: ignore[method-assign]
    assert either.tracker.move(seen, Goal.DONE, "Verified.").standing is CopyStanding.DONE
    assert sum("Verified." in text for text in either.comments(seen.ref)) == 1


def test_an_issue_with_nothing_but_its_status() -> None:
    assert (mapping.identity_of(ROW), mapping.account_of(None), mapping.account_of({})) == ("", "", "")
    assert mapping.proof_of({**ROW, "properties": {"whosleft": "text"}}) == ""
    two = {**ROW, "fields": {"labels": ["whosleft-a", "whosleft-b", 1]}}
    assert mapping.identity_of(two) == "", "nobody can tell which"
    assert mapping.last_move([{"items": None}, {"items": [{"field": "summary"}, 1]}]) is None
    assert [mapping.number_in(key) for key in ("SEC-17", "SEC-x", None, 17)] == [17, 0, 0, 0]


def test_a_move_without_a_form_is_no_move() -> None:
    rows: list[dict[str, Any]] = [{"id": "1"}, {"id": "2", "to": {"name": "Done"}, "isAvailable": False}]
    with pytest.raises(Rejected, match="No move"):
        way_to(rows, "To Do", "Done", {})
    way = way_to([{"id": "3", "to": {"name": "DONE"}, "fields": None}], "To Do", "Done", {"resolution": 1})
    assert (way.move_id, way.fields, way.has_screen) == ("3", {}, None)


def test_an_issue_that_may_not_be_seen_alone_is_gone(center: JiraWorld) -> None:
    seen = center.tracker.create(draft(), center.tracker.mark())
    center.issue(seen.ref).is_hidden = True
    center.server.read_faults.extend([None, Reply(403, b'{"errorMessages": ["No."]}')])
    [found] = center.tracker.read([seen.ref])
    assert isinstance(found, CopyGone)


@pytest.mark.parametrize("body", [None, {}, {"id": 7}, []])
def test_a_create_that_says_no_id_is_unclear(either: JiraWorld, body: Any) -> None:
    either.server.replies.append(Reply(201, json.dumps(body).encode()))
    with pytest.raises(Transient) as raised:
        either.tracker.create(draft(), "0")
    assert not isinstance(raised.value, NotDone)


def test_an_issue_that_takes_no_more_files_says_so(either: JiraWorld) -> None:
    seen = either.tracker.create(draft(), either.tracker.mark())
    either.server.replies.append(Reply(413, b"{}"))
    with pytest.raises(Rejected, match="413") as raised:
        either.tracker.attach(seen, "T-000123.json", b"1")
    assert "limit" in raised.value.remedy


@pytest.mark.parametrize("status", [500, 400])
def test_a_read_that_fails_is_no_answer(either: JiraWorld, status: int) -> None:
    seen = either.tracker.create(draft(), either.tracker.mark())
    asks = (
        lambda: either.tracker.last_move(seen),
        lambda: either.tracker.move(seen, Goal.DONE, "Verified."),
    )
    for ask in asks:
        either.server.read_faults.append(Reply(status, b"{}"))
        with pytest.raises(ConnectorError):
            ask()
    either.tracker.close()
    either.server.read_faults.extend([None, Reply(status, b"{}")])
    with pytest.raises(ConnectorError):
        list(either.tracker.read([seen.ref]))
    assert either.server.writes() == 1


def test_an_answer_that_is_broken_off_is_an_error(either: JiraWorld) -> None:
    seen = either.tracker.create(draft(), either.tracker.mark())
    either.server.read_faults.append(Reply(200, b'{"issues": []}', cut_after=5))
    with pytest.raises(ConnectorError):
        list(either.tracker.read([seen.ref]))


def test_lost_sight_of_all_costs_a_few_requests_a_page(center: JiraWorld) -> None:
    refs = [center.tracker.create(draft(number), center.tracker.mark()).ref for number in range(1, 10)]
    for ref in refs:
        center.issue(ref).is_hidden = True
    before = len(center.server.log)
    assert {one.ref for one in center.tracker.read(refs) if isinstance(one, CopyGone)} == set(refs)
    assert len(center.server.log) - before == 1 + 3 + 1, "the search, a few, and the project"
