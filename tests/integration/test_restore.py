"""Yesterday's database is put back: nothing that was told is told again, and what is still wrong has its ticket."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from chains import first_broken
from databases import database_url, empty_engine, engine
from fakes.notifier import FakeNotifier
from fakes.tracker import FakeTracker, lose
from folded import fold
from harness import ACCOUNTABLE, Harness
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import ReaderAct
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports import Transient
from worker.ports.connectors.conversing import Clicker, Interaction
from worker.running.mirroring import TrackerRules
from worker.storage.sql.engine import sqlite_path
from worker.storage.sql.migrate import configuration, migrate, require_current

__all__ = ["database_url", "empty_engine", "engine"]
BOSS = Clicker(ACCOUNTABLE, "Boss", "slack:T1 U-BOSS")
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
        elsewhere = engine.url.set(drivername="postgresql", database="postgres")
        at = f"--maintenance-db={elsewhere.render_as_string(hide_password=False)}"
        run("dropdb", at, str(engine.url.database))
        run("createdb", at, str(engine.url.database))
        run("pg_restore", f"--dbname={address}", str(dump))

    return restore


def run(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    assert found, f"{program} comes with PostgreSQL's client"
    subprocess.run([found, *arguments], check=True)


def company(engine: sa.Engine, **options: Any) -> Harness:
    harness = Harness(engine=engine, **options)
    harness.hire("ann", "ben", "cem", "eve", "dee")
    harness.group("ward-7", "ann", "ben", "cem", "eve", admins=["dee"])
    harness.settle()
    harness.later()
    return harness


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    """Ann has left, and dee was told."""
    harness = company(engine)
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


def test_a_backup_from_before_a_migration_is_put_back_and_migrated(
    empty_engine: sa.Engine, tmp_path: Path
) -> None:
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0001")
    restore = backed_up(empty_engine, tmp_path)
    migrate(empty_engine)
    restore()
    migrate(empty_engine)

    require_current(empty_engine)


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


def is_eves(harness: Harness) -> Ticket:
    """Ben's ticket is lost and he stays; Eve leaves, and hers has the number."""
    harness.later()
    harness.corp.change("ben", enabled=True)
    harness.leave("eve")
    harness.settle()
    [ticket] = harness.tickets(REMOVE)
    assert (ticket.id, ticket.person_name) == (1, "Eve")
    return ticket


def test_a_button_on_a_message_about_a_lost_ticket_does_nothing_to_the_one_with_its_number(
    engine: sa.Engine, tmp_path: Path
) -> None:
    soc = FakeNotifier("soc", is_conversing=True)
    soc.people = {"boss": BOSS}
    harness = company(engine, notifiers=[soc])
    restore = backed_up(engine, tmp_path)
    harness.leave("ben")
    harness.settle()
    harness.deliver()
    [shown] = [part for one in soc.sent for part in one.paragraphs if "Ben" in part.headline]
    restore()
    eves = is_eves(harness)
    assert eves.label == shown.ticket

    reason = {"reason": "Ben may stay"}
    click = Interaction("boss/1", "boss", harness.now, ReaderAct.WAIVE, eves.id, shown.version, reason)
    harness.app.interacting.keep("soc", click, harness.now)
    assert harness.app.interacting.take(harness.now)

    assert harness.ticket(eves.id).state is TicketState.OPEN


def mirrored(harness: Harness, times: int = 2) -> None:
    for _ in range(times):
        harness.later(minutes=5)
        harness.mirror()


def test_a_copy_of_a_lost_ticket_is_not_taken_for_that_of_the_next_with_its_number(
    engine: sa.Engine, tmp_path: Path
) -> None:
    harness = company(engine)
    tracker = FakeTracker(now=harness.clock, people={"dee@corp.example"})
    harness.trackers = [tracker]
    harness.start(replace(harness.app.rules, trackers={"desk": TrackerRules()}))
    restore = backed_up(engine, tmp_path)
    harness.leave("ben")
    harness.settle()
    mirrored(harness)
    tracker.put(CopyStanding.DONE)
    restore()
    eves = is_eves(harness)

    lose(tracker, "create", done=False)
    mirrored(harness, 4)

    assert harness.ticket(eves.id).state is TicketState.OPEN, "nobody said that Eve was removed"
    bens, hers = (one.draft.identity for one in tracker.issues.values())
    assert bens != hers
