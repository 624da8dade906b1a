"""A group that two sources show, in both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from harness import Harness
from plans_of_queries import steps_of
from worker.domain.model import AccountKey, Coverage, GroupKey, Member
from worker.domain.tickets.ticket import TicketState
from worker.ports import Capabilities
from worker.ports.state.groups import Expectation
from worker.ports.state.pairs import Follows
from worker.storage.sql.tables import expected, left_by_themself

CREW = ("ann", "ben", "eve", "joe")


def test_a_group_is_read_as_each_of_its_sources_shows_it_the_leader_first(engine: sa.Engine) -> None:
    harness = Harness(engine=engine, inventories=("a-register", "phone"))
    harness.hire(*CREW)
    harness.inventories[0].can = Capabilities(sees_all_groups=True, is_kept_by_people=True)
    harness.inventories[1].can = Capabilities()
    harness.group("ward-7", *CREW[:-1], admins=["joe"], at=0, name="Ward 7")
    harness.group("120@g.us", *CREW[1:-1], admins=["joe"], at=1, name="Ward 7")
    harness.group("hall", *CREW[:-1], admins=["joe"], at=1, name="Hall")
    harness.start(harness.app.rules)
    harness.settle()

    ward, live, hall = (
        GroupKey("a-register", "ward-7"),
        GroupKey("phone", "120@g.us"),
        GroupKey("phone", "hall"),
    )
    with harness.store.reading() as uow:
        assert uow.pairs.suggested(9) == [], "the ward has its pair, and the hall is no second one"
        found = {key: uow.rosters.in_sources(key) for key in (ward, live, hall, GroupKey("phone", "none"))}

    assert [[row.key for row in rows] for rows in found.values()] == [[live, ward], [live, ward], [hall], []]
    assert [(row.size, row.admins) for row in found[ward]] == [(3, 1), (4, 1)]


def test_a_leaver_whom_the_leader_s_part_does_not_show_is_asked_out_there_once(engine: sa.Engine) -> None:
    """The register has two rows of theirs, of which one has no number, and rows of others who are proven to be out."""
    harness = Harness(engine=engine, inventories=("a-register", "phone"))
    harness.hire(*CREW)
    register, phone = harness.inventories
    register.can = Capabilities(sees_all_groups=True, is_kept_by_people=True)
    phone.can = Capabilities()
    for at in (0, 1):
        harness.group("120@g.us", *CREW[:-1], admins=["joe"], at=at, name="Ward 7")
    harness.start(harness.app.rules)
    harness.settle()
    harness.leave("ann", "ben")
    harness.settle()
    for gone in ("ann", "ben"):
        phone.remove_member("120@g.us", harness.number(gone))
    harness.later()
    harness.settle()
    harness.hire("zoe")
    register.add_member("120@g.us", harness.member("zoe"))
    register.add_member("120@g.us", Member("email:zoe@corp.example", "Zoe", email="zoe@corp.example"))
    phone.mark("120@g.us", Coverage.PARTIAL)
    harness.later()
    harness.settle()
    harness.leave("zoe")
    for _ in range(2):
        harness.later()
        harness.settle(full=True)
    assert [(one.person_name, one.home.source, one.state) for one in harness.tickets()] == [
        ("Ann", "phone", TicketState.VERIFIED),
        ("Ben", "phone", TicketState.VERIFIED),
        ("Zoe", "phone", TicketState.OPEN),
    ]


def test_members_are_compared_with_those_of_the_same_number_or_person_alone(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    harness = Harness(engine=engine, inventories=("a-register", "phone"))

    def find() -> None:
        with harness.store.begin() as uow:
            uow.pairs.find("a-register", "phone", harness.now)

    [steps] = steps_of(engine, find, "membership")
    assert {step for step in steps if step.startswith(("SCAN", "SEARCH m ", "SEARCH n ", "SEARCH q "))} == {
        "SCAN same",
        "SEARCH m USING COVERING INDEX ix_membership_handle (source=? AND handle=?)",
        "SEARCH n USING COVERING INDEX ix_membership_handle (source=? AND handle=?)",
        "SEARCH q USING INDEX ix_link_phone_key (phone_key=?)",
        "SEARCH q USING COVERING INDEX ix_link_person (person_source=? AND person_id=? AND source=?)",
    }


def test_whom_the_rules_place_in_the_follower_they_place_in_the_leader(engine: sa.Engine) -> None:
    """Due in either is due in it, since the instant of the group that says so; what it knows itself it keeps."""
    harness = Harness(engine=engine)
    register, phone = GroupKey("register", "ward-7"), GroupKey("phone", "120@g.us")
    due, former = Expectation.DUE, Expectation.FORMER
    early, late = harness.now, harness.now + timedelta(days=1)
    said = {  # by person: what is said in the follower, and in the leader
        "ann": (due, None, due), "ben": (former, None, former), "eve": (due, former, due), "joe": (former, due, due),
        "zoe": (due, due, due), "una": (None, former, former), "tom": (former, former, former),
    }  # fmt: skip
    with harness.store.begin() as uow:
        for name, (in_follower, in_leader, _) in said.items():
            who = AccountKey("corp", name)
            uow.rosters.expect(who, {register: in_follower} if in_follower else {}, early)
            uow.rosters.expect(who, {phone: in_leader} if in_leader else {}, late)
        uow.pairs.carry_places(Follows(register, phone))
        found = {name: uow.rosters.expectations(AccountKey("corp", name)) for name in said}
    assert {name: one[phone] for name, one in found.items()} == {
        name: then for name, (*_, then) in said.items()
    }
    assert {name: one.get(register) for name, one in found.items()} == {
        name: one for name, (one, *_) in said.items()
    }
    x = expected.c
    with engine.connect() as connection:
        since = connection.execute(sa.select(x.person_id, x.since).where(x.source == "phone")).all()
    assert {row.person_id for row in since if row.since == early} == {"ann", "ben", "eve"}


def test_who_left_the_follower_by_themself_left_the_leader(engine: sa.Engine) -> None:
    harness = Harness(engine=engine)
    register, phone = GroupKey("register", "ward-7"), GroupKey("phone", "120@g.us")
    early, late = harness.now, harness.now + timedelta(days=1)
    left = [("register", "ann", early), ("register", "ben", early), ("phone", "ben", late)]
    groups = {one.source: one.group_id for one in (register, phone)}
    rows = [
        {"source": source, "group_id": groups[source], "person_source": "corp", "person_id": name, "at": at}
        for source, name, at in left
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(left_by_themself), rows)
    with harness.store.begin() as uow:
        uow.pairs.carry_places(Follows(register, phone))
        uow.pairs.carry_places(Follows(register, phone))
    n = left_by_themself.c
    with engine.connect() as connection:
        found = connection.execute(
            sa.select(n.person_id, n.at).where(n.source == "phone").order_by(n.person_id)
        )
        assert [tuple(row) for row in found] == [("ann", early), ("ben", late)]
