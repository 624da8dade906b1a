"""One call of the desk: its form, its caller's address and language, and how pages are written to answer it.

Handlers are plain functions `(Call) -> Response`, run in a pool of threads, since everything below is synchronous.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any

from babel import Locale
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.desk.forms import FIELD, form_token, is_form_token
from worker.desk.pages import page
from worker.desk.services import Services, as_of_now
from worker.domain.text.language_codes import accepted
from worker.domain.text.tongue import Tongue
from worker.languages import LANGUAGES

LANGUAGE_COOKIE = "whosleft-language"
FIELDS_MAX = 500
_NUMBER = re.compile(r"[0-9]{1,15}")
# Nobody types these: PostgreSQL stores no NUL and no half of a surrogate pair; a line break becomes a space
_UNTYPED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
YEAR = timedelta(days=365)


class Stale(Exception):
    """The form is forged, or older than its session; nothing was done."""


@dataclass(slots=True)
class Call:
    """A request with its form read."""

    request: Request
    services: Services
    form: FormData
    language: str | None = None  # of the person, if the directory knows it
    values: dict[str, Any] = field(default_factory=dict)
    picked: str = ""  # the language of a page that sets no cookie
    is_page: bool = True  # the address can also be opened, and not only posted to

    @property
    def now(self) -> datetime:
        """The instant of the answer."""
        return self.services.clock()

    @property
    def address(self) -> str:
        """The caller's address, by the server's proxy settings."""
        return self.request.client.host if self.request.client else "unknown"

    @property
    def tongue(self) -> Tongue:
        """The language: chosen on the page, else the person's, else the browser's, else the organisation's."""
        chosen = self.cookie(LANGUAGE_COOKIE)
        picked = [code for code in (self.picked, chosen) if code]
        stated = (self.language or "", self.request.headers.get("accept-language", ""))
        return self.services.languages.best([*picked, *chain.from_iterable(map(accepted, stated))])

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

    def texts(self, name: str) -> list[str]:
        """All of the form's fields of this name as text."""
        return [_typed(value) for value in self.form.getlist(name) if isinstance(value, str)]

    def numbers(self, name: str) -> set[int]:
        """All numbers in the form's fields of this name."""
        return numbers_in(value for value in self.form.getlist(name) if isinstance(value, str))

    def query(self, name: str) -> str:
        """One parameter of the address as text."""
        return _typed(self.request.query_params.get(name, ""))[:200]

    def token_for(self, of: str) -> str:
        """A token for the forms of this page."""
        return form_token(self.services.key, of)

    def check_token(self, of: str) -> None:
        """Raise Stale for a form that was not made for this link or session."""
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
    is_unclear: bool = False,
) -> Response:
    """Say why something could not be done, in the reader's language and without internal details.

    `is_unclear`: it may have been done all the same.
    """
    call = Call(request, services, FormData(), is_page=request.method == "GET")
    values = {"status": status, "is_foreign": is_foreign, "is_unclear": is_unclear}
    return call.page("error.html", values, status=status, headers=headers)


def too_many(call: Call, wait_s: int) -> Response:
    """Ask a caller who sends one wrong secret after another to wait."""
    return call.page("wait.html", {"wait_s": wait_s}, status=429, headers={"Retry-After": str(wait_s)})


def number_in(text: str) -> int | None:
    """The number in a text, in the form of our own pages; None for any other text."""
    return int(text) if _NUMBER.fullmatch(text) else None


def numbers_in(texts: Iterable[str]) -> set[int]:
    """The numbers among these texts."""
    return {number for number in map(number_in, texts) if number is not None}


def _typed(text: str) -> str:
    """What somebody typed. A browser counts a line break as one character, but sends two."""
    return _UNTYPED.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


@cache
def language_names() -> Mapping[str, str]:
    """Each language's own name, by code."""
    return {code: (Locale.parse(code).get_display_name(code) or code).capitalize() for code in LANGUAGES}


def is_own_path(path: str) -> bool:
    """True if a redirect to this path stays on this site."""
    return path.startswith("/") and not path.startswith(("//", "/\\"))


def set_cookie(call: Call, response: Response, name: str, value: str, life: timedelta) -> None:
    """Set a cookie that scripts can't read and other sites' forms don't send; with TLS, only over TLS."""
    place, seconds = call.services.place, int(life.total_seconds())
    response.set_cookie(
        place.cookie(name), value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=place.is_https
    )  # fmt: skip


def drop_cookie(call: Call, response: Response, name: str) -> None:
    """Delete a cookie. Browsers require the same attributes for this as for setting it."""
    place = call.services.place
    response.delete_cookie(place.cookie(name), path="/", httponly=True, samesite="lax", secure=place.is_https)


def choose_language(call: Call) -> Response:
    """Remember a language in this browser, and go back to the page where it was chosen."""
    to, back = call.query("to"), call.query("back")
    response = RedirectResponse(back if is_own_path(back) else "/", 303)
    if to in LANGUAGES:
        set_cookie(call, response, LANGUAGE_COOKIE, to, YEAR)
    return response


def _has_form(request: Request) -> bool:
    """True if the request has a form to read. Multipart makes temporary files: only `uploads` reads it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    return request.method == "POST" and kind == "application/x-www-form-urlencoded"


async def _form_of(request: Request, fields_max: int) -> FormData:
    """The form of a request. A body that is too long, or has too many fields, is answered with 413."""
    try:
        return await request.form(max_fields=fields_max)
    except HTTPException as error:
        raise HTTPException(413) from error


def call_of(request: Request, form: FormData | None = None, *, is_page: bool = False) -> Call:
    """A request with the form that was read of it, if any, and the services as of now. Call it in a thread."""
    return Call(
        request, as_of_now(request.app.state.services), FormData() if form is None else form, is_page=is_page
    )


Handler = Callable[[Call], Response]


def route(
    path: str, handler: Handler, methods: Sequence[str] = ("GET",), fields_max: int = FIELDS_MAX
) -> Route:
    """A route that reads the form, of so many fields at most, then runs the handler in a thread."""

    async def endpoint(request: Request) -> Response:
        form = await _form_of(request, fields_max) if _has_form(request) else FormData()

        def answered() -> Response:
            return handler(call_of(request, form, is_page="GET" in methods))

        return await run_in_threadpool(answered)

    found: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(path, found, methods=list(methods), name=handler.__name__)
