"""attest: what people said of policies, trainings and devices, and lists of other systems."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from worker.cli.common import (
    ByOption,
    ConfigOption,
    JsonOption,
    NowOption,
    ReasonOption,
    actor,
    clock_at,
    err,
    local_time,
    opened,
    out,
    print_list,
    print_shape,
    print_table,
)
from worker.domain.controls.statements import Attestation, Statement

if TYPE_CHECKING:
    Importable = str
else:
    Importable = StrEnum(
        "Importable",
        [(one.name, one.value) for one in (Statement.POLICY, Statement.TRAINING, Statement.DEVICE)],
    )

PAGE = 1000

app = typer.Typer(no_args_is_help=True, help="What people said when they were asked.")


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)],
    config: ConfigOption,
    statement: Annotated[Importable, typer.Option(help="What the list is about.")],
    by: ByOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Keep what a list says: CSV with email or employee_id. A row that was kept before is kept once."""
    from worker.contract.attestations import ImportedListShape
    from worker.running.wiring import read_statement_list

    at = clock_at(now)
    rows = read_statement_list(file)
    with opened(config, now) as worker:
        who = actor(by, worker.settings)
        taken = worker.attesting.take(rows, Statement(str(statement)), file.name, who, at, reason)
    if json:
        print_shape(ImportedListShape(kept=taken.kept, problems=list(taken.problems)))
    else:
        out.print(Text(f"Kept {taken.kept} of {len(rows)} rows."))
        for problem in taken.problems:
            err.print(Text(problem, style="yellow"), soft_wrap=True)
        for subject, count in taken.others.items():
            rows_are = "1 row is" if count == 1 else f"{count} rows are"
            about = f"about {subject!r}, which" if subject else "about nothing that is named, which"
            err.print(Text(f"{rows_are} {about} nothing in `controls:` asks for."), soft_wrap=True)
    if taken.problems:
        raise typer.Exit(1)


@app.command("list")
def list_all(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """List what people said, the first first."""
    from worker.contract.attestations import AttestationShape

    with opened(config, now) as worker, worker.store.reading() as uow:
        found: list[Attestation] = []
        while page := uow.attestations.page(found[-1].id if found else 0, PAGE):
            found += page
        known = uow.people.facts([one.person for one in found if one.person])
        when = worker.settings
    if json:
        print_list([AttestationShape.of(one, known) for one in found])
        return
    rows = [
        (
            one.label,
            f"{one.statement.value} {one.subject}".strip(),
            one.version,
            known[one.person].display_name if one.person in known else "erased",
            one.answer.value,
            local_time(one.at, when),
            one.assurance.value,
        )
        for one in found
    ]
    headings = ("id", "statement", "version", "person", "answer", "when", "how")
    print_table("", headings, rows, "Nobody has said anything yet.")
