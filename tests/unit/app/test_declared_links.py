"""Links by which admins of groups declare rosters: whom one is for, what it shows, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from declaring import ME, REGISTER, declare, declared_ward, link
from harness import Harness, company_fixture
from worker.app.refused import Refused
from worker.app.tell.group_links import GroupLinks
from worker.app.tell.signed_links import Dead, LinkDead, fresh_key
from worker.domain.evidence import events
from worker.domain.model import AccountKey


@company_fixture
def ward() -> Harness:
    return declared_ward()


@pytest.fixture
def bare() -> Iterator[Harness]:
    harness = Harness()
    harness.hire("dee")
    harness.group("ward-7", admins=["dee"])
    harness.settle()
    yield harness
    harness.close()


def why(harness: Harness, token: str) -> Dead:
    with pytest.raises(LinkDead) as dead:
        harness.app.declaring.look(token, harness.now)
    return dead.value.why


def test_a_link_is_for_the_first_active_admin_and_shows_the_known_members(ward: Harness) -> None:
    shown = ward.app.declaring.look(link(ward), ward.now)
    assert [member.display_name for _, member in shown.members] == ["Ann", "Ben", "Cem", "Dee"]
    assert (shown.group.key, shown.group.name) == (REGISTER, "Ward 7")


def test_making_and_revoking_a_link_is_in_the_journal_without_the_link(ward: Harness) -> None:
    token = link(ward)
    ward.app.declaring.revoke("ward-7", ME, ward.now, "lost phone")
    made, revoked = (sealed.entry for sealed in ward.journal()[-2:])
    assert (made.event, made.actor, made.data["to"]) == (events.GROUP_LINK_MADE, "sam", "corp/dee")
    assert (revoked.event, revoked.reason, revoked.data["links"]) == (
        events.GROUP_LINKS_REVOKED,
        "lost phone",
        1,
    )
    assert token not in str(made.data)


def test_links_are_refused_without_a_declared_inventory(bare: Harness) -> None:
    with pytest.raises(Refused, match="kind declared"):
        link(bare)


def test_links_are_refused_for_a_group_that_is_gone_or_without_an_active_admin(ward: Harness) -> None:
    ward.group("sole", "ann", admins=["fay"])
    ward.inventory()
    ward.leave("fay")
    ward.settle()
    with pytest.raises(Refused, match="no active admin"):
        link(ward, "sole")
    ward.wards.remove_group("sole")
    ward.later()
    ward.inventory()
    with pytest.raises(Refused, match="is gone"):
        link(ward, "sole")
    with pytest.raises(Refused, match="no group"):
        link(ward, "ward-99")


def test_a_link_ends_by_its_age(ward: Harness) -> None:
    token = link(ward)
    ward.later(days=30)
    assert why(ward, token) is Dead.EXPIRED
    link(ward)  # forgets the old one
    assert why(ward, token) is Dead.EXPIRED


def test_a_link_ends_when_it_is_revoked_and_a_new_one_works(ward: Harness) -> None:
    token = link(ward)
    assert ward.app.declaring.revoke("ward-7", ME, ward.now)[1] == 1
    assert why(ward, token) is Dead.REVOKED
    assert ward.app.declaring.revoke("ward-7", ME, ward.now)[1] == 0
    assert ward.app.declaring.look(link(ward), ward.now).members


def test_all_links_end_whichever_of_the_groups_that_are_one_is_named(ward: Harness) -> None:
    token = link(ward)
    declare(ward, token)
    assert ward.app.declaring.revoke("Ward 7", ME, ward.now)[1] == 1
    assert why(ward, token) is Dead.REVOKED


def test_a_link_ends_with_the_key(ward: Harness) -> None:
    token = link(ward)
    with ward.store.begin() as uow:
        uow.access.change_key(fresh_key(), ward.now, with_tokens=False)
    assert why(ward, token) is Dead.FORGED


def test_a_link_ends_when_its_person_leaves_or_is_erased(ward: Harness) -> None:
    ward.hire("dee", language="de")
    ward.poll()
    token = link(ward)
    ward.leave("dee")
    ward.poll()
    with pytest.raises(LinkDead) as dead:
        ward.app.declaring.look(token, ward.now)
    assert (dead.value.why, dead.value.language) == (Dead.LEFT, "de")
    with ward.store.begin() as uow:
        uow.people.erase(AccountKey("corp", "dee"))
    assert why(ward, token) is Dead.REVOKED


def test_a_link_of_somebody_whom_no_directory_has_any_more_has_ended(ward: Harness) -> None:
    with ward.store.begin() as uow:
        links = GroupLinks("", timedelta(days=1))
        made = links.make(uow, REGISTER, AccountKey("corp", "nobody"), ward.now)
        token = links.url(uow, made).rpartition("/")[2]
    assert why(ward, token) is Dead.LEFT


def test_a_link_ends_with_its_group(ward: Harness) -> None:
    ward.group("other", "ann", admins=["dee"])
    ward.inventory()
    token = link(ward, "other")
    ward.wards.remove_group("other")
    ward.later()
    ward.inventory()
    assert why(ward, token) is Dead.REVOKED


@pytest.mark.parametrize("token", ["", "nothing", "a" * 300, "WyJ4IiwxXQ.AAAA"])
def test_a_forged_link_opens_nothing(ward: Harness, token: str) -> None:
    assert why(ward, token) is Dead.FORGED


def test_a_link_of_a_ticket_is_none_to_a_group(ward: Harness) -> None:
    ward.leave("ann")
    ward.settle()
    assert why(ward, ward.link().rpartition("/t/")[2]) is Dead.FORGED


def test_links_can_have_another_address(ward: Harness) -> None:
    there = ward.app.declaring.at(GroupLinks("http://127.0.0.1:81", timedelta(days=1)))
    assert there.link("ward-7", ME, ward.now).startswith("http://127.0.0.1:81/g/")
