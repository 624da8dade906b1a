"""Figures over time: exposure by day, openings and proofs by week, and how long removals took."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from worker.desk.calls import Call
from worker.desk.console.days import period_text
from worker.desk.console.searching import search_path
from worker.desk.sessions import Guest
from worker.ports.state.overview import Period
from worker.ports.state.store import UnitOfWork

SPANS = {"4": 4, "13": 13, "26": 26}  # weeks before the one that is not over yet
DAY, WEEK, HOUR = timedelta(days=1), timedelta(days=7), timedelta(hours=1)


def charts(call: Call, guest: Guest) -> Response:
    """The figures as tables, which the chart library turns into charts if scripts run."""
    del guest
    chosen = call.query("weeks") if call.query("weeks") in SPANS else "13"
    today = _day_start(call.now, call.services.place.timezone)
    with call.services.store.reading() as uow:
        began = _began(uow)
        starts = _weeks(today, SPANS[chosen], began)
        ends = [at for at in _days(starts[0] + DAY, today) if began is None or at > began]
        exposure = uow.overview.exposure_at([*ends, call.now])
        weeks = uow.overview.weeks(starts, call.now)
    rules = call.services.rules
    return call.page(
        "console/charts.html",
        {
            "chosen": chosen,
            "spans": SPANS,
            # The end of a day is the start of the next
            "exposure": list(zip([*(end - DAY for end in ends), call.now], exposure, strict=True)),
            "weeks": weeks,
            "path": {name: [_path(call, name, at) for at in starts] for name in ("opened", "verified")},
            "hour": HOUR,
            "due": rules.due,
            "due_sensitive": rules.due_sensitive,
            "due_hours": rules.due / HOUR,
        },
    )


def _began(uow: UnitOfWork) -> datetime | None:
    """When a source was first read: nothing is known of the time before."""
    return min((at for one in uow.sources.all() if (at := one.first_pass_at)), default=None)


def _weeks(today: datetime, number: int, began: datetime | None) -> list[datetime]:
    """The first instant of each week: so many that are over, if something was read by then, and the one that is not."""
    monday = today - today.weekday() * DAY
    before = [monday - back * WEEK for back in range(number, 0, -1)]
    return [*(at for at in before if began is None or at + WEEK > began), monday]


def _days(first: datetime, last: datetime) -> list[datetime]:
    return [first + at * DAY for at in range((last - first) // DAY + 1)]


def _path(call: Call, name: str, start: datetime) -> str:
    """The list of the removals that were opened, or verified, in one week."""
    fields = {"view": "removals", "state": "all", name: period_text(Period(start, start + WEEK))}
    return search_path(call, "/tickets", fields)


def _day_start(now: datetime, timezone: str) -> datetime:
    local = now.astimezone(ZoneInfo(timezone))
    return datetime.combine(local.date(), time(), ZoneInfo(timezone))
