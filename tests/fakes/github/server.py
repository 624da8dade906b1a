"""GitHub on loopback: the issues of one repository, as its API description has them.

Without the role Triage, labels and assignees are dropped without a word, as GitHub does it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fakes.graph.http import Reply, Request
from fakes.trackers.server import TrackerServer, answered
from openapi import OpenApi

TOKEN, ME = "github-token-0001", "whosleft-bot"
REPOSITORY = "org/desk"
ISSUE = re.compile(r"/repos/(?P<repo>[^/]+/[^/]+)/issues/(?P<number>\d+)(?:/(?P<rest>comments|events))?")
BY_ID = "/repositories/77/issues/"
URLS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
    "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription "
    "tags teams trees clone git ssh svn"
)
COUNTS = (
    "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count network_count "
    "subscribers_count"
)
PERSON = (
    "events followers following gists organizations received_events repos starred subscriptions avatar html"
)


def description() -> OpenApi | None:
    """GitHub's own, where there is one: then every request and every true answer is held to it."""
    folder = os.environ.get("WHOSLEFT_CONTRACT_DATA")
    return OpenApi(Path(folder) / "github-openapi-excerpt.json") if folder else None


@dataclass
class Issue:
    number: int
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
    author: str = ME
    state: str = "open"
    reason: str | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    said_at: dict[int, datetime] = field(default_factory=dict)  # of those that came over the API, from one
    events: list[tuple[str, str, datetime]] = field(default_factory=list)
    is_pull: bool = False
    is_locked: bool = False
    moved_to: int = 0  # its number in the other repository


class GithubServer(TrackerServer):
    """`may_triage`, `may_move`: what our account may do. `knows_reasons`: an old
    GitHub Enterprise ignores state_reason. `gone`: numbers that were deleted; `hidden`: out of sight.
    """

    def __init__(self, contract: OpenApi | None = None) -> None:
        super().__init__(contract)
        self.issues: dict[int, Issue] = {}
        self.moved: dict[int, Issue] = {}  # in another repository
        self.labels = ["whosleft", "wontfix"]
        self.people = {ME, "amina-y", "sam-doe"}
        self.may_triage = True
        self.may_move = True
        self.knows_reasons = True
        self.is_private = True
        self.has_issues = True
        self.is_visible = True
        self.full_name = REPOSITORY
        self.gone: set[int] = set()
        self.hidden: set[int] = set()

    def add(self, title: str, body: str = "", *, is_pull: bool = False) -> Issue:
        """Somebody opens an issue, or a pull request."""
        at = self.tick()
        number = max(self.issues, default=0) + 1
        issue = Issue(number, title, body, at, at, author="sam-doe", is_pull=is_pull)
        self.issues[number] = issue
        return issue

    def change(self, number: int, by: str, state: str, reason: str | None) -> None:
        """Somebody closes or reopens it; a reason counts only if the state changes."""
        issue = self.issues[number]
        issue.updated_at = self.tick()
        if issue.state == state:
            return
        issue.state, issue.reason = state, reason or ("completed" if state == "closed" else "reopened")
        issue.events.append(("closed" if state == "closed" else "reopened", by, issue.updated_at))

    def transfer(self, number: int) -> None:
        """Somebody moves it into another repository."""
        issue = self.issues.pop(number)
        issue.moved_to = 900 + number
        self.moved[number] = issue

    def judge_answer(self, contract: OpenApi, request: Request, reply: Reply) -> None:
        if reply.status < 300 and reply.status != 204 and not request.path.startswith("/repositories/"):
            super().judge_answer(contract, request, reply)

    def judge_request(self, contract: OpenApi, request: Request) -> None:
        if not request.path.startswith("/repositories/"):  # where a redirection leads is not described
            super().judge_request(contract, request)

    def truth(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refused(401, "Bad credentials")
        if not self.is_visible:
            return refused(404, "Not Found")
        if request.path.startswith(BY_ID):
            return self._elsewhere(request)
        root = f"/repos/{REPOSITORY}"
        if self.full_name != REPOSITORY:
            return answered({"message": "Moved Permanently"}, 301, {"Location": f"{self.url}/repositories/1"})
        if request.path == root:
            return answered(self._repository())
        if request.path == f"{root}/labels":
            return answered([self._label(name) for name in self.labels])
        if request.path.startswith(f"{root}/assignees/"):
            return Reply(204) if request.path.rsplit("/", 1)[1] in self.people else refused(404, "Not Found")
        if not self.has_issues:
            return refused(410, "Issues has been disabled in this repository.")
        if request.path == f"{root}/issues":
            return self._made(request) if request.method == "POST" else answered(self._listed(request.query))
        return self._one(request)

    def _listed(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        issues = [one for one in self.issues.values() if query.get("state") == "all" or one.state == "open"]
        issues = [one for one in issues if one.number not in self.gone | self.hidden]
        issues.sort(key=lambda one: one.created_at, reverse=query.get("direction", "desc") == "desc")
        size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
        return [self.shown(one) for one in issues[size * (page - 1) : size * page]]

    def _made(self, request: Request) -> Reply:
        body = json.loads(request.body)
        issue = self.add(body["title"], body.get("body", ""))
        issue.author = ME
        if self.may_triage:
            issue.labels = body.get("labels", [])
        return answered(self.shown(issue), 201)

    def _one(self, request: Request) -> Reply:
        match = ISSUE.fullmatch(request.path)
        assert match is not None, request.path
        number = int(match["number"])
        if number in self.moved:
            return answered(
                {"message": "Moved Permanently"}, 301, {"Location": f"{self.url}{BY_ID}{900 + number}"}
            )
        if number in self.gone:
            return refused(410, "This issue was deleted")
        if number in self.hidden or number not in self.issues:
            return refused(404, "Not Found")
        return self._of(self.issues[number], match["rest"] or "", request)

    def _of(self, issue: Issue, rest: str, request: Request) -> Reply:
        if rest == "comments" and request.method == "POST":
            if issue.is_locked:
                return refused(403, "Unable to create comment because issue is locked.")
            issue.comments.append(json.loads(request.body)["body"])
            issue.said_at[len(issue.comments)] = issue.updated_at = self.tick()
            return answered(self._comment(issue, len(issue.comments)), 201)
        if rest == "comments":
            return answered([self._comment(issue, at) for at in range(1, len(issue.comments) + 1)])
        if rest == "events":
            return answered([self._event(at, *event) for at, event in enumerate(issue.events, 1)])
        if request.method == "PATCH":
            return self._patched(issue, json.loads(request.body))
        return answered(self.shown(issue))

    def _patched(self, issue: Issue, body: Mapping[str, Any]) -> Reply:
        if "state" in body:
            if not self.may_move:
                return refused(403, "Resource not accessible by personal access token")
            self.change(
                issue.number, ME, body["state"], body.get("state_reason") if self.knows_reasons else None
            )
        if self.may_triage:
            issue.labels = body.get("labels", issue.labels)
            issue.assignees = body.get("assignees", issue.assignees)
        issue.updated_at = self.tick()
        return answered(self.shown(issue))

    def _elsewhere(self, request: Request) -> Reply:
        number, _, rest = request.path.removeprefix(BY_ID).partition("/")
        return self._of(self.moved[int(number) - 900], rest, request)

    def shown(self, issue: Issue) -> dict[str, Any]:
        """Return an issue as an answer has it."""
        place = "org/elsewhere" if issue.moved_to else REPOSITORY
        number = issue.moved_to or issue.number
        api = f"{self.url}/repos/{place}/issues/{number}"
        html = f"https://github.example.org/{place}/issues/{number}"
        pull = {"pull_request": {"url": api, "html_url": html, "diff_url": html, "patch_url": html}}
        people = [self._person(login) for login in issue.assignees]
        return {
            "id": 5000 + issue.number, "node_id": f"I_{issue.number}", "url": api, "html_url": html,
            "repository_url": f"{self.url}/repos/{place}", "labels_url": f"{api}/labels", "events_url": f"{api}/events",
            "comments_url": f"{api}/comments", "number": number, "title": issue.title, "body": issue.body,
            "state": issue.state, "state_reason": issue.reason, "user": self._person(issue.author),
            "labels": [self._label(name) for name in issue.labels], "milestone": None, "locked": issue.is_locked,
            "assignee": people[0] if people else None, "assignees": people, "comments": len(issue.comments),
            "closed_at": None if issue.state == "open" else text(issue.updated_at),
            "created_at": text(issue.created_at), "updated_at": text(issue.updated_at),
            **(pull if issue.is_pull else {}),
        }  # fmt: skip

    def _person(self, login: str) -> dict[str, Any]:
        urls = {f"{name}_url": f"{self.url}/users/{login}/{name}" for name in PERSON.split()}
        return {
            "login": login, "id": 100 + len(login), "node_id": f"U_{login}", "gravatar_id": "", "type": "User",
            "site_admin": False, "url": f"{self.url}/users/{login}", **urls,
        }  # fmt: skip

    def _label(self, name: str) -> dict[str, Any]:
        number = 300 + len(name)
        return {
            "id": number, "node_id": f"L_{number}", "url": f"{self.url}/labels/{number}", "name": name,
            "description": None, "color": "ededed", "default": False,
        }  # fmt: skip

    def _comment(self, issue: Issue, at: int) -> dict[str, Any]:
        number = issue.number * 1000 + at
        url = f"{self.url}/repos/{REPOSITORY}/issues/comments/{number}"
        made_at = text(issue.said_at.get(at, issue.created_at))
        return {
            "id": number, "node_id": f"C_{number}", "url": url, "html_url": url, "issue_url": url,
            "body": issue.comments[at - 1], "user": self._person(ME), "created_at": made_at,
            "updated_at": made_at, "author_association": "MEMBER",
        }  # fmt: skip

    def _event(self, at: int, kind: str, by: str, when: datetime) -> dict[str, Any]:
        return {
            "id": at, "node_id": f"E_{at}", "url": f"{self.url}/events/{at}", "actor": self._person(by), "event": kind,
            "commit_id": None, "commit_url": None, "created_at": text(when), "state_reason": None,
            "performed_via_github_app": None,
        }  # fmt: skip

    def _repository(self) -> dict[str, Any]:
        urls = {f"{name}_url": f"{self.url}/{name}" for name in URLS.split()}
        role = {"admin": False, "maintain": False, "push": False, "triage": self.may_triage, "pull": True}
        at = text(self.now)
        return {
            **urls, **dict.fromkeys(COUNTS.split(), 0), "id": 1, "node_id": "R_1", "name": REPOSITORY.split("/")[1],
            "full_name": self.full_name, "owner": self._person("org"), "private": self.is_private,
            "html_url": f"https://github.example.org/{REPOSITORY}", "url": f"{self.url}/repos/{REPOSITORY}",
            "description": None, "fork": False, "homepage": None, "language": None, "mirror_url": None, "license": None,
            "default_branch": "main", "has_issues": self.has_issues, "has_projects": False, "has_wiki": False,
            "has_pages": False, "has_discussions": False, "archived": False, "disabled": False, "permissions": role,
            "pushed_at": at, "created_at": at, "updated_at": at,
        }  # fmt: skip


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(status: int, message: str, **more: Any) -> Reply:
    return answered({"message": message, "documentation_url": "https://docs.github.com/rest", **more}, status)
