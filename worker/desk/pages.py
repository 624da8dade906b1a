"""Render templates into pages: in one language, escaped, with the files that they load.

Jinja2 escapes everything that comes from outside; nothing here is ever marked as safe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from worker.desk.services import Services
from worker.desk.words import WORDS
from worker.domain.evidence.journal import stated_at
from worker.domain.messages.sentences import flat
from worker.domain.messengers import messenger_name
from worker.domain.people.units import unit_name
from worker.domain.text.direction import contained
from worker.domain.text.tongue import Tongue

STATIC = files("worker.desk") / "static"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """All templates, compiled once."""
    made = Environment(
        loader=PackageLoader("worker.desk", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_held,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = asset
    made.filters["flat"] = flat
    made.filters["stated_at"] = stated_at
    made.filters["unit_name"] = unit_name
    made.filters["messenger_name"] = messenger_name
    return made


def _held(value: object) -> object:
    """A page's value; a text loses anything that could change the direction of the words beside it."""
    return contained(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@lru_cache(maxsize=64)
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so browsers may cache it for ever."""
    digest = hashlib.sha256(STATIC.joinpath(name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def render(
    services: Services, template: str, tongue: Tongue, now: datetime, values: Mapping[str, Any]
) -> str:
    """One template as text."""
    timezone = services.place.timezone
    spoken: dict[str, Any] = {
        "tongue": tongue,
        "say": tongue.say,
        "count": tongue.count,
        "number": tongue.number,
        "instant": lambda at: tongue.instant(at, timezone),
        "moment": lambda at: tongue.moment(at, timezone, now),
        "span": tongue.span,
        "timezone": timezone,
        "day": lambda at: tongue.day(at if not isinstance(at, datetime) else local_day(at, timezone)),
        "iso": lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "word": lambda group, value: tongue.say(WORDS[group].get(value, value)),
        "organisation": services.place.organisation,
        "now": now,
    }
    return environment().get_template(template).render({**spoken, **values})


def page(
    services: Services,
    template: str,
    tongue: Tongue,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    text = render(services, template, tongue, services.clock(), values)
    return HTMLResponse(text, status, {"Content-Language": tongue.code, **(headers or {})})


def local_day(at: datetime, timezone: str) -> date:
    """The local day of an instant in this time zone."""
    return at.astimezone(ZoneInfo(timezone)).date()
