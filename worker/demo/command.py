"""`whosleft demo`: play four weeks of an invented hospital, and leave its files behind to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from worker.demo.days import DAYS


def demo(
    days: Annotated[int, typer.Option("--days", min=1, max=DAYS, help="How many days to play.")] = DAYS,
    no_desk: Annotated[bool, typer.Option("--no-desk", help="Don't open the web desk at the end.")] = False,
    folder: Annotated[
        Path,
        typer.Option(
            "--dir", metavar="FOLDER", help="Where to write the files; an earlier demo is replaced."
        ),
    ] = Path("whosleft-demo"),
) -> None:
    """Play four weeks of an invented hospital: who leaves, who is still in a group, what comes of it."""
    from worker.demo.play import perform

    perform(folder, days, has_desk=not no_desk)
