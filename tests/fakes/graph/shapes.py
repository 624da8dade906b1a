"""What Microsoft Graph's answers look like: errors, users as a list or a delta shows them, and the names it knows.

The names are those of `user` in Microsoft's v1.0 metadata that a poller may want; the others are refused, so that a
test can't invent one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

ALWAYS = ("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation")
DEFAULT = (*ALWAYS, "preferredLanguage", "surname", "userPrincipalName", "id")  # returned without $select
LISTS = frozenset({"businessPhones", "otherMails", "proxyAddresses"})
PROPERTIES = frozenset(DEFAULT) | {
    *("accountEnabled", "companyName", "createdDateTime", "creationType", "deletedDateTime", "department"),
    *("employeeHireDate", "employeeId", "employeeLeaveDateTime", "employeeOrgData", "employeeType"),
    *("externalUserState", "onPremisesDistinguishedName", "onPremisesExtensionAttributes"),
    *("onPremisesImmutableId", "onPremisesSamAccountName", "onPremisesSecurityIdentifier"),
    *("onPremisesSyncEnabled", "otherMails", "proxyAddresses", "signInActivity"),
    *("signInSessionsValidFromDateTime", "usageLocation", "userType"),
}
ELSEWHERE = frozenset(  # stored outside the directory: selectable one by one, never tracked
    {"aboutMe", "birthday", "hireDate", "interests", "mailboxSettings", "mySite", "pastProjects"}
    | {"preferredName", "responsibilities", "schools", "skills"}
)
EXTENSION = re.compile(
    r"extension_[0-9a-f]{32}_\w+"
)  # of a directory extension, with its app's id; of any type
USER_TYPE = "#microsoft.graph.user"
LENGTHS_MAX = {"employeeId": 16, "department": 64, "mobilePhone": 64, "companyName": 64, "displayName": 256}


class Refused(Exception):
    """An error that the service answers: its status, code and message, and headers of its own."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def bad_request(message: str, code: str = "Request_BadRequest") -> Refused:
    return Refused(400, code, message)


def unsupported(message: str) -> Refused:
    return Refused(400, "Request_UnsupportedQuery", message)


def not_found(what: str) -> Refused:
    return Refused(
        404,
        "Request_ResourceNotFound",
        f"Resource '{what}' does not exist or one of its queried reference-property objects are not present.",
    )


def error_body(code: str, message: str, request_id: str, client_request_id: str, now: datetime) -> Json:
    """The error of Graph's own reference: code, message, and an innerError with the ids that support asks for."""
    inner = {"date": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "request-id": request_id}
    return {
        "error": {
            "code": code,
            "message": message,
            "innerError": {**inner, "client-request-id": client_request_id or request_id},
        }
    }


def encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def instant(value: datetime) -> str:
    """An instant as Graph writes it: UTC, to the second, with a Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> datetime:
    """Read an instant, with seven digits of a second too; raise ValueError for one without a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return at


def checked(properties: Mapping[str, Any]) -> Json:
    """Return properties as Graph would store them; raise ValueError for what it knows by no such name or length.

    A datetime becomes its text.
    """
    stored: Json = {}
    for name, value in properties.items():
        if not (name in PROPERTIES or EXTENSION.fullmatch(name)) or name in {"id", "deletedDateTime"}:
            raise ValueError(f"a user has no settable property {name!r}")
        if isinstance(value, str) and len(value) > LENGTHS_MAX.get(name, len(value)):
            raise ValueError(f"{name} has at most {LENGTHS_MAX[name]} characters")
        if name == "businessPhones" and len(value or ()) > 1:
            raise ValueError("businessPhones holds one number at most")
        stored[name] = instant(value) if isinstance(value, datetime) else value
    return stored


def full(properties: Mapping[str, Any], names: Iterable[str]) -> Json:
    """A user as a read shows it: every name asked for is there, null where it was never set."""
    return {name: properties.get(name, [] if name in LISTS else None) for name in names}


def tracked(properties: Mapping[str, Any], names: Iterable[str]) -> Json:
    """A user as a delta shows it: what was never set isn't there."""
    return {name: properties[name] for name in names if name in properties}


def removed(user_id: str, *, is_purged: bool) -> Json:
    """`changed` means soft-deleted and `deleted` gone for good, which is not what the words say."""
    return {"id": user_id, "@removed": {"reason": "deleted" if is_purged else "changed"}}


def reference(user_id: str, *, is_removed: bool = False) -> Json:
    """One end of a relationship in a delta."""
    mark = {"@removed": {"reason": "deleted"}} if is_removed else {}
    return {"@odata.type": USER_TYPE, "id": user_id, **mark}
