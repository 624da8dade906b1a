"""The wall clock read minute by minute: slow, and plain to see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LONG = 4  # days that a case looks at
ZONES = (
    "Europe/London",
    "America/New_York",
    "America/Santiago",  # the other half of the world
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kolkata",  # half an hour from everybody
    "Africa/Casablanca",  # Ramadan
    "Pacific/Apia",  # a day that never was
    "America/Havana",  # back over midnight
)


@lru_cache(maxsize=16)
def changes(zone: str) -> tuple[datetime, ...]:
    """The days, from 2011 on, on which the zone's clocks change."""
    days = [datetime(2011, 1, 1, tzinfo=UTC) + number * DAY for number in range(10 * 365)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return tuple(day for day, one, next_ in zip(days, offsets, offsets[1:], strict=False) if one != next_)


class SlowClock:
    """The wall clock of some days, as it is read each minute."""

    def __init__(self, zone: str, since: datetime) -> None:
        self.since = since
        self.minutes = [since + number * MINUTE for number in range(LONG * 24 * 60)]
        margin = 3 * 24 * 60
        self._first = since - margin * MINUTE
        self._reads = [
            (self._first + number * MINUTE).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            for number in range(len(self.minutes) + 2 * margin)
        ]

    @lru_cache(maxsize=4096)  # noqa: B019  one clock a case
    def begins(self, day: date, wall: time) -> datetime:
        """The first minute at which it reads this or later."""
        wanted = datetime.combine(day, wall)
        number = next((n for n, read in enumerate(self._reads) if read >= wanted), len(self._reads))
        return self._first + number * MINUTE

    @lru_cache(maxsize=4096)  # noqa: B019  one clock a case
    def ends(self, day: date, wall: time) -> datetime:
        """The last minute at which it reads this; of a skipped time, the first at which it reads later."""
        wanted = datetime.combine(day, wall)
        shown = [n for n, read in enumerate(self._reads) if read == wanted]
        return self._first + shown[-1] * MINUTE if shown else self.begins(day, wall)

    def days(self) -> Iterator[date]:
        """The days that it shows, and some around."""
        first = self._reads[0].date()
        return (first + number * DAY for number in range(LONG + 8))


@st.composite
def places(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and an instant a day or two before its clocks change, or any other."""
    zone = draw(st.sampled_from(ZONES))
    starts = [*changes(zone), datetime(2026, 11, 2, tzinfo=UTC), datetime(2028, 2, 27, tzinfo=UTC)]
    return zone, draw(st.sampled_from(starts)) - draw(st.integers(0, 3 * 24 * 60)) * MINUTE
