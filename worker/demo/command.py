"""`whosleft demo`: play four weeks of an invented hospital and leave its files behind to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    days: Annotated[int, typer.Option("--days", min=1, max=28, help="How many days to play.")] = 28,
    no_desk: Annotated[bool, typer.Option("--no-desk", help="Don't open the desk at the end.")] = False,
    folder: Annotated[Path, typer.Option("--dir", help="Where to write the files.")] = Path("whosleft-demo"),
) -> None:
    """Play four weeks of an invented hospital."""
    raise typer.Exit(1)
