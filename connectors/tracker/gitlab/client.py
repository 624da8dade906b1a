"""GitLab's REST API (v4) for issues: one call is one request. Says what was answered, not what it means.

A write that the token may not do is refused with 403 or 404, or is taken without being done (labels, assignees, a new
state): the caller reads back. Limits are 429, with `Retry-After` or with `RateLimit-Reset`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from connectors.kit.rest import Query, Refusal, Rest, Server
from connectors.kit.text import cut, one_line
from connectors.kit.tracker_rest import understood, written
from connectors.tracker.gitlab.config import GitlabConfig
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorContext,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
)

GITLAB = "GitLab"
PAGE = 100
DETAIL_MAX = 300
NOT_FOUND = 404
Row = Mapping[str, Any]
T = TypeVar("T")


def rest_of(config: GitlabConfig, context: ConnectorContext) -> Rest:
    """Return the server; nothing is connected yet."""
    server = Server(
        GITLAB,
        config.url,
        {"PRIVATE-TOKEN": config.token.get_secret_value()},
        config.requests_per_minute,
        config.tls.path(context.base_dir),
    )
    return Rest(server, context.now, context.sleep)


class GitlabClient:
    """One project."""

    def __init__(self, rest: Rest, config: GitlabConfig, context: ConnectorContext) -> None:
        self._rest = rest
        self._root = f"/api/v4/projects/{quote(config.project, safe='')}"
        self._context = context

    def project(self) -> Row:
        """Return the project. Raises BadConfig for one that is not there, or hidden from us."""
        try:
            return self._row(self._root, "the project")
        except Rejected as error:
            if Refusal.behind(error).status != NOT_FOUND:
                raise
            raise BadConfig(
                "GitLab does not show the project to this token.",
                remedy="Write project as group/project or as its number, and give the token's account access to it.",
            ) from error

    def newest(self, page: int) -> list[Row]:
        """Return a page of all issues, in any state, the newest first."""
        return self._issues({"order_by": "created_at", "sort": "desc", "page": page})

    def issues(self, iids: Sequence[str]) -> list[Row]:
        """Return the issues with these numbers, at most PAGE, that are there."""
        return self._issues({"iids[]": list(iids)})

    def _issues(self, more: Query) -> list[Row]:
        what = "the issues"
        query: Query = {"scope": "all", "state": "all", "per_page": PAGE, **more}
        found = self._asked(lambda: self._rest.get(f"{self._root}/issues", what, query))
        return understood(GITLAB, what, lambda: [dict(row) for row in found])

    def issue(self, iid: str) -> Row | None:
        """Return an issue; None if it is not there, or hidden from us."""
        try:
            return self._row(self._path(iid), "an issue")
        except Rejected as error:
            if Refusal.behind(error).status != NOT_FOUND:
                raise
            return None

    def create(self, issue: Mapping[str, Any]) -> Row:
        """Make an issue."""
        return self._write("POST", f"{self._root}/issues", "a new issue", issue)

    def change(self, iid: str, fields: Mapping[str, Any]) -> Row:
        """Change fields of an issue, and return what it is then. Raises Rejected for one that is closed to us."""
        return self._write("PUT", self._path(iid), "a change of an issue", fields)

    def comment(self, iid: str, text: str) -> Row:
        """Add a comment."""
        return self._write("POST", f"{self._path(iid)}/notes", "a new comment", {"body": text})

    def comments(self, iid: str) -> Iterator[Row]:
        """Yield the comments of an issue."""
        yield from self._pages(f"{self._path(iid)}/notes", "the comments of an issue")

    def moves(self, iid: str) -> list[Row]:
        """Return when an issue was closed and reopened, and by whom."""
        return list(self._pages(f"{self._path(iid)}/resource_state_events", "the moves of an issue"))

    def user(self, login: str) -> Row | None:
        """Return the account of this name; None if there is none."""
        what = "an account"
        found = self._asked(lambda: self._rest.get("/api/v4/users", what, {"username": login}))
        rows: list[Row] = understood(GITLAB, what, lambda: [dict(row) for row in found])
        return next((row for row in rows if str(row.get("username")).casefold() == login.casefold()), None)

    def is_member(self, user_id: int) -> bool:
        """Whether an account is a member of the project, or of a group that it is in."""
        try:
            self._row(f"{self._root}/members/all/{user_id}", "a member of the project")
        except Rejected as error:
            if Refusal.behind(error).status != NOT_FOUND:
                raise
            return False
        return True

    def _path(self, iid: str) -> str:
        return f"{self._root}/issues/{quote(iid, safe='')}"

    def _row(self, path: str, what: str) -> Row:
        found = self._asked(lambda: self._rest.get(path, what))
        return understood(GITLAB, what, lambda: dict(found))

    def _pages(self, path: str, what: str) -> Iterator[Row]:
        page = 0
        while True:
            page += 1
            query: Query = {"per_page": PAGE, "page": page}
            found = self._asked(lambda: self._rest.get(path, what, query))  # noqa: B023  called at once
            rows = understood(GITLAB, what, lambda: [dict(row) for row in found])  # noqa: B023  called at once
            yield from rows
            if len(rows) < PAGE:
                return

    def _write(self, method: str, path: str, what: str, body: Mapping[str, Any]) -> Row:
        try:
            found = self._asked(lambda: written(self._rest, method, path, what, body=dict(body)))
        except PermissionDenied as error:
            if path == f"{self._root}/issues":
                raise
            raise Rejected(error.message, remedy=error.remedy) from error.__cause__  # of this one issue
        return understood(GITLAB, what, lambda: dict(found))

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except NotDone as error:
            reset = Refusal.behind(error).headers.get("ratelimit-reset", "")
            if error.retry_after_s is not None or not reset.isdecimal():
                raise
            wait_s = max(0.0, float(reset) - self._context.now().timestamp())
            self._rest.pause(wait_s)
            raise NotDone(error.message, remedy=error.remedy, retry_after_s=wait_s) from error.__cause__
        except (AuthFailed, PermissionDenied, Rejected) as error:
            raise _explained(error, Refusal.behind(error)) from error.__cause__


def _explained(error: ConnectorError, refusal: Refusal) -> ConnectorError:
    """Say what is missing, or which field was refused, where the answer says so."""
    if isinstance(error, AuthFailed):
        return AuthFailed(error.message, remedy="The token ended or was taken back: make a new one.")
    body = refusal.body if isinstance(refusal.body, Mapping) else {}
    if isinstance(error, PermissionDenied):
        right = "scope api" if body.get("error") == "insufficient_scope" else "the role Reporter"
        remedy = (
            f"Give the token the {right}."
            if right.startswith("scope")
            else "Give its account the role Reporter."
        )
        return PermissionDenied(error.message, missing=right, remedy=remedy)
    said = body.get("message")
    if isinstance(said, Mapping) and said:
        fields = "; ".join(f"{field} {_joined(texts)}" for field, texts in said.items())
        return Rejected(
            f"{error.message.rstrip('.')}: {cut(one_line(fields), DETAIL_MAX)}", remedy="Mend what it names."
        )
    return error


def _joined(texts: Any) -> str:
    return ", ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
