"""A Redmine with one project, as far as copies need it: what it answers can be spoilt."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from connectors.tracker.redmine.config import RedmineConfig
from connectors.tracker.redmine.connector import RedmineTracker
from contracts.tracker import tracker_context
from fakes.graph.http import LoopbackServer, Reply, Request

AT = "2026-11-24T09:00:00Z"
STATUSES = {1: "New", 5: "Closed"}


def _json(found: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(found).encode())


class FakeRedmine(LoopbackServer):
    """`issues` by their numbers; `hidden` are not shown. `people` is the status of each person's page, else 403.

    `project`, `tracker`, `field` are the numbers that new issues are made with. `spoil` changes an answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.project, self.tracker, self.field = 3, 5, 7
        self.issues: dict[int, dict[str, Any]] = {}
        self.hidden: set[int] = set()
        self.people: dict[int, int] = {}
        self.asked: list[str] = []
        self.spoil: Callable[[str, Any], Any] = lambda _what, found: found

    def connected(self) -> RedmineTracker:
        keys = {
            "url": self.url,
            "api_key": "a1b2",
            "project": "security",
            "tracker": "Task",
            "states": {"done": ["Closed"], "open": ["New"]},
            "accounts": {"amina@example.org": 50},
            "requests_per_minute": 6000,
        }
        return RedmineTracker(RedmineConfig.model_validate(keys), tracker_context())

    def answer(self, request: Request) -> Reply:
        self.asked.append(f"{request.method} {request.path}")
        status, found = self._found(request)
        return _json(self.spoil(self.asked[-1], found), status) if status != 204 else Reply(204, b"")

    def _found(self, request: Request) -> tuple[int, Any]:
        if request.method == "POST":
            return self._make(json.loads(request.body)["issue"])
        if request.method == "PUT":
            return self._change(int(request.path[8:-5]), json.loads(request.body)["issue"])
        if request.path == "/my/account.json":
            return 200, {"user": {"id": 9, "login": "whosleft"}}
        if request.path == "/issue_statuses.json":
            return 200, {"issue_statuses": [{"id": id_, "name": name} for id_, name in STATUSES.items()]}
        if request.path.startswith("/projects/"):
            trackers = [{"id": self.tracker, "name": "Task"}]
            fields = [{"id": self.field, "name": "Whosleft id"}]
            more = {"is_public": False, "trackers": trackers, "issue_custom_fields": fields}
            return 200, {"project": {"id": self.project, **more}}
        if request.path.startswith("/users/"):
            number = int(request.path[7:-5])
            return self.people.get(number, 403), {"user": {"id": number, "mail": f"{number}@example.org"}}
        if request.path == "/issues.json":
            return 200, {"issues": self._listed(request)}
        row = self.issues.get(int(request.path[8:-5]))
        return (200, {"issue": row}) if row and row["id"] not in self.hidden else (404, None)

    def _listed(self, request: Request) -> list[dict[str, Any]]:
        rows = [row for number, row in self.issues.items() if number not in self.hidden]
        if wanted := request.query.get("issue_id"):
            rows = [row for row in rows if str(row["id"]) in wanted.split(",")]
        if wanted := request.query.get(f"cf_{self.field}"):
            rows = [row for row in rows if row["custom_fields"][0]["value"] == wanted]
        return rows

    def _make(self, sent: dict[str, Any]) -> tuple[int, Any]:
        if sent["project_id"] != self.project:
            return 422, {"errors": ["Project cannot be blank"]}
        number = len(self.issues) + 1
        self.issues[number] = {
            "id": number,
            "project": {"id": self.project, "name": "Security"},
            "tracker": {"id": sent["tracker_id"], "name": "Task"},
            "status": {"id": 1, "name": "New"},
            "subject": sent["subject"],
            "custom_fields": [{"name": "Whosleft id", **sent["custom_fields"][0]}],
            "created_on": AT,
            "updated_on": AT,
            "journals": [],
            "allowed_statuses": [{"id": id_, "name": name} for id_, name in STATUSES.items()],
        }
        return 201, {"issue": self.issues[number]}

    def _change(self, number: int, sent: dict[str, Any]) -> tuple[int, Any]:
        row = self.issues[number]
        if "status_id" in sent:
            row["status"] = {"id": sent["status_id"], "name": STATUSES[sent["status_id"]]}
        if "assigned_to_id" in sent:
            row["assigned_to"] = {"id": sent["assigned_to_id"], "name": "Somebody"}
        if sent.get("notes"):
            said = {"user": {"id": 9, "name": "w"}, "notes": sent["notes"], "created_on": AT, "details": []}
            row["journals"].append(said)
        return 204, None
