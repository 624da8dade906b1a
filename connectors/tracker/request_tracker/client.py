"""Request Tracker's REST interface, version 2: one call is one request. Says what was answered, not what it means.

As of RT 5.0.7. A PUT answers 200 whatever happens, with sentences in the account's language, so it returns them and
proves nothing. A search leaves out deleted and merged tickets, and those that we may not see; a field that it does not
know, if it is a custom one, matches nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.kit.rest import If, Refusal, Rest, Server
from connectors.kit.text import cut, one_line
from connectors.kit.tracker_rest import understood, written
from connectors.tracker.request_tracker.config import RequestTrackerConfig
from worker.ports import AuthFailed, Changed, ConnectorContext, ConnectorError, PermissionDenied, Rejected

RT = "Request Tracker"
PAGE = 100  # RT's largest page
SAID_MAX = 200  # characters of what RT says
API = "/REST/2.0"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CHANGED = 401, 403, 404, 412
FIELDS = "Status,Queue,Owner,Created,CustomFields"
LINKS = "_hyperlinks"  # some fifteen queries of RT's a ticket, so only where they are needed
Row = Mapping[str, Any]


def rest_of(config: RequestTrackerConfig, context: ConnectorContext) -> Rest:
    """The server that is configured; asks it nothing."""
    headers = {"Authorization": f"token {config.token.get_secret_value()}"}
    ca_file = config.tls.path(context.base_dir)
    server = Server(
        RT,
        config.url,
        headers,
        config.requests_per_minute,
        ca_file,
    )
    return Rest(server, context.now, context.sleep)


class RequestTrackerClient:
    """One RT, asked by one account."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def version(self) -> str:
        """Return RT's version."""
        found = self._get("/rt", "its version")
        return understood(RT, "its version", lambda: str(found["Version"]))

    def queue(self, name: str) -> Row:
        """Return a queue, by its name. Raises PermissionDenied also where there is none: RT tells no difference."""
        found = self._get(f"/queue/{quote(name, safe='')}", "the queue")
        return understood(RT, "the queue", lambda: {**found, "id": str(found["id"])})

    def search(self, query: str, what: str, *, links: bool = False, newest: int = 0) -> list[Row]:
        """Return the tickets that a query in TicketSQL finds, at most PAGE, oldest first, or only the `newest`.

        In any state but deleted. With what RT offers for them and what they refer to, if `links`.
        """
        asked: dict[str, str | int] = {
            "query": query,
            "fields": f"{FIELDS},{LINKS}" if links else FIELDS,
            "fields[Owner]": "Name,EmailAddress",
            "per_page": newest or PAGE,
            "orderby": "id",
            "order": "DESC" if newest else "ASC",
        }
        found = self._get("/tickets", what, asked)
        return understood(RT, what, lambda: [_row(item) for item in found["items"]])

    def ticket(self, ref: str) -> tuple[Row, str]:
        """Return a ticket, with its links, and its ETag. Of a merged one RT shows what it was merged into."""
        what = "a ticket"
        try:
            found, headers = self._rest.answered("GET", f"{API}/ticket/{_number(ref)}", what)
        except ConnectorError as error:
            raise _named(error) from error.__cause__
        row = understood(RT, what, lambda: _row(found))
        return row, headers.get("etag", "")

    def history(self, ref: str) -> list[Row]:
        """Return what happened to a ticket, as far as we may see it, newest first, at most PAGE."""
        asked: dict[str, str | int] = {
            "fields": "Type,Field,NewValue,Creator,Created",
            "fields[Creator]": "Name,EmailAddress",
            "per_page": PAGE,
            "orderby": "id",
            "order": "DESC",
        }
        found = self._get(f"/ticket/{_number(ref)}/history", "a ticket's history", asked)
        return understood(RT, "a ticket's history", lambda: [dict(item) for item in found["items"]])

    def files(self, ref: str) -> list[Row]:
        """Return what is attached to a ticket, texts of comments too, as far as we may see it: the newest PAGE."""
        what = "a ticket's files"
        asked: dict[str, str | int] = {
            "fields": "Filename,ContentLength",
            "per_page": PAGE,
            "orderby": "id",
            "order": "DESC",
        }
        found = self._get(f"/ticket/{_number(ref)}/attachments", what, asked)
        return understood(RT, what, lambda: [dict(item) for item in found["items"]])

    def users(self, email: str) -> list[str]:
        """Return the names of the enabled accounts with this address; RT compares it in any case."""
        body = [{"field": "EmailAddress", "value": email}]
        what = "an account by its address"
        asked = {"fields": "Name,EmailAddress"}
        try:
            found = self._rest.call("POST", f"{API}/users", what, query=asked, body=body)
        except ConnectorError as error:
            raise _named(error) from error.__cause__
        rows = understood(
            RT, what, lambda: [(str(one["Name"]), str(one["EmailAddress"])) for one in found["items"]]
        )
        return [name for name, address in rows if address.casefold() == email.casefold()]

    def create(self, body: Row) -> str:
        """Make a ticket; return its id. What RT did not take of it is not said."""
        what = "a new ticket"
        found = self._write("POST", "/ticket", what, body)
        return understood(RT, what, lambda: str(int(found["id"])))

    def change(self, ref: str, body: Row, etag: str) -> str:
        """Ask for a change of what still has this ETag; return what RT said, which may be that it did nothing.

        Raises Changed.
        """
        return _said(
            self._write("PUT", f"/ticket/{_number(ref)}", "a change", If(etag, body) if etag else body)
        )

    def comment(self, ref: str, text: str, files: Sequence[tuple[str, bytes]] = (), status: str = "") -> str:
        """Add a comment, which is not sent to the requestor, as a correspondence would be; return what RT said.

        RT takes it from whoever may comment or modify. With a status, RT sets it after the comment, which stays if
        the status is refused; it takes no ETag here. Raises Rejected.
        """
        body: dict[str, Any] = {"Content": text, "ContentType": "text/plain"}
        if status:
            body["Status"] = status
        if files:
            body["Attachments"] = [
                {
                    "FileName": name,
                    "FileType": "application/octet-stream",
                    "FileContent": b64encode(data).decode(),
                }
                for name, data in files
            ]
        try:
            return _said(self._write("POST", f"/ticket/{_number(ref)}/comment", "a comment", body))
        except Rejected as error:
            raise Rejected(error.message, remedy=RIGHTS) from error.__cause__

    def _get(self, path: str, what: str, query: Mapping[str, str | int] | None = None) -> Any:
        try:
            return self._rest.get(f"{API}{path}", what, query)
        except ConnectorError as error:
            raise _named(error) from error.__cause__

    def _write(self, method: str, path: str, what: str, body: Any) -> Any:
        try:
            return written(self._rest, method, f"{API}{path}", what, body=body)
        except ConnectorError as error:
            raise _named(error) from error.__cause__


def text(value: str) -> str:
    """Return a value as TicketSQL quotes it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _said(found: Any) -> str:
    return cut(one_line(" ".join(map(str, found))), SAID_MAX) if isinstance(found, list) else ""


def _row(item: Any) -> Row:
    return {**item, "id": str(int(item["id"]))}


def _number(ref: str) -> int:
    try:
        return int(ref)
    except ValueError as error:
        raise Rejected(f"{ref!r} is no number of a ticket.", remedy="It was never one of RT's.") from error


def _named(error: ConnectorError) -> ConnectorError:
    """Say what RT means by a status."""
    status = Refusal.behind(error).status
    if status == CHANGED:
        return Changed("The ticket was changed since it was read.", remedy="It is read again.")
    if status == UNAUTHORIZED:
        return AuthFailed(
            f"{RT} does not accept the token.",
            remedy="Make a new one in RT (Settings, Auth Tokens) for our account, and put it into token.",
        )
    if status == FORBIDDEN and isinstance(error, PermissionDenied):
        return PermissionDenied(error.message, missing=error.missing, remedy=RIGHTS)
    return error


RIGHTS = (
    "Give our account, which has to be privileged, the queue's rights SeeQueue, ShowTicket, ShowTicketComments, "
    "CreateTicket, ModifyTicket and ReassignTicket."
)
