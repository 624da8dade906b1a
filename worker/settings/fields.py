"""The types of values in settings: durations, shares, regions, addresses.

Each reads the forms that people write, refuses others with a remedy, and is written back in the same form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

import phonenumbers
from babel import Locale, UnknownLocaleError
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from worker.domain.escalation.calendar import subdivisions
from worker.domain.escalation.wall_clock import timezones
from worker.domain.text.durations import parse_duration
from worker.domain.text.mail_domains import foldable
from worker.settings.problems import Wrong, did_you_mean, nearest, shown

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_PORT_MAX = 65_535


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        raise Wrong(f"{value} has no unit", f"Write {value}s, {value}m, {value}h or {value}d.")
    if not isinstance(value, str):
        raise Wrong(
            f"{shown(value)} is not a duration", "Write a number and its unit, such as 90s, 24h or 7d."
        )
    return parse_duration(value)


def duration_text(duration: timedelta) -> str:
    """A duration in the configuration's form, in one unit: `24h` is `1d`."""
    seconds = round(duration.total_seconds())
    return next((f"{seconds // size}{unit}" for size, unit in _UNITS if seconds and not seconds % size), "0s")


def at_least(minimum: timedelta) -> AfterValidator:
    """Refuse a shorter duration."""

    def check(duration: timedelta) -> timedelta:
        if duration < minimum:
            raise Wrong(f"{duration_text(duration)} is too short", f"Write {duration_text(minimum)} or more.")
        return duration

    return AfterValidator(check)


Duration: TypeAlias = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(duration_text, return_type=str, when_used="json"),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\s*([0-9]+[wdhms]\s*)+$", "examples": ["90s", "24h", "7d"]}
    ),
]
Period: TypeAlias = Annotated[Duration, at_least(timedelta(seconds=1))]
_YEAR = timedelta(days=365)


def _years(value: Any) -> Any:
    """Write `3y` in days; years stand alone."""
    match = re.fullmatch(r"\s*([0-9]{1,3})y\s*", value) if isinstance(value, str) else None
    return f"{int(match[1]) * _YEAR.days}d" if match else value


def years_text(duration: timedelta) -> str:
    """As `duration_text`, with whole years as such."""
    return duration_text(duration) if duration % _YEAR else f"{duration // _YEAR}y"


Keeping: TypeAlias = Annotated[
    Period,
    BeforeValidator(_years),
    PlainSerializer(years_text, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*([0-9]{1,3}y|([0-9]+[wdhms]\s*)+)\s*$",
            "examples": ["3y", "400d"],
        }
    ),
]


def _number(value: Any) -> Any:
    """Refuse a truth value, which Python takes for a number."""
    if isinstance(value, bool):
        raise Wrong(f"{shown(value)} is not a number", "Write a number.")
    return value


Count: TypeAlias = Annotated[int, Field(ge=0), BeforeValidator(_number)]
Positive: TypeAlias = Annotated[int, Field(ge=1), BeforeValidator(_number)]


def _share(value: Any) -> Any:
    _number(value)
    try:
        number = float(str(value).removesuffix("%")) if isinstance(value, int | float | str) else None
    except ValueError:
        number = None
    if number is None or not 0 <= number <= 100:  # noqa: PLR2004  per cent
        raise Wrong(f"{shown(value)} is not a share", "Write a number from 0 to 1, such as 0.05 for 5 %.")
    if isinstance(value, str) and value.endswith("%"):
        raise Wrong(f"{shown(value)} is not a share", f"Write {number / 100:g} for {number:g} %.")
    if number > 1:
        raise Wrong(f"{number:g} is more than 1", f"Write {number / 100:g} for {number:g} %.")
    return number


Share: TypeAlias = Annotated[
    float, BeforeValidator(_share), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})
]

Text: TypeAlias = Annotated[str, StringConstraints(min_length=1)]


def listed(value: Any) -> Any:
    """Turn a single text into a list of one."""
    return [value] if isinstance(value, str) else value


def one_or_more(item: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item}]})


Patterns: TypeAlias = Annotated[
    tuple[Text, ...], BeforeValidator(listed), one_or_more({"type": "string", "minLength": 1})
]


@lru_cache(maxsize=1)
def _english() -> Locale:
    return Locale("en")


def _code_of(name: str, names: Iterable[tuple[str, str]]) -> str | None:
    """The code behind an English name, such as GB behind United Kingdom."""
    return next((code for code, english in names if english.casefold() == name.casefold()), None)


def _region(value: str) -> str:
    code = value.strip().upper()
    if code in phonenumbers.SUPPORTED_REGIONS:
        return code
    near = "GB" if code == "UK" else _code_of(value.strip(), _english().territories.items())
    remedy = f"Did you mean '{near}'?" if near else "Write two letters by ISO 3166, such as GB."
    raise Wrong(f"{shown(value)} is no region whose phone numbers are known", remedy)


Region: TypeAlias = Annotated[
    str, AfterValidator(_region), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{2}$"})
]


def known_timezone(value: str) -> str:
    """The name of a zone (IANA). Raises Wrong for another text."""
    if value in timezones():
        return value
    near = nearest(value, timezones()) or _zone_of_city(value)
    remedy = f"Did you mean '{near}'?" if near else "Write a name such as Europe/London."
    raise Wrong(f"{shown(value)} is no IANA time zone", remedy)


def _zone_of_city(value: str) -> str | None:
    city = value.strip().replace(" ", "_").casefold()
    return next((zone for zone in sorted(timezones()) if zone.casefold().endswith(f"/{city}")), None)


Timezone: TypeAlias = Annotated[
    str, AfterValidator(known_timezone), WithJsonSchema({"type": "string", "examples": ["Europe/London"]})
]


def country_of_holidays(value: str) -> str:
    """A country (ISO 3166) whose public holidays are known. Raises ValueError for another text."""
    if value == "UK":
        raise Wrong("'UK' is no ISO 3166 code", "Did you mean 'GB'?")
    subdivisions(value)
    return value


def _language(value: str) -> str:
    try:
        Locale.parse(value, sep="-")
    except (UnknownLocaleError, ValueError):
        near = _code_of(value, _english().languages.items()) or nearest(value, ("en", "de", "fr", "es", "it"))
        remedy = f"Did you mean '{near}'?" if near else "Write a code such as en, de or pt-BR."
        raise Wrong(f"{shown(value)} is no language", remedy) from None
    return value


Language: TypeAlias = Annotated[
    str, AfterValidator(_language), WithJsonSchema({"type": "string", "examples": ["en", "pt-BR"]})
]

_EMAIL = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\".]+(?:\.[^@\s<>,;:\".]+)+")


def _email(value: str) -> str:
    address = foldable(value.strip())
    if not _EMAIL.fullmatch(address):
        raise Wrong(
            f"{shown(value)} is no e-mail address", "Write one address such as it-security@example.org."
        )
    return address


Email: TypeAlias = Annotated[
    str, AfterValidator(_email), WithJsonSchema({"type": "string", "format": "email"})
]

_NAME = re.compile(r"[a-z0-9_-]+")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        better = re.sub(r"[^a-z0-9_-]+", "-", value.strip().casefold()).strip("-") or "corp"
        raise Wrong(f"{shown(value)} is not a name", f"Use a to z, 0 to 9, - and _ only, such as '{better}'.")
    return value


Name: TypeAlias = Annotated[
    str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})
]


def parsed(parse: Callable[[str], Any], example: str) -> BeforeValidator:
    """Read a text with a parser of the domain, and let other values through."""

    def read(value: Any) -> Any:
        if isinstance(value, str):
            return parse(value)
        if value is None or isinstance(value, int | float | dict | list):
            raise Wrong(f"{shown(value)} does not fit here", f'Write it in quotes, such as "{example}".')
        return value

    return BeforeValidator(read)


def host_and_port(address: str) -> tuple[str, int]:
    """Split `127.0.0.1:8080` or `[::1]:8080`; the host comes without brackets. Raises Wrong."""
    host, colon, port = address.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not host or (":" in host and not is_bracketed) or re.search(r"[/\s]", host):
        raise Wrong(
            f"{shown(address)} is no address to listen on", "Write host:port, such as 127.0.0.1:8080."
        )
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _PORT_MAX:
        raise Wrong(f"{shown(port)} is no port", f"Write a number up to {_PORT_MAX} after the colon.")
    return host.strip("[]"), int(port)


def _listen(value: Any) -> Any:
    if value is not None:
        host_and_port(str(value))
    return value


Listen: TypeAlias = Annotated[
    str, BeforeValidator(_listen), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8080"]})
]


def _has_port(parts: SplitResult) -> bool:
    """Whether it names no port, or one that there is."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    is_whole = parts.scheme in {"http", "https"} and parts.hostname and _has_port(parts)
    if not is_whole or parts.query or parts.fragment:
        near = (
            f"https://{value}"
            if re.fullmatch(r"[\w.-]+\.[a-z]+(?:/\S*)?", value)
            else "https://whosleft.example.org"
        )
        raise Wrong(f"{shown(value)} is no address that a browser opens", f"Write it like {near}.")
    return value.rstrip("/")


WebAddress: TypeAlias = Annotated[
    str, AfterValidator(_web_address), WithJsonSchema({"type": "string", "format": "uri"})
]


def _without_path(value: str) -> str:
    parts = urlsplit(value)
    if parts.path:
        raise Wrong(
            f"{shown(value)} has a path, and the desk's pages stand at the top of their host",
            f"Give the desk a host of its own: {parts.scheme}://{parts.netloc}, without a path.",
        )
    return value


HostAddress: TypeAlias = Annotated[WebAddress, AfterValidator(_without_path)]


def one_of(value: Any, valid: Iterable[str], what: str) -> None:
    """Refuse a text that is not one of the valid ones; the error names the nearest."""
    names = list(valid)
    if value not in names:
        raise Wrong(f"{shown(value)} is no {what}", did_you_mean(str(value), names))
