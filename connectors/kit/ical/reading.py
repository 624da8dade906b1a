"""An open calendar -> its events -> each time that they happen -> who is on call then.

Runs in a process of its own. The libraries take much as good that is not: each such thing is refused, or told in a
note. What can't be understood makes the whole calendar unreadable, since a turn that is left out is a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

import icalendar
import recurring_ical_events

from connectors.kit.ical.bounding import bound
from connectors.kit.ical.exporters import every, put_right
from connectors.kit.ical.people import all_declined, people_of
from connectors.kit.ical.work import BYTES_MAX, Asked, Turn, Turns
from connectors.kit.text import listed, one_line
from worker.domain.escalation.wall_clock import first_showing, last_showing
from worker.ports import Incomplete

EVENTS_MAX = 5_000
TOO_FINE = {"SECONDLY", "MINUTELY"}
MIDNIGHT = time(0)
_BAD_RULE = "has an event with a rule of repetition that can't be read"
_REMEDY = "The last good copy counts until it is too old. Look at the calendar, or at its address."
# What the libraries raise for text that is no calendar, or for values that make no sense
_NONSENSE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


def read_calendar(file: BinaryIO, asked: Asked) -> Iterator[Turns]:
    """Read an open calendar; yields once. Raises Incomplete for one that proves nothing."""
    data = file.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise _refused(asked, f"is larger than {BYTES_MAX >> 20} MB")
    try:
        calendars = icalendar.Calendar.from_ical(data, multiple=True)
        events = _Events(asked)
        for calendar in calendars:
            events.take(calendar)
    except _NONSENSE as error:
        raise _refused(asked, _what(data, error)) from error
    if not data.rstrip().upper().endswith(b"END:VCALENDAR"):
        raise _refused(asked, "is empty, or was cut off: there is no whole calendar in it")
    yield events.turns()


def _what(data: bytes, error: Exception) -> str:
    if data.lstrip()[:1] == b"<":
        return "is a web page and no calendar: perhaps it asks to sign in"
    if isinstance(error, recurring_ical_events.BadRuleStringFormat):
        return _BAD_RULE
    return f"can't be read as a calendar ({type(error).__name__})"


def _refused(asked: Asked, what: str) -> Incomplete:
    return Incomplete(f"{asked.name}: it {what}.", remedy=_REMEDY)


@dataclass(slots=True)
class _Events:
    """What was found so far."""

    asked: Asked
    count: int = 0
    found: set[Turn] = field(default_factory=set)
    backwards: int = 0
    without_length: int = 0
    without_zone: int = 0
    unknown: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)

    def take(self, calendar: icalendar.Component) -> None:
        """Take a calendar's turns."""
        events = calendar.walk("VEVENT")
        self.count += len(events)
        if self.count > EVENTS_MAX:
            raise _refused(self.asked, f"has more than {EVENTS_MAX:,} events")
        for event in events:
            self._refuse_fine_rules(event)
            if _is_backwards(event):
                self.backwards += 1
                calendar.subcomponents.remove(event)
        put_right(calendar, self.asked)
        bound(calendar, self.asked)
        query = recurring_ical_events.of(calendar)
        for event in query.between(self.asked.since, self.asked.until):
            if str(event.get("STATUS", "")).upper() != "CANCELLED":
                self._take_event(event)

    def _refuse_fine_rules(self, event: Any) -> None:
        for rule in every(event.get("RRULE")):
            if not isinstance(rule, icalendar.vRecur):
                raise _refused(self.asked, _BAD_RULE)
            is_fine = TOO_FINE & {str(one).upper() for one in rule.get("FREQ", ())}
            if is_fine or any(len(every(rule.get(key))) > 1 for key in ("BYMINUTE", "BYSECOND")):
                raise _refused(self.asked, "has an event that is repeated more often than each hour")

    def _take_event(self, event: Any) -> None:
        starts, ends = event["DTSTART"].dt, event["DTEND"].dt
        self.without_zone += isinstance(starts, datetime) and starts.tzinfo is None
        from_at, until_at = self._instant(starts, is_end=False), self._instant(ends, is_end=True)
        if from_at >= until_at:
            self.without_length += 1
            return
        people = people_of(event, self.asked.aliases)
        if not people:
            nobody = self.declined if all_declined(event) else self.unknown
            nobody.add(one_line(str(event.get("SUMMARY", ""))))
        self.found |= {Turn(person, from_at, until_at) for person in people}

    def _instant(self, at: date | datetime, *, is_end: bool) -> datetime:
        """Give days and times without a zone that of the rota."""
        if isinstance(at, datetime) and at.tzinfo is not None:
            return at
        showing = last_showing if is_end else first_showing
        if isinstance(at, datetime):
            return showing(self.asked.timezone, at.date(), at.time())
        return showing(self.asked.timezone, at, MIDNIGHT)

    def turns(self) -> Turns:
        """Everything that was taken. Raises Incomplete if that is nothing: there is no rota without a turn."""
        notes = tuple(self._notes())
        if not self.found:
            days = (self.asked.until - self.asked.since).days
            raise _refused(self.asked, " ".join((f"names nobody in {days} days.", *notes)).rstrip("."))
        order = sorted(self.found, key=lambda one: (one.from_at, one.until_at, one.person))
        return Turns(tuple(order), notes)

    def _notes(self) -> Iterator[str]:
        if self.unknown:
            yield f"Turns that name nobody whom we know: {listed(sorted(self.unknown))}. Add them to aliases."
        if self.declined:
            yield f"Turns that everybody who was asked has declined: {listed(sorted(self.declined))}."
        if self.backwards:
            yield f"Events that end before they begin, and are left out: {self.backwards}."
        if self.without_length:
            yield f"Events without an end, in which nobody is on call: {self.without_length}."
        if self.without_zone:
            yield f"Turns without a time zone that is known, read in {self.asked.timezone}: {self.without_zone}."


def _is_backwards(event: Any) -> bool:
    """Whether an event ends before it begins, which the library would swap."""
    duration = event["DURATION"].dt if "DURATION" in event else timedelta(0)
    if duration < timedelta(0):
        return True
    return "DTSTART" in event and "DTEND" in event and bool(event["DTEND"].dt < event["DTSTART"].dt)
