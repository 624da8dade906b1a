"""The demo as it was played, and how its tests read it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner, Result

from worker.domain.tickets.ticket import Ticket, TicketKind
from worker.program import app as cli
from worker.running.app import App

END = datetime(2026, 11, 29, 20, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Played:
    folder: Path
    text: str
    left_beside: list[str]

    @property
    def config(self) -> Path:
        return self.folder / "whosleft.yaml"

    @property
    def flowing(self) -> str:
        """The text without line ends and gutters, so that sentences can be looked for."""
        return " ".join(self.text.split())


def run(*arguments: str) -> Result:
    """The story alone; `test_the_desk_opens_at_the_end` has the rest."""
    return CliRunner().invoke(cli, ["demo", "--no-desk", *arguments])


def one(tickets: list[Ticket], group: str, kind: TicketKind, person: str = "") -> Ticket:
    found = [t for t in tickets if (t.group_name, t.kind) == (group, kind) and person in {"", t.person_name}]
    assert len(found) == 1, [t.label for t in found]
    return found[0]


def kinds_of(app: App, ticket: Ticket) -> list[str]:
    with app.store.begin() as uow:
        return [sealed.entry.kind for sealed in uow.journal.of(f"ticket:{ticket.label}")]
