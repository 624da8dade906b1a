"""What is in a Jira, and its rules: people, a project with a workflow, issues with a history, a search that lags."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fakes.jira.text import as_read

Json = dict[str, Any]
TEXT_MAX, SUMMARY_MAX = 32_767, 255
BEGIN = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
RIGHTS = frozenset({
    "BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS", "ASSIGN_ISSUES",
    "CREATE_ATTACHMENTS",
})  # fmt: skip
OFF_SCREEN = "Field '{0}' cannot be set. It is not on the appropriate screen, or unknown."
CATEGORY = {"To Do": "new", "In Progress": "indeterminate", "Done": "done", "Review": "indeterminate"}
REQUEST_FIELD = "customfield_10010"


class Refused(Exception):
    """A refusal: status, and what Jira says."""

    def __init__(self, status: int, *texts: str, **errors: str) -> None:
        super().__init__(status)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body = {"errorMessages": list(texts), "errors": errors}


@dataclass(slots=True)
class User:
    account: str
    name: str
    shown: str
    email: str
    shows_email: bool = True
    is_active: bool = True
    kind: str = "atlassian"
    is_assignable: bool = True


@dataclass(slots=True)
class Move:
    """One move of the workflow; `fields` is its screen: an id, and whether it is required."""

    id: str
    to: str
    starts: frozenset[str]
    fields: dict[str, bool] = field(default_factory=dict)
    has_screen: bool = True


@dataclass(slots=True)
class Issue:
    id: int
    key: str
    fields: Json
    project: str = "10000"
    status: str = "To Do"
    resolution: str | None = None
    assignee: User | None = None
    properties: Json = field(default_factory=dict)
    comments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    changes: list[tuple[User, str, str, str]] = field(default_factory=list)  # who, when, from, to
    old_keys: set[str] = field(default_factory=set)
    created: str = ""
    updated: str = ""
    is_hidden: bool = False
    searches_until_found: int = 0


class Site:
    """One project, SEC, of which `bot` is our account."""

    def __init__(self, *, is_cloud: bool) -> None:
        self.is_cloud = is_cloud
        self.bot = User("acc-bot", "whosleft", "Whosleft", "bot@example.org")
        self.sam = User("acc-sam", "sam", "Sam Closer", "sam.closer@example.org")
        self.amina = User("acc-amina", "amina", "Amina Yusuf", "amina.yusuf@example.org")
        self.people = [self.bot, self.sam, self.amina]
        self.issues: list[Issue] = []
        self.by_id: dict[str, Issue] = {}
        self.types = {"10001": "Task", "10002": "Bug"}
        self.project_id, self.project_key = "10000", "SEC"
        self.statuses = list(CATEGORY)
        self.resolutions = ["Done", "Won't Do", "Duplicate"]
        anywhere = frozenset(CATEGORY)
        self.moves = [
            Move("11", "In Progress", anywhere - {"In Progress"}, has_screen=False),
            Move("21", "Done", anywhere - {"Done"}, {"resolution": False}),
            Move("31", "To Do", frozenset({"Done"})),
        ]
        self.screen = {
            "summary": True,
            "issuetype": True,
            "project": True,
            "description": False,
            "labels": False,
        }
        self.screen |= {"duedate": False, "reporter": True}
        self.names = {"customfield_10200": "Team"}
        self.defaults = {"reporter"}
        self.may = set(RIGHTS)
        self.is_public = False
        self.attachments_on = True
        self.tells_screens = is_cloud
        self.search_lag = 0
        self.ignores_moves = False
        self.validator_says = ""
        self.drops_properties = self.drops_labels = self.drops_assignee = False
        self.comment_is_off_screen = False
        self.limits: dict[int, list[Refused]] = {}
        self._ids = 20_000
        self.number = 0
        self._at = BEGIN

    # What people do

    def set_status(self, issue: Issue, status: str, who: User, resolution: str | None = None) -> None:
        issue.changes.append((who, self.tick(issue), issue.status, status))
        issue.status, issue.resolution = status, resolution or issue.resolution

    def move_to_project(self, issue: Issue, key: str, project_id: str = "10009") -> None:
        issue.old_keys.add(issue.key)
        issue.key, issue.project = key, project_id
        self.tick(issue)

    def delete(self, issue: Issue) -> None:
        self.issues.remove(issue)
        del self.by_id[str(issue.id)]

    def add(self, summary: str = "Somebody else's", labels: tuple[str, ...] = ()) -> Issue:
        """Somebody makes an issue by themselves."""
        return self._made({"summary": summary, "labels": list(labels), "description": None}, self.sam)

    # What the API does

    def tick(self, issue: Issue | None = None) -> str:
        self._at += timedelta(seconds=1)
        text = self._at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        if issue is not None:
            issue.updated = text
        return text

    def issue(self, ref: str) -> Issue:
        candidates = self.issues if "BROWSE_PROJECTS" in self.may else []
        if candidates and ref.isdecimal():
            candidates = [self.by_id[ref]] if ref in self.by_id else []
        for issue in candidates:
            if ref in {str(issue.id), issue.key, *issue.old_keys} and not issue.is_hidden:
                return issue
        raise Refused(404, "Issue does not exist or you do not have permission to see it.")

    def create(self, body: Json) -> Issue:
        fields: Json = body["fields"]
        if "CREATE_ISSUES" not in self.may:
            raise Refused(400, project="You cannot create issues in this project.")
        if fields["project"] != {"key": self.project_key}:
            raise Refused(400, project="Specify a valid project ID or key")
        self._require_fitting(fields, self.screen)
        self._require_text("description", fields.get("description"))
        summary = fields["summary"]
        if "\n" in summary or len(summary) > SUMMARY_MAX:
            raise Refused(400, summary="Summary must be less than 255 characters.")
        if any(" " in label for label in fields.get("labels", [])):
            raise Refused(400, labels="The label can't contain spaces.")
        issue = self._made(fields, self.bot)
        if self.drops_labels:
            issue.fields["labels"] = []
        if not self.drops_properties:
            issue.properties = {one["key"]: one["value"] for one in body.get("properties", [])}
        issue.searches_until_found = self.search_lag
        return issue

    def edit(self, issue: Issue, body: Json) -> None:
        """A status is taken, and nothing comes of it."""
        for name, value in body.get("fields", {}).items():
            if name != "status":
                issue.fields[name] = value
        self.tick(issue)

    def moves_of(self, issue: Issue) -> list[Move]:
        if "TRANSITION_ISSUES" not in self.may:
            return []
        return [move for move in self.moves if issue.status in move.starts]

    def move(self, issue: Issue, body: Json) -> None:
        move = next((one for one in self.moves_of(issue) if one.id == body["transition"]["id"]), None)
        if move is None:
            raise Refused(
                400, "It seems that you have tried to perform a workflow operation that is not valid."
            )
        if self.validator_says:
            raise Refused(400, self.validator_says)
        comments = [one["add"] for one in body.get("update", {}).get("comment", [])]
        fields = body.get("fields", {}) if move.has_screen else {}  # without a screen they are dropped
        if move.has_screen:
            self._require_fitting(fields, move.fields)
            if comments and self.comment_is_off_screen:
                raise Refused(400, comment=OFF_SCREEN.format("comment"))
        if self.ignores_moves:
            return
        resolution = fields.get("resolution", {}).get("name")
        if resolution is not None and resolution not in self.resolutions:
            raise Refused(400, resolution=f"Resolution name '{resolution}' is not valid")
        self.set_status(issue, move.to, self.bot, resolution)
        for comment in comments if move.has_screen else []:
            self.comment(issue, comment)

    def comment(self, issue: Issue, body: Json, who: User | None = None) -> Json:
        if "ADD_COMMENTS" not in self.may:
            raise Refused(400, "You do not have the permission to comment on this issue.")
        self._require_text("comment", body["body"])
        self._ids += 1
        made = {"id": str(self._ids), "body": body["body"], "author": who or self.bot, "at": self.tick(issue)}
        issue.comments.append({**made, "properties": body.get("properties", [])})
        return issue.comments[-1]

    def assign(self, issue: Issue, user: User | None) -> None:
        if "ASSIGN_ISSUES" not in self.may:
            raise Refused(403, "You do not have permission to assign issues.")
        if user is None or not user.is_assignable:
            raise Refused(400, assignee="User cannot be assigned issues.")
        if not self.drops_assignee:
            issue.assignee = user
        self.tick(issue)

    def attach(self, issue: Issue, name: str, data: bytes) -> Json:
        if not self.attachments_on:
            raise Refused(403, "Attachments are off.")
        self._ids += 1
        issue.files.append(
            {"id": str(self._ids), "filename": name, "size": len(data), "at": self.tick(issue)}
        )
        return issue.files[-1]

    def search(self, jql: str, *, validate: bool = True) -> list[Issue]:
        """Return what a query finds, by what the index knows. Raises Refused for one that is not valid."""
        query, _, order = jql.partition(" ORDER BY ")
        found = [issue for issue in self.issues if not issue.is_hidden and not self._lags(issue)]
        for clause in query.split(" AND "):
            found = self._by(clause, found, validate=validate)
        by_number = lambda issue: int(issue.key.rpartition("-")[2])  # noqa: E731
        found.sort(key=by_number if order.startswith("key") else lambda issue: issue.id)
        return found[::-1] if order.endswith("DESC") else found

    def _by(self, clause: str, issues: list[Issue], *, validate: bool) -> list[Issue]:
        if found := re.fullmatch(r'project = "(\w+)"', clause):
            if found[1] != self.project_key:
                raise Refused(400, f"The value '{found[1]}' does not exist for the field 'project'.")
            return [issue for issue in issues if issue.project == self.project_id]
        if found := re.fullmatch(r'labels = "((?:[^"\\]|\\.)*)"', clause):
            return [issue for issue in issues if found[1] in issue.fields.get("labels", [])]
        if clause == "creator = currentUser()":
            return [issue for issue in issues if issue.fields["creator"] is self.bot]
        if found := re.fullmatch(r"id in \(([\d, ]+)\)", clause):
            ids = {int(ref) for ref in found[1].split(", ")}
            missing = ids - {issue.id for issue in self.issues if not issue.is_hidden}
            if missing and validate:
                raise Refused(400, f"An issue with key '{min(missing)}' does not exist for field 'id'.")
            return [issue for issue in issues if issue.id in ids]
        raise Refused(400, f"Error in the JQL Query: {clause[:40]}")

    def _lags(self, issue: Issue) -> bool:
        issue.searches_until_found -= 1
        return issue.searches_until_found >= 0

    def _made(self, fields: Json, who: User) -> Issue:
        self._ids += 1
        self.number += 1
        at = self.tick()
        issue = Issue(
            self._ids, f"{self.project_key}-{self.number}", {**fields, "creator": who}, self.project_id
        )
        issue.created = issue.updated = at
        self.issues.append(issue)
        self.by_id[str(issue.id)] = issue
        return issue

    def _require_fitting(self, fields: Json, screen: dict[str, bool]) -> None:
        off = {name: OFF_SCREEN.format(name) for name in fields if name not in screen}
        if off:
            raise Refused(400, **off)
        lacking = [name for name, is_required in screen.items() if is_required and not fields.get(name)]
        named = {
            name: f"{self.names.get(name, name)} is required."
            for name in lacking
            if name not in self.defaults
        }
        if named:
            raise Refused(400, **named)

    def _require_text(self, name: str, body: Any) -> None:
        if body is None:
            return
        if isinstance(body, str) is self.is_cloud:
            raise Refused(400, **{name: "Operation value must be an Atlassian Document or a string."})
        if not isinstance(body, str) and (body["type"], body["version"]) != ("doc", 1):
            raise Refused(400, **{name: "Operation value must be an Atlassian Document."})
        if len(as_read(body)) > TEXT_MAX:
            raise Refused(
                400, **{name: "The entered text is too long. It exceeds the limit of 32,767 characters."}
            )
