"""What exporters write otherwise than RFC 5545, put as they mean it, so that no turn is lost.

UNTIL is a day, or has no zone            -> the end of that day, or that time, in the zone of DTSTART
a series leaves out what it has a change of -> the changed turn counts
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import MAXYEAR, UTC, date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from connectors.kit.ical.work import Asked

_LAST = time(23, 59, 59)
_FAR = date(MAXYEAR - 1, 12, 31)  # the end of the last year is beyond it in the west


def put_right(calendar: icalendar.Component, asked: Asked) -> None:
    """Change a calendar's events in place."""
    events: list[Any] = [one for one in calendar.walk("VEVENT") if "DTSTART" in one]
    name = calendar.get("X-WR-TIMEZONE")
    zone = ZoneInfo(str(name)) if name else None
    for event in events:
        for rule in every(event.get("RRULE")):
            if isinstance(rule, icalendar.vRecur) and "UNTIL" in rule:
                own = _zone(event["DTSTART"].dt, zone)
                rule["UNTIL"] = [_until(one, event["DTSTART"].dt, own, asked) for one in every(rule["UNTIL"])]
    _keep_changed(events, zone)


def every(value: Any) -> Sequence[Any]:
    """The values of a property that may be there once, several times, or not at all."""
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]


def _zone(at: date | datetime, calendar_s: ZoneInfo | None) -> tzinfo | None:
    """The zone of a beginning; of a calendar with a zone, UTC and none are that zone's."""
    if not isinstance(at, datetime):
        return None
    return calendar_s if calendar_s and at.tzname() in {None, "UTC"} else at.tzinfo


def _until(
    until: date | datetime, starts: date | datetime, zone: tzinfo | None, asked: Asked
) -> date | datetime:
    """A rule's end, of the kind of its beginning. A day is meant to its end."""
    if not isinstance(starts, datetime):
        return until
    if not isinstance(until, datetime):
        until = datetime.combine(min(until, _FAR), _LAST)
    if zone is None:  # a time without a zone is read in the rota's
        return until.astimezone(ZoneInfo(asked.timezone)).replace(tzinfo=None) if until.tzinfo else until
    return (until if until.tzinfo else until.replace(tzinfo=zone)).astimezone(UTC)


def _keep_changed(events: Sequence[Any], zone: ZoneInfo | None) -> None:
    """Let a changed turn whose old time its series leaves out stand for itself: the library would leave out both."""
    left_out = defaultdict[str, set[date | datetime]](set)
    zones = dict[str, tzinfo | None]()
    for event in events:
        if "EXDATE" in event and "RECURRENCE-ID" not in event:
            uid = str(event.get("UID"))
            zones[uid] = _zone(event["DTSTART"].dt, zone)
            times = [one.dt for dates in every(event["EXDATE"]) for one in dates.dts]
            left_out[uid] |= {_instant(at, zones[uid]) for at in times}
    for event in events:
        changed, uid = event.get("RECURRENCE-ID"), str(event.get("UID"))
        if changed is None or "RANGE" in changed.params or uid not in left_out:
            continue
        at = _instant(changed.dt, zones[uid])
        if at in left_out[uid] or _day(at, zones[uid]) in left_out[uid]:
            event["UID"] = icalendar.vText(f"{uid} {at.isoformat()}")
            del event["RECURRENCE-ID"]


def _instant(at: date | datetime, zone: tzinfo | None) -> date | datetime:
    """A time as it can be compared with others of its series."""
    if not isinstance(at, datetime):
        return at
    if zone is None:
        return at.replace(tzinfo=None)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _day(at: date | datetime, zone: tzinfo | None) -> date:
    local = at.astimezone(zone) if isinstance(at, datetime) and zone else at
    return date(local.year, local.month, local.day)
