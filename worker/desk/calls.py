"""One call of the desk: its form, its caller's address and language, and how pages are written to answer it.

Handlers are plain functions `(Call) -> Response`, run in a pool of threads, since everything below is synchronous.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from babel import Locale
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.desk.forms import FIELD, form_token, is_form_token
from worker.desk.pages import page
from worker.desk.services import Services, as_of_now
from worker.domain.text.tongue import Tongue
from worker.languages import LANGUAGES, accepted

LANGUAGE_COOKIE = "whosleft-language"
FIELDS_MAX = 500
_NUMBER = re.compile(r"[0-9]{1,15}")
# What nobody types: PostgreSQL keeps no NUL and no half of a pair, and a line break is a space in one line
_UNTYPED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
YEAR = timedelta(days=365)


class Stale(Exception):
    """A form that is not ours, or is older than its session: nothing was done."""


@dataclass(slots=True)
class Call:
    """A request with its form read."""

    request: Request
    services: Services
    form: FormData
    language: str | None = None  # of the person, where the directory knows it
    values: dict[str, Any] = field(default_factory=dict)
    is_page: bool = True  # whether its address can be opened, too, and not only posted to

    @property
    def now(self) -> datetime:
        """The instant at which it is answered."""
        return self.services.clock()

    @property
    def address(self) -> str:
        """Where it comes from, as the server's proxy settings have it."""
        return self.request.client.host if self.request.client else "unknown"

    @property
    def tongue(self) -> Tongue:
        """What was chosen on the page, else the person's, the browser's, the organisation's language."""
        chosen = self.cookie(LANGUAGE_COOKIE)
        wanted = [code for code in (chosen, self.language) if code]
        return self.services.languages.best(
            [*wanted, *accepted(self.request.headers.get("accept-language", ""))]
        )

    def cookie(self, name: str) -> str:
        """One of our cookies; empty when it is missing."""
        return self.request.cookies.get(self.services.place.cookie(name), "")

    def path(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def text(self, name: str, longest: int = 1000) -> str:
        """One field of the form as text; empty when it is missing."""
        value = self.form.get(name, "")
        return _typed(value)[:longest] if isinstance(value, str) else ""

    def numbers(self, name: str) -> set[int]:
        """Every number that the form gives under one name."""
        return numbers_in(value for value in self.form.getlist(name) if isinstance(value, str))

    def query(self, name: str) -> str:
        """One parameter of the address as text."""
        return _typed(self.request.query_params.get(name, ""))[:200]

    def token_for(self, of: str) -> str:
        """A token for the forms of this page."""
        return form_token(self.services.key, of)

    def check_token(self, of: str) -> None:
        """Raises Stale for a form that was not given out for this link or session."""
        if not is_form_token(self.services.key, of, self.text(FIELD)):
            raise Stale

    def page(
        self,
        template: str,
        values: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Answer with a page."""
        path = self.request.url.path
        back = path if self.is_page else path.rpartition("/")[0] or "/"
        shared = {"path": back, "languages": language_names(), **self.values}
        return page(
            self.services, template, self.tongue, {**shared, **(values or {})}, status=status, headers=headers
        )


def error_page(
    request: Request,
    services: Services,
    status: int,
    headers: Mapping[str, str] | None = None,
    *,
    is_foreign: bool = False,
) -> Response:
    """Why something could not be done, in the reader's language; it says nothing of what went wrong inside."""
    call = Call(request, services, FormData(), is_page=request.method == "GET")
    return call.page(
        "error.html", {"status": status, "is_foreign": is_foreign}, status=status, headers=headers
    )


def too_many(call: Call, wait_s: int) -> Response:
    """Ask whoever sends one wrong secret after the other to wait."""
    return call.page("wait.html", {"wait_s": wait_s}, status=429, headers={"Retry-After": str(wait_s)})


def number_in(text: str) -> int | None:
    """The number that a text is, as our own pages write it; None for everything else."""
    return int(text) if _NUMBER.fullmatch(text) else None


def numbers_in(texts: Iterable[str]) -> set[int]:
    """Those of the texts that are numbers."""
    return {number for number in map(number_in, texts) if number is not None}


def _typed(text: str) -> str:
    return _UNTYPED.sub("", text).strip()


@cache
def language_names() -> Mapping[str, str]:
    """Every language by its code, as it calls itself."""
    return {code: (Locale.parse(code).get_display_name(code) or code).capitalize() for code in LANGUAGES}


def is_own_path(path: str) -> bool:
    """Whether a browser that is sent there stays with us."""
    return path.startswith("/") and not path.startswith(("//", "/\\"))


def set_cookie(call: Call, response: Response, name: str, value: str, life: timedelta) -> None:
    """One that no script reads and other sites' forms don't bring along; over TLS only, where there is TLS."""
    place, seconds = call.services.place, int(life.total_seconds())
    response.set_cookie(
        place.cookie(name), value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=place.is_https
    )  # fmt: skip


def drop_cookie(call: Call, response: Response, name: str) -> None:
    """Browsers forget a cookie only by the attributes with which they would take it."""
    place = call.services.place
    response.delete_cookie(place.cookie(name), path="/", httponly=True, samesite="lax", secure=place.is_https)


def choose_language(call: Call) -> Response:
    """Remember a language in this browser, and go back to where it was chosen."""
    to, back = call.query("to"), call.query("back")
    response = RedirectResponse(back if is_own_path(back) else "/", 303)
    if to in LANGUAGES:
        set_cookie(call, response, LANGUAGE_COOKIE, to, YEAR)
    return response


def _has_form(request: Request) -> bool:
    """No form of ours has files, so none is sent in parts: those would be temporary files of ours."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    return request.method == "POST" and kind == "application/x-www-form-urlencoded"


Handler = Callable[[Call], Response]


def route(path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> Route:
    """A route whose handler runs in a thread, with its form read before."""

    async def endpoint(request: Request) -> Response:
        form = await request.form(max_fields=FIELDS_MAX) if _has_form(request) else FormData()

        def answered() -> Response:
            services = as_of_now(request.app.state.services)
            return handler(Call(request, services, form, is_page="GET" in methods))

        return await run_in_threadpool(answered)

    found: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(path, found, methods=list(methods), name=handler.__name__)
