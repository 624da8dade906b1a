"""A plain client of the fake Graph, to judge it by: it follows links, and keeps every exchange for later checks.

A client that is right about deltas is in `read_round`: it replays links whole, and the last occurrence of an id wins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import requests

Json = dict[str, Any]
SELECT = (
    "id,accountEnabled,userType,userPrincipalName,mail,displayName,mobilePhone,businessPhones,department,jobTitle,"
    "companyName,employeeId,employeeType,employeeHireDate,employeeLeaveDateTime,preferredLanguage,usageLocation,"
    "createdDateTime,deletedDateTime,onPremisesImmutableId,onPremisesSyncEnabled"
)
ADVANCED = {"ConsistencyLevel": "eventual"}


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `path` is under /v1.0, without the query. `body` is JSON, text or None."""

    method: str
    path: str
    status: int
    body: Any


@dataclass
class Round:
    """One round of a delta: its items in order, by page, and the link that the next one starts from."""

    pages: list[list[Json]]
    delta_link: str

    @property
    def items(self) -> list[Json]:
        return [item for page in self.pages for item in page]

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.items]

    def merged(self) -> dict[str, Json]:
        return {item["id"]: item for item in self.items}


@dataclass
class Judge:
    """Speaks to one fake with one token. `exchanges` has all that was said."""

    root: str
    token: str
    exchanges: list[Exchange] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False  # REQUESTS_CA_BUNDLE would override the session's own `verify`

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> requests.Response:
        """Send a request to a path under /v1.0 or to a whole link."""
        if url.startswith("/"):
            url = f"{self.root}/v1.0{url}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        answer = self.session.request(method, url, json=body, headers=sent, timeout=10)
        self.exchanges.append(
            Exchange(method, urlsplit(url).path.removeprefix("/v1.0"), answer.status_code, _body(answer))
        )
        return answer

    def get(self, url: str, **headers: str) -> requests.Response:
        return self.send("GET", url, None, **headers)

    def read(self, url: str, **headers: str) -> Json:
        """GET what must be there, and return its JSON."""
        answer = self.get(url, **headers)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    def error(self, url: str, method: str = "GET", body: Any = None, **headers: str) -> tuple[int, str]:
        """Send what must be refused, and return the status and the code."""
        answer = self.send(method, url, body, **headers)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["error"]["code"]

    def read_round(self, link: str = "", *, select: str = SELECT) -> Round:
        """Read a whole round, from a deltaLink or from nothing."""
        url = link or f"/users/delta?$select={select}"
        pages = []
        while True:
            page = self.read(url)
            pages.append(page["value"])
            assert ("@odata.nextLink" in page) != ("@odata.deltaLink" in page), "both links, or neither"
            if "@odata.deltaLink" in page:
                return Round(pages, page["@odata.deltaLink"])
            url = page["@odata.nextLink"]

    def read_list(self, url: str, **headers: str) -> list[Json]:
        """Read a list with all its pages."""
        items: list[Json] = []
        while url:
            page = self.read(url, **headers)
            items += page["value"]
            url = page.get("@odata.nextLink", "")
        return items


def _body(answer: requests.Response) -> Any:
    if not answer.content:
        return None
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    return answer.json() if is_json else answer.text
