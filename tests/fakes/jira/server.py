"""Jira on loopback: Cloud (REST v3) or Data Center (REST v2), whose rules are the site's, and what goes wrong.

    request -> judged by Atlassian's description (v3) -> what goes wrong with it -> the site -> judged

A violation is kept and raised by `judged()`, since what is raised in the server's thread is seen by nobody.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections import deque
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from fakes.graph.http import LoopbackServer, Reply, Request
from fakes.jira import shapes
from fakes.jira.site import REQUEST_FIELD, Issue, Json, Refused, Site, User
from openapi import OpenApi

USER, TOKEN = "bot@example.org", "jira-token-0001"
HTML = Reply(200, b"<!doctype html><title>Log in</title>", "text/html")
DROPPED = Reply(is_dropped=True)
ISSUE = re.compile(r"issue/(?P<ref>[^/]+)(?:/(?P<part>\w+))?")
META = re.compile(r"issue/createmeta/(?P<project>\w+)/issuetypes(?:/(?P<type>\d+))?")
UNDESCRIBED = {404, 409, 410, 413, 429}
Answer = Callable[[Request], Any]


@cache
def description() -> OpenApi | None:
    """Atlassian's description; None where WHOSLEFT_CONTRACT_DATA does not have it."""
    folder = os.environ.get("WHOSLEFT_CONTRACT_DATA")
    return OpenApi(Path(folder) / "jira-openapi-excerpt.json") if folder else None


class JiraServer(LoopbackServer):
    """`faults` are for the next writes, in order: lost_after, lost_before, late, broken_after (500), conflict
    (409). What is late, is done when it lands.
    """

    def __init__(self, *, is_cloud: bool, contract: OpenApi | None = None) -> None:
        super().__init__()
        self.site = Site(is_cloud=is_cloud)
        self.version = 3 if is_cloud else 2
        self.contract = contract if is_cloud else None
        self.faults: deque[str] = deque()
        self.replies: deque[Reply] = deque()  # to the next writes, which are done
        self.read_faults: deque[Reply | None] = deque()  # for the next reads; None: none
        self.is_html = self.is_signed_out = False
        self.is_search_removed = False
        self.base_url = ""  # where people find it, if elsewhere
        self.anonymous: Reply | None = None  # to whoever has not signed in
        self.violations: list[str] = []
        self._late: list[Request] = []
        self._lock = Lock()

    def lose(self, count: int, *, is_late: bool = False) -> None:
        """Do the next so many writes, or keep them until they land, and lose their answers."""
        self.faults.extend(["late" if is_late else "lost_after"] * count)

    def land(self) -> None:
        """Do what was late."""
        while self._late:
            self._truth(self._late.pop(0))

    def judged(self) -> int:
        """Raise what was against the description; return how many requests there were."""
        assert self.violations == []
        return len(self.log)

    def writes(self) -> int:
        """How many requests there were that may change something."""
        return sum(_writes(line.request) for line in self.log)

    def answer(self, request: Request) -> Reply:
        with self._lock:
            try:
                return HTML if self.is_html else self._acted(request)
            except Exception as error:  # kept for the test, which would only see a lost answer
                self.violations.append(f"{request.method} {request.path}: {error!r}")
                raise

    def _acted(self, request: Request) -> Reply:
        self._judge(lambda contract: self._judge_request(contract, request))
        if not _writes(request):
            fault = self.read_faults.popleft() if self.read_faults else None
            if self.anonymous is not None and "authorization" not in request.headers:
                return self.anonymous
            return fault or self._judged(request, self._truth(request))
        fault_name = self.faults.popleft() if self.faults else ""
        if fault_name in {"lost_before", "late"}:
            self._late += [request] if fault_name == "late" else []
            return DROPPED
        if fault_name == "conflict":
            return _json({"errorMessages": ["The issue was changed meanwhile."], "errors": {}}, 409)
        reply = self._judged(request, self._truth(request))
        if fault_name == "broken_after":
            return _json({"errorMessages": ["Internal server error"], "errors": {}}, 500)
        if fault_name == "html_after":
            return HTML
        reply = self.replies.popleft() if self.replies else reply
        return DROPPED if fault_name == "lost_after" else reply

    def _truth(self, request: Request) -> Reply:
        try:
            return self._found(request)
        except Refused as refused:
            return _json(refused.body, refused.status).with_headers(**refused.headers)

    def _found(self, request: Request) -> Reply:
        path = request.path
        if path.endswith("/rest/api/2/serverInfo"):
            return _json(self._server_info())
        head, found, rest = path.partition(f"/rest/api/{self.version}/")
        if head or not found:
            self.violations.append(f"{path} is not of this Jira")
            raise Refused(404, "null for uri")
        if not self._is_signed_in(request):
            if (
                request.method == "GET"
                and rest.startswith("project/")
                and "authorization" not in request.headers
            ):
                return self._anonymous()
            raise Refused(401, "Client must be authenticated to access this resource.")
        if "BROWSE_PROJECTS" not in self.site.may and rest.startswith(("project/", "issue/createmeta/")):
            raise Refused(404, "No project could be found with key.")
        if (meta := META.fullmatch(rest)) is not None:
            return self._form(request, meta)
        if (issue := ISSUE.fullmatch(rest)) is not None and rest != "issue/bulkfetch":
            return self._issue(request, issue["ref"], issue["part"] or "")
        return self._named(request, rest)

    def _anonymous(self) -> Reply:
        if self.site.is_public:
            return _json(self._project())
        raise Refused(401, "You are not authenticated.")

    def _named(self, request: Request, rest: str) -> Reply:
        site = self.site
        key = site.project_key
        answers: dict[str, Answer] = {
            "myself": lambda _: shapes.user(site.bot, is_cloud=site.is_cloud),
            "mypermissions": self._permissions,
            f"project/{key}": lambda _: self._project(),
            f"project/{key}/statuses": lambda _: self._statuses(),
            "field": lambda _: self._fields(),
            "attachment/meta": lambda _: {"enabled": site.attachments_on, "uploadLimit": 10 << 20},
            "user/assignable/search": self._assignable,
            "issue": self._create,
        }
        if site.is_cloud:
            answers |= {
                "resolution/search": lambda asked: shapes.page(self._resolutions(), "values", asked.query),
                "issue/bulkfetch": self._bulk,
                "search/jql": self._search,
                "search": self._removed,
            }
        else:
            answers |= {"resolution": lambda _: self._resolutions(), "search": self._search}
        if rest not in answers:
            raise Refused(404, f"No project could be found with key '{rest}'.")
        return _json(answers[rest](request), 201 if rest == "issue" else 200)

    def _removed(self, _request: Request) -> Any:
        raise Refused(410, "The requested API has been removed. Please migrate to /rest/api/3/search/jql.")

    def _server_info(self) -> Json:
        kind = "Cloud" if self.site.is_cloud else "Server"
        return {
            "baseUrl": self.base_url or self.url,
            "version": "9.12.4",
            "deploymentType": kind,
            "serverTitle": "Jira",
        }

    def _permissions(self, request: Request) -> Json:
        asked = request.query["permissions"].split(",")
        known = {name: {"id": "1", "key": name, "havePermission": name in self.site.may} for name in asked}
        return {"permissions": known}

    def _project(self) -> Json:
        return {"id": self.site.project_id, "key": self.site.project_key, "name": "Security"}

    def _statuses(self) -> list[Json]:
        names = [shapes.status(name) for name in self.site.statuses]
        return [
            {"id": number, "name": name, "self": "http://x", "subtask": False, "statuses": names}
            for number, name in self.site.types.items()
        ]

    def _resolutions(self) -> list[Json]:
        return [{"id": str(number), "name": name} for number, name in enumerate(self.site.resolutions)]

    def _fields(self) -> list[Json]:
        found: list[Json] = [
            {"id": "summary", "name": "Summary", "schema": {"type": "string", "system": "summary"}}
        ]
        if REQUEST_FIELD in self.site.screen:
            custom = "com.atlassian.servicedesk:vp-origin"
            schema = {"type": "sd-customerrequesttype", "custom": custom, "customId": 10010}
            found.append({"id": REQUEST_FIELD, "name": "Request Type", "schema": schema})
        return found

    def _form(self, request: Request, meta: re.Match[str]) -> Reply:
        if meta["project"] != self.site.project_key:
            raise Refused(400, "No project could be found.")
        rows: list[Json]
        if meta["type"] is None:
            may = "CREATE_ISSUES" in self.site.may
            rows = [
                {"id": number, "name": name, "subtask": False}
                for number, name in self.site.types.items()
                if may
            ]
        else:
            rows = [
                {**shapes.meta(self.site, name, is_required=is_required), "fieldId": name}
                for name, is_required in self.site.screen.items()
            ]
        key = ("issueTypes" if meta["type"] is None else "fields") if self.site.is_cloud else "values"
        return _json(shapes.page(rows, key, request.query))

    def _create(self, request: Request) -> Json:
        issue = self.site.create(json.loads(request.body))
        return {
            "id": str(issue.id),
            "key": issue.key,
            "self": f"{self.url}/rest/api/{self.version}/issue/{issue.id}",
        }

    def _bulk(self, request: Request) -> Json:
        body = json.loads(request.body)
        assert len(body["issueIdsOrKeys"]) <= 100
        rows, errors = [], []
        for ref in body["issueIdsOrKeys"]:
            try:
                rows.append(shapes.issue(self.site, self.site.issue(ref), body["fields"], body["properties"]))
            except Refused:
                errors.append({"id": ref, "errorMessage": "Issue does not exist or you can't see it."})
        return {"issues": rows, "issueErrors": errors}

    def _search(self, request: Request) -> Json:
        if self.is_search_removed:
            self._removed(request)
        body = json.loads(request.body)
        found = self.site.search(body["jql"], validate=body.get("validateQuery", True))
        rows = [shapes.issue(self.site, one, body["fields"], body.get("properties", [])) for one in found]
        rows = rows[: body["maxResults"]]
        return (
            {"issues": rows, "isLast": True} if self.site.is_cloud else {"issues": rows, "total": len(found)}
        )

    def _assignable(self, request: Request) -> list[Json]:
        text = request.query["query" if self.site.is_cloud else "username"].casefold()
        found = [one for one in self.site.people if one.is_assignable and one.email.startswith(text)]
        return [shapes.user(one, is_cloud=self.site.is_cloud) for one in found]

    def _issue(self, request: Request, ref: str, part: str) -> Reply:
        issue = self.site.issue(ref)
        if _writes(request) and self.site.limits.get(issue.id):
            raise self.site.limits[issue.id].pop(0)
        if request.method == "GET":
            return _json(self._read(request, issue, part))
        if part == "attachments":
            return _json([shapes.attachment(self.site, self._attach(request, issue))])
        body = json.loads(request.body)
        if part == "comment":
            return _json(shapes.comment(self.site, self.site.comment(issue, body)), 201)
        if part == "transitions":
            self.site.move(issue, body)
        elif part == "assignee":
            self.site.assign(issue, self._user(body))
        else:
            self.site.edit(issue, body)
        return Reply(204)

    def _read(self, request: Request, issue: Issue, part: str) -> Json:
        site = self.site
        if part == "transitions":
            return {"transitions": [shapes.move(site, one) for one in site.moves_of(issue)]}
        if part == "comment":
            rows = [shapes.comment(site, one) for one in issue.comments]
            return shapes.page(
                rows[::-1] if request.query.get("orderby") == "-created" else rows, "comments", request.query
            )
        if part == "changelog":
            return shapes.page(shapes.changes(site, issue), "values", request.query)
        properties = list(filter(None, request.query.get("properties", "").split(",")))
        row = shapes.issue(site, issue, request.query.get("fields", "*all").split(","), properties)
        if request.query.get("expand") == "changelog":
            row["changelog"] = {"histories": shapes.changes(site, issue)}
        return row

    def _attach(self, request: Request, issue: Issue) -> Json:
        if request.headers.get("x-atlassian-token") != "no-check":
            raise Refused(403, "XSRF check failed")
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        part = message_from_bytes(head + request.body).get_payload(0)
        assert isinstance(part, Message)
        assert part.get_param("name", header="content-disposition") == "file"
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        return self.site.attach(issue, part.get_filename(""), data)

    def _user(self, body: Json) -> User | None:
        given = body["accountId" if self.site.is_cloud else "name"]
        names = [(one.account if self.site.is_cloud else one.name, one) for one in self.site.people]
        return dict(names).get(given)

    def _is_signed_in(self, request: Request) -> bool:
        if self.is_signed_out:
            return False
        pair = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        wanted = f"Basic {pair}" if self.site.is_cloud else f"Bearer {TOKEN}"
        return request.headers.get("authorization") == wanted

    def _judged(self, request: Request, reply: Reply) -> Reply:
        if reply.status not in UNDESCRIBED:
            self._judge(
                lambda contract: contract.check_answer(
                    request.method, _described(request), reply.status, reply.body
                )
            )
        return reply

    def _judge_request(self, contract: OpenApi, request: Request) -> None:
        path = _described(request)
        if path.endswith("/attachments"):
            contract.operation(request.method, path)
            return
        headers = {
            "authorization": "none",
            **request.headers,
        }  # whoever asks without one, is answered by its rights
        contract.check_request(request.method, path, request.query, headers, request.body)

    def _judge(self, check: Callable[[OpenApi], None]) -> None:
        if self.contract is None:
            return
        try:
            check(self.contract)
        except AssertionError as error:
            self.violations.append(str(error))


def _described(request: Request) -> str:
    """The version of a Cloud is asked for by v2, of which there is no description; it is v3's."""
    return request.path.replace("/rest/api/2/serverInfo", "/rest/api/3/serverInfo")


def _writes(request: Request) -> bool:
    return (
        request.method != "GET" and "/search" not in request.path and not request.path.endswith("/bulkfetch")
    )


def _json(body: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode())
