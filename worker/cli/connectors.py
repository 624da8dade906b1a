"""The commands that connectors declare, each below the name in its SPEC (`ConnectorSpec.commands`).

They are loaded only if a command is not one of ours, or if all are listed: other commands need no connector's modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from worker.cli.common import clock_at, out, print_facts, print_json, print_table
from worker.ports import ConnectorContext, ConnectorSpec
from worker.running.wiring import commands_of_connectors, configured_options

AFTER = "links"  # their place in the list of all commands


@dataclass(frozen=True, slots=True)
class ProgramLine:
    """`CommandLine` for the commands of one connector."""

    spec: ConnectorSpec

    def configured(
        self, config: Path | None, name: str, now: datetime | None = None
    ) -> tuple[ConnectorContext, Sequence[Any]]:
        return configured_options(self.spec, config, name, lambda: clock_at(now))

    def say(self, text: str, style: str = "") -> None:
        out.print(Text(text, style=style))

    def json(self, value: Any) -> None:
        print_json(value)

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        print_table(title, headings, rows, "")

    def facts(self, facts: Sequence[tuple[str, object]]) -> None:
        print_facts(facts)


class WithConnectors(TyperGroup):
    """Our commands, and those of connectors."""

    def list_commands(self, ctx: Any) -> list[str]:
        ours = super().list_commands(ctx)
        at = ours.index(AFTER) + 1
        return [*ours[:at], *commands_of_connectors(), *ours[at:]]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        ours = super().get_command(ctx, cmd_name)
        spec = None if ours is not None else commands_of_connectors().get(cmd_name)
        if spec is None or spec.commands is None:
            return ours
        found = typer.main.get_group(spec.commands.build(ProgramLine(spec)))
        found.name = cmd_name
        return found
