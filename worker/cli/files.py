"""config: commands about the configuration file; they need no database, and look into it if there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.common import NowOption, clock_at, err, out, print_json
from worker.running.configured import (
    changed_texts,
    configuration_problems,
    configuration_schema,
    configuration_warnings,
    idle_rules,
)
from worker.settings import format_problems

config = typer.Typer(no_args_is_help=True, help="The configuration file: its schema, or a check of yours.")


@config.command()
def schema() -> None:
    """Print the configuration's JSON Schema."""
    print_json(configuration_schema())


@config.command()
def validate(file: Annotated[Path, typer.Argument(metavar="FILE")], now: NowOption = None) -> None:
    """Say, line by line, what is wrong with a configuration."""
    problems = configuration_problems(file)
    if problems:
        err.print(Text(format_problems(problems)))
        raise typer.Exit(2)
    changed = changed_texts(file)
    if changed:
        err.print(Text("\n".join(f"{file}: {one}" for one in changed)), soft_wrap=True)
        raise typer.Exit(2)
    for warning in (*map(str, configuration_warnings(file)), *idle_rules(file, clock_at(now))):
        err.print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)
    out.print(Text(f"{file} is valid."))
