"""The demo is played once for all tests; what its text says is held against the database that it leaves."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from played_demo import END, Played, run
from worker.domain.evidence.journal import Sealed
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.running.app import App
from worker.running.wiring import load_settings, open_app


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Play it once in a run of the tests, whichever of its processes asks first; the others take what came of it."""
    mine = tmp_path_factory.getbasetemp()
    beside = (mine.parent if os.environ.get("PYTEST_XDIST_WORKER") else mine) / "played"
    told = beside.with_name("played.json")
    with beside.with_name("played.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not told.exists():
            told.write_text(json.dumps(_play(beside)))
    text, left_beside = json.loads(told.read_text())
    return Played(beside / "hospital", text, left_beside)


def _play(beside: Path) -> tuple[str, list[str]]:
    beside.mkdir()
    done = run("--dir", str(beside / "hospital"))
    assert done.exit_code == 0, done.output
    return done.stdout, sorted(one.name for one in beside.iterdir())


@pytest.fixture(scope="session")
def app(played: Played) -> Iterator[App]:
    with open_app(load_settings(played.config), lambda: END) as opened:
        yield opened


@pytest.fixture(scope="session")
def tickets(app: App) -> list[Ticket]:
    with app.store.begin() as uow:
        return uow.tickets.page(list(TicketState), 0, 1000)


@pytest.fixture(scope="session")
def journal(app: App) -> list[Sealed]:
    with app.store.begin() as uow:
        return list(uow.journal.chain())
