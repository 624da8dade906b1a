"""A copy whose number was answered is that copy, though it can't be seen, or be found: an error would make a second."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from connectors.tracker.redmine.config import RedmineConfig
from connectors.tracker.redmine.connector import RedmineTracker
from connectors.tracker.request_tracker.config import RequestTrackerConfig
from connectors.tracker.request_tracker.connector import RequestTracker
from contracts.tracker import draft, tracker_context
from fakes.graph.http import LoopbackServer, Reply, Request
from worker.domain.mirror.outside import CopyGone, CopyStanding, Seen

Tracker = RequestTracker | RedmineTracker
STATES = {"done": ["resolved"], "open": ["new"]}
FIELD = {"id": 7, "name": "Whosleft id"}


def _json(found: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(found).encode())


class Hiding(LoopbackServer):
    """A tracker in which we may make tickets. `is_shown`: we may see them, too, `has_identity`: with our identity."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[dict[str, Any]] = []
        self.is_shown = False
        self.has_identity = True

    def shown(self) -> list[dict[str, Any]]:
        return [self.row(number) for number in range(1, len(self.made) + 1)] if self.is_shown else []

    def row(self, number: int) -> dict[str, Any]:
        raise NotImplementedError

    def tracker(self) -> Tracker:
        raise NotImplementedError


class HidingRequestTracker(Hiding):
    """As RT 5 without the right ShowTicket: a search leaves them out, and one alone is 403."""

    def tracker(self) -> Tracker:
        keys = {"url": self.url, "token": "1-2-3", "queue": "Security", "states": STATES}
        config = RequestTrackerConfig.model_validate({**keys, "requests_per_minute": 6000})
        return RequestTracker(config, tracker_context())

    def row(self, number: int) -> dict[str, Any]:
        links = [{"ref": "refers-to", "_url": url} for url in self.made[number - 1]["RefersTo"]]
        return {
            "id": number,
            "Status": "new",
            "Queue": {"id": "3"},
            "Owner": {"id": "Nobody"},
            "Created": "2026-11-24T09:00:00Z",
            "_hyperlinks": links if self.has_identity else [],
        }

    def answer(self, request: Request) -> Reply:
        part = request.path.removeprefix("/REST/2.0")
        if request.method == "POST":
            self.made.append(json.loads(request.body))
            return _json({"id": str(len(self.made)), "type": "ticket"}, 201)
        if part == "/rt":
            return _json({"Version": "5.0.7"})
        if part.startswith("/queue/"):
            return _json({"id": 3, "Disabled": "0", "_hyperlinks": [{"ref": "create"}]})
        if part != "/tickets":
            return _json({"message": "Forbidden"}, 403)
        rows = self.shown()
        if "RefersTo" in request.query["query"]:
            rows = [
                row
                for row in rows
                if any(one["_url"] in request.query["query"] for one in row["_hyperlinks"])
            ]
        return _json({"items": rows, "total": None})


class HidingRedmine(Hiding):
    """As Redmine for a role that may add issues, and not view them."""

    def tracker(self) -> Tracker:
        keys = {
            "url": self.url,
            "api_key": "a1b2",
            "project": "security",
            "tracker": "Task",
            "states": STATES,
        }
        config = RedmineConfig.model_validate({**keys, "requests_per_minute": 6000})
        return RedmineTracker(config, tracker_context())

    def row(self, number: int) -> dict[str, Any]:
        [field] = self.made[number - 1]["issue"]["custom_fields"]
        return {
            "id": number,
            "status": {"id": 1, "name": "New"},
            "project": {"id": 1},
            "tracker": {"id": 2, "name": "Task"},
            "created_on": "2026-11-24T09:00:00Z",
            "custom_fields": [{**FIELD, "value": field["value"] if self.has_identity else ""}],
        }

    def answer(self, request: Request) -> Reply:
        if request.method == "POST":
            self.made.append(json.loads(request.body))
            return _json({"issue": {"id": len(self.made)}}, 201)
        if request.path == "/my/account.json":
            return _json({"user": {"id": 9, "login": "whosleft"}})
        if request.path == "/issue_statuses.json":
            return _json({"issue_statuses": [{"id": 1, "name": "new"}, {"id": 5, "name": "resolved"}]})
        if request.path.startswith("/projects/"):
            trackers = {"trackers": [{"id": 2, "name": "Task"}], "issue_custom_fields": [FIELD]}
            return _json({"project": {"id": 1, "is_public": False, **trackers}})
        rows = self.shown()
        if wanted := request.query.get("cf_7"):
            rows = [row for row in rows if row["custom_fields"][0]["value"] == wanted]
        if request.path == "/issues.json":
            return _json({"issues": rows})
        return _json({"issue": rows[-1]}) if rows else _json({}, 403)


@pytest.fixture(params=[HidingRequestTracker, HidingRedmine], ids=["request_tracker", "redmine"])
def server(request: pytest.FixtureRequest) -> Iterator[Hiding]:
    with request.param() as server:
        yield server


@pytest.fixture
def tracker(server: Hiding) -> Iterator[Tracker]:
    with closing(server.tracker()) as tracker:
        yield tracker


def test_one_that_is_not_shown_is_linked_by_its_number(server: Hiding, tracker: Tracker) -> None:
    seen = tracker.create(draft(), "")

    assert (seen.ref, seen.key, seen.identity, seen.standing) == (
        "1",
        "#1",
        draft().identity,
        CopyStanding.OPEN,
    )
    assert seen.url.startswith(server.url)
    [gone] = tracker.read([seen.ref])
    assert isinstance(gone, CopyGone)
    [concern] = tracker.concerns()
    assert "#1" in concern.message
    assert len(server.made) == 1


def test_while_nothing_can_be_found_the_check_is_red(server: Hiding, tracker: Tracker) -> None:
    tracker.create(draft(), "")
    checked = tracker.check()
    assert (checked.ok, "would not be found" in checked.message) == (False, True)

    server.is_shown = True
    [seen] = tracker.read(["1"])

    assert isinstance(seen, Seen)
    assert list(tracker.concerns()) == []
    assert "would not be found" not in tracker.check().message


def test_one_without_our_identity_is_linked_by_its_number(server: Hiding, tracker: Tracker) -> None:
    server.is_shown, server.has_identity = True, False

    assert [tracker.create(draft(number), "").ref for number in (1, 2)] == ["1", "2"]
    assert [one.about for one in tracker.concerns()] == ["identity"]
    assert not tracker.check().ok

    server.has_identity = True
    tracker.create(draft(3), "")
    assert list(tracker.concerns()) == []


def test_lost_sight_of_all_costs_a_few_requests_a_page(server: Hiding, tracker: Tracker) -> None:
    refs = [tracker.create(draft(number), "").ref for number in range(1, 10)]
    list(tracker.read(refs))
    before = len(server.log)
    assert {one.ref for one in tracker.read(refs) if isinstance(one, CopyGone)} == set(refs)
    assert len(server.log) - before == 1 + 3


def test_a_queue_or_project_that_is_made_anew_is_asked_for_after_a_check(
    server: Hiding, tracker: Tracker
) -> None:
    def asked() -> int:
        return sum(line.path.startswith(("/REST/2.0/queue/", "/projects/")) for line in server.log)

    server.is_shown = True
    tracker.create(draft(1), "")
    tracker.create(draft(2), "")
    assert asked() == 1
    tracker.check()
    before = asked()
    tracker.create(draft(3), "")
    assert asked() == before + 1
