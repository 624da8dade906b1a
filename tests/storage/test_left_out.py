"""Numbers of who is erased, and of groups that are left out, go from records, ties and members, on both databases."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
import sqlalchemy as sa

from builders import NOW, facts, key
from contracts.unit_of_work import read_people
from plans_of_queries import steps_of
from worker.ports import Port
from worker.ports.state.sources import SourceState
from worker.storage.sql.tables import chat_group, departed, handle_tie, link
from worker.storage.store import SqlStore

A, B, C, D, E = (f"+44770090000{number}" for number in range(1, 6))
LID = "76699677012110@lid"
STATES = {"there": (0, 0), "unseen": (0, 1), "gone": (1, 0), "out": (1, 1)}


@pytest.fixture
def db(engine: sa.Engine) -> sa.Engine:
    """Ann and Ben have a number each; a file of the messenger has groups, one of each state."""
    read_people(SqlStore(engine), facts("ann", phones=(A,), enabled=False), facts("ben", phones=(D,)))
    for name in STATES:
        put_group(engine, "file", name)
    return engine


def put(db: sa.Engine, table: sa.Table, *rows: dict[str, Any]) -> None:
    with db.begin() as connection:
        connection.execute(sa.insert(table), list(rows))


def put_group(db: sa.Engine, source: str, name: str) -> None:
    is_gone, is_unseen = STATES[name]
    row = {"source": source, "group_id": name, "name": name, "messenger": "whatsapp", "coverage": "full"}
    at = {"taken_at": NOW, "read_at": NOW, "first_seen_at": NOW}
    put(db, chat_group, {**row, **at, "is_gone": is_gone, "is_unseen": is_unseen})


def went(number: str, group: str = "there", source: str = "file") -> dict[str, Any]:
    return {"source": source, "group_id": group, "phone_key": number, "at": NOW}


def tie(one: str, other: str, group: str = "there", source: str = "file") -> dict[str, Any]:
    kind = "lid" if other == LID else "number"
    return {"source": source, "kind": kind, "handle": one, "other": other, "group_id": group, "at": NOW}


def member(number: str, person: str | None = None, source: str = "file", **more: Any) -> dict[str, Any]:
    whose = {"person_source": "corp" if person else None, "person_id": person}
    row = {"source": source, "handle": number, "phone_key": number, "display_name": "", "fingerprint": ""}
    return {"state": "linked" if person else "unmatched", "gone_at": NOW, **row, **whose, **more}


def numbers(db: sa.Engine, column: sa.Column[str]) -> list[str]:
    with db.connect() as connection:
        return list(connection.scalars(sa.select(column).order_by(column)))


def erase(db: sa.Engine) -> None:
    with SqlStore(db).begin() as uow:
        uow.people.erase(key("ann"))


def night(db: sa.Engine) -> None:
    with SqlStore(db).begin() as uow:
        uow.rosters.forget_left_out()


@pytest.mark.parametrize("linked", [[member(A, "ann")], []])
def test_records_that_somebody_went_go_with_them(db: sa.Engine, linked: list[dict[str, Any]]) -> None:
    for row in linked:
        put(db, link, row)
    put(db, departed, went(A), went(A, "gone"), went(B), went(D))
    erase(db)
    assert numbers(db, departed.c.phone_key) == [B, D]


def test_so_do_the_members_and_records_of_the_number_that_it_was_changed_to(db: sa.Engine) -> None:
    put(db, link, member(A, "ann"), member(B), member(C))
    put(db, handle_tie, tie(A, B))
    put(db, departed, went(B), went(C))
    erase(db)
    assert numbers(db, link.c.handle) == numbers(db, departed.c.phone_key) == [C]
    assert numbers(db, handle_tie.c.handle) == []


@pytest.mark.parametrize(
    "row, is_recorded",
    [
        (member(B, "ben"), True),
        (member(B, gone_at=None), True),
        (member(B, decided_by="sam"), True),
        (member(B, rejected='[["corp", "ben"]]'), True),
        (member(B, state="nobody"), True),
    ],
)
def test_who_is_somebody_else_or_still_listed_or_answered_keeps_the_number_that_it_was_changed_to(
    db: sa.Engine, row: dict[str, Any], is_recorded: bool
) -> None:
    put(db, link, member(A, "ann"))
    put(db, link, row)
    put(db, handle_tie, tie(A, B))
    put(db, departed, went(B))
    erase(db)
    assert numbers(db, link.c.handle) == [B]
    assert numbers(db, departed.c.phone_key) == ([B] if is_recorded else [])


def test_a_number_that_another_account_has_keeps_its_records(db: sa.Engine) -> None:
    put(db, link, member(A, "ann"))
    put(db, handle_tie, tie(A, D))
    put(db, departed, went(A), went(D))
    erase(db)
    assert numbers(db, departed.c.phone_key) == [D]


@pytest.mark.parametrize(
    "group, is_kept", [("there", True), ("unseen", True), ("gone", True), ("out", False)]
)
def test_what_was_seen_in_a_group_goes_at_night_once_it_is_left_out(
    db: sa.Engine, group: str, is_kept: bool
) -> None:
    put(db, departed, went(C, group))
    put(db, handle_tie, tie(B, C, group))
    night(db)
    assert numbers(db, departed.c.phone_key) == ([C] if is_kept else [])
    assert numbers(db, handle_tie.c.handle) == ([B] if is_kept else [])


def take_out(db: sa.Engine, *removed: str) -> None:
    with SqlStore(db).begin() as uow:
        for name in ("file", "old"):
            uow.sources.put(SourceState(name, Port.INVENTORY))
        uow.sources.remove(Port.INVENTORY, removed)


def put_old(db: sa.Engine) -> None:
    """Another file, whose groups are all out of sight."""
    for name in ("unseen", "out"):
        put_group(db, "old", name)
    put(db, departed, went(C, "unseen", "old"), went(C))
    put(db, link, member(C, source="old"), member(C), member(D, "ben", source="old"))
    put(db, handle_tie, tie(A, D, "", "old"), tie(A, B, "", "old"), tie(B, E, "", "old"))


def test_an_inventory_that_is_taken_out_leaves_nothing_of_nobody(db: sa.Engine) -> None:
    put_old(db)
    take_out(db, "old")
    night(db)
    night(db)
    assert numbers(db, departed.c.source) == ["file"]
    assert numbers(db, link.c.source) == ["file", "old"]
    assert numbers(db, handle_tie.c.other) == [D], "both are numbers of accounts"
    erase(db)
    assert numbers(db, handle_tie.c.other) == []


def test_an_inventory_that_only_shows_nothing_keeps_what_it_has_seen(db: sa.Engine) -> None:
    put_old(db)
    take_out(db)
    night(db)
    assert numbers(db, departed.c.source) == ["file", "old"]
    assert len(numbers(db, link.c.source)) == len(numbers(db, handle_tie.c.other)) == 3


@pytest.mark.parametrize(
    "rows, nights",
    [
        ([(A, B), (B, D)], [2, 2]),  # both ends are accounts'
        ([(B, C), (C, D)], [1, 0]),  # from an end that nobody has
        ([(A, LID)], [0]),
        ([(B, C), (C, LID)], [0]),
    ],
)
def test_a_tie_that_may_say_who_somebody_is_stays(
    db: sa.Engine, rows: Collection[tuple[str, str]], nights: list[int]
) -> None:
    put(db, handle_tie, *(tie(one, other, "out") for one, other in rows))
    for left in nights:
        night(db)
        assert len(numbers(db, handle_tie.c.handle)) == left


def test_a_tie_to_a_member_stays_whatever_source_lists_them(db: sa.Engine) -> None:
    put(db, link, member(LID, phone_key=None))
    put(db, handle_tie, tie(A, LID, "out"), tie(B, C, "out"))
    night(db)
    assert numbers(db, handle_tie.c.other) == [LID]


def test_the_night_looks_up_what_is_left_out(db: sa.Engine) -> None:
    if db.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    plans = [
        step
        for table in ("departed", "handle_tie", "link")
        for step in steps_of(db, lambda: night(db), table)
    ]
    scans = {step for steps in plans for step in steps if step.startswith("SCAN")}
    assert len(plans) >= 5
    assert scans == {"SCAN chat_group", "SCAN source"}
