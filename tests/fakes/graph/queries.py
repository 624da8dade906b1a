"""The query options of Microsoft Graph, as far as a poller of people may use them; the others are refused.

Options.of(request) -> select, top, filter …;  matcher(filter) -> a test of one user
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fakes.graph.http import Request
from fakes.graph.shapes import ELSEWHERE, EXTENSION, PROPERTIES, Refused, bad_request, unsupported
from fakes.graph.tenant import User

TOP_MAX = 999
TOP_DEFAULT = 100
TERM = re.compile(r"\s*(?P<name>\w+)\s+eq\s+(?P<value>'(?:[^']|'')*'|true|false|null)\s*", re.IGNORECASE)
IN = re.compile(r"\s*(?P<name>\w+)\s+in\s+\((?P<values>[^)]*)\)\s*", re.IGNORECASE)
NEEDS_COUNT = re.compile(r"\b(ne|not|endswith)\b", re.IGNORECASE)
KNOWN = frozenset(
    {"$select", "$top", "$filter", "$expand", "$count", "$orderby", "$skiptoken", "$search", "$skip"}
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a read; `select` is None where none was given."""

    select: tuple[str, ...] | None
    top: int
    filter: str
    expand: str
    is_counted: bool
    orderby: str
    skip_token: str

    @classmethod
    def of(cls, request: Request, *, also: frozenset[str] = frozenset()) -> Options:
        query = request.query
        unknown = [name for name in query if name.startswith("$") and name not in KNOWN]
        if unknown:
            raise bad_request(f"The query option '{unknown[0]}' is not allowed.", "BadRequest")
        if "$search" in query or "$skip" in query:
            raise unsupported("This query option is not supported by the fake.")
        advanced = request.headers.get("consistencylevel", "").lower() == "eventual"
        is_counted = query.get("$count", "").lower() == "true"
        needs = bool(NEEDS_COUNT.search(re.sub(r"'[^']*'", "", query.get("$filter", ""))))
        if (is_counted and not advanced) or (needs and not (advanced and is_counted)):
            raise unsupported(
                "Unsupported Query: it needs $count=true and the header ConsistencyLevel: eventual."
            )
        return cls(
            selected(query.get("$select"), also),
            _top(query.get("$top")),
            query.get("$filter", ""),
            query.get("$expand", ""),
            is_counted,
            query.get("$orderby", ""),
            query.get("$skiptoken", ""),
        )


def selected(
    text: str | None, also: frozenset[str] = frozenset(), entity: str = "user"
) -> tuple[str, ...] | None:
    """Read a $select: `id` comes with it, names are taken in any case, unknown ones and foreign ones are refused."""
    if text is None:
        return None
    by_name = {name.lower(): name for name in PROPERTIES | also}
    names = dict.fromkeys(["id"])
    for raw in text.split(","):
        name = raw.strip()
        if name in ELSEWHERE:
            raise Refused(501, "NotImplemented", f"{name} is not available on this set of users.")
        if EXTENSION.fullmatch(name):
            by_name[name.lower()] = name
        if name.lower() not in by_name:
            raise bad_request(
                "Parsing OData Select and Expand failed: "
                f"Could not find a property named '{name}' on type 'microsoft.graph.{entity}'.",
                "BadRequest",
            )
        names[by_name[name.lower()]] = None
    return tuple(names)


def matcher(text: str) -> Callable[[User], bool]:
    """Return the test that a $filter makes: `eq` and `in`, joined by `and` or by `or`; anything else is refused."""
    if not text:
        return lambda _: True
    if IN.fullmatch(text):
        return _term(text)
    is_or = re.search(r"\sor\s", text, re.IGNORECASE) is not None
    terms = [_term(part) for part in re.split(r"\s(?:or|and)\s", text, flags=re.IGNORECASE)]
    if is_or and re.search(r"\sand\s", text, re.IGNORECASE):
        raise unsupported("Unsupported Query.")
    return lambda user: (any if is_or else all)(term(user) for term in terms)


def ids_in(text: str) -> list[str] | None:
    """Return the ids of a filter on nothing but ids (`id eq … or id eq …`, `id in (…)`); None for another filter."""
    listed = IN.fullmatch(text)
    if listed and listed["name"] == "id":
        return [value.strip().strip("'") for value in listed["values"].split(",")]
    terms = [TERM.fullmatch(part) for part in re.split(r"\sor\s", text, flags=re.IGNORECASE)]
    ids = [term["value"].strip("'") for term in terms if term and term["name"] == "id"]
    return ids if len(ids) == len(terms) else None


def _term(text: str) -> Callable[[User], bool]:
    listed = IN.fullmatch(text)
    if listed:
        values = {value.strip().strip("'").lower() for value in listed["values"].split(",")}
        return lambda user: str(_property(user, listed["name"])).lower() in values
    found = TERM.fullmatch(text)
    if not found or (found["name"] not in PROPERTIES):
        raise unsupported(f"Unsupported or invalid query filter clause specified: {text.strip()}.")
    wanted = _literal(found["value"])
    return lambda user: _same(_property(user, found["name"]), wanted)


def _property(user: User, name: str) -> Any:
    return user.id if name == "id" else user.properties.get(name)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()
    return bool(value == wanted)


def _literal(text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return {"true": True, "false": False, "null": None}[text.lower()]


def _top(text: str | None) -> int:
    if text is None:
        return TOP_DEFAULT
    if not text.isdecimal() or not 1 <= int(text) <= TOP_MAX:
        raise bad_request(
            f"Invalid page size specified: '{text}'. Must be between 1 and {TOP_MAX} inclusive.",
            "Request_UnsupportedQuery",
        )
    return int(text)


# --- tokens that clients can't read -------------------------------------------------------------------------


def sealed(state: Mapping[str, Any]) -> str:
    """Return a state as a token: opaque, and false as soon as one letter of it is changed."""
    packed = zlib.compress(json.dumps(state, separators=(",", ":")).encode())
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def opened(token: str) -> dict[str, Any]:
    """Return what a token holds; raise Refused for one that we never gave out."""
    try:
        packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        state = json.loads(zlib.decompress(packed))
    except (ValueError, zlib.error):
        raise bad_request("Badly formed token.") from None
    if not isinstance(state, dict):
        raise bad_request("Badly formed token.")
    return state
