"""What a connector's own commands (`whosleft NAME …`) share with all others: options, and the way to show answers.

Only the commands that `ConnectorSpec.commands` names import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from worker.domain.escalation.wall_clock import FIRST_DAY, LAST_DAY
from worker.ports.connectors.base import ConnectorContext


def instant_of(text: str) -> datetime:
    """Read an instant with its zone; raises the error that typer shows if it isn't one."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is not an instant; write for example 2026-11-24T09:00:00Z."
        ) from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"'{text}' has no time zone; add Z for UTC.")
    if not FIRST_DAY <= at.date() <= LAST_DAY:
        raise typer.BadParameter(f"'{text}' is not between {FIRST_DAY} and {LAST_DAY}.")
    return at.astimezone(UTC)


NowOption = Annotated[
    datetime | None,
    typer.Option("--now", parser=instant_of, metavar="INSTANT", help="Set the clock: 2026-11-24T09:00:00Z."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class CommandLine(Protocol):
    """What the program offers to a connector's commands."""

    def configured(
        self, config: Path | None, name: str, now: datetime | None = None
    ) -> tuple[ConnectorContext, Sequence[Any]]:
        """Return the context for a connector of this name, and the options of all configured ones of this kind.

        Without a configuration file: a context with the defaults, and no options.
        """

    def say(self, text: str, style: str = "") -> None:
        """Print a line on standard output."""

    def json(self, value: Any) -> None:
        """Print one document on standard output."""

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print an aligned table."""

    def facts(self, facts: Sequence[tuple[str, object]]) -> None:
        """Print label and value, aligned."""
