"""report: what controls say of all groups, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
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
from worker.ops.terminal import json_text

app = typer.Typer(no_args_is_help=True, help="Reports for managers and auditors.")


class ReportFormat(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


if TYPE_CHECKING:
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
        organisation = worker.settings.organisation.name
    named = str(framework) if framework else None
    wanted = ReportFormat.JSON if json else format_
    if wanted is ReportFormat.TEXT and output is None:
        _print(reports)
        return
    texts = {
        ReportFormat.TEXT: lambda: "\n".join(_line(one) for one in reports) + "\n",
        ReportFormat.JSON: lambda: (
            json_text(controls_shape(reports, at, named).model_dump(mode="json", by_alias=True), indent=2)
            + "\n"
        ),
        ReportFormat.CSV: lambda: controls_table(reports, named),
        ReportFormat.HTML: lambda: controls_page(reports, organisation, at, named),
    }
    deliver(texts[wanted](), output)


def deliver(text: str, output: Path | None) -> None:
    """Write a report to a file, or to standard output. Raises Refused if the file can't be written."""
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise Refused(f"{output} can't be written: {error.strerror or error}. Name another place.") from error


def _print(reports: Sequence[ControlReport]) -> None:
    from worker.domain.controls import GROUP_CONTROLS
    from worker.domain.controls.others import STATEMENT_CONTROLS

    configured = {*GROUP_CONTROLS, *STATEMENT_CONTROLS}
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
