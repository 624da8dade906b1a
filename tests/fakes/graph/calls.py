"""One call to Microsoft Graph with what its token says, the route that takes it, and how its answer is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from fakes.graph.http import Reply, Request
from fakes.graph.shapes import bad_request, encode

Json = dict[str, Any]
ANY = frozenset[str]()


@dataclass(slots=True)
class Call:
    """One request with what its token says."""

    request: Request
    claims: Json
    key: str = ""
    parts: Json = field(default_factory=dict)

    def part(self, name: str) -> str:
        """What a further part of the path is."""
        return str(self.parts[name])

    def page(self, body: Json) -> Reply:
        return page(body)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.claims.get("roles", ()))

    @property
    def app_id(self) -> str:
        return str(self.claims["appid"])

    @property
    def body(self) -> Json:
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError:
            raise bad_request("Unable to read JSON request payload.", "BadRequest") from None
        return body if isinstance(body, dict) else {}


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a path: with which roles (one of them), and for how many resource units (0: not counted so)."""

    method: str
    pattern: re.Pattern[str]
    answer: Callable[[Call], Reply]
    roles: frozenset[str]
    units: int

    @classmethod
    def of(
        cls, method: str, pattern: str, answer: Callable[[Call], Reply], roles: frozenset[str], units: int = 1
    ) -> Self:
        return cls(method, re.compile(pattern, re.IGNORECASE), answer, roles, units)


def page(body: Json, status: int = 200) -> Reply:
    content_type = (
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    )
    return Reply(status, encode(body), content_type, {"OData-Version": "4.0"})


def text(number: int) -> Reply:
    return Reply(200, str(number).encode(), "text/plain", {"OData-Version": "4.0"})
