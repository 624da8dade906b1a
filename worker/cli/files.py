"""register and config: commands about files; they need no database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.common import JsonOption, NowOption, clock_at, err, out, print_facts, print_json, print_table
from worker.domain.reconcile.plan import instant
from worker.running.wiring import (
    check_register,
    configuration_problems,
    configuration_schema,
    write_register_template,
)
from worker.settings import format_problems

register = typer.Typer(
    no_args_is_help=True, help="The register of groups: an empty one, or a check of yours."
)
config = typer.Typer(no_args_is_help=True, help="The configuration file: its schema, or a check of yours.")

OptionalConfig = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="WHOSLEFT_CONFIG", metavar="FILE", help="For region, language and columns."
    ),
]


@register.command()
def template(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx")],
    config_: OptionalConfig = None,
    language: Annotated[str | None, typer.Option(help="en, ar, de, fr, es or pt.")] = None,
) -> None:
    """Write an empty register, with drop-downs and an explanation."""
    if file.exists():
        raise typer.BadParameter(f"{file} is there already; name another file", param_hint="FILE.xlsx")
    write_register_template(file, config_, language)
    out.print(
        Text(f"Wrote {file}: fill in one row per member. `whosleft register check {file}` reads it back.")
    )


@register.command("check")
def register_check(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    config_: OptionalConfig = None,
    json: JsonOption = False,
    now: NowOption = None,
) -> None:
    """Say, cell by cell, what of a register can't be understood and how to mend it."""
    at = clock_at(now)
    report = check_register(file, config_, lambda: at)
    if json:
        print_json({
            "ok": report.is_readable and not report.problems,
            "groups": report.groups, "members": report.members, "admins": report.admins,
            "taken_at": instant(report.taken_at),
            "problems": [{"place": p.place, "what": p.what, "remedy": p.remedy} for p in report.problems],
            "warnings": list(report.warnings),
            "headings": [{"sheet": s, "heading": h, "meaning": m} for s, h, m in report.headings],
        })  # fmt: skip
    else:
        rows = [(sheet, heading, meaning or "(not used)") for sheet, heading, meaning in report.headings]
        if rows:
            print_table("", ("sheet", "heading", "understood as"), rows, "")
            out.print()
        print_facts([("groups", report.groups), ("members", report.members), ("admins", report.admins),
                     ("as of", instant(report.taken_at))])  # fmt: skip
        for warning in report.warnings:
            out.print(Text(f"note: {warning}", style="yellow"))
        for problem in report.problems:
            out.print(Text(f"{problem.place}: {problem.what} {problem.remedy}", style="red"))
        if report.is_readable and not report.problems:
            out.print(Text("Everything in the register can be understood.", style="green"))
    if report.problems or not report.is_readable:
        raise typer.Exit(1)


@config.command()
def schema() -> None:
    """Print the configuration's JSON Schema."""
    print_json(configuration_schema())


@config.command()
def validate(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Say, line by line, what is wrong with a configuration."""
    problems = configuration_problems(file)
    if problems:
        err.print(Text(format_problems(problems)))
        raise typer.Exit(2)
    out.print(Text(f"{file} is valid."))
