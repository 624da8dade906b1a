"""Jira's REST API: one call is one request, and one page of a list. Says what was answered, not what it means.

Cloud has v3 and documents, Data Center v2 and wiki text. `serverInfo` says which one it is, and v2 of it is on both.
As of Atlassian's description of December 2025 (Cloud), and the manual of Data Center 9.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from connectors.kit.rest import Raw, Refusal, Rest, Server
from connectors.kit.text import cut, one_line, web_address
from connectors.tracker.jira.config import JiraConfig
from worker.ports import (
    AuthFailed,
    BadConfig,
    Changed,
    ConnectorContext,
    ConnectorError,
    Incomplete,
    Malformed,
    PermissionDenied,
    Rejected,
    Transient,
)

JIRA = "Jira"
PROPERTY = "whosleft"  # the issue property that holds the identity
FIELDS = (
    "summary", "status", "resolution", "assignee", "labels", "project", "created", "updated",
)  # fmt: skip
PAGE = 100  # issues, in one call
NOT_FOUND, CONFLICT, REMOVED, STALE, TOO_LARGE = 404, 409, 410, 412, 413
NOT_SHOWN = frozenset({401, 403, 404})  # to whoever has not signed in
SIGN_IN = frozenset(range(300, 400))  # or who is sent to sign in, where the same address takes our token
ANONYMOUS: Mapping[str, str] = {"Accept": "application/json"}
SAID_MAX = 300
T = TypeVar("T")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Which Jira it is. `address` is where people find it."""

    is_cloud: bool
    version: str
    address: str

    @property
    def name(self) -> str:
        return "Jira Cloud" if self.is_cloud else f"Jira Data Center {self.version}".strip()


class JiraClient:
    """One Jira, as one account."""

    def __init__(self, config: JiraConfig, context: ConnectorContext) -> None:
        self._url = config.url
        self._config, self._context = config, context
        token = config.token.get_secret_value()
        pair = base64.b64encode(f"{config.user}:{token}".encode()).decode()
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {token}" if config.user is None else f"Basic {pair}",
            "X-Atlassian-Token": "no-check",  # or files are refused, as if a page had sent them
        }
        self._rest = self._asking(config.url, headers)
        self._nobody = self._asking(config.url)
        self._deployment: Deployment | None = None

    def _asking(self, url: str, headers: Mapping[str, str] = ANONYMOUS) -> Rest:
        ca_file = self._config.tls.path(self._context.base_dir)
        server = Server(JIRA, url, headers, self._config.requests_per_minute, ca_file)
        return Rest(server, self._context.now, self._context.sleep)

    def close(self) -> None:
        """End the connections, and forget which Jira it was."""
        self._rest.close()
        self._nobody.close()
        self._deployment = None

    def deployment(self) -> Deployment:
        """Return which Jira it is; asked once, until `close`."""
        if self._deployment is None:
            what = "its version"
            found = _object(self._asked(lambda: self._rest.get("/rest/api/2/serverInfo", what)), what)
            kind = found.get("deploymentType")
            if not isinstance(kind, str):
                raise unexpected(what)
            address = web_address(str(found.get("baseUrl") or "")) or self._url
            self._deployment = Deployment(
                kind.casefold() == "cloud", one_line(str(found.get("version") or "")), address.rstrip("/")
            )
        return self._deployment

    @property
    def is_cloud(self) -> bool:
        return self.deployment().is_cloud

    def myself(self) -> Row:
        return _object(self.get("myself", "its account"), "its account")

    def rights(self, project: str, names: Collection[str]) -> dict[str, bool]:
        """Return which of these rights the account has in the project; one that is not told is one that it lacks."""
        query = {"projectKey": project, "permissions": ",".join(names)}
        found = _object(self.get("mypermissions", "its rights", query), "its rights").get("permissions")
        told = found if isinstance(found, dict) else {}
        return {
            name: isinstance(told.get(name), dict) and told[name].get("havePermission") is True
            for name in names
        }

    def project(self, key: str) -> Row:
        """Return the project. Raises BadConfig where there is none for this account."""
        what = "the project"
        try:
            return _object(self.get(f"project/{key}", what), what)
        except Rejected as error:
            if Refusal.behind(error).status != NOT_FOUND:
                raise
            raise BadConfig(
                f"Jira has no project {key} that this account may see.",
                remedy="Give the project's key in project, and the account the right Browse Projects.",
            ) from error

    def is_public(self, key: str) -> bool:
        """Return whether the project is shown to people who have not signed in, at the address that people know.

        Raises Transient for no answer, and Incomplete for one that doesn't tell. A gateway of Cloud (a scoped token
        wants it) asks everybody to sign in, so there its answer tells nothing.
        """
        path, what = self._path(f"project/{key}"), "the project, without signing in"
        address = self.deployment().address
        is_elsewhere = self.is_cloud and urlsplit(address).netloc != urlsplit(self._url).netloc
        told = NOT_SHOWN if is_elsewhere else NOT_SHOWN | SIGN_IN
        nobody = self._asking(address) if is_elsewhere else self._nobody
        with closing(nobody):
            try:
                return "key" in _object(nobody.get(path, what), what)
            except Transient:
                raise
            except ConnectorError as error:
                if Refusal.behind(error).status in told:
                    return False
                raise Incomplete(
                    error.message,
                    remedy=f"Let {address} be asked without signing in, or set content: minimal.",
                ) from error

    def statuses(self, project: str) -> list[Row]:
        """Return the project's issue types, each with its statuses."""
        return _objects(self.get(f"project/{project}/statuses", "its statuses"), "its statuses")

    def resolutions(self) -> list[Row]:
        what = "its resolutions"
        if not self.is_cloud:
            return _objects(self.get("resolution", what), what)
        return self._paged("resolution/search", what, "values")

    def all_fields(self) -> list[Row]:
        return _objects(self.get("field", "its fields"), "its fields")

    def issue_types(self, project: str) -> list[Row]:
        """Return the types that this account may make in the project."""
        return self._paged(
            f"issue/createmeta/{project}/issuetypes", "the issue types", "issueTypes", "values"
        )

    def form(self, project: str, type_id: str) -> list[Row]:
        """Return the fields of the screen on which an issue of this type is made."""
        path = f"issue/createmeta/{project}/issuetypes/{quote(type_id, safe='')}"
        return self._paged(path, "the fields of new issues", "fields", "values")

    def attachments_enabled(self) -> bool:
        return (
            _object(self.get("attachment/meta", "its attachments"), "its attachments").get("enabled") is True
        )

    def search(self, jql: str, limit: int = PAGE) -> list[Row]:
        """Return the first page of what a query finds; it may lag behind what is there."""
        what = "a search"
        body: Row = {"jql": jql, "maxResults": limit, "fields": list(FIELDS)}
        if self.is_cloud:
            return self._issues("search/jql", what, body | {"properties": [PROPERTY]})
        # An id that is gone would otherwise make the whole query an invalid one
        return self._issues("search", what, body | {"validateQuery": not jql.startswith("id in")})

    def issues(self, ids_or_keys: Sequence[str]) -> list[Row]:
        """Return those of these issues (PAGE at most) that are there, as they are now. Cloud only."""
        body = {"issueIdsOrKeys": list(ids_or_keys), "fields": list(FIELDS), "properties": [PROPERTY]}
        return self._issues("issue/bulkfetch", "issues", body)

    def issue(self, ref: str, more: Mapping[str, str] | None = None) -> Row | None:
        """Return one issue as it is now; None if it is gone, or not for us. `more` are other options."""
        what = "an issue"
        query = {"fields": ",".join(FIELDS), "properties": PROPERTY, **(more or {})}
        try:
            return _object(self.get(_of(ref), what, query), what)
        except Rejected as error:
            if Refusal.behind(error).status != NOT_FOUND:
                raise
            return None
        except PermissionDenied:
            return None

    def changes(self, ref: str, start: int) -> tuple[list[Row], int]:
        """Return a page of an issue's changes, the oldest first, and how many there are. Cloud only."""
        what = "the changes of an issue"
        query = {"startAt": start, "maxResults": PAGE}
        found = _object(self.get(_of(ref, "changelog"), what, query), what)
        total = found.get("total") or 0
        if not isinstance(total, int):
            raise unexpected(what)
        return _objects(found.get("values"), what), total

    def transitions(self, ref: str) -> list[Row]:
        """Return the moves that this account may make from where the issue is, with the fields of their screens."""
        what = "the moves of an issue"
        found = self.get(_of(ref, "transitions"), what, {"expand": "transitions.fields"})
        return _objects(_object(found, what).get("transitions"), what)

    def comments(self, ref: str) -> list[Row]:
        """Return an issue's latest comments, the newest first."""
        what = "the comments of an issue"
        query = {"orderBy": "-created", "maxResults": PAGE}
        return _objects(_object(self.get(_of(ref, "comment"), what, query), what).get("comments"), what)

    def assignable(self, project: str, email: str) -> list[Row]:
        """Return the accounts that a search for an address finds among those that may have an issue."""
        query = {"project": project, ("query" if self.is_cloud else "username"): email}
        return _objects(self.get("user/assignable/search", "an assignee", query), "an assignee")

    def create(self, body: Row) -> Row:
        what = "a new issue"
        found = self._written("POST", "issue", what, body)
        if not isinstance(found, dict) or not isinstance(found.get("id"), str):
            raise _unclear(unexpected(what))
        return found

    def transition(self, ref: str, body: Row) -> None:
        self._written("POST", _of(ref, "transitions"), "a move of an issue", body)

    def comment(self, ref: str, body: Row) -> None:
        self._written("POST", _of(ref, "comment"), "a comment", body)

    def assign(self, ref: str, account: Mapping[str, str]) -> None:
        self._written("PUT", _of(ref, "assignee"), "an assignee", dict(account))

    def attach(self, ref: str, name: str, data: bytes) -> None:
        border = token_hex(16)
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{_file_name(name)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        whole = head.encode() + data + f"\r\n--{border}--\r\n".encode()
        body = Raw(whole, f"multipart/form-data; boundary={border}")
        self._written("POST", _of(ref, "attachments"), "a file", body)

    def get(self, path: str, what: str, query: Mapping[str, Any] | None = None) -> Any:
        return self._asked(lambda: self._rest.get(self._path(path), what, query))

    def _issues(self, path: str, what: str, body: Row) -> list[Row]:
        found = self._asked(lambda: self._rest.call("POST", self._path(path), what, body=body))
        return _objects(_object(found, what).get("issues"), what)

    def _paged(self, path: str, what: str, *keys: str) -> list[Row]:
        """Return all pages of a list, which is under the first of `keys` that is there."""
        rows: list[Row] = []
        while True:
            page = _object(self.get(path, what, {"startAt": len(rows), "maxResults": PAGE}), what)
            found = _objects(next((page[key] for key in keys if key in page), None), what)
            rows += found
            total = page.get("total")
            if not found or not isinstance(total, int) or len(rows) >= total:
                return rows

    def _path(self, path: str) -> str:
        return f"/rest/api/{3 if self.is_cloud else 2}/{path}"

    def _written(self, method: str, path: str, what: str, body: Any) -> Any:
        """Write once. What can't be understood of the answer is unclear: it may have been done.

        A right that is lacking for one issue is that issue's trouble: reads go on.
        """
        whole = self._path(path)
        try:
            return self._asked(lambda: self._rest.call(method, whole, what, body=body))
        except (Incomplete, Malformed) as error:
            raise _unclear(error) from error
        except PermissionDenied as error:
            raise Rejected(error.message, remedy=error.remedy) from error

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ConnectorError as error:
            raise refused(error, Refusal.behind(error)) from error.__cause__


def refused(error: ConnectorError, refusal: Refusal) -> ConnectorError:
    """Return the error for what Jira answered, with what it said, and what to do."""
    said = _said(refusal.body)
    message = f"{error.message.removesuffix('.')}: {said}" if said else error.message
    reason = one_line(refusal.headers.get("ratelimit-reason", ""))
    if reason:
        message = f"{message.removesuffix('.')} ({cut(reason, SAID_MAX)})."
    if refusal.status in {CONFLICT, STALE}:
        return Changed(message, remedy="It is read again, and decided anew.")
    if refusal.status == REMOVED:
        return BadConfig(message, remedy="This Jira has taken the call away: update Whosleft.")
    if isinstance(error, AuthFailed):
        return AuthFailed(
            message,
            remedy="Check user and token: they may have expired. Data Center may want a captcha: sign in once.",
        )
    if isinstance(error, PermissionDenied):
        missing = said or error.missing
        return PermissionDenied(message, missing=missing, remedy="Give the account the rights of the README.")
    if isinstance(error, Rejected):
        return Rejected(message, remedy=_remedy(refusal))
    if message != error.message:
        error.message = message
    return error


def refused_fields(refusal: Refusal) -> tuple[str, ...]:
    """Return the fields that Jira names in a refusal."""
    errors = refusal.body.get("errors") if isinstance(refusal.body, dict) else None
    return tuple(map(one_line, errors)) if isinstance(errors, dict) else ()


def _remedy(refusal: Refusal) -> str:
    if names := ", ".join(refused_fields(refusal)):
        return (
            f"Look at {cut(names, SAID_MAX)} in Jira: on the screen, not required without a value, and of this kind; "
            "give fixed values in fields (new issues) or states.fields (moves)."
        )
    if refusal.status == TOO_LARGE:
        return "Raise the limit in Jira, or delete what the issue has too much of."
    return "Check project, issue_type and states; run whosleft check."


def _said(body: Any) -> str:
    """Return what Jira says of a refusal: its sentences, and those of each field."""
    if not isinstance(body, dict):
        return ""
    messages, errors = body.get("errorMessages"), body.get("errors")
    texts = [text for text in messages if isinstance(text, str)] if isinstance(messages, list) else []
    if isinstance(errors, dict):
        texts += [f"{name}: {text}" for name, text in errors.items()]
    return cut(one_line(" ".join(texts)), SAID_MAX)


def unexpected(what: str) -> Incomplete:
    """The error for an answer of another form than described."""
    return Incomplete(
        f"Jira, asked for {what}, answered something else.",
        remedy="Nothing is changed by it. Check that url is Jira itself, not a page in front of it.",
    )


def _unclear(error: ConnectorError) -> Transient:
    return Transient(
        error.message, remedy="It may have been done: it is looked for before it is tried again."
    )


def _object(found: Any, what: str) -> Row:
    if not isinstance(found, dict):
        raise unexpected(what)
    return found


def _objects(found: Any, what: str) -> list[Row]:
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise unexpected(what)
    return found


def _of(ref: str, part: str = "") -> str:
    return f"issue/{quote(ref, safe='')}{'/' if part else ''}{part}"


def _file_name(name: str) -> str:
    return one_line(name).replace('"', "'").replace("\\", "_")
