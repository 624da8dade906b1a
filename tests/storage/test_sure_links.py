"""A first match as a set gives what looking at each handle gives: the same links, evidence, tickets and journal."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from builders import facts
from harness import Harness
from plans_of_queries import steps_of
from worker.app.jobs import matching
from worker.app.jobs.matching import Matching
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.model import AccountKey, Group, HandleKey, Member
from worker.ports.state.identities import HandleIdentity
from worker.storage.sql.tables import dirty_group, handle_tie, journal, link, metadata, outbox, ticket

ROUNDS = 3
NUMBERS = (
    *(f"+44770090000{n}" for n in range(6)),
    "+5511987654321", "+551187654321",  # each pair is one number in two spellings
    "+5215512345678", "+525512345678",
    "+5491112345678", "+541112345678",
)  # fmt: skip
SHARED = ("ward@corp.example", "n/a@corp.example")
RECORDED = (link, handle_tie, ticket, journal, outbox)


@given(seed=st.integers(0, 10**9))
@example(seed=1)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=settings().max_examples // 5,  # each takes a second
)
def test_both_ways_give_the_same(engine: sa.Engine, seed: int) -> None:
    as_a_set = _play(engine, Random(seed), sure_page=5)
    assert as_a_set == _play(engine, Random(seed), sure_page=0)


def _play(engine: sa.Engine, draw: Random, *, sure_page: int) -> list[Any]:
    """Some days of a small company; what is stored after each match, and after each day."""
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(sa.delete(table))
    company = Harness(
        engine=engine, directories=["corp", "clinic"], inventories=["wards"], registers=["list"]
    )
    found: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "SURE_PAGE", sure_page)
        for _ in range(ROUNDS):
            _change(company, draw)
            company.later(hours=draw.choice([1, 30]))
            company.poll()
            company.inventory()
            found.append(_matched(company))
            company.reconcile()
            found.append(_rows(engine, *RECORDED))
            _answer(company, draw)
    company.close()
    return found


def _matched(company: Harness) -> list[Any]:
    one = Matching(company.store, company.now, None)
    with one.begin():
        pass
    return [one.changed, _rows(company.engine, link, dirty_group)]


def _rows(engine: sa.Engine, *tables: sa.Table) -> list[Any]:
    with engine.connect() as connection:
        return [sorted(map(repr, connection.execute(sa.select(table)))) for table in tables]


def _change(company: Harness, draw: Random) -> None:
    """People come, go, and get other numbers, also those of others; members come and go."""
    for directory in company.directories:
        for number in draw.sample(range(9), 5):
            directory.put(_account(f"p{number}", draw))
    for inventory, groups in zip(company.inventories, (4, 2), strict=True):
        for name in draw.sample(range(groups), 2):
            members = [_member(draw) for _ in range(draw.randrange(6))]
            inventory.add_group(Group(f"g{name}", f"G {name}", "whatsapp"), members)


def _account(person_id: str, draw: Random) -> Any:
    return facts(
        person_id,
        phones=tuple(draw.sample(NUMBERS, draw.choice([0, 1, 1, 1, 2]))),
        email=draw.choice([f"{person_id}@corp.example", f"{person_id}@corp.example", *SHARED, None]),
        employee_id=draw.choice([person_id, None, None, "E1"]),
        enabled=draw.random() < 0.8,
    )


def _member(draw: Random) -> Member:
    """Known by a number, by a hidden id, by both, or by what a list says of them."""
    number, lid = draw.choice(NUMBERS), f"{draw.randrange(4)}@lid"
    sort = draw.randrange(6)
    if sort == 0:
        return Member(lid, "Somebody", lid=lid)
    if sort == 1:
        return Member(number, "P1", phone=number, lid=lid)
    if sort == 2:
        employee = f"p{draw.randrange(9)}"
        return Member(f"employee:{employee}", "P2", employee_id=employee, email=draw.choice([*SHARED, None]))
    email = draw.choice([f"p{draw.randrange(9)}@corp.example", *SHARED, None, None, None])
    return Member(number, "P3", phone=number, email=email)


def _answer(company: Harness, draw: Random) -> None:
    """What people say of two handles: who it is, who it is not, or that it is to be asked again."""
    with company.engine.connect() as connection:
        columns = (link.c.source, link.c.handle, link.c.person_source, link.c.person_id)
        known = sorted(map(tuple, connection.execute(sa.select(*columns))), key=repr)
    with company.store.begin() as uow:
        for source, handle, *person in draw.sample(known, min(3, len(known))):
            key, who = HandleKey(source, handle), AccountKey("corp", f"p{draw.randrange(9)}")
            who = AccountKey(*person) if person[0] else who
            act = draw.randrange(3)
            if act == 0:
                answer = Identity(IdentityState.LINKED, f"{handle}||||", who, How.CONFIRMED)
                uow.identities.answer([HandleIdentity(key, answer)], company.now, "Sam")
            elif act == 1:
                uow.identities.reject(key, draw.choice([who, None]), company.now, "Sam")
            else:
                uow.identities.ask_again(key)


def test_nearly_all_of_a_first_match_is_done_as_a_set(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = _of_forty(engine)
    monkeypatch.setattr(matching, "SURE_PAGE", 7)
    with company.store.begin() as uow:
        page = uow.identities.link_sure(None, 10, company.now)
    assert (page.last, page.linked) == (HandleKey("wards", "+447700900009"), 10)

    one = Matching(company.store, company.now, None)
    with one.begin() as uow:
        assert one.changed == 31  # all but the first ten; the guest is nobody's
        assert not uow.identities.has_questions()


def test_only_the_handles_that_wait_are_read(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    company = _of_forty(engine)

    def match() -> None:
        with company.store.begin() as uow:
            uow.identities.link_sure(None, 10, company.now)

    def match_with_unmarked_groups() -> None:
        with engine.begin() as connection:
            connection.execute(sa.delete(dirty_group))
        match()

    assert not steps_of(engine, match, "membership"), "all groups are marked"
    steps = {
        step
        for table in ("link", "membership")
        for plan in steps_of(engine, match_with_unmarked_groups, table)
        for step in plan
    }
    assert "SEARCH link USING INDEX ix_link_is_dirty ((source,handle)>(?,?))" in steps
    assert "SEARCH person_key USING INDEX ix_person_key_kind_value (kind=? AND value=?)" in steps
    assert "SEARCH membership USING COVERING INDEX ix_membership_handle (source=? AND handle=?)" in steps
    assert {step for step in steps if step.startswith("SCAN")} <= {
        "SCAN page",
        "SCAN key",
        "SCAN one",
        "SCAN groups",
    }


def test_groups_are_marked_unless_all_are(engine: sa.Engine) -> None:
    company = _of_forty(engine)
    marked: list[Sequence[Any]] = []
    for is_marked in (True, False):
        with engine.begin() as connection:
            if not is_marked:
                connection.execute(sa.delete(dirty_group))
            before = connection.execute(sa.select(dirty_group)).all()
        company.later()
        with company.store.begin() as uow:
            assert uow.identities.link_sure(None, 10, company.now).linked == 10
        with engine.connect() as connection:
            marked.append((before, connection.execute(sa.select(dirty_group)).all()))

    (before, after), (nothing, anew) = marked
    assert before == after != []
    assert (nothing, [row.since for row in anew]) == ([], [company.now])


def _of_forty(engine: sa.Engine) -> Harness:
    company = Harness(engine=engine)
    numbers = [f"+4477009000{n:02}" for n in range(40)]
    for n, number in enumerate(numbers):
        company.corp.put(facts(f"p{n:02}", phones=(number,)))
    members = [Member(number, "M", phone=number) for number in [*numbers, "+447700900999"]]
    company.wards.add_group(Group("g", "G", "whatsapp"), members)
    company.poll()
    company.inventory()  # matches them, too
    with engine.begin() as connection:
        nothing = {
            "state": "unmatched",
            "person_source": None,
            "person_id": None,
            "decided_fingerprint": None,
        }
        connection.execute(sa.update(link).values(**nothing, is_dirty=1))
    return company
