"""A declared roster belongs to the group of its link alone, whatever numbers other registers give their rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from declaring import DECLARED, add_declared, declare, link
from harness import Harness, company_fixture
from worker.domain.evidence.actor import Actor
from worker.domain.groups.pairing import PairState
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import TicketKind, TicketState

ME = Actor("sam", "os:sam")
WARD_7 = ("ann", "ben", "cem")
WARD_9 = ("pat", "quin", "rosa")


def two_registers(name: str) -> Harness:
    """Two sites, each with a register that numbers its rows: number 1 is Ward 7 in one, and another in the other."""
    harness = Harness(inventories=("site-a", "site-b"))
    harness.hire(*WARD_7, *WARD_9, "dee", "sue")
    for inventory in harness.inventories:
        inventory.can = replace(inventory.can, sees_all_groups=True, is_kept_by_people=True)
    harness.group("1", *WARD_7, admins=["dee"], at=0, name="Ward 7")
    harness.group("1", *WARD_9, admins=["sue"], at=1, name=name)
    add_declared(harness)
    harness.settle()
    harness.later()
    return harness


@company_fixture
def sites() -> Harness:
    return two_registers("Ward 9")


@company_fixture
def namesakes() -> Harness:
    return two_registers("Ward 7")


def removals(harness: Harness) -> list[tuple[str, str, TicketState]]:
    tickets = harness.tickets(TicketKind.REMOVE_MEMBER)
    return [(one.person_name, "/".join(one.home), one.state) for one in tickets]


def pairs(harness: Harness) -> list[tuple[str, str, PairState]]:
    with harness.store.reading() as uow:
        return [("/".join(one.a), "/".join(one.b), one.state) for one in uow.pairs.all()]


def members(harness: Harness, key: GroupKey) -> set[str]:
    with harness.store.reading() as uow:
        return {one.member.display_name for one in uow.rosters.members(key)}


def test_it_leads_no_group_that_another_register_numbers_alike(sites: Harness) -> None:
    sites.leave("pat")
    sites.settle()
    assert declare(sites, link(sites, "site-a/1"))
    sites.later()
    sites.settle()
    assert removals(sites) == [("Pat", "site-b/1", TicketState.OPEN)]
    sites.leave("quin", "ann")
    sites.settle()
    assert sorted(removals(sites)) == [
        ("Ann", f"{DECLARED}/1", TicketState.OPEN),
        ("Pat", "site-b/1", TicketState.OPEN),
        ("Quin", "site-b/1", TicketState.OPEN),
    ]
    assert pairs(sites) == [("site-a/1", f"{DECLARED}/1", PairState.SURE)]


def test_each_of_two_that_are_numbered_alike_has_a_roster_of_its_own(sites: Harness) -> None:
    for site in ("site-a/1", "site-b/1", "site-a/1", "site-b/1"):
        assert declare(sites, link(sites, site))
        sites.later()
        sites.settle()
    assert pairs(sites) == [
        ("site-a/1", f"{DECLARED}/1", PairState.SURE),
        ("site-b/1", f"{DECLARED}/1@site-b", PairState.SURE),
    ]
    assert members(sites, GroupKey(DECLARED, "1")) == {"Ann", "Ben", "Cem", "Dee"}
    assert members(sites, GroupKey(DECLARED, "1@site-b")) == {"Pat", "Quin", "Rosa", "Sue"}
    assert sites.app.declaring.look(link(sites, f"{DECLARED}/1@site-b"), sites.now).group.name == "Ward 9"


def test_sites_that_people_set_apart_do_not_meet_again_by_what_one_of_them_declares(
    namesakes: Harness,
) -> None:
    sites = namesakes
    assert pairs(sites) == [("site-b/1", "site-a/1", PairState.SURE)]
    sites.app.pairs.unpair("site-a/1", "site-b/1", ME, "two sites", sites.now)
    assert declare(sites, link(sites, "site-a/1"))
    for who in ("ann", "ben"):
        sites.inventories[1].add_member("1", sites.member(who))
    sites.later()
    sites.settle()
    assert [one for one in pairs(sites) if one[2].is_one] == [("site-a/1", f"{DECLARED}/1", PairState.SURE)]


def test_a_roster_that_people_took_from_a_group_is_not_declared_over(sites: Harness) -> None:
    declare(sites, link(sites, "site-a/1"))
    sites.app.pairs.unpair("site-a/1", f"{DECLARED}/1", ME, "another ward", sites.now)
    sites.later()
    declare(sites, link(sites, "site-a/1"), "ann")
    assert members(sites, GroupKey(DECLARED, "1")) == {"Ann", "Ben", "Cem", "Dee"}
    assert members(sites, GroupKey(DECLARED, "1@site-a")) == {"Ben", "Cem", "Dee"}


def test_of_a_pair_either_link_declares_the_one_roster(namesakes: Harness) -> None:
    sites = namesakes
    declare(sites, link(sites, "site-a/1"))
    sites.later()
    sites.settle()
    declare(sites, link(sites, "site-b/1"))
    sites.later()
    sites.settle()
    assert members(sites, GroupKey(DECLARED, "1@site-b")) == set()
    assert sorted(one[:2] for one in pairs(sites)) == [
        ("site-a/1", f"{DECLARED}/1"), ("site-b/1", f"{DECLARED}/1"), ("site-b/1", "site-a/1"),
    ]  # fmt: skip


@pytest.mark.parametrize("sees_roles", [True, False])
def test_two_lists_are_no_pair_by_a_number_of_their_own_whichever_shows_less(
    sites: Harness, sees_roles: bool
) -> None:
    sites.inventories[1].can = replace(sites.inventories[1].can, sees_roles=sees_roles)
    sites.start(sites.app.rules)
    sites.later()
    sites.settle(full=True)
    assert pairs(sites) == []
