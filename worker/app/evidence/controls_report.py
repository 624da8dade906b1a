"""The report on controls for people: a page that prints well, and a table for spreadsheets. In English, like packs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from worker.app.evidence.report import csv_line, environment, safe_cell
from worker.domain.controls import CATALOGUE
from worker.domain.controls.standards import supported_by
from worker.domain.reconcile.plan import instant
from worker.ports.state.bad_messages import ReportedPlace
from worker.ports.state.controls import ControlReport

COLUMNS = (
    "id", "mode", "subjects", "pass", "fail", "unknown", "waived", "declined", "tickets_live", "tickets_overdue",
    "grade_a", "grade_b", "grade_c", "oldest_evidence_at", "cannot_prove", "supports",
)  # fmt: skip


def clauses(control: str, framework: str | None) -> str:
    """The clauses that a control supports, on one line."""
    return "; ".join(
        f"{one.framework} {one.clause} ({one.confidence.value})" for one in supported_by(control, framework)
    )


def controls_table(reports: Iterable[ControlReport], framework: str | None) -> str:
    """The report as CSV with a header, in UTF-8 with a byte-order mark."""
    rows = (map(safe_cell, _row(one, framework)) for one in reports)
    return "\ufeff" + csv_line(COLUMNS) + "".join(map(csv_line, rows))


def _row(one: ControlReport, framework: str | None) -> tuple[object, ...]:
    counts, tickets = one.counts, one.tickets
    return (
        one.control, one.mode.value if one.mode else "off", counts.subjects, counts.passed, counts.failed,
        counts.unknown, counts.waived, counts.declined, tickets.live, tickets.overdue,
        *(counts.grades.get(grade, 0) for grade in "ABC"), instant(counts.oldest_evidence_at),
        CATALOGUE[one.control].cannot_prove, clauses(one.control, framework),
    )  # fmt: skip


def controls_page(
    reports: Sequence[ControlReport],
    organisation: str,
    at: datetime,
    framework: str | None,
    repeated: Sequence[ReportedPlace] = (),
) -> str:
    """The report as one HTML page without anything from elsewhere. `repeated`: where messages are reported again."""
    template = environment().get_template("controls_report.html")
    return template.render(
        organisation=organisation,
        at=instant(at),
        framework=framework,
        repeated=repeated,
        rows=[(one, CATALOGUE[one.control], clauses(one.control, framework)) for one in reports],
    )
