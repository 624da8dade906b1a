"""When a person may be told: quiet hours by their own clock and their country's holidays.

Pure. What is not told now is held until an instant, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from worker.domain.escalation.calendar import is_public_holiday
from worker.domain.escalation.wall_clock import (
    DAY,
    first_showing,
    last_showing,
    local_day,
    only_zone,
    timezones,
)

MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Quiet from `from_` until `until` by the recipient's wall clock; over midnight if that is earlier.

    `days` are the weekdays (Monday 0) on which a quiet time begins: Friday's night ends on Saturday. With `holidays`,
    public holidays are quiet from midnight to midnight, on whatever day. `exempt_sensitive`: tickets of sensitive
    groups are told nevertheless, which is for the caller to see to.

    A quiet time that begins in a skipped or repeated hour begins at the change or at its first showing, and ends at
    the change or at the last. Raises ValueError if `from_` is `until`, which would leave no time to tell anything.
    """

    from_: time
    until: time
    days: frozenset[int] = frozenset(range(7))
    holidays: bool = True
    exempt_sensitive: bool = True

    def __post_init__(self) -> None:
        if self.from_ == self.until:
            raise ValueError(
                f"quiet hours, until {self.until:%H:%M}: is their beginning; leave time to tell people"
            )


def held_until(
    quiet: QuietHours, instant: datetime, timezone: str, country: str | None = None
) -> datetime | None:
    """Return the instant (aware UTC) until which a message is held; None if it may be told now.

    It is the end of all quiet that follows without a break: a night before a holiday, the holiday, and the night
    after it. `instant` is aware, `timezone` IANA, `country` ISO 3166; without one, or for one whose holidays are not
    known, no day is a holiday. A second call with the result returns None.
    """
    until = instant
    while (end := _end(quiet, until, timezone, country)) is not None:
        until = end
    return None if until == instant else until


def _end(quiet: QuietHours, instant: datetime, timezone: str, country: str | None) -> datetime | None:
    """The end of one quiet time, the longest, that an instant lies in."""
    today = local_day(timezone, instant)
    ends = [
        last_showing(timezone, ends_on, until)
        for day in (today - DAY, today, today + DAY)
        for from_, until, ends_on in _times(quiet, day, country)
        if first_showing(timezone, day, from_) <= instant < last_showing(timezone, ends_on, until)
    ]
    return max(ends, default=None)


def _times(quiet: QuietHours, day: date, country: str | None) -> list[tuple[time, time, date]]:
    """The quiet times that begin on a day: from, until, and the day on which they end."""
    times = []
    if day.weekday() in quiet.days:
        times.append((quiet.from_, quiet.until, day if quiet.from_ < quiet.until else day + DAY))
    if quiet.holidays and is_public_holiday(country, day):
        times.append((MIDNIGHT, MIDNIGHT, day + DAY))
    return times


def zone_of(stated: str | None, messenger: str | None, country: str | None, organisation: str) -> str:
    """Return a recipient's time zone (IANA): the first of these that is known.

    What the directory states, what the messenger shows of them, the only zone of their country (ISO 3166), and the
    organisation's. A name that is no zone counts as none.
    """
    for named in (stated, messenger):
        if named in timezones():
            return named
    return (only_zone(country) if country else None) or organisation
