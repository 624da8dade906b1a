"""The clock on the wall: which instant a local time is, where clocks go forward and back.

Pure: zones come from the tables of zoneinfo. Instants are aware UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

YEAR_MIN, YEAR_MAX = 2, 9998  # every offset fits inside datetime's years 1 to 9999
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)  # that people may name
DAY = timedelta(days=1)
MORNING = time(8)  # local: nobody is told before it what can wait for the day

_SECOND = timedelta(seconds=1)
_ALIKE_YEARS = (2025, 2026, 2027)  # zones that read the same in these are one to their readers


def first_showing(timezone: str, day: date, wall: time) -> datetime:
    """Return the first instant at which clocks in `timezone` (IANA) read this time of this day.

    A skipped time, and any time of a skipped day, is the instant of the change.
    """
    return _showings(timezone, day, wall)[0]


def last_showing(timezone: str, day: date, wall: time) -> datetime:
    """Return the last instant at which clocks in `timezone` (IANA) read this time of this day.

    It is another one than `first_showing` gives only where an hour is repeated.
    """
    return _showings(timezone, day, wall)[1]


def named_day(written: str) -> date:
    """The day that somebody wrote as YYYY-MM-DD; the first or the last that may be named instead of one beyond.

    People write 31 December 9999 for "for ever". Raises ValueError for a text that is no day.
    """
    return nameable(date.fromisoformat(written))


def nameable(day: date) -> date:
    """The day, or the first or the last that may be named instead of one beyond."""
    return min(max(day, FIRST_DAY), LAST_DAY)


def local_day(timezone: str, instant: datetime) -> date:
    """Return the day that calendars in `timezone` (IANA) show at an aware instant."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def start_of_day(timezone: str, now: datetime) -> datetime:
    """Return the instant at which the present day began in `timezone` (IANA), also where clocks skip midnight."""
    return first_showing(timezone, local_day(timezone, now), time())


def _showings(timezone: str, day: date, wall: time) -> tuple[datetime, datetime]:
    zone = ZoneInfo(timezone)
    local = datetime.combine(day, wall)
    first, last = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= last:
        return first, last
    change = _change(zone, last, first)  # of a skipped time, zoneinfo gives an instant on each side
    return change, change


@lru_cache(maxsize=4096)
def offsets(timezone: str, year: int) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """Return the stretches of constant UTC offset in a UTC year, in order: (since, until, offset).

    zoneinfo doesn't publish its transitions, so this asks for the offset once a day. The two transitions that
    lie closest together in tzdata 2026 are 95 hours apart (Africa/Freetown, September 1939). Raises OverflowError
    outside the years `YEAR_MIN` to `YEAR_MAX`.
    """
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise OverflowError(
            f"business time: the year {year} is outside {YEAR_MIN} to {YEAR_MAX}; check the date"
        )
    zone = ZoneInfo(timezone)
    since = probe = datetime(year, 1, 1, tzinfo=UTC)
    end = datetime(year + 1, 1, 1, tzinfo=UTC)
    offset = _offset(zone, since)
    stretches: list[tuple[datetime, datetime, timedelta]] = []
    while probe < end:
        following = probe + DAY
        if _offset(zone, following) != offset:
            change = _change(zone, probe, following)
            stretches.append((since, change, offset))
            since, offset = change, _offset(zone, change)
        probe = following
    return (*stretches, (since, end, offset))


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first second with another offset than ``before``; offsets change on whole seconds."""
    old = _offset(zone, before)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).replace(tzinfo=UTC) - instant


@lru_cache(maxsize=1)
def timezones() -> frozenset[str]:
    """The names of all zones (IANA), old aliases too."""
    return frozenset(available_timezones())


@lru_cache(maxsize=256)
def only_zone(country: str) -> str | None:
    """Return the zone of a country (ISO 3166) that has only one; None if it has several, or is not known.

    Zones that read the same count as one: Germany's second, Europe/Busingen, is of no account. The first
    in tzdata's `zone.tab` is the name for them all.
    """
    zones = _zones().get(country, ())
    alike = {tuple(offsets(zone, year) for year in _ALIKE_YEARS) for zone in zones}
    return zones[0] if len(alike) == 1 else None


@lru_cache(maxsize=1)
def _zones() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _place, zone, *_note = line.split("\t")
            found[country] = (*found.get(country, ()), zone)
    return found
