"""Controls: what each says of all groups, and what fails one of them. All figures are those of the job's last run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from worker.app.reads.controls import LastRun
from worker.desk.calls import Call
from worker.desk.console.frame import PAGE, missing
from worker.desk.console.paging import after_of, next_of
from worker.desk.sessions import Guest
from worker.domain.controls import CATALOGUE
from worker.domain.kinds.controlled import fails, ticket_for
from worker.domain.model import GroupKey
from worker.ports.state.controls import ControlCounts, ControlDay, ControlFailure, ControlReport, FailurePlace
from worker.ports.state.store import UnitOfWork

VALUES = ("passed", "failed", "unknown", "waived")
WIDTH, HEIGHT = 100, 24  # of the drawings, in their own units
COMPARED_OVER = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Bar:
    """One value of a control's bar: where it begins, and how wide it is."""

    value: str
    begins: float
    width: float


@dataclass(frozen=True, slots=True)
class FailingChange:
    """How many more subjects fail than on an earlier day; fewer is negative."""

    more: int
    since: date


def controls(call: Call, guest: Guest) -> Response:
    """Every control, with what passes, fails and can't be told."""
    del guest
    with call.services.store.reading() as uow:
        last = call.services.controls.last_run(uow, call.now)
    rows = [_row(one, last) for one in last.reports]
    on = [row for row in rows if row["report"].mode is not None]
    off = [row["control"] for row in rows if row["report"].mode is None]
    return call.page("console/controls.html", {"at": last.at, "rows": on, "off": off})


def control(call: Call, guest: Guest) -> Response:
    """One control: what fails where, what can't be told and why, and how it was in the weeks before."""
    del guest
    label = call.path("control")
    if label not in CATALOGUE:
        return missing(call)
    after = after_of(call, GroupKey)
    with call.services.store.reading() as uow:
        last = call.services.controls.last_run(uow, call.now)
        found = uow.controls.failures(label, _place(after), PAGE + 1)
        shown = found[:PAGE]
        departments = uow.controls.departments(label)
        failures = _failures(call, uow, shown)
    place = shown[-1].place if len(found) > PAGE else None
    large = _large(departments, call.services.controls.rules.policy.report_min)
    report = next(one for one in last.reports if one.control == label)
    return call.page(
        "console/control.html",
        {
            "at": last.at,
            **_row(report, last),
            "failures": failures,
            "large": large,
            "others": sum(departments.values()) - sum(large.values()),
            "weeks": _weeks(last.days.get(label, ())),
            "next": next_of(call, str(int(place.is_sensitive)), place[1:]) if place else None,
        },
    )


def _row(report: ControlReport, last: LastRun) -> dict[str, Any]:
    days = last.days.get(report.control, ())
    return {
        "control": CATALOGUE[report.control],
        "report": report,
        "counts": report.counts,
        "bars": _bars(report.counts),
        "trend": _trend(days),
        "change": _change(days),
    }


def _bars(counts: ControlCounts) -> list[Bar]:
    """The parts of a bar, one after the other; without subjects: none."""
    found: list[Bar] = []
    begins = 0.0
    for value in VALUES:
        width = WIDTH * getattr(counts, value) / max(counts.subjects, 1)
        if width:
            found.append(Bar(value, round(begins, 2), round(width, 2)))
        begins += width
    return found


def _trend(days: Sequence[ControlDay]) -> str:
    """The points of a line of how many failed on each day; the first and the last day are at its ends."""
    if len(days) < 2:  # noqa: PLR2004  a line has two ends
        return ""
    first, last = (date.fromisoformat(days[at].day) for at in (0, -1))
    most = max(one.counts.failed for one in days) or 1
    points = (
        (
            WIDTH * (date.fromisoformat(one.day) - first) / (last - first),
            HEIGHT - 2 - (HEIGHT - 4) * one.counts.failed / most,
        )
        for one in days
    )
    return " ".join(f"{across:.1f},{down:.1f}" for across, down in points)


def _change(days: Sequence[ControlDay]) -> FailingChange | None:
    """The last day beside the oldest one of the four weeks before; None if there is no day before."""
    if not days:
        return None
    begin = f"{date.fromisoformat(days[-1].day) - COMPARED_OVER:%Y-%m-%d}"
    before = next(one for one in days if one.day >= begin)
    if before is days[-1]:
        return None
    return FailingChange(days[-1].counts.failed - before.counts.failed, date.fromisoformat(before.day))


def _weeks(days: Sequence[ControlDay]) -> list[tuple[date, ControlCounts]]:
    """The last counts of each week with the day that they are of, the newest first."""
    last = {date.fromisoformat(one.day).isocalendar()[:2]: one for one in days}
    return [(date.fromisoformat(one.day), one.counts) for one in reversed(last.values())]


def _failures(call: Call, uow: UnitOfWork, shown: Sequence[ControlFailure]) -> list[dict[str, Any]]:
    tickets = uow.group_states.tickets_of([GroupKey(one.source, one.subject) for one in shown])
    return [
        {
            "one": one,
            "key": GroupKey(one.source, one.subject),
            "said": said_of(one).say(call.tongue),
            "ticket": ticket_for(one.control, tickets.get(GroupKey(one.source, one.subject), ())),
        }
        for one in shown
    ]


def said_of(one: ControlFailure) -> Any:
    """What is wrong, as a sentence."""
    return fails({"control": one.control, "found": one.found, "wanted": one.wanted})


def _place(after: tuple[str, GroupKey] | None) -> FailurePlace | None:
    return FailurePlace(after[0] == "1", *after[1]) if after else None


def _large(departments: Mapping[str, int], at_least: int) -> dict[str, int]:
    """The departments in which so many groups fail, the most first; smaller ones are shown together."""
    found = [(name, count) for name, count in departments.items() if name and count >= at_least]
    return dict(sorted(found, key=lambda item: (-item[1], item[0])))
