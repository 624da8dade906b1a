"""GitLab on loopback: the issues of one project, as the documentation of its API (v4) has them.

An option that the documentation doesn't have is a violation. Without the role, labels, assignees and new states are
dropped without a word; commands at the start of a line (`/close`) are obeyed, in descriptions and in notes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fakes.graph.http import Reply, Request
from fakes.trackers.server import TrackerServer, answered

TOKEN, ME = "glpat-token-0001", "whosleft-bot"
PROJECT = "group/desk"
ROOT = "/api/v4/projects/group%2Fdesk"
ISSUE = re.compile(rf"{ROOT}/issues/(?P<iid>\d+)(?:/(?P<rest>notes|resource_state_events))?")
COMMAND = re.compile(r"^/(close|reopen|assign|confidential)\b.*$\n?", re.MULTILINE)
PAGING = {"page", "per_page"}
OPTIONS = {
    "GET issues": {
        "scope",
        "state",
        "order_by",
        "sort",
        "iids[]",
        "labels",
        "search",
        "in",
        "updated_after",
        *PAGING,
    },
    "POST issues": {"title", "description", "confidential", "labels", "due_date", "assignee_ids", "iid"},
    "PUT issue": {
        "state_event",
        "add_labels",
        "remove_labels",
        "assignee_ids",
        "confidential",
        "description",
        "title",
    },
    "POST notes": {"body", "internal"},
    "GET notes": {"sort", "order_by", *PAGING},
    "GET resource_state_events": PAGING,
    "GET users": {"username"},
}


@dataclass
class Issue:
    iid: int
    title: str
    description: str
    created_at: datetime
    updated_at: datetime
    is_confidential: bool = False
    state: str = "opened"
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    said_at: dict[int, datetime] = field(default_factory=dict)  # of those that came over the API, from one
    moves: list[tuple[str, str, datetime]] = field(default_factory=list)
    moved_to: int | None = None
    duplicate_of: int | None = None


class GitlabServer(TrackerServer):
    """`may_label`, `may_move`: False drops without a word; `is_forbidden` refuses each write with 403."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[int, Issue] = {}
        self.people = {ME: 1, "amina-y": 2, "sam-doe": 3, "outsider": 4}
        self.blocked: set[str] = set()
        self.members = {1, 2, 3}
        self.role = 20
        self.visibility = "private"
        self.is_visible = True
        self.is_shown = True  # the project itself, apart from its issues
        self.may_label = True
        self.may_move = True
        self.may_hide = True
        self.is_forbidden = False
        self.settings: dict[str, Any] = {"issues_access_level": "enabled", "archived": False}
        self.hidden: set[int] = set()
        self.ignores_iids = False

    def add(self, title: str, description: str = "") -> Issue:
        """Somebody opens an issue."""
        at = self.tick()
        issue = Issue(max(self.issues, default=0) + 1, title, description, at, at)
        self.issues[issue.iid] = issue
        return issue

    def change(self, iid: int, by: str, state: str) -> None:
        """Somebody closes or reopens it; what is so already does not change."""
        issue = self.issues[iid]
        issue.updated_at = self.tick()
        if issue.state != state:
            issue.state = state
            issue.moves.append((by, "closed" if state == "closed" else "reopened", issue.updated_at))

    def truth(self, request: Request) -> Reply:
        if request.headers.get("private-token") != TOKEN:
            return answered({"message": "401 Unauthorized"}, 401)
        path = urlsplit(request.target).path
        if path == "/api/v4/users":
            self._require("GET users", set(request.query))
            login = request.query["username"]
            return answered([self._person(login)] if login in self.people else [])
        if not self.is_visible or not path.startswith(ROOT):
            return missing("Project")
        if path == ROOT:
            return answered(self._project()) if self.is_shown else missing("Project")
        if path.startswith(f"{ROOT}/members/all/"):
            return (
                answered({"access_level": 20}) if int(path.rsplit("/", 1)[1]) in self.members else missing("")
            )
        if path == f"{ROOT}/issues":
            return self._made(request) if request.method == "POST" else answered(self._listed(request))
        return self._one(path, request)

    def _require(self, what: str, given: set[str]) -> None:
        if unknown := given - OPTIONS[what]:
            self.violations.append(f"{what} has no option {sorted(unknown)}")

    def _body(self, what: str, request: Request) -> dict[str, Any]:
        assert request.headers["content-type"] == "application/json"
        body: dict[str, Any] = json.loads(request.body)
        self._require(what, set(body))
        return body

    def _listed(self, request: Request) -> list[dict[str, Any]]:
        query = parse_qsl(urlsplit(request.target).query)
        self._require("GET issues", {name for name, _ in query})
        iids = {int(value) for name, value in query if name == "iids[]"}
        one = dict(query)
        issues = [each for each in self.issues.values() if each.iid not in self.hidden]
        if one.get("state", "all") != "all":
            issues = [each for each in issues if each.state == one["state"]]
        if iids and not self.ignores_iids:
            issues = [each for each in issues if each.iid in iids]
        issues.sort(key=lambda each: each.created_at, reverse=one.get("sort", "desc") == "desc")
        size, page = int(one.get("per_page", "20")), int(one.get("page", "1"))
        return [self.shown(each) for each in issues[size * (page - 1) : size * page]]

    def _made(self, request: Request) -> Reply:
        body = self._body("POST issues", request)
        if self.is_forbidden:
            return answered({"message": "403 Forbidden"}, 403)
        if not body.get("title"):
            return answered({"message": {"title": ["can't be blank"]}}, 400)
        issue = self.add(body["title"])
        issue.is_confidential = bool(body.get("confidential")) and self.may_hide
        if self.may_label:
            issue.labels = [label for label in body.get("labels", "").split(",") if label]
        issue.description = self._obeyed(issue, body.get("description", ""))
        return answered(self.shown(issue), 201)

    def _one(self, path: str, request: Request) -> Reply:
        match = ISSUE.fullmatch(path)
        assert match is not None, path
        issue = self.issues.get(int(match["iid"]))
        if issue is None or issue.iid in self.hidden:
            return missing("Issue")
        if request.method != "GET" and self.is_forbidden:
            return answered({"message": "403 Forbidden"}, 403)
        if match["rest"] == "notes":
            return self._notes(issue, request)
        if match["rest"]:
            self._require("GET resource_state_events", set(request.query))
            return answered([self._moved(at, *move) for at, move in enumerate(issue.moves, 1)])
        if request.method == "PUT":
            self._put(issue, self._body("PUT issue", request))
        return answered(self.shown(issue))

    def _notes(self, issue: Issue, request: Request) -> Reply:
        if request.method == "GET":
            self._require("GET notes", set(request.query))
            return answered([self._note(issue, at) for at in range(1, len(issue.notes) + 1)])
        text = self._obeyed(issue, self._body("POST notes", request)["body"])
        if not text.strip():
            return answered({"commands_changes": {}}, 202)  # nothing but commands
        issue.notes.append(text)
        issue.said_at[len(issue.notes)] = issue.updated_at = self.tick()
        return answered(self._note(issue, len(issue.notes)), 201)

    @staticmethod
    def _note(issue: Issue, at: int) -> dict[str, Any]:
        made_at = issue.said_at.get(at, issue.created_at)
        return {"id": at, "body": issue.notes[at - 1], "created_at": text(made_at)}

    def _obeyed(self, issue: Issue, text: str) -> str:
        """Do what the commands in a text say, and return the rest."""
        for command in COMMAND.findall(text):
            if command in {"close", "reopen"}:
                self.change(issue.iid, ME, "closed" if command == "close" else "opened")
        return COMMAND.sub("", text)

    def _put(self, issue: Issue, body: Mapping[str, Any]) -> None:
        if "state_event" in body and self.may_move:
            self.change(issue.iid, ME, "closed" if body["state_event"] == "close" else "opened")
        if self.may_label:
            taken = body.get("remove_labels", "").split(",")
            added = [label for label in body.get("add_labels", "").split(",") if label]
            issue.labels = [label for label in issue.labels if label not in taken] + added
            ids = {number: login for login, number in self.people.items()}
            wanted = [ids[number] for number in body.get("assignee_ids", ()) if number in self.members]
            issue.assignees = wanted if "assignee_ids" in body else issue.assignees
        issue.updated_at = self.tick()

    def shown(self, issue: Issue) -> dict[str, Any]:
        """Return an issue as an answer has it. What it is a duplicate of is in its links alone, as a whole address."""
        url = f"{self.url}{ROOT}/issues"
        of = f"{url}/{issue.duplicate_of}" if issue.duplicate_of else None
        return {
            "id": 7000 + issue.iid, "iid": issue.iid, "project_id": 77, "title": issue.title,
            "description": issue.description, "state": issue.state, "labels": issue.labels,
            "confidential": issue.is_confidential, "created_at": text(issue.created_at),
            "updated_at": text(issue.updated_at), "assignees": [self._person(one) for one in issue.assignees],
            "moved_to_id": issue.moved_to, "_links": {"self": f"{url}/{issue.iid}", "closed_as_duplicate_of": of},
            "references": {"short": f"#{issue.iid}", "relative": f"#{issue.iid}", "full": f"{PROJECT}#{issue.iid}"},
            "web_url": f"https://gitlab.example.org/{PROJECT}/-/issues/{issue.iid}",
        }  # fmt: skip

    def _person(self, login: str) -> dict[str, Any]:
        state = "blocked" if login in self.blocked else "active"
        return {"id": self.people.get(login, 99), "username": login, "name": login.title(), "state": state}

    def _moved(self, at: int, by: str, state: str, when: datetime) -> dict[str, Any]:
        return {
            "id": at,
            "user": self._person(by),
            "created_at": text(when),
            "resource_id": 1,
            "state": state,
        }

    def _project(self) -> dict[str, Any]:
        role = {"project_access": {"access_level": self.role}, "group_access": None}
        names = {"id": 77, "path_with_namespace": PROJECT, "visibility": self.visibility}
        return {**names, **self.settings, "permissions": role}


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def missing(what: str) -> Reply:
    return answered({"message": f"404 {what} Not Found"}, 404)
