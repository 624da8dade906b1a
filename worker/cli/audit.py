"""audit: evidence packs for the auditor, made from the database and checked without it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from worker.app.refused import Refused
from worker.cli.common import (
    ByOption,
    ConfigOption,
    JsonOption,
    NowOption,
    ReasonOption,
    actor,
    clock_at,
    day_of,
    opened,
    out,
    print_facts,
    print_shape,
    some_text,
)
from worker.domain.messages.sentences import flat
from worker.domain.reconcile.plan import instant

if TYPE_CHECKING:
    from worker.app.evidence.unexplained import Compared, Unexplained
    from worker.app.evidence.zip import PackVerdict
    from worker.domain.evidence.manifest import Manifest
    from worker.domain.evidence.pack import JournalSum

app = typer.Typer(no_args_is_help=True, help="Evidence packs: make one, or check one.")

WHOLE = "Nothing in this pack was changed, added, moved or taken out since it was made."
HONEST = (
    "A pack that was made anew as a whole, with another chain, looks the same: give --head the head that `audit "
    "export` printed, of this pack or of an earlier one."
)
EXPLAINED = (
    "Every row that was compared is as the journal says. Whoever can write the database can also write the journal: "
    "a head that was kept elsewhere (`audit verify --head`) proves the journal itself."
)
PROVED = "The head is the one that was given."


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="OUT.zip", dir_okay=False)],
    config: ConfigOption,
    person: Annotated[
        str | None,
        typer.Option(
            parser=some_text, metavar="ID", help="Only this person: id, e-mail address or employee id."
        ),
    ] = None,
    group: Annotated[
        str | None, typer.Option(parser=some_text, metavar="ID", help="Only this group: id or name.")
    ] = None,
    from_: Annotated[
        date | None,
        typer.Option(
            "--from",
            parser=day_of,
            metavar="DATE",
            help="From this day on, in the organisation's time zone.",
        ),
    ] = None,
    to: Annotated[
        date | None,
        typer.Option("--to", parser=day_of, metavar="DATE", help="Until the end of this day."),
    ] = None,
    by: ByOption = None,
    reason: ReasonOption = "",
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Write an evidence pack: all of the journal unless told otherwise."""
    from worker.app.evidence.scope import Selection
    from worker.app.evidence.zip import replacing
    from worker.contract.evidence import PackShape

    selection = Selection(person, group, from_, to)
    if selection.kinds > 1:
        raise typer.BadParameter("give only one of --person, --group and a period (--from, --to)")
    if selection.from_on and selection.to_on and selection.to_on < selection.from_on:
        raise typer.BadParameter("it is before --from", param_hint="--to")
    at = clock_at(now)
    with opened(config, now) as worker:
        try:
            with replacing(file) as pack:
                made = worker.audit.export(selection, pack, actor(by, worker.settings), at, reason)
        except OSError as error:
            raise Refused(
                f"{file} can't be written: {error.strerror or error}. Name another place."
            ) from error
    if json:
        print_shape(PackShape.of(file, made))
        return
    print_facts([
        ("wrote", file),
        ("covers", made.covered.title),
        ("events", f"{made.journal.full} of {made.journal.count}"),
        ("head", _head(made.journal)),
        ("digest", made.digest),
    ])  # fmt: skip
    out.print(
        Text(
            "Keep the head apart from the pack: `whosleft audit verify` finds it in this pack and in later ones."
        )
    )


def _head(journal: JournalSum) -> str:
    """A head in the form for `verify`."""
    return f"{journal.count}:{journal.hash}"


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="PACK.zip")],
    head: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD",
            help="A head that was kept, of this pack or an earlier one: 123:HASH, or the hash.",
        ),
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="The digest that the pack must have, known from elsewhere."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say whether a pack is whole, without the database."""
    from worker.app.evidence.zip import verify_pack
    from worker.contract.evidence import VerdictShape

    try:
        with file.open("rb") as pack:
            verdict = verify_pack(pack, head, digest)
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--head") from None
    if json:
        print_shape(VerdictShape.of(verdict))
    else:
        _print(verdict)
    if not verdict.is_whole:
        raise typer.Exit(1)


@app.command()
def check(config: ConfigOption, json: JsonOption = False, now: NowOption = None) -> None:
    """Say which rows of the database no event of the journal explains."""
    from worker.app.evidence.check import AuditCheck
    from worker.app.evidence.unexplained import Compared
    from worker.contract.evidence import ComparisonShape

    compared = Compared()
    with opened(config, now) as worker:
        found = AuditCheck(worker.store).run(compared)
        problems = list(found) if json else [_shown(one) for one in found]
    if json:
        print_shape(ComparisonShape.of(compared, problems))
    else:
        out.print(Text(_compared(compared)), soft_wrap=True)
        if not problems:
            out.print(Text(EXPLAINED, style="green"), soft_wrap=True)
    if problems:
        raise typer.Exit(1)


def _compared(compared: Compared) -> str:
    rows = ", ".join(f"{count} {name}" for name, count in compared.rows.items())
    old = f" Of {compared.not_comparable}, an earlier release wrote down too little to compare all."
    return f"Compared {rows}." + (old if compared.not_comparable else "")


def _shown(problem: Unexplained) -> Unexplained:
    """Print a row as soon as it is found, because a comparison may take minutes."""
    out.print(Text(flat(f"{problem.row}: {problem.why}"), style="red"), soft_wrap=True)
    return problem


def _print(verdict: PackVerdict) -> None:
    if verdict.manifest is not None:
        print_facts(_facts(verdict.manifest, verdict))
    for problem in verdict.problems:
        out.print(Text(problem, style="red"), soft_wrap=True)
    if verdict.is_whole and verdict.manifest is not None:
        out.print(Text(WHOLE, style="green"), soft_wrap=True)
        out.print(Text(_proved(verdict.kept_at, verdict.manifest.journal.count)), soft_wrap=True)


def _proved(kept_at: int | None, count: int) -> str:
    """What the given head proves about the pack."""
    if kept_at is None:
        return HONEST
    if kept_at == count:
        return PROVED
    later = f"{count - kept_at} event{'s' if count - kept_at > 1 else ''}"
    return (
        f"The head that you kept is that of event {kept_at} of this chain: nothing up to there was changed. "
        f"It says nothing of the {later} since, nor of the report and the table, which are of the end."
    )


def _facts(manifest: Manifest, verdict: PackVerdict) -> list[tuple[str, object]]:
    journal = manifest.journal
    made = f"{instant(manifest.made_at)} by {manifest.made_by}, with {manifest.software}"
    return [
        ("covers", manifest.covered.title),
        ("organisation", manifest.organisation),
        ("made", made),
        ("in fact at", instant(verdict.recorded_at)),
        ("events", f"{journal.full} of {journal.count}"),
        ("head", _head(journal)),
        ("digest", verdict.digest),
    ]
