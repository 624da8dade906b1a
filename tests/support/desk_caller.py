"""A browser without a screen at the desk of a harness.

    desk = desk_of(harness); desk.sign_in("sam", "operator"); desk.get("/tickets")

It keeps cookies as a browser does, follows redirects, and fills in the token of the form that it was shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from typing import Any

from httpx2 import Response
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import Scope

from desk_setup import services_of
from harness import URL, Harness
from one_loop import in_one_loop
from worker.app.acts.access import hashed
from worker.desk.app import desk_app
from worker.desk.sign_in import SignIn
from worker.ports.state.access import Visitor

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass
class Caller:
    """One browser. `last` is the page that it shows."""

    harness: Harness
    app: Starlette
    client: TestClient
    last: Response | None = None
    language: str = "en"
    signed_in: int = 0

    def get(self, path: str, **headers: str) -> Response:
        self.last = self.client.get(path, headers={"Accept-Language": self.language, **headers})
        return self.last

    def next_page(self) -> Response | None:
        """Follow the link to the next page of the list shown; None if this is its last."""
        found = re.search(r'rel="next" href="([^"]+)"', self.last.text) if self.last else None
        return self.get(unescape(found[1])) if found else None

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, token: str | None = None, **headers: str
    ) -> Response:
        """Send a form; with the token of the page shown, unless another one is given."""
        found = _TOKEN.search(self.last.text) if self.last else None
        given = token if token is not None else (found[1] if found else "")
        sent = {"Origin": URL, "Sec-Fetch-Site": "same-origin", "Accept-Language": self.language} | headers
        self.last = self.client.post(path, data={"form_token": given, **(data or {})}, headers=sent)
        return self.last

    def sign_in(self, name: str, *roles: str) -> Response:
        """By a link that works once."""
        self.signed_in += 1
        secret = f"secret-of-{name}-{self.signed_in}"
        until = self.harness.now + timedelta(hours=1)
        with self.harness.store.begin() as uow:
            uow.access.add_login_link(hashed(secret), Visitor(name, roles), "root", until)
        self.get(f"/login/{secret}")
        return self.post(f"/login/{secret}")

    def scope(self, path: str, kind: str) -> Scope:
        """What a server tells the desk of a form of this browser, whose body is still to come."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        scheme, _, host = URL.partition("://")
        headers = {"host": host, "origin": URL, "sec-fetch-site": "same-origin", "cookie": cookies}
        headers |= {"accept-language": self.language, "content-type": kind}
        return {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": scheme,
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
        }

    def ticket(self, number: int = 1) -> str:
        """The path of an assignee's link."""
        return "/t/" + self.harness.link(number).rpartition("/t/")[2]


def desk_of(harness: Harness, *, sign_in: SignIn | None = None, app: Starlette | None = None) -> Caller:
    """A browser at the desk of a harness; give it the `app` of another one to share a desk."""
    services = replace(services_of(harness), sign_in=sign_in)
    made = app or desk_app(services)
    return Caller(harness, made, in_one_loop(TestClient(made, base_url=URL)))
