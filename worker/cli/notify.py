"""notify: try the ways to people."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from worker.cli.common import ConfigOption, NowOption, clock_at, opened, out

app = typer.Typer(no_args_is_help=True, help="Try a notifier.")


@app.callback()
def group() -> None:
    """Keep `test` a command of its own: typer would fold a single one into the group."""


@app.command(name="test")
def try_out(
    config: ConfigOption,
    name: Annotated[str, typer.Argument(help="The notifier.")],
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="A person's e-mail address or phone number.")
    ] = "",
    now: NowOption = None,
) -> None:
    """Send one message that says that it is a test: to a person, else to the notifier's channel."""
    with opened(config, now) as app_:
        receipt = app_.trial.run(name, to, clock_at(now))
    out.print(Text(f"{name} took it: {receipt.reference}"))
