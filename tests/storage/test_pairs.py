"""A group that two sources show, in both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from harness import Harness
from plans_of_queries import steps_of
from worker.domain.model import GroupKey
from worker.ports import Capabilities

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
