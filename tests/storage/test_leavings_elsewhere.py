"""Members who have left by another directory's word: the same ones, from wherever they are looked for."""

from __future__ import annotations

import random
from collections import Counter

import pytest
import sqlalchemy as sa

from builders import NOW
from plans_of_queries import steps_of
from worker.domain.identity.humans import JOIN_KEY_SHARED_MAX
from worker.domain.model import GroupKey
from worker.domain.people.persons import AccountsRule
from worker.storage.cases import group_views
from worker.storage.deciding import Begin, Ways, deciding
from worker.storage.sql.chunks import by_source
from worker.storage.sql.tables import chat_group, link, membership, person, person_key, source

PEOPLE, SIZE = 400, 30
GROUPS = [GroupKey(of, f"g{n:02}") for of in ("phones", "wards") for n in range(12)]
KINDS = ("employee", "immutable", "email", "phone")
Account = tuple[str, str]


@pytest.fixture
def keys() -> list[tuple[Account, str, str]]:
    """Each person's keys in two directories: nearly all their own, some with others, some that many have."""
    draw = random.Random(1)
    found = []
    for n in range(PEOPLE):
        for of in ("corp", "tenant"):
            if of == "corp" or n % 3 == 0:
                for kind in KINDS:
                    value = draw.choice([f"{kind}-{n}"] * 8 + [f"{kind}-{n // 4}", f"{kind}-many-{n % 20}"])
                    found.append(((of, f"{of}{n}"), kind, value))
    return found


@pytest.fixture
def left() -> set[Account]:
    draw = random.Random(2)
    return {(of, f"{of}{n}") for of in ("corp", "tenant") for n in range(PEOPLE) if draw.random() < 0.1}


@pytest.fixture
def company(engine: sa.Engine, keys: list[tuple[Account, str, str]], left: set[Account]) -> sa.Engine:
    """Two directories and two inventories; every number is linked to its account of the first directory."""
    draw = random.Random(3)
    accounts = sorted({account for account, _, _ in keys})
    with engine.begin() as connection:
        connection.execute(
            sa.insert(source), [{"name": name, "port": "directory"} for name in ("corp", "tenant")]
        )
        connection.execute(sa.insert(person), [
            {"source": of, "person_id": id_, "display_name": id_, "facts": f'{{"display_name":"{id_}"}}',
             "standing": "left" if (of, id_) in left else "active", "first_seen_at": NOW, "changed_at": NOW}
            for of, id_ in accounts
        ])  # fmt: skip
        connection.execute(sa.insert(person_key), [
            {"source": of, "person_id": id_, "kind": kind, "value": value, "raw": value}
            for (of, id_), kind, value in keys
        ])  # fmt: skip
        connection.execute(sa.insert(chat_group), [
            {"source": one.source, "group_id": one.group_id, "name": "G", "messenger": "whatsapp", "coverage": "full",
             "taken_at": NOW, "read_at": NOW, "first_seen_at": NOW, "size": SIZE}
            for one in GROUPS
        ])  # fmt: skip
        connection.execute(sa.insert(link), [
            {"source": of, "handle": f"+{n}", "display_name": "M", "fingerprint": "x", "decided_fingerprint": "x",
             "state": "linked", "person_source": "corp", "person_id": f"corp{n}"}
            for of in ("phones", "wards") for n in range(PEOPLE)
        ])  # fmt: skip
        connection.execute(sa.insert(membership), [
            {"source": one.source, "group_id": one.group_id, "handle": f"+{n}", "display_name": "M", "role": "member"}
            for one in GROUPS for n in draw.sample(range(PEOPLE), SIZE)
        ])  # fmt: skip
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
    return engine


def found(company: sa.Engine, leavers: Begin, *, in_several: bool) -> set[tuple[str, str, str]]:
    statement = deciding(company.dialect.name, Ways(leavers, Begin.MEMBERS, in_several))
    with company.connect() as connection:
        return {tuple(row) for page in by_source(GROUPS[2:]) for row in connection.execute(statement, page)}


def test_the_same_members_are_found_from_both_sides(
    company: sa.Engine, keys: list[tuple[Account, str, str]], left: set[Account]
) -> None:
    having = Counter((kind, value) for _, kind, value in keys if kind != "phone")
    joining = {one for one, count in having.items() if count <= JOIN_KEY_SHARED_MAX}
    of_leavers = {
        (kind, value) for (of, id_), kind, value in keys if of == "tenant" and (of, id_) in left
    } & joining
    elsewhere = {id_ for (of, id_), kind, value in keys if of == "corp" and (kind, value) in of_leavers}
    with company.connect() as connection:
        everybody = {tuple(row) for row in connection.execute(sa.select(*membership.primary_key))}
    wanted = {
        (of, group, handle)
        for of, group, handle in everybody
        if GroupKey(of, group) in GROUPS[2:] and f"corp{handle[1:]}" in elsewhere
    }

    members = found(company, Begin.MEMBERS, in_several=True)
    assert members == found(company, Begin.FEW, in_several=True)
    of_corp = found(company, Begin.MEMBERS, in_several=False)
    assert members - of_corp == wanted - of_corp != set()


def test_they_are_looked_for_from_whatever_is_fewer(company: sa.Engine) -> None:
    """Some fifty have left: more than the members of one group, and fewer than those of twelve."""
    if company.dialect.name == "postgresql":
        pytest.skip("PostgreSQL reads so small a table as a whole")

    def steps(groups: list[GroupKey]) -> list[str]:
        def load() -> None:
            with company.connect() as connection:
                group_views(connection, groups, AccountsRule.EITHER)

        [plan] = [plan for plan in steps_of(company, load, "membership") if len(plan) > 15]
        assert [step for step in plan if step.startswith("SCAN")] == ["SCAN deciding"]
        return plan

    from_leavers = "SEARCH person USING INDEX ix_person_standing_at (standing=?)"
    from_members = (
        "SEARCH k USING COVERING INDEX sqlite_autoindex_person_key_1 (source=? AND person_id=? AND kind=?)"
    )
    of_many, of_one = steps(GROUPS[12:]), steps(GROUPS[12:13])
    assert (from_leavers in of_many, from_members in of_many) == (True, False)
    assert (from_leavers in of_one, from_members in of_one) == (False, True)
