"""Where somebody is, as a directory states it."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import available_timezones

from worker.domain.model import COUNTRY, TIMEZONE

_COUNTRY = re.compile(r"[A-Z]{2}")


def country_of(text: str | None) -> str | None:
    """An ISO 3166 code of two letters, in capitals; None for anything else, such as a country's name."""
    code = (text or "").strip().upper()
    return code if _COUNTRY.fullmatch(code) else None


def places(country: str | None, timezone: str | None) -> tuple[tuple[str, str], ...]:
    """The attributes of `AccountFacts` for a country (ISO 3166) and a time zone (IANA); others are left out."""
    zone = (timezone or "").strip()
    stated = ((COUNTRY, country_of(country)), (TIMEZONE, zone if zone in _zones() else None))
    return tuple((name, value) for name, value in stated if value)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
