"""Figures over time: exposure by day, openings and proofs by week, and how long removals took."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from worker.desk.calls import Call
from worker.desk.sessions import Guest

SPANS = {"4": 4, "13": 13, "26": 26}  # weeks


def charts(call: Call, guest: Guest) -> Response:
    """The figures as tables, which the chart library turns into charts if scripts run."""
    del guest
    span = call.query("weeks") if call.query("weeks") in SPANS else "13"
    now = call.now
    since = _day_start(now, call.services.place.timezone) - timedelta(weeks=SPANS[span])
    days = [since + timedelta(days=at) for at in range(1, SPANS[span] * 7 + 1)]
    with call.services.store.reading() as uow:
        exposure = uow.overview.exposure_at([*days, now])
        weeks = uow.overview.weeks(since, now)
    return call.page(
        "console/charts.html",
        {
            "span": span,
            "spans": SPANS,
            # The end of a day is the start of the next
            "exposure": list(zip([*(end - timedelta(days=1) for end in days), now], exposure, strict=True)),
            "weeks": weeks,
            "hours": lambda seconds: None if seconds is None else round(seconds / 3600, 1),
        },
    )


def _day_start(now: datetime, timezone: str) -> datetime:
    local = now.astimezone(ZoneInfo(timezone))
    return datetime.combine(local.date(), time(), ZoneInfo(timezone))
