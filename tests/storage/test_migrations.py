import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from databases import dump
from worker.storage.sql.engine import sqlite_path
from worker.storage.sql.errors import SchemaNewer, SchemaOlder
from worker.storage.sql.migrate import MIGRATIONS, configuration, head, migrate, pending, require_current
from worker.storage.sql.tables import metadata


def _described(engine: sa.Engine) -> dict[str, Any]:
    """Everything that the database says of its tables, Alembic's own apart."""
    inspector = sa.inspect(engine)
    aspects: dict[str, Callable[[str], Any]] = {
        "columns": inspector.get_columns,
        "key": inspector.get_pk_constraint,
        "unique": inspector.get_unique_constraints,
        "indexes": inspector.get_indexes,
        "options": inspector.get_table_options,
    }
    return {
        f"{table} {aspect}": _as_text(read(table))
        for table in inspector.get_table_names()
        for aspect, read in aspects.items()
        if table != "alembic_version"
    }


def _as_text(described: Any) -> Any:
    """Types and clauses have no equality of their own, and columns no order that matters."""
    if isinstance(described, list):
        return sorted((_as_text(item) for item in described), key=str)
    if isinstance(described, dict):
        return {name: _as_text(value) for name, value in sorted(described.items())}
    return str(described)


def _set_revision(engine: sa.Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
        connection.execute(sa.text("UPDATE schema_floor SET revision = :r"), {"r": revision})


def test_migrations_make_exactly_the_tables_of_the_code(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    assert differences == [], "worker/storage/sql/tables.py has changed: write a migration with .ci/revision"


def test_they_are_made_as_the_code_would_make_them(engine: sa.Engine) -> None:
    migrated = _described(engine)
    metadata.drop_all(engine)
    metadata.create_all(engine)

    assert migrated == _described(engine), "worker/storage/sql/tables.py has changed: see .ci/revision"


def test_an_empty_database_is_brought_to_the_head(empty_engine: sa.Engine) -> None:
    assert migrate(empty_engine) == (None, head())


def test_who_was_known_to_be_out_of_scope_in_the_first_release_still_is(empty_engine: sa.Engine) -> None:
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0001")
        for person_id, facts in (
            ("ann", '{"enabled":true}'),
            ("svc", '{"is_in_scope":false,"enabled":true}'),
        ):
            connection.execute(
                sa.text(
                    "INSERT INTO person (source, person_id, display_name, facts, standing, first_seen_at, changed_at)"
                    " VALUES ('corp', :id, :id, :facts, 'active', 0, 0)"
                ),
                {"id": person_id, "facts": facts},
            )

    migrate(empty_engine)

    with empty_engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT person_id, is_out_of_scope FROM person ORDER BY person_id"))
        assert [tuple(row) for row in rows] == [("ann", 0), ("svc", 1)]


def test_managers_of_earlier_releases_are_read_out_of_the_facts(empty_engine: sa.Engine) -> None:
    facts = {"ann": '{"enabled":true}', "ben": '{"enabled":true,"manager_id":"ann"}'}
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0036")
        for person_id, said in facts.items():
            connection.execute(
                sa.text(
                    "INSERT INTO person (source, person_id, display_name, unit, facts, standing, is_out_of_scope,"
                    " missed_passes, first_seen_at, changed_at)"
                    " VALUES ('corp', :id, :id, '', :said, 'active', 0, 0, 0, 0)"
                ),
                {"id": person_id, "said": said},
            )
    migrate(empty_engine)
    with empty_engine.connect() as connection:
        query = sa.text("SELECT person_id, manager_id FROM person ORDER BY person_id")
        assert [tuple(row) for row in connection.execute(query)] == [("ann", None), ("ben", "ann")]


def test_user_names_like_addresses_are_read_out_of_the_facts(empty_engine: sa.Engine) -> None:
    people = {
        "ann": (None, "Ann@corp.example"),
        "ben": ("ben@corp.example", "BEN@corp.example"),
        "cy": ("cy@corp.example", "cy@int.example"),
        "dee": (None, "dee"),
        "eve": (None, None),
    }
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0065")
        for person_id, (email, username) in people.items():
            said = json.dumps({"enabled": True} | ({"username": username} if username else {}))
            connection.execute(
                sa.text(
                    "INSERT INTO person (source, person_id, display_name, unit, email, facts, standing,"
                    " is_out_of_scope, missed_passes, first_seen_at, changed_at)"
                    " VALUES ('corp', :id, :id, '', :email, :said, 'active', 0, 0, 0, 0)"
                ),
                {"id": person_id, "email": email, "said": said},
            )

    migrate(empty_engine)

    with empty_engine.connect() as connection:
        query = sa.text(
            "SELECT person_id, username FROM person WHERE username IS NOT NULL ORDER BY person_id"
        )
        assert [tuple(row) for row in connection.execute(query)] == [
            ("ann", "ann@corp.example"),
            ("cy", "cy@int.example"),
        ]


def test_of_earlier_releases_what_waits_or_was_refused_became_known_after_what_was_let_through(
    empty_engine: sa.Engine,
) -> None:
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0052")
        for at, gate in enumerate(("initial", "passed", "over", "new", "held", "rejected")):
            connection.execute(
                sa.text(
                    "INSERT INTO episode (source, person_id, kind, at, evidence, gate, seen_at)"
                    " VALUES ('corp', :gate, 'left', :at, 'disabled', :gate, 7)"
                ),
                {"gate": gate, "at": at},
            )
    migrate(empty_engine)
    with empty_engine.connect() as connection:
        query = sa.text("SELECT gate FROM episode WHERE noticed_at = 7 ORDER BY at")
        assert [row[0] for row in connection.execute(query)] == ["new", "held", "rejected"]


def test_a_declared_roster_of_earlier_releases_leaves_groups_that_are_only_numbered_alike(
    empty_engine: sa.Engine,
) -> None:
    groups = [  # by source and id: the name, and who declared it; `phone` shows what a messenger numbers
        ("site-a", "1", "Ward 7", "[]"), ("site-b", "1", "Ward 9", "[]"), ("declared", "1", "ward 7 ", '["dee"]'),
        ("site-a", "2", "Hall", "[]"), ("declared", "2", "Lobby", '["dee"]'),
        ("site-a", "3", "Gate", "[]"), ("site-b", "3", "G", "[]"), ("phone", "3", "Gate", "[]"),
    ]  # fmt: skip
    pairs = [
        ("site-a", "1", "declared"), ("site-b", "1", "declared"), ("site-a", "2", "declared"),
        ("site-a", "3", "phone"), ("site-b", "3", "phone"),
    ]  # fmt: skip
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0059")
        for source, group_id, name, marks in groups:
            connection.execute(
                sa.text(
                    "INSERT INTO chat_group (source, group_id, name, messenger, coverage, taken_at, read_at,"
                    " first_seen_at, declared_by) VALUES (:source, :id, :name, 'whatsapp', 'full', 0, 0, 0, :marks)"
                ),
                {"source": source, "id": group_id, "name": name, "marks": marks},
            )
        for source, group_id, other in pairs:
            connection.execute(
                sa.text(
                    "INSERT INTO group_pair (a_source, a_group, b_source, b_group, state, why, at)"
                    " VALUES (:a, :id, :b, :id, 'sure', 'the same id', 0)"
                ),
                {"a": source, "id": group_id, "b": other},
            )
    migrate(empty_engine)
    with empty_engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT a_source, a_group, b_source FROM group_pair ORDER BY 2, 1"))
        assert [tuple(row) for row in kept] == [pairs[0], *pairs[2:]]


def test_tickets_of_earlier_releases_are_found_and_their_assignees_have_a_page(
    empty_engine: sa.Engine,
) -> None:
    said = {
        "kind": "remove_member", "source": "wards", "group_id": "7", "group_name": "Ward 7", "messenger": "whatsapp",
        "handle": "+447700900001", "person_name": "Ann Example", "state": "open",
        "clock_from": 0, "opened_at": 0, "due_at": 0,
    }  # fmt: skip
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0002")
        ticket = sa.Table("ticket", sa.MetaData(), autoload_with=connection)
        assignee = '{"name": "Dee", "email": "Dee@Example.org"}'
        for number in range(1, 1003):  # more than one page
            whose = assignee if number % 2 else None
            own = {"id": number, "key_group": str(number), "assignee": whose}
            connection.execute(ticket.insert().values(said | own))

    migrate(empty_engine)

    with empty_engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT id, assignee_email, search FROM ticket ORDER BY id")).all()
    assert len(rows) == 1002
    assert tuple(rows[0][:2]) == (1, "dee@example.org")
    assert "ann example" in rows[0].search
    assert "dee@example.org" in rows[0].search
    assert (rows[-1].assignee_email, "t-001002" in rows[-1].search) == (None, True)


def test_why_somebody_is_the_assignee_is_read_out_of_the_sentences_of_earlier_releases(
    empty_engine: sa.Engine,
) -> None:
    sentences = {
        "active admin of the group": ("admin", ""),
        "owner of the group": ("owner", ""),
        "manager of the person who left": ("manager", ""),
        "accountable person": ("accountable", ""),
        "assigned by owner of the group": ("assigned", "owner of the group"),
        "accountable person; the assignee says: not my group": ("answered", "not my group"),
        "by lot": (None, ""),
    }
    said = {
        "kind": "remove_member", "source": "wards", "group_name": "Ward 7", "messenger": "whatsapp",
        "handle": "+447700900001", "state": "open", "clock_from": 0, "opened_at": 0, "due_at": 0,
    }  # fmt: skip
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0008")
        ticket = sa.Table("ticket", sa.MetaData(), autoload_with=connection)
        assignees = [
            json.dumps({"email": "dee@x", "name": "", "why": why, "person": None}) for why in sentences
        ]
        for number, assignee in enumerate([*assignees, None, *assignees[:1] * 1000]):  # more than one page
            own = {"id": number + 1, "group_id": str(number), "key_group": str(number), "assignee": assignee}
            connection.execute(ticket.insert().values(said | own))

    migrate(empty_engine)

    with empty_engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT assignee_why, assignee_by FROM ticket ORDER BY id")).all()
    assert [tuple(row) for row in rows[:8]] == [*sentences.values(), (None, "")]
    assert {tuple(row) for row in rows[8:]} == {("admin", "")}


def test_live_tickets_of_earlier_releases_name_their_assignees_account(empty_engine: sa.Engine) -> None:
    said = {
        "kind": "remove_member", "source": "wards", "group_name": "Ward 7", "messenger": "whatsapp",
        "handle": "+447700900001", "clock_from": 0, "opened_at": 0, "due_at": 0,
    }  # fmt: skip
    given = json.dumps({"email": "+447700900003", "name": "", "why": "", "person": ["corp", "dee"]})
    by_address = json.dumps({"email": "sec@x", "name": "", "why": "", "person": None})
    tickets = [("blocked", given), ("open", by_address), ("open", None), ("verified", given)]
    tickets += [("open", by_address)] * 1000 + [("open", given)]  # more than one page
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0061")
        ticket = sa.Table("ticket", sa.MetaData(), autoload_with=connection)
        for number, (state, assignee) in enumerate(tickets):
            own = {"id": number + 1, "group_id": str(number), "key_group": str(number)}
            connection.execute(ticket.insert().values(said | own | {"state": state, "assignee": assignee}))

    migrate(empty_engine)

    with empty_engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT id, assignee_source, assignee_id FROM ticket WHERE assignee_id IS NOT NULL ORDER BY id"
            )
        )
        assert [tuple(row) for row in rows] == [(1, "corp", "dee"), (1005, "corp", "dee")]


def test_handles_that_an_earlier_release_matched_are_matched_once_more(empty_engine: sa.Engine) -> None:
    with empty_engine.begin() as connection:
        command.upgrade(configuration(connection), "0064")
        link = sa.Table("link", sa.MetaData(), autoload_with=connection)
        said = {"source": "wards", "handle": "+447700900001", "is_dirty": 0}
        connection.execute(
            link.insert().values(said | {"first_seen_at": 0, "display_name": "", "fingerprint": ""})
        )

    migrate(empty_engine)

    with empty_engine.connect() as connection:
        assert connection.execute(sa.text("SELECT is_dirty FROM link")).scalar_one() == 1


def test_migrating_twice_does_nothing(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO counter (name, value) VALUES ('ticket', 7)"))
    before = dump(engine)

    assert migrate(engine) == (head(), head())
    assert dump(engine) == before


def test_a_current_database_is_accepted(engine: sa.Engine) -> None:
    require_current(engine)
    assert not pending(engine)


def test_an_empty_database_is_pending_and_the_remedy_is_named(empty_engine: sa.Engine) -> None:
    assert pending(empty_engine)
    with pytest.raises(SchemaOlder, match=r"no tables yet.* whosleft migrate -c FILE"):
        require_current(empty_engine)


def test_looking_makes_no_file(database_url: str, empty_engine: sa.Engine) -> None:
    pending(empty_engine)
    with pytest.raises(SchemaOlder):
        require_current(empty_engine)

    path = sqlite_path(database_url)
    assert path is None or not path.exists()


@pytest.mark.parametrize("use", [migrate, pending, require_current])
def test_a_database_of_a_later_release_is_refused(
    engine: sa.Engine, use: Callable[[sa.Engine], object]
) -> None:
    _set_revision(engine, "9999")
    before = dump(engine)

    with pytest.raises(SchemaNewer, match=r"revision 9999, this release knows up to \d+"):
        use(engine)

    assert dump(engine) == before


def test_a_migration_that_fails_leaves_nothing_behind(empty_engine: sa.Engine) -> None:
    with empty_engine.begin() as connection:
        last = list(metadata.tables)[-1]
        connection.execute(sa.text(f"CREATE TABLE {last} (in_the_way INT)"))

    with pytest.raises(sa.exc.DBAPIError):
        migrate(empty_engine)

    assert sa.inspect(empty_engine).get_table_names() == [last]


MIGRATE = """
import sys
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
engine = open_engine(sys.argv[1])
sys.stdin.readline()
print(migrate(engine)[0])
"""


def test_of_processes_that_migrate_at_once_one_does_it_and_all_succeed(database_url: str) -> None:
    command = [sys.executable, "-c", MIGRATE, database_url]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    before = [process.communicate(timeout=60)[0].strip() for process in processes]

    assert sorted(before) == sorted([head(), head(), "None"])


def test_the_file_of_each_step_begins_with_its_revision() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    steps = {script.revision: Path(script.path).name for script in scripts}

    assert all(name.startswith(f"{revision}_") for revision, name in steps.items())
    assert head() == max(steps)
