"""Yesterday's database is put back: nothing that was told is told again, and what is still wrong has its ticket."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import database_url, empty_engine, engine
from folded import fold
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.evidence.journal import first_broken
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import Transient
from worker.storage.sql.engine import sqlite_path
from worker.storage.sql.migrate import require_current

__all__ = ["database_url", "empty_engine", "engine"]
Restore = Callable[[], None]
REMOVE = TicketKind.REMOVE_MEMBER


def backed_up(engine: sa.Engine, folder: Path) -> Restore:
    """Make a backup as docs/upgrade.md says; what puts it back."""
    file = sqlite_path(engine.url)
    if file is not None:
        backup = folder / "backup.db"
        with closing(sqlite3.connect(file)) as live, closing(sqlite3.connect(backup)) as copy:
            live.backup(copy)

        def put_back() -> None:
            engine.dispose()
            shutil.copyfile(backup, file)
            for suffix in ("-wal", "-shm"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)

        return put_back
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    dump = folder / "whosleft.dump"
    run("pg_dump", "--format=custom", f"--file={dump}", address)

    def restore() -> None:
        engine.dispose()
        run("pg_restore", "--clean", "--if-exists", f"--dbname={address}", str(dump))

    return restore


def run(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    assert found, f"{program} comes with PostgreSQL's client"
    subprocess.run([found, *arguments], check=True)


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    """Ann has left, and dee was told."""
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "cem", "eve", "dee")
    harness.group("ward-7", "ann", "ben", "cem", "eve", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.later()
    return harness


def told(harness: Harness, name: str) -> int:
    return sum(name in message.title for message in harness.soc.to("dee@corp.example"))


def live(harness: Harness) -> dict[str, int]:
    names = [ticket.person_name for ticket in harness.tickets(REMOVE) if ticket.is_live]
    return {name: names.count(name) for name in names}


def test_what_was_told_is_not_told_again_and_what_is_wrong_has_its_ticket(
    ward: Harness, tmp_path: Path
) -> None:
    ward.leave("ben")
    ward.settle()
    with ward.store.begin() as uow:  # ben's message was just folded when the backup was made
        for to, *_ in uow.outbox.waiting(ward.now, ward.now):
            fold(uow, to, ["soc"], ward.now, 40)
    restore = backed_up(ward.engine, tmp_path)
    ward.deliver()
    ward.later(hours=3)
    ward.drop("ward-7", "ann")
    ward.leave("cem")
    ward.desk.done(1, Actor("dee@corp.example"), ward.now)
    ward.later()
    ward.settle()
    ward.deliver()
    assert (told(ward, "Ann"), told(ward, "Ben"), told(ward, "Cem")) == (1, 1, 1)
    assert ward.ticket(1).state is TicketState.VERIFIED
    ward.later(hours=12)
    restore()
    require_current(ward.engine)
    assert ward.ticket(1).state is TicketState.OPEN, "yesterday's"

    ward.settle()
    ward.deliver()
    ward.later()
    ward.settle()
    ward.deliver()

    assert (told(ward, "Ann"), told(ward, "Ben")) == (1, 1), "before the backup, or waiting in it"
    assert live(ward) == {"Ben": 1, "Cem": 1}
    assert not ward.ticket(1).is_live
    with ward.store.begin() as uow:
        assert first_broken(uow.journal.chain()) is None


def test_another_message_under_the_number_of_a_lost_one_is_sent(ward: Harness, tmp_path: Path) -> None:
    restore = backed_up(ward.engine, tmp_path)
    ward.leave("ben")
    ward.settle()
    ward.deliver()
    restore()
    ward.later()
    ward.corp.put(ward.person("ben").facts)
    ward.leave("eve")
    ward.settle()
    ward.soc.fail_next(Transient("no answer"))
    ward.deliver()
    ward.later()
    ward.deliver()

    assert told(ward, "Eve") == 1
