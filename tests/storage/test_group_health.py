"""What the desk shows of groups, members and held plans, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from harness import Harness
from worker.domain.model import AccountKey, GroupKey, HandleKey, Member
from worker.domain.tickets.ticket import TicketKind
from worker.ports.state.overview import GroupPlace, NamedGroup, Sighting

STRANGER = "+447700900779"


def key(group: str) -> GroupKey:
    return GroupKey("wards", group)


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    """Six temps of the gate wait in a plan; ann is in ward 9 with a ticket; a stranger is in the hall."""
    harness = Harness(engine=engine)
    temps = [f"temp{number}" for number in range(6)]
    harness.hire(*temps, department="Gate")
    harness.hire("ann", "dee", "kay", "lea", employee_id=None)
    harness.hire("eve", employee_id="E-7", display_name="Eve Tan")
    harness.group("ward-9", "ann", "eve", admins=["dee"], name="Ward 9")
    harness.group("gate", *temps, admins=["dee", "lea"], name="Gate")
    harness.group("night", "lea", admins=["kay"], name="Night duty")
    harness.group("hall", "lea", admins=["dee"], name="Hall")
    harness.group("calm", "lea", admins=["dee"], name="Calm")
    harness.group("also-calm", "lea", admins=["dee"], name="Calm")
    harness.wards.add_member("hall", Member(STRANGER, "Sky", phone=STRANGER))
    harness.settle()
    harness.later()
    harness.leave("ann", "kay")
    harness.settle()
    harness.later(hours=30)
    harness.leave(*temps)
    harness.settle()
    return harness


@pytest.mark.parametrize("size", [1, 2, 4])
def test_groups_come_by_trouble_and_their_pages_are_one_list(ward: Harness, size: int) -> None:
    with ward.store.reading() as uow:
        whole = uow.overview.groups_by_trouble("", None, 10)
        after, pages = None, []
        while page := uow.overview.groups_by_trouble("", after, size):
            pages += page
            after = page[-1].place
        found = uow.overview.groups_by_trouble("ward", None, 10)

    assert [(one.group.name, one.leavers, one.active_admins, one.unmatched) for one in whole] == [
        ("Gate", 6, 2, 0),
        ("Night duty", 1, 0, 0),
        ("Ward 9", 1, 1, 0),
        ("Hall", 0, 1, 1),
        ("Calm", 0, 1, 0),
        ("Calm", 0, 1, 0),
    ]
    assert whole[1].place == GroupPlace(1, 1, "Night duty", key("night"))
    assert [one.lacks_admin for one in whole] == [False, True, False, False, False, False]
    assert pages == whole
    assert [one.group.name for one in found] == ["Ward 9"]


def test_a_group_is_in_no_trouble_by_people_who_are_back(ward: Harness) -> None:
    ward.decide(release=False)
    for number in range(6):
        ward.corp.enable(f"temp{number}")
    ward.later()
    ward.settle()
    with ward.store.reading() as uow:
        whole = uow.overview.groups_by_trouble("", None, 10)

    assert [one.group.name for one in whole][:2] == ["Night duty", "Ward 9"]
    assert {one.place for one in whole if one.group.name == "Gate"} == {GroupPlace(0, 0, "Gate", key("gate"))}


def test_where_a_member_is_seen_and_whom_to_ask(ward: Harness) -> None:
    with ward.store.reading() as uow:
        seen = uow.overview.sightings([HandleKey("wards", STRANGER), HandleKey("wards", "+440")])
        admins = uow.overview.admins_of([key("gate"), key("night")])

    assert seen == {HandleKey("wards", STRANGER): [Sighting(NamedGroup(key("hall"), "Hall"), "Sky")]}
    assert {group: [one.key.person_id for one in those] for group, those in admins.items()} == {
        key("gate"): ["dee", "lea"]
    }


def test_people_are_known_by_name_address_or_number(ward: Harness) -> None:
    with ward.store.reading() as uow:
        found = uow.overview.known_as(["Eve Tan", "ANN@corp.example", "e-7", "dee", "Nobody"])
        groups = uow.overview.groups_of([one.key for one in found])
        seen = uow.overview.first_seen([AccountKey("corp", "ann"), AccountKey("corp", "nobody")])

    assert [one.key.person_id for one in found] == ["ann", "eve"]
    assert groups == {one.key: [(key("ward-9"), "Ward 9")] for one in found}
    assert list(seen) == [AccountKey("corp", "ann")]


def test_a_plan_has_its_units_and_what_comes_after_its_release(ward: Harness) -> None:
    with ward.store.reading() as uow:
        plan = uow.episodes.plan(1)
        groups = uow.episodes.released_groups(1)
        after = uow.episodes.views_after_release(1, groups)
        none = uow.episodes.released_groups(2)
        before = uow.rosters.view(key("gate"))

    assert plan is not None
    assert [(cohort.unit, len(cohort.people)) for cohort in plan.cohorts] == [("Gate", 6)]
    assert groups == [view.key for view in after] == [key("gate")]
    assert sum(member.leaving is not None for member in after[0].members) == 6
    assert before is not None
    assert not any(member.leaving for member in before.members)
    assert none == []

    ward.decide()
    ward.settle()
    assert len([one for one in ward.tickets(TicketKind.REMOVE_MEMBER) if one.group == key("gate")]) == 6
    [decided] = ward.plans()[0].cohorts
    assert (decided.decided_by, decided.decided_at, decided.reason) == ("sam", ward.now, "asked the ward")
