"""Ten years of a company, written in bulk: a sealed journal, and the finished tickets with their messages.

The chain is as the product seals it, in its own order of columns, but made by formatting texts: the benchmark reads it
back with the product's own check. Of each finished ticket there are ten events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bench.company import START
from worker.domain.evidence.journal import GENESIS
from worker.domain.kinds import REMOVAL
from worker.domain.model import AccountKey, Evidence, GroupKey, Role
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Grade, Ticket, TicketState
from worker.storage.sql.chunks import chunked
from worker.storage.sql.mapping import ticket_values
from worker.storage.sql.tables import counter, delivery, escalation, journal, outbox, ticket, to_micros

YEARS = 10
EVENTS_OF_ONE = 10  # of a ticket, with what its leaver and its group add
GROUPS = 7_000  # of which the live company has some
LIVED = timedelta(days=3652)
BEGAN = START - LIVED - timedelta(days=1)
HOUR_US = 3_600_000_000
COPIED = 2_000  # rows in one write to PostgreSQL
Row = tuple[Any, ...]


def fill(engine: sa.Engine, events: int) -> None:
    """Fill an empty, migrated database with so many events, a multiple of ten, from ten years before START."""
    tickets = events // EVENTS_OF_ONE
    indexes = [one for table in (journal, ticket, outbox, delivery) for one in table.indexes]
    with engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
        _write(connection, journal, tuple(journal.c.keys()), _events(events))
        _write(connection, ticket, tuple(ticket.c.keys()), _tickets(tickets))
        _write(connection, outbox, OUTBOX, _messages(tickets))
        _write(connection, delivery, DELIVERY, _deliveries(tickets))
        _write(connection, escalation, ESCALATION, _steps(tickets))
        numbers = {"journal": events, "ticket": tickets, "outbox": 2 * tickets, "delivery": 2 * tickets}
        connection.execute(sa.insert(counter), [{"name": name, "value": n} for name, n in numbers.items()])
        for index in indexes:
            index.create(connection)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does


def ended(events: int, number: int) -> datetime:
    """The instant of an event."""
    return BEGAN + LIVED * (number / events)


# --- the journal ------------------------------------------------------------------------------------------------


def _events(count: int) -> Iterator[Row]:
    """The rows of the chain; what an event says is written in the order and form that the seal is taken of."""
    previous, step = GENESIS, (LIVED // timedelta(microseconds=1)) // count
    at_us, sha256 = to_micros(BEGAN) or 0, hashlib.sha256
    seq = 0
    for number in range(1, count // EVENTS_OF_ONE + 1):
        opened = _stamp(at_us)
        for actor, kind, subject, data in _of_one(number, opened, _stamp(at_us + 24 * HOUR_US)):
            seq += 1
            at_us += step
            said = (
                f'{{"actor":"{actor}","at":"{_stamp(at_us)}","data":{data},"kind":"{kind}","previous":"{previous}",'
                f'"reason":"","seq":{seq},"subject":"{subject}"}}'
            )
            hash_ = sha256(said.encode()).hexdigest()
            yield seq, at_us, actor, kind, subject, "", data, previous, hash_
            previous = hash_


def _stamp(at_us: int) -> str:
    return (
        datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        + f".{at_us % 1_000_000:06d}+00:00"
    )


def _of_one(number: int, opened: str, due: str) -> Iterator[tuple[str, str, str, str]]:
    """The ten events of one leaving of one group: actor, kind, subject, data."""
    person, group = f"corp/old-{number // 5:07d}", f"groups/g{number % GROUPS:06d}"
    admin = f"corp/{number % GROUPS:08d}"
    about, here = f"ticket:T-{number:06d}", f"group:{group}"
    roster = '{"added":0,"removed":1,"roles":0}'

    def facts(state: str, more: str = "", proof: str = "") -> str:
        return (
            f'{{"assignee":"{admin}","clock_from":"{opened}",{more}"due_at":"{due}","evidence":"disabled",'
            f'{proof}"group":"{group}","handed":0,"kind":"remove_member","left_at":"{opened}","person":"{person}",'
            f'"state":"{state}"'
        )

    done = f'"done_at":"{due}","done_by":"{admin}",'
    verified = f',"verified_at":"{due}","verified_by":"groups"}}'
    yield "corp", "person.left", f"person:{person}", '{"evidence":"disabled"}'
    yield "whosleft", "ticket.opened", about, facts("open") + "}"
    yield "whosleft", "ticket.assigned", about, facts("open") + "}"
    yield "groups", "group.roster_changed", here, roster
    yield "whosleft", "ticket.escalated", about, '{"policy":"standard","repeat":0,"step":1,"told":1}'
    yield admin, "ticket.acknowledged", about, facts("open") + "}"
    yield admin, "ticket.done", about, facts("done", done) + "}"
    yield "groups", "group.roster_changed", here, roster
    yield "whosleft", "ticket.verified", about, facts("verified", done, '"grade":"A",') + verified
    yield "groups", "group.roster_changed", here, roster


# --- finished tickets -------------------------------------------------------------------------------------------


def _tickets(count: int) -> Iterator[Row]:
    opened_at, day = BEGAN, timedelta(days=1)
    one = Ticket(
        REMOVAL, About.MEMBERSHIP, GroupKey("groups", "g"), "Group", "whatsapp", opened_at, opened_at, opened_at + day,
        state=TicketState.VERIFIED, handle="+", member_name="Person", member_role=Role.MEMBER,
        person=AccountKey("corp", "old"), person_name="Person", evidence=Evidence.DISABLED, left_at=opened_at,
        occasion="x", accountable="it-security@example.org", done_at=opened_at, done_by="os:admin",
        verified_at=opened_at, verified_by="groups", grade=Grade.A,
        assignee=Assignee("a@example.org", "An admin", AssigneeWhy.ADMIN),
    )  # fmt: skip
    values = {
        name: to_micros(v) if isinstance(v, datetime) else v
        for name, v in ticket_values(replace(one, id=1)).items()
    }
    values = {column.name: values.get(column.name, _default(column)) for column in ticket.c}
    step = (LIVED // timedelta(microseconds=1)) // count
    for number in range(1, count + 1):
        at_us = (to_micros(BEGAN) or 0) + step * number
        group, person = f"g{number % GROUPS:06d}", f"old-{number // 5:07d}"
        values |= {
            "id": number, "group_id": group, "key_group": group, "handle": f"+4478{number // 5:08d}",
            "episode": f"{person}:{at_us}", "group_name": f"Group {number % GROUPS}", "person_id": person,
            "member_name": f"Person {person}", "person_name": f"Person {person}", "left_at": at_us, "opened_at": at_us,
            "clock_from": at_us, "due_at": at_us + 24 * HOUR_US, "done_at": at_us + 9 * HOUR_US,
            "verified_at": at_us + 10 * HOUR_US, "assignee_email": f"a{number % GROUPS}@example.org",
            "search": f"t-{number:06d} group {number % GROUPS} person {person}",
        }  # fmt: skip
        yield tuple(values.values())


def _default(column: sa.Column[Any]) -> Any:
    default = column.server_default
    text = default.arg if isinstance(default, sa.DefaultClause) else None
    if not isinstance(text, str):
        return None
    return int(text) if isinstance(column.type, (sa.BigInteger, sa.SmallInteger)) else text


# --- what was sent ----------------------------------------------------------------------------------------------

OUTBOX = (
    "id", "key", "recipient_kind", "address", "name", "title", "body", "is_urgent", "ticket_id", "created_at", "state",
    "bundle_id",
)  # fmt: skip
DELIVERY = (
    "id", "key", "bundle_id", "notifier", "recipient_kind", "address", "name", "state", "attempts", "created_at",
    "next_at", "sent_at", "reference",
)  # fmt: skip
ESCALATION = ("ticket_id", "step", "repeat", "at", "recipients", "policy")
BODY = (
    '{"headline": "Somebody has left and is still in a group", "text": "' + "Please remove them. " * 15 + '"}'
)


def _told(count: int) -> Iterator[tuple[int, int, int, str, str]]:
    """Two messages for each ticket: to the group's admin, and to the security channel."""
    step = (LIVED // timedelta(microseconds=1)) // count
    for number in range(1, count + 1):
        at_us = (to_micros(BEGAN) or 0) + step * number
        yield 2 * number - 1, number, at_us, "person", f"a{number % GROUPS}@example.org"
        yield 2 * number, number, at_us, "channel", ""


def _messages(count: int) -> Iterator[Row]:
    for id_, number, at_us, kind, address in _told(count):
        key = f"T-{number:06d}:open.0:{kind}:{address}"
        yield id_, key, kind, address, "", "A ticket", BODY, 0, number, at_us, "sent", id_


def _deliveries(count: int) -> Iterator[Row]:
    for id_, _, at_us, kind, address in _told(count):
        yield id_, f"whosleft-{id_:024x}", id_, "sink", kind, address, "", "sent", 1, at_us, at_us, at_us, "x"


def _steps(count: int) -> Iterator[Row]:
    for id_, number, at_us, kind, address in _told(count):
        if id_ % 2:
            yield number, 1, 0, at_us, f'["{kind} {address}"]', "standard"


# --- writing ----------------------------------------------------------------------------------------------------


def _write(connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    driver = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in columns)
        driver.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)  # type: ignore[arg-type]  # noqa: S608  the driver takes any iterable
        return
    with driver.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for some in chunked(rows, COPIED):
            copy.write("".join(map(_line, some)))


def _line(row: Row) -> str:
    """A row as COPY takes it. No value here has a tab, a line end or a backslash."""
    return "\t".join("\\N" if one is None else str(one) for one in row) + "\n"
