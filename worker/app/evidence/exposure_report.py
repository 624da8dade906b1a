"""The report on exposure for people: a page for a board with three charts, and a table. In English, like packs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from worker.app.evidence.report import csv_line, environment, safe_cell
from worker.domain.controls.exposed_hours import ExposedMonth, ExposureRow, hours
from worker.domain.messages.sentences import flat
from worker.domain.messengers import MESSENGERS

COLUMNS = (
    "month", "department", "messenger", "sensitive", "member_hours", "claimed_hours", "open", "median_h", "p90_h",
    "from_first_sight",
)  # fmt: skip
MONTHS = 6  # that the page shows
TOGETHER, UNKNOWN = "small departments together", "department not known"
_WIDTH, _LABEL_MAX, _BARS_MAX = 400, 44, 10


def department(row: ExposureRow) -> str:
    """A row's department as people read it."""
    return TOGETHER if row.department is None else row.department or UNKNOWN


def messenger_name(key: str) -> str:
    """A messenger's name; of one that we have no rules for, its key."""
    known = MESSENGERS.get(key.casefold())
    return known.name if known else key


def exposure_cells(month: str, row: ExposureRow) -> tuple[object, ...]:
    """A row in the order of COLUMNS."""
    return (
        month, department(row), row.messenger, "yes" if row.is_sensitive else "no", hours(row.exposed),
        hours(row.claimed), row.still_open, _hours(row.median), _hours(row.p90), row.first_sight,
    )  # fmt: skip


def _hours(span: timedelta | None) -> float | None:
    return None if span is None else hours(span)


def exposure_table(one: ExposedMonth) -> str:
    """One month as CSV with a header, in UTF-8 with a byte-order mark."""
    rows = (map(safe_cell, exposure_cells(one.month.name, row)) for row in one.rows)
    return "\ufeff" + csv_line(COLUMNS) + "".join(map(csv_line, rows))


@dataclass(frozen=True, slots=True)
class ChartBar:
    """A bar of a chart: a label, its hours, and the width of its two parts."""

    label: str
    text: str
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class BarChart:
    """A chart of bars from top to bottom; `parts` names the two parts of a bar. `said` is all of it in words."""

    id: str
    title: str
    parts: tuple[str, str]
    bars: Sequence[ChartBar]

    @property
    def said(self) -> str:
        return "; ".join(f"{bar.label}: {bar.text}" for bar in self.bars) or "nothing"


def exposure_page(months: Sequence[ExposedMonth], organisation: str, at: datetime) -> str:
    """The last of these months as one HTML page without anything from elsewhere; the others are its past."""
    last = months[-1]
    template = environment().get_template("exposure_report.html")
    return template.render(
        organisation=organisation,
        at=f"{at.astimezone(UTC):%d %B %Y, %H:%M} UTC",
        title=_spelled(last.month.name),
        total=last.total,
        rows=[(department(row), messenger_name(row.messenger), row) for row in last.rows],
        charts=_charts(months),
        hours=lambda span: "" if span is None else f"{hours(span):,.1f}",
    )


def _spelled(month: str) -> str:
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}"


def _charts(months: Sequence[ExposedMonth]) -> list[BarChart]:
    rows = months[-1].rows
    word = ("proven or still open", "ended by somebody's word only")
    over_time = [(_spelled(one.month.name), one.total.exposed, one.total.claimed) for one in months]
    return [
        BarChart("months", "Member-hours in each month", word, _bars(over_time)),
        BarChart("departments", "By department", word, _bars(_most(_by_department(rows)))),
        BarChart(
            "messengers", "By messenger", ("other groups", "sensitive groups"), _bars(_by_messenger(rows))
        ),
    ]


def _by_department(rows: Iterable[ExposureRow]) -> list[tuple[str, timedelta, timedelta]]:
    sums: dict[str, list[timedelta]] = defaultdict(lambda: [timedelta(0), timedelta(0)])
    for row in rows:
        sums[department(row)][0] += row.exposed
        sums[department(row)][1] += row.claimed
    return _longest((name, first, second) for name, (first, second) in sums.items())


def _by_messenger(rows: Iterable[ExposureRow]) -> list[tuple[str, timedelta, timedelta]]:
    sums: dict[str, list[timedelta]] = defaultdict(lambda: [timedelta(0), timedelta(0)])
    for row in rows:
        sums[messenger_name(row.messenger)][row.is_sensitive] += row.exposed + row.claimed
    return _longest((name, first, second) for name, (first, second) in sums.items())


def _longest(sums: Iterable[tuple[str, timedelta, timedelta]]) -> list[tuple[str, timedelta, timedelta]]:
    return sorted(sums, key=lambda one: (-(one[1] + one[2]), one[0]))


def _most(sums: Sequence[tuple[str, timedelta, timedelta]]) -> list[tuple[str, timedelta, timedelta]]:
    """The longest bars; what is left becomes one."""
    shown, rest = sums[:_BARS_MAX], sums[_BARS_MAX:]
    if not rest:
        return list(shown)
    others = (sum((one[part] for one in rest), timedelta(0)) for part in (1, 2))
    return [*shown, (f"others ({len(rest)})", *others)]  # type: ignore[list-item]


def _bars(sums: Iterable[tuple[str, timedelta, timedelta]]) -> list[ChartBar]:
    rows = list(sums)
    longest = max((first + second for _, first, second in rows), default=timedelta(0)) or timedelta(hours=1)
    return [
        ChartBar(
            _cut(label),
            f"{hours(first + second):,.1f} h",
            round(_WIDTH * (first / longest), 1),
            round(_WIDTH * (second / longest), 1),
        )
        for label, first, second in rows
    ]


def _cut(label: str) -> str:
    text = flat(label)
    return text if len(text) <= _LABEL_MAX else f"{text[: _LABEL_MAX - 1]}…"
