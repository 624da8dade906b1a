"""GitHub's REST API for issues: one call is one request. Says what was answered, not what it means.

As of the API description 2022-11-28. Limits are told in several ways: 429 or 403, with `retry-after`, or with
`x-ratelimit-remaining: 0` and the instant of `x-ratelimit-reset`, or by a sentence alone. Nothing was done then.
Writes go out one a second at most, as GitHub asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from connectors.kit.http import retry_after_s
from connectors.kit.rest import Pace, Query, Refusal, Rest, Server
from connectors.kit.text import cut, one_line
from connectors.kit.tracker_rest import understood, written
from connectors.tracker.github.config import GithubConfig
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorContext,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
)

GITHUB = "GitHub"
VERSION = "2022-11-28"
PAGE = 100
WRITES_PER_MINUTE = 60
SECONDARY_S = 60.0  # what its documentation says to wait where no answer does
DETAIL_MAX = 300
MOVED = frozenset({301, 302, 307, 308})
NOT_FOUND, GONE, UNPROCESSABLE = 404, 410, 422
LIMITED = frozenset({403, 429})
Row = Mapping[str, Any]
T = TypeVar("T")


def rest_of(config: GithubConfig, context: ConnectorContext) -> Rest:
    """Return the API; nothing is connected yet."""
    headers = {
        "Authorization": f"Bearer {config.token.get_secret_value()}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": VERSION,
        "User-Agent": "whosleft",
    }
    server = Server(
        GITHUB,
        config.api,
        headers,
        config.requests_per_minute,
        config.tls.path(context.base_dir),
    )
    return Rest(server, context.now, context.sleep)


class GithubClient:
    """One repository."""

    def __init__(self, rest: Rest, config: GithubConfig, context: ConnectorContext) -> None:
        self._rest = rest
        self._base = config.api
        self._root = f"/repos/{config.repository}"
        self._context = context
        self._writes = Pace(WRITES_PER_MINUTE, burst=1)

    def repository(self) -> Row:
        """Return the repository."""
        what = "the repository"
        try:
            found = _in_its_place(lambda: self._asked(lambda: self._rest.get(self._root, what)))
        except Rejected as error:
            if Refusal.behind(error).status != NOT_FOUND:
                raise
            raise BadConfig(
                "GitHub does not show the repository to this token.",
                remedy="Write repository as owner/name, and give the token access to it.",
            ) from error
        return understood(GITHUB, what, lambda: dict(found))

    def issues(self, page: int, *, newest_first: bool) -> list[Row]:
        """Return a page of all issues and pull requests, in any state, in the order in which they were made."""
        what = "the issues"
        query: Query = {
            "state": "all",
            "sort": "created",
            "direction": "desc" if newest_first else "asc",
            "per_page": PAGE,
            "page": page,
        }
        try:
            found = _in_its_place(
                lambda: self._asked(lambda: self._rest.get(f"{self._root}/issues", what, query))
            )
        except Rejected as error:
            if Refusal.behind(error).status in {NOT_FOUND, GONE}:
                raise _switched_off(error) from error
            raise
        return understood(GITHUB, what, lambda: [dict(row) for row in found])

    def issue(self, number: str) -> tuple[Row, str]:
        """Return an issue and its path, which is another one once it was transferred.

        Raises Rejected, with 404 or 410 behind it, for one that is deleted or hidden.
        """
        path, what = f"{self._root}/issues/{quote(number, safe='')}", "an issue"
        try:
            found = self._asked(lambda: self._rest.get(path, what))
        except BadConfig as error:
            path = self._moved_to(error)
            found = self._asked(lambda: self._rest.get(path, what))
        return understood(GITHUB, what, lambda: dict(found)), path

    def _moved_to(self, error: BadConfig) -> str:
        """Return where a redirection leads, if that is on the same server. Raises the error otherwise."""
        refusal = Refusal.behind(error)
        there, here = urlsplit(refusal.headers.get("location", "")), urlsplit(self._base)
        if refusal.status not in MOVED or (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise error
        return there.path.removeprefix(here.path)

    def create(self, issue: Mapping[str, Any]) -> Row:
        """Make an issue."""
        try:
            return _in_its_place(
                lambda: self._write("POST", f"{self._root}/issues", "a new issue", dict(issue))
            )
        except Rejected as error:
            if Refusal.behind(error).status in {NOT_FOUND, GONE}:
                raise _switched_off(error) from error
            raise

    def change(self, number: str, fields: Mapping[str, Any]) -> Row:
        """Change fields of an issue, and return what it is then."""
        return self._write(
            "PATCH", f"{self._root}/issues/{quote(number, safe='')}", "a change of an issue", dict(fields)
        )

    def comment(self, path: str, text: str) -> Row:
        """Add a comment to the issue at a path."""
        return self._write("POST", f"{path}/comments", "a new comment", {"body": text})

    def comments(self, path: str) -> Iterator[Row]:
        """Yield the comments of the issue at a path, oldest first."""
        yield from self._pages(f"{path}/comments", "the comments of an issue")

    def events(self, path: str) -> Iterator[Row]:
        """Yield what happened to the issue at a path, oldest first."""
        yield from self._pages(f"{path}/events", "the events of an issue")

    def labels(self) -> Iterator[Row]:
        """Yield the repository's labels."""
        yield from self._pages(f"{self._root}/labels", "the labels")

    def may_have(self, login: str) -> bool:
        """Whether issues of the repository can be assigned to an account."""
        path = f"{self._root}/assignees/{quote(login, safe='')}"
        try:
            self._asked(lambda: self._rest.get(path, "who may be assigned"))
        except Rejected as error:
            if Refusal.behind(error).status != NOT_FOUND:
                raise
            return False
        return True

    def _pages(self, path: str, what: str) -> Iterator[Row]:
        page = 0
        while True:
            page += 1
            query: Query = {"per_page": PAGE, "page": page}
            found = self._asked(lambda: self._rest.get(path, what, query))  # noqa: B023  called at once
            rows = understood(GITHUB, what, lambda: [dict(row) for row in found])  # noqa: B023  called at once
            yield from rows
            if len(rows) < PAGE:
                return

    def _write(self, method: str, path: str, what: str, body: Any) -> Row:
        if wait_s := self._writes.take():
            self._context.sleep(wait_s)
        try:
            found = self._asked(lambda: written(self._rest, method, path, what, body=body))
        except PermissionDenied as error:
            if method == "POST" and path == f"{self._root}/issues":
                raise
            raise Rejected(error.message, remedy=error.remedy) from error.__cause__  # of this one issue
        return understood(GITHUB, what, lambda: dict(found))

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ConnectorError as error:
            refusal = Refusal.behind(error)
            if refusal.status in LIMITED and (wait_s := self._wait_s(refusal)) is not None:
                self._rest.pause(wait_s)
                raise NotDone(
                    error.message, remedy="It is tried again by itself.", retry_after_s=wait_s
                ) from error.__cause__
            raise _explained(error, refusal) from error.__cause__

    def _wait_s(self, refusal: Refusal) -> float | None:
        """Seconds until GitHub takes the next request; None if it was no limit that refused."""
        now = self._context.now()
        wait_s = retry_after_s(refusal.headers, now)
        reset = refusal.headers.get("x-ratelimit-reset", "")
        if wait_s is None and refusal.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
            wait_s = max(0.0, float(reset) - now.timestamp())
        said = refusal.body.get("message") if isinstance(refusal.body, dict) else ""
        if wait_s is None and "rate limit" in str(said).casefold():
            wait_s = SECONDARY_S
        return wait_s


def _in_its_place(ask: Callable[[], T]) -> T:
    """Return the answer of the repository itself. Raises BadConfig where it is at another place now."""
    try:
        return ask()
    except BadConfig as error:
        if Refusal.behind(error).status not in MOVED:
            raise
        raise BadConfig(
            "The repository was renamed or moved.", remedy="Write its present name in repository."
        ) from error


def _explained(error: ConnectorError, refusal: Refusal) -> ConnectorError:
    """Say what is missing, or which field was refused, where the answer says so."""
    if isinstance(error, AuthFailed):
        return AuthFailed(error.message, remedy="The token ended or was taken back: make a new one.")
    if isinstance(error, PermissionDenied):
        right = refusal.headers.get("x-accepted-github-permissions") or "issues=write"
        return PermissionDenied(
            error.message, missing=right, remedy=f"Give the token {one_line(right)} on this repository."
        )
    errors = refusal.body.get("errors") if isinstance(refusal.body, dict) else None
    if refusal.status == UNPROCESSABLE and isinstance(errors, list) and errors:
        said = cut("; ".join(_said(one) for one in errors), DETAIL_MAX)
        return Rejected(f"{error.message.rstrip('.')}: {said}", remedy="Mend what it names.")
    return error


def _said(error: Any) -> str:
    if isinstance(error, Mapping):
        return one_line(" ".join(str(error[key]) for key in ("field", "code", "message") if error.get(key)))
    return one_line(str(error))


def _switched_off(error: Rejected) -> BadConfig:
    return BadConfig(
        f"{error.message.rstrip('.')}: issues are switched off there, or the token may not see them.",
        remedy="Switch issues on in the repository's settings, and give the token Issues: read and write.",
    )
