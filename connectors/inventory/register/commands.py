"""`whosleft register`: commands about files; they need no database."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from worker.domain.reconcile.plan import instant
from worker.ports import lazily
from worker.ports.connectors.commands import CommandLine, JsonOption, NowOption

# The readers and writers of Excel and Word are slow to import, and `--help` does not need them
_check_register = lazily("connectors.inventory.register.tools.report:check_register")
_write_template = lazily("connectors.inventory.register.tools.template:write_template")

OptionalConfig = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="WHOSLEFT_CONFIG", metavar="FILE", help="For region, language and columns."
    ),
]


class TemplateLanguage(StrEnum):
    """The languages that an empty register is written in."""

    EN = "en"
    AR = "ar"
    DE = "de"
    FR = "fr"
    ES = "es"
    PT = "pt"


def commands(line: CommandLine) -> typer.Typer:
    """The commands below `whosleft register`."""
    app = typer.Typer(no_args_is_help=True, help="The register of groups: an empty one, or a check of yours.")

    @app.command()
    def template(
        file: Annotated[Path, typer.Argument(metavar="FILE.xlsx")],
        config_: OptionalConfig = None,
        language: Annotated[TemplateLanguage | None, typer.Option(help="Of its headings.")] = None,
    ) -> None:
        """Write an empty register, with drop-downs and an explanation."""
        if file.exists():
            raise typer.BadParameter(f"{file} is there already; name another file", param_hint="FILE.xlsx")
        context, _ = line.configured(config_, file.stem)
        _write_template(file, language or context.language)
        line.say(f"Wrote {file}: fill in one row per member. `whosleft register check {file}` reads it back.")

    @app.command()
    def check(
        file: Annotated[Path, typer.Argument(metavar="FILE")],
        config_: OptionalConfig = None,
        json: JsonOption = False,  # noqa: FBT002  typer turns it into a flag
        now: NowOption = None,
    ) -> None:
        """Say, cell by cell, what of a register can't be understood and how to mend it."""
        # With the options of the configured inventory that reads this file, else with the defaults
        context, entries = line.configured(config_, file.stem, now)
        used = next((e for e in entries if (context.base_dir / e.path).resolve() == file.resolve()), None)
        report = _check_register(file, replace(context, base_dir=Path.cwd()), used)
        is_good = report.is_readable and not report.problems
        if json:
            line.json({
                "ok": is_good,
                "groups": report.groups, "members": report.members, "admins": report.admins,
                "taken_at": instant(report.taken_at),
                "problems": [{"place": p.place, "what": p.what, "remedy": p.remedy} for p in report.problems],
                "warnings": list(report.warnings),
                "headings": [{"sheet": s, "heading": h, "meaning": m} for s, h, m in report.headings],
            })  # fmt: skip
        else:
            rows = [(sheet, heading, meaning or "(not used)") for sheet, heading, meaning in report.headings]
            if rows:
                line.table("", ("sheet", "heading", "understood as"), rows)
                line.say("")
            line.facts([("groups", report.groups), ("members", report.members), ("admins", report.admins),
                        ("as of", instant(report.taken_at))])  # fmt: skip
            for warning in report.warnings:
                line.say(f"note: {warning}", "yellow")
            for problem in report.problems:
                line.say(f"{problem.place}: {problem.what.rstrip('.')}. {problem.remedy}", "red")
            if is_good:
                line.say("Everything in the register can be understood.", "green")
        if not is_good:
            raise typer.Exit(1)

    return app
