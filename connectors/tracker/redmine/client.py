"""Redmine's REST interface: one call is one request. Says what was answered, not what it means.

As of Redmine 6.0.5. A filter that it does not know is ignored, so all issues come; a part of a write that we may not
set is dropped, and it answers 204. Both are for the caller to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from connectors.kit.rest import Raw, Refusal, Rest, Server
from connectors.kit.text import cut, one_line
from connectors.kit.tracker_rest import understood, written
from connectors.tracker.redmine.config import RedmineConfig
from worker.ports import AuthFailed, ConnectorContext, ConnectorError, PermissionDenied, Rejected

REDMINE = "Redmine"
PAGE = 100  # Redmine's largest page
SAID_MAX = 300  # characters of what it says
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, INVALID = 401, 403, 404, 422
Row = Mapping[str, Any]
T = TypeVar("T")


def rest_of(config: RedmineConfig, context: ConnectorContext) -> Rest:
    """The server that is configured; asks it nothing."""
    headers = {"X-Redmine-API-Key": config.api_key.get_secret_value()}
    ca_file = config.tls.path(context.base_dir)
    server = Server(
        REDMINE,
        config.url,
        headers,
        config.requests_per_minute,
        ca_file,
    )
    return Rest(server, context.now, context.sleep)


class RedmineClient:
    """One Redmine, asked by one account."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def account(self) -> Row:
        """Return our own account."""
        return self._got("/my/account.json", "our account", lambda found: dict(found["user"]))

    def statuses(self) -> dict[int, str]:
        """Return the names of all issue statuses, by their numbers."""
        return self._got(
            "/issue_statuses.json",
            "the statuses",
            lambda found: {int(one["id"]): str(one["name"]) for one in found["issue_statuses"]},
        )

    def project(self, name: str) -> Row:
        """Return a project, by its identifier, with its trackers and the custom fields of its issues."""
        return self._got(
            f"/projects/{quote(name, safe='')}.json",
            "the project",
            lambda found: dict(found["project"]),
            {"include": "trackers,issue_custom_fields"},
        )

    def issues(self, what: str, query: Mapping[str, str | int]) -> list[Row]:
        """Return issues in any state with their relations, at most PAGE, oldest first.

        A filter that Redmine does not know is ignored.
        """
        return self._got(
            "/issues.json",
            what,
            lambda found: [_row(one) for one in found["issues"]],
            {"status_id": "*", "limit": PAGE, "sort": "id", "include": "relations", **query},
        )

    def issue(self, ref: str, include: str = "allowed_statuses,journals,attachments,relations") -> Row:
        """Return one issue with what is to be included.

        Else the statuses that we may set, comments and changes, files, and what it duplicates or is blocked by.
        """
        return self._got(
            f"/issues/{_number(ref)}.json",
            "an issue",
            lambda found: _row(found["issue"]),
            {"include": include},
        )

    def user(self, user_id: int) -> Row:
        """Return a person, as far as we may see them."""
        return self._got(f"/users/{user_id}.json", "a person", lambda found: dict(found["user"]))

    def users(self, email: str) -> Collection[int]:
        """Return the numbers of the active people with this address. Raises PermissionDenied for who is no admin."""
        return self._got(
            "/users.json",
            "a person by their address",
            lambda found: [
                int(one["id"]) for one in found["users"] if str(one["mail"]).casefold() == email.casefold()
            ],
            {"name": email, "status": 1, "limit": PAGE},
        )

    def create(self, issue: Row) -> str:
        """Make an issue; return its number."""
        found = self._write("POST", "/issues.json", "a new issue", {"issue": issue})
        return understood(REDMINE, "a new issue", lambda: str(int(found["issue"]["id"])))

    def change(self, ref: str, issue: Row) -> None:
        """Ask for a change. What we may not do of it is left out, and nothing says so.

        Raises Rejected if the issue is closed to us.
        """
        self._write_to_one("PUT", f"/issues/{_number(ref)}.json", "a change", {"issue": issue})

    def upload(self, name: str, data: bytes) -> str:
        """Store a file; return the token that attaches it, once. Raises Rejected if we may not."""
        path = f"/uploads.json?filename={quote(name, safe='')}"
        found = self._write_to_one("POST", path, "a file", Raw(data))
        return understood(REDMINE, "a file", lambda: str(found["upload"]["token"]))

    def _got(
        self, path: str, what: str, read: Callable[[Any], T], query: Mapping[str, str | int] | None = None
    ) -> T:
        try:
            found = self._rest.get(path, what, query)
        except ConnectorError as error:
            raise _named(error) from error.__cause__
        return understood(REDMINE, what, lambda: read(found))

    def _write_to_one(self, method: str, path: str, what: str, body: Any) -> Any:
        try:
            return self._write(method, path, what, body)
        except PermissionDenied as error:  # of this one issue: others may be open to us
            raise Rejected(error.message, remedy=error.remedy) from error.__cause__

    def _write(self, method: str, path: str, what: str, body: Any) -> Any:
        try:
            return written(self._rest, method, path, what, body=body)
        except ConnectorError as error:
            raise _named(error) from error.__cause__


def _row(issue: Any) -> Row:
    return {**issue, "id": str(int(issue["id"]))}


def _number(ref: str) -> int:
    try:
        return int(ref)
    except ValueError as error:
        raise Rejected(
            f"{ref!r} is no number of an issue.", remedy="It was never one of Redmine's."
        ) from error


def _named(error: ConnectorError) -> ConnectorError:
    """Say what Redmine means by a status, and what it objects to."""
    refusal = Refusal.behind(error)
    if refusal.status == UNAUTHORIZED:
        return AuthFailed(
            f"{REDMINE} does not accept the API access key.",
            remedy="Look for it under My account of our account in Redmine, and put it into api_key.",
        )
    if refusal.status == FORBIDDEN and isinstance(error, PermissionDenied):
        return PermissionDenied(
            error.message,
            missing=error.missing,
            remedy=f"{RIGHTS} The REST web service has to be enabled in Administration, Settings, API.",
        )
    if refusal.status == INVALID and isinstance(refusal.body, dict):
        said = "; ".join(map(str, refusal.body.get("errors") or ["it does not say why"]))
        return Rejected(
            f"{REDMINE} refused it: {cut(one_line(said), SAID_MAX)}.",
            remedy="Change what the project, its tracker or its workflow demands, or set it by hand.",
        )
    return error


RIGHTS = (
    "Make our account a member of the project, in a role with View issues, Add issues, Edit issues and Add notes, and "
    "with the moves between the statuses in Administration, Workflow."
)
