"""report: what controls say of all groups, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from worker.app.refused import Refused
from worker.cli.common import (
    ConfigOption,
    JsonOption,
    NowOption,
    clock_at,
    opened,
    out,
    print_table,
)
from worker.domain.controls.standards import FRAMEWORKS
from worker.domain.messages.sentences import flat
from worker.ops.terminal import json_text

app = typer.Typer(no_args_is_help=True, help="Reports for managers and auditors.")


class ReportFormat(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


if TYPE_CHECKING:
    from worker.contract.shape import Shape
    from worker.domain.controls.exposed_hours import ExposedMonth
    from worker.domain.controls.readiness import Readiness
    from worker.ports.state.controls import ControlReport

    Framework = str
else:
    Framework = StrEnum("Framework", [(name.upper(), name) for name in FRAMEWORKS])

FormatOption = Annotated[ReportFormat, typer.Option("--format", help="How it is written.")]
FileOption = Annotated[
    Path | None, typer.Option("-o", "--output", dir_okay=False, help="Write it into this file.")
]


@app.command()
def controls(
    config: ConfigOption,
    framework: Annotated[
        Framework | None, typer.Option(help="Name only the clauses of this standard.")
    ] = None,
    format_: FormatOption = ReportFormat.TEXT,
    output: FileOption = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Say for each control what passes, fails and can't be told, as it is now."""
    from worker.app.evidence.controls_report import controls_page, controls_table
    from worker.contract.controls import controls_shape

    at = clock_at(now)
    with opened(config, now) as worker:
        reports = worker.controls.report(at)
        with worker.store.reading() as uow:
            repeated = uow.bad_messages.repeated()
        organisation = worker.settings.organisation.name
    named = str(framework) if framework else None
    wanted = _wanted(format_, json=json)
    if wanted is ReportFormat.TEXT and output is None:
        _print(reports)
        if repeated:
            head = ("group", "department", "reports")
            print_table("\nMessages reported more than once", head, repeated, "")
        return
    texts = {
        ReportFormat.TEXT: lambda: "\n".join(_line(one) for one in reports) + "\n",
        ReportFormat.JSON: lambda: _json(controls_shape(reports, at, named)),
        ReportFormat.CSV: lambda: controls_table(reports, named),
        ReportFormat.HTML: lambda: controls_page(reports, organisation, at, named, repeated),
    }
    deliver(texts[wanted](), output)


@app.command()
def exposure(
    config: ConfigOption,
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="Of which month; else of this one.")] = "",
    format_: FormatOption = ReportFormat.TEXT,
    output: FileOption = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Say for how many hours people who had left were still in groups."""
    from worker.app.evidence.exposure_report import MONTHS, exposure_page, exposure_table
    from worker.contract.exposure import ExposureReportShape

    at, wanted = clock_at(now), _wanted(format_, json=json)
    with opened(config, now) as worker:
        try:
            months = worker.exposure.months(month, at, MONTHS if wanted is ReportFormat.HTML else 1)
        except Refused as error:
            raise typer.BadParameter(str(error), param_hint="--month") from None
        organisation = worker.settings.organisation.name
    if wanted is ReportFormat.TEXT and output is None:
        _print_exposure(months[-1])
        return
    texts = {
        ReportFormat.TEXT: lambda: "".join(map(_tabbed, _exposure_rows(months[-1]))),
        ReportFormat.JSON: lambda: _json(ExposureReportShape.of(months[-1])),
        ReportFormat.CSV: lambda: exposure_table(months[-1]),
        ReportFormat.HTML: lambda: exposure_page(months, organisation, at),
    }
    deliver(texts[wanted](), output)


@app.command()
def readiness(
    config: ConfigOption,
    target: Annotated[
        str, typer.Option(metavar="MESSENGER", help="To which messenger; else where classes are to go.")
    ] = "",
    format_: FormatOption = ReportFormat.TEXT,
    output: FileOption = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Say which groups can move to another messenger, and what is in the way."""
    from worker.app.evidence.readiness_report import left_behind, readiness_page, readiness_table
    from worker.contract.exposure import ReadinessReportShape

    at, wanted = clock_at(now), _wanted(format_, json=json)
    with opened(config, now) as worker:
        try:
            where = worker.readiness.target(target)
        except Refused as error:
            raise typer.BadParameter(str(error), param_hint="--target") from None
        found = list(worker.readiness.of(where, at))
        organisation = worker.settings.organisation.name
    if wanted is ReportFormat.TEXT and output is None:
        _print_readiness(found, where)
        return
    notes = (f"# {sentence}\n" for sentence in left_behind(where))
    texts = {
        ReportFormat.TEXT: lambda: "".join([*notes, *(_tabbed(row) for row in _readiness_rows(found))]),
        ReportFormat.JSON: lambda: _json(ReadinessReportShape.of(where, found)),
        ReportFormat.CSV: lambda: readiness_table(found),
        ReportFormat.HTML: lambda: readiness_page(found, where, organisation, at),
    }
    deliver(texts[wanted](), output)


def _readiness_rows(found: Sequence[Readiness]) -> list[tuple[object, ...]]:
    return [
        (
            one.group.name, one.group.messenger, one.said, one.share, one.group.size, one.data_class,
            "; ".join(one.reasons),
        )
        for one in found
    ]  # fmt: skip


def _print_readiness(found: Sequence[Readiness], target: str) -> None:
    from worker.app.evidence.readiness_report import left_behind

    headings = ("group", "messenger", "verdict", "with account", "members", "class", "to see to")
    empty = f"Every group is in {target}."
    print_table(f"Moving to {target}", headings, _readiness_rows(found), empty)
    out.print(Text("\nWhat does not come along:"))
    for sentence in left_behind(target):
        out.print(Text(f"- {sentence}"))


def _tabbed(row: Iterable[object]) -> str:
    return "\t".join("-" if cell is None else flat(str(cell)) for cell in row) + "\n"


def _wanted(format_: ReportFormat, *, json: bool) -> ReportFormat:
    return ReportFormat.JSON if json else format_


def _json(shape: Shape) -> str:
    return json_text(shape.model_dump(mode="json", by_alias=True), indent=2) + "\n"


def _exposure_rows(one: ExposedMonth) -> list[tuple[object, ...]]:
    from worker.app.evidence.exposure_report import exposure_cells

    return [exposure_cells(one.month.name, row)[1:] for row in one.rows]


def _exposure_lines(one: ExposedMonth) -> list[str]:
    return [
        "\t".join("-" if cell is None else flat(str(cell)) for cell in row) for row in _exposure_rows(one)
    ]


def _print_exposure(one: ExposedMonth) -> None:
    headings = (
        "department", "messenger", "sensitive", "member-hours", "claimed", "open", "median h", "p90 h", "first sight",
    )  # fmt: skip
    empty = f"Nobody who had left was in a group in {one.month.name}."
    if not one.is_recorded:
        empty = f"Nothing is recorded of {one.month.name}: the journal begins later, or is empty."
    print_table(f"Exposed member-hours in {one.month.name}", headings, _exposure_rows(one), empty)


def deliver(text: str, output: Path | None) -> None:
    """Write a report to a file, or to standard output.

    Raises Refused if the file can't be written; then it is what it was before.
    """
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        _write(output, text)
    except OSError as error:
        raise Refused(f"{output} can't be written: {error.strerror or error}. Name another place.") from error


def _write(path: Path, text: str) -> None:
    if path.is_symlink() or (path.exists() and not path.is_file()):  # a device or a pipe is not replaced
        path.write_text(text, encoding="utf-8", newline="")
        return
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _print(reports: Sequence[ControlReport]) -> None:
    from worker.domain.controls import GROUP_CONTROLS
    from worker.domain.controls.others import CONVERSATIONS, STATEMENT_CONTROLS

    configured = {*GROUP_CONTROLS, *STATEMENT_CONTROLS, CONVERSATIONS.id}
    headings = ("control", "mode", "of", "pass", "fail", "unknown", "waived", "tickets", "late")
    print_table("Controls", headings, [_cells(one) for one in reports], "There are no controls.")
    if not any(one.mode for one in reports if one.control in configured):
        out.print(Text("No section of `controls:` is in the configuration, so most of them are off."))


def _cells(one: ControlReport) -> tuple[object, ...]:
    counts = one.counts
    return (
        one.control, one.mode.value if one.mode else "off", counts.subjects, counts.passed, counts.failed,
        counts.unknown, counts.waived, one.tickets.live, one.tickets.overdue,
    )  # fmt: skip


def _line(one: ControlReport) -> str:
    return "\t".join(str(cell) for cell in _cells(one))
