"""What the library would take too long for, or fail at, made shorter without another turn within the asked days.

an event until the year 9999        -> until ten years after the asked days
an hourly rule since the year 1600  -> the same rule from shortly before the asked days
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from connectors.kit.ical.work import Asked

FAR = timedelta(days=3_653)  # from the asked days; a beginning or an end further away is as good as none
REPEATS_MAX = 1_000  # before the asked days
_STEPS = {"HOURLY": timedelta(hours=1), "DAILY": timedelta(days=1)}
_SERIES = ("RRULE", "RDATE", "RECURRENCE-ID")


def bound(calendar: icalendar.Component, asked: Asked) -> None:
    """Bound a calendar's events in place. None of them may end before it begins."""
    events = [one for one in calendar.walk("VEVENT") if "DTSTART" in one]
    for event in events:
        _shorten(event, asked)
    # A change of all later times may move an early one into the asked days
    moved = {
        str(one.get("UID")) for one in events if "RANGE" in getattr(one.get("RECURRENCE-ID"), "params", ())
    }
    zone = calendar.get("X-WR-TIMEZONE")
    for event in events:
        if str(event.get("UID")) not in moved:
            _begin_later(event, asked, ZoneInfo(str(zone)) if zone else None)


def _shorten(event: Any, asked: Asked) -> None:
    if "DTEND" in event and not any(key in event for key in _SERIES):
        starts, first = event["DTSTART"].dt, (asked.since - FAR).date()
        if _day(starts) < first:
            _put(event, "DTSTART", starts.replace(year=first.year, month=first.month, day=first.day))
    starts, last = event["DTSTART"].dt, (asked.until + FAR).date()
    room = max(last - _day(starts), timedelta(0))
    if "DTEND" in event and _day(event["DTEND"].dt) - _day(starts) > room:
        _put(event, "DTEND", starts + room)
    if "DURATION" in event and event["DURATION"].dt > room:
        _put(event, "DURATION", room)


def _begin_later(event: Any, asked: Asked, zone: ZoneInfo | None) -> None:
    """Let a fine rule without a count begin at a later one of its own times, by the wall clock, as it goes on."""
    rule = event.get("RRULE")
    if not isinstance(rule, icalendar.vRecur) or "COUNT" in rule:
        return
    step = _STEPS.get(str(rule.get("FREQ", [""])[0]).upper())
    if step is None:
        return
    step *= int(rule.get("INTERVAL", [1])[0])
    keys = ("DTSTART", "DTEND") if "DTEND" in event else ("DTSTART",)
    times = {key: _on_the_wall(event[key].dt, zone) for key in keys}
    length = event["DURATION"].dt if "DURATION" in event else _day(times[keys[-1]]) - _day(times["DTSTART"])
    room = (asked.since - length).date() - _day(times["DTSTART"])
    steps = room // step - REPEATS_MAX
    if steps > 0:
        for key, at in times.items():
            _put(event, key, at + steps * step)


def _on_the_wall(at: date | datetime, zone: ZoneInfo | None) -> date | datetime:
    """A time as the library repeats it: of a calendar with a zone, UTC is that zone's."""
    is_utc = isinstance(at, datetime) and at.tzname() == "UTC"
    return at.astimezone(zone) if isinstance(at, datetime) and is_utc and zone else at


def _day(at: date | datetime) -> date:
    return date(at.year, at.month, at.day)


def _put(event: Any, key: str, value: date | timedelta) -> None:
    event[key] = icalendar.vDDDTypes(value)
