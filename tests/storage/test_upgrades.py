"""While a cluster is upgraded: this release's code beside the tables of the next one, and the other way round.

The next release is made up here: this one's migrations, and one more.
"""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from builders import NOW, ticket
from harness import Harness
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, TicketState
from worker.languages import BabelLanguages
from worker.storage.sql.errors import SchemaNewer, SchemaOlder
from worker.storage.sql.migrate import MIGRATIONS, floor, head, migrate, pending, require_current
from worker.storage.store import SqlStore

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
floor = "{floor}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("colour", sa.Text(), nullable=True))
        batch_op.create_index("ix_ticket_colour", ["colour"], unique=False)
    op.create_table("paint", sa.Column("name", sa.Text(), primary_key=True))
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def add_migration(scripts: Path, revision: str, before: str, floor: str) -> None:
    text = NEXT.format(revision=revision, before=before, floor=floor)
    (scripts / "versions" / f"{revision}_next.py").write_text(text)


def test_this_release_works_beside_a_next_one_that_only_added(engine: sa.Engine, scripts: Path) -> None:
    store = SqlStore(engine)
    with store.begin() as uow:
        uow.tickets.insert([ticket(handle="a")])
    add_migration(scripts, "9001", head(), floor())

    assert migrate(engine, scripts) == (head(), "9001")

    require_current(engine)
    assert not pending(engine)
    assert migrate(engine) == (head(), head()), "and does nothing to the tables"
    with store.begin() as uow:
        [new] = uow.tickets.insert([ticket(handle="b")])
        assert [one.handle for one in uow.tickets.page([TicketState.OPEN], 0, 9)] == ["a", "b"]
    assert new.id == 2
    assert migrate(engine, scripts) == ("9001", "9001"), "nor has the next one anything left to do"


def test_a_whole_day_of_this_release_runs_on_the_tables_of_the_next(engine: sa.Engine, scripts: Path) -> None:
    add_migration(scripts, "9001", head(), floor())
    migrate(engine, scripts)
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    harness.deliver()

    assert harness.ticket(1).state is TicketState.OPEN
    assert harness.soc.keys()


@pytest.mark.parametrize(
    "sentence, why, by",
    [
        ("active admin of the group", AssigneeWhy.ADMIN, ""),
        ("accountable person", AssigneeWhy.ACCOUNTABLE, ""),
        ("accountable person; the assignee says: can't do it", AssigneeWhy.ANSWERED, "can't do it"),
        ("assigned by sam", AssigneeWhy.ASSIGNED, "sam"),
        ("by lot", None, ""),
    ],
)
def test_an_assignee_of_the_release_before_is_theirs_beside_the_code_that_it_does_not_know(
    engine: sa.Engine, sentence: str, why: AssigneeWhy | None, by: str
) -> None:
    store = SqlStore(engine)
    olga = Assignee("dee@x", "Dee", AssigneeWhy.ASSIGNED, by="olga")
    with store.begin() as uow:
        uow.tickets.insert([ticket(assignee=olga)])
        assert uow.tickets.page([TicketState.OPEN], 0, 9)[0].assignee == olga
    with engine.begin() as connection:
        before = json.loads(connection.execute(sa.text("SELECT assignee FROM ticket")).scalar_one())
        assert before == {"email": "dee@x", "name": "Dee", "why": "assigned by olga", "person": None}
        connection.execute(
            sa.text("UPDATE ticket SET assignee = :a"), {"a": json.dumps(before | {"why": sentence})}
        )

    with store.reading() as uow:
        assert uow.tickets.page([TicketState.OPEN], 0, 9)[0].assignee == Assignee("dee@x", "Dee", why, by=by)


def test_a_reason_of_the_release_before_is_said_as_it_wrote_it_beside_words_that_it_does_not_know(
    engine: sa.Engine,
) -> None:
    store = SqlStore(engine)
    with store.begin() as uow:
        uow.tickets.insert([ticket(reason=because("the waiver is over"))])
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ticket SET reason = 'the person returned'"))

    with store.reading() as uow:
        reason = uow.tickets.page([TicketState.OPEN], 0, 9)[0].reason
    assert reason.say(BabelLanguages().of("de")) == "the person returned"


def test_this_release_does_not_work_beside_one_that_changed_a_meaning(
    engine: sa.Engine, scripts: Path
) -> None:
    add_migration(scripts, "9001", head(), "9001")
    migrate(engine, scripts)

    with pytest.raises(SchemaNewer, match="may not work beside it"):
        require_current(engine)
    with pytest.raises(SchemaNewer):
        migrate(engine)


def test_what_runs_already_writes_nothing_more_once_a_meaning_was_changed(
    engine: sa.Engine, scripts: Path
) -> None:
    store = SqlStore(engine)
    held = store.leases.acquire("poll", "me", NOW, timedelta(days=1))
    assert held is not None
    with store.begin(held) as uow:
        uow.tickets.insert([ticket(handle="a")])
    add_migration(scripts, "9001", head(), "9001")
    migrated = Thread(target=migrate, args=(engine, scripts), daemon=True)

    with store.begin() as uow:
        migrated.start()
        migrated.join(0.3)
        assert migrated.is_alive(), "it waits for the transaction that has begun"
        uow.tickets.insert([ticket(handle="b")])
    migrated.join(60)

    with pytest.raises(SchemaNewer, match="may not work beside it"), store.begin():
        pass
    with pytest.raises(SchemaNewer, match="may not work beside it"), store.begin(held) as uow:
        uow.tickets.insert([ticket(handle="c")])
    with store.reading() as uow:
        assert [one.handle for one in uow.tickets.page([TicketState.OPEN], 0, 9)] == ["a", "b"]


def test_the_next_release_waits_for_its_migration(engine: sa.Engine, scripts: Path) -> None:
    assert head() < "9001"
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0003'"))

    with pytest.raises(SchemaOlder, match="whosleft migrate"):
        require_current(engine)


def test_the_floor_is_that_of_the_strictest_step(engine: sa.Engine, scripts: Path) -> None:
    add_migration(scripts, "9001", head(), floor())
    take_away(scripts)

    migrate(engine, scripts)

    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT revision FROM schema_floor")).scalars().all() == ["9002"]


def take_away(scripts: Path) -> None:
    (scripts / "versions" / "9002_later.py").write_text(
        'from alembic import op\nrevision = "9002"\ndown_revision = "9001"\nfloor = "9002"\n'
        "branch_labels = None\ndepends_on = None\n\n\ndef upgrade() -> None:\n    op.drop_table('paint')\n"
    )
