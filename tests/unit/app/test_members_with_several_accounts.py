"""Members of groups who have several accounts: known by one, they are looked for under the others as well."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import facts
from harness import Harness
from several_accounts import TENANT, known_twice, nights
from worker.domain.model import AccountFacts, Member
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import TicketKind, TicketState

Start = Callable[..., Harness]
LID = "111@lid"
HIDDEN = Member(LID, "Ann", lid=LID)
NURSES = Placement((("department", ("Nursing",)),), ("Ward-7",))


def shown(h: Harness) -> Member:
    number = h.number("ann")
    return Member(number, "Ann", phone=number, lid=LID)


HIDDEN = Member(LID, "Ann", lid=LID)


def test_a_removal_ends_for_who_is_back_in_the_cloud_and_hidden_now(found: Start) -> None:
    h = known_twice(found, has_group=False)
    h.group("ward-7", "ben", "cem", admins=["dee"])
    h.wards.add_member("ward-7", shown(h))
    h.settle()
    h.later()
    h.directories[TENANT].disable("cloud-ann")
    h.settle()
    h.later()
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]
    h.directories[TENANT].enable("cloud-ann")
    h.wards.replace_member("ward-7", h.number("ann"), HIDDEN)
    nights(h)
    assert [one.state for one in h.tickets()] == [TicketState.CANCELLED]


@pytest.mark.parametrize("has_old_number", [False, True])
@pytest.mark.parametrize("is_hidden_first", [False, True])
def test_a_removal_ends_for_who_is_rehired_under_a_new_account_and_another_handle(
    start: Start, is_hidden_first: bool, has_old_number: bool
) -> None:
    h = start()
    h.corp.change("ann", employee_id="E-ann")
    number = h.number("ann")
    h.wards.replace_member("ward-7", number, shown(h))
    h.settle()
    h.later()
    if is_hidden_first:
        h.wards.replace_member("ward-7", number, HIDDEN)
        h.settle()
        h.later()
    h.leave("ann")
    h.settle()
    h.later()
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]
    h.corp.put(facts("ann2", display_name="Ann", employee_id="E-ann", phones=(number,)))
    if not has_old_number:
        h.corp.change("ann", phones=())
    if is_hidden_first:
        h.wards.replace_member("ward-7", LID, shown(h))
    else:
        h.wards.replace_member("ward-7", number, HIDDEN)
    nights(h)
    assert [one.state for one in h.tickets()] == [TicketState.CANCELLED]


def test_a_removal_ends_for_whose_other_account_is_enabled_again(found: Start) -> None:
    h = found()
    h.hire("ben", "cem", "dee", *(f"p{n}" for n in range(16)))
    h.corp.put(facts("ann", display_name="Ann", employee_id="E", phones=(h.number("ann"),)))
    h.corp.put(facts("ann2", display_name="Ann", employee_id="E"))
    h.group("ward-7", "ben", "cem", admins=["dee"])
    h.wards.add_member("ward-7", shown(h))
    h.settle()
    h.later()
    for one in ("ann", "ann2"):
        h.leave(one)
        h.settle()
        h.later()
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]
    h.corp.enable("ann")
    h.wards.replace_member("ward-7", h.number("ann"), HIDDEN)
    nights(h)
    assert [one.state for one in h.tickets()] == [TicketState.CANCELLED]


def test_somebody_in_the_group_by_their_other_account_is_not_to_be_added(start: Start) -> None:
    h = start(joiners=(NURSES,))
    h.hire("zoe", employee_id="E-zoe")
    h.wards.add_member("ward-7", h.member("zoe"))
    h.settle()
    h.later()
    h.corp.put(facts("zoe-ward", display_name="Zoe", employee_id="E-zoe", department="Nursing"))
    nights(h)
    assert h.tickets() == []


def test_a_mover_by_their_other_account_is_to_be_removed(found: Start) -> None:
    h = found(joiners=(NURSES,))
    h.hire("ann", "ben", "cem", "dee", *(f"p{n}" for n in range(16)))
    h.corp.change("ann", employee_id="E-1")
    h.corp.put(facts("ann-ward", display_name="Ann", employee_id="E-1", department="Nursing"))
    h.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    h.settle()
    h.later()
    h.corp.change("ann-ward", department="Theatre")
    nights(h)
    assert [(one.kind, one.state) for one in h.tickets()] == [(TicketKind.REMOVE_MEMBER, TicketState.OPEN)]


def hide(h: Harness) -> None:
    """Ann is shown with number and LID, then with the LID alone."""
    for handle, member in ((h.number("ann"), shown(h)), (h.number("ann"), HIDDEN)):
        h.wards.replace_member("ward-7", handle, member)
        h.settle()
        h.later()


def show_again(h: Harness) -> None:
    """Ann is shown with her number again, and a nightly pass follows."""
    h.wards.replace_member("ward-7", LID, shown(h))
    nights(h, 1)


@pytest.mark.parametrize("keeps", [True, False])  # if the old account keeps the number, it passes
def test_a_number_that_is_shown_again_and_is_the_rehire_s_now_is_no_question(
    start: Start, keeps: bool
) -> None:
    h = start()
    number = h.number("ann")
    h.corp.change("ann", employee_id="E-ann")
    hide(h)
    h.corp.change("ann", enabled=False, phones=(number,) if keeps else ())
    h.corp.put(facts("ann2", display_name="Ann", employee_id="E-ann", phones=(number,)))
    h.settle()
    h.later()
    assert h.tickets() == []
    show_again(h)
    assert [(one.kind, str(one.reason)) for one in h.tickets()] == []


@pytest.mark.parametrize("keeps", [True, False])
def test_a_number_that_moved_to_the_account_in_the_cloud_is_no_question(found: Start, keeps: bool) -> None:
    h = known_twice(found)
    number = h.number("ann")
    hide(h)
    h.directories[TENANT].change("cloud-ann", phones=(number,))
    h.corp.change("ann", phones=(number,) if keeps else ())
    h.settle()
    h.later()
    assert h.tickets() == []
    show_again(h)
    assert [(one.kind, str(one.reason)) for one in h.tickets()] == []


def test_who_is_shown_by_that_number_again_is_removed_without_a_question(found: Start) -> None:
    h = known_twice(found)
    number = h.number("ann")
    hide(h)
    h.directories[TENANT].change("cloud-ann", phones=(number,))
    h.corp.change("ann", phones=())
    h.leave("ann")
    h.settle()
    h.later()
    show_again(h)
    assert [one.kind.value for one in h.tickets() if one.is_live] == ["remove_member"]


@pytest.mark.parametrize("left", ["cloud-ann", "ann"])
def test_a_question_ends_when_two_accounts_with_the_number_turn_out_to_be_one_persons(
    found: Start, left: str
) -> None:
    h = known_twice(found)
    corp, tenant = h.directories
    corp.change("ann", immutable_id=None)
    tenant.change("cloud-ann", phones=(h.number("ann"),))
    h.settle()
    h.later()
    (tenant if left == "cloud-ann" else corp).disable(left)
    h.settle()
    h.later()
    assert [one.kind for one in h.tickets()] == [TicketKind.IDENTIFY_MEMBER]
    corp.change("ann", immutable_id="g-ann")
    h.settle()
    assert {one.kind: one.state for one in h.tickets()} == {
        TicketKind.IDENTIFY_MEMBER: TicketState.VERIFIED,
        TicketKind.REMOVE_MEMBER: TicketState.OPEN,
    }


@pytest.fixture
def second(company: Harness) -> AccountFacts:
    """A second account of Ann's, with her number, that the directory has put out of scope."""
    return facts("adm-ann", phones=(company.number("ann"),), is_in_scope=False)


@pytest.mark.parametrize("is_there_first", [False, True])
def test_an_account_out_of_scope_with_their_number_hides_no_leaver(
    start: Start, second: AccountFacts, *, is_there_first: bool
) -> None:
    h = start()
    h.wards.remove_member("ward-7", h.number("ann"))
    h.settle()
    if is_there_first:
        h.corp.put(second)
    h.wards.add_member("ward-7", h.member("ann"))
    h.settle()
    h.corp.put(second)
    nights(h)
    assert h.tickets() == []
    h.leave("ann")
    nights(h)
    assert [(one.kind, one.state) for one in h.tickets()] == [(TicketKind.REMOVE_MEMBER, TicketState.OPEN)]


def test_an_account_out_of_scope_that_alone_has_a_number_is_known_and_left_alone(company: Harness) -> None:
    company.corp.put(facts("visitor", phones=(company.number("visitor"),), is_in_scope=False))
    company.wards.add_member("ward-7", company.member("visitor"))
    nights(company)
    company.corp.disable("visitor")
    nights(company)
    assert company.tickets() == []


def test_a_second_account_with_the_number_is_a_question_once_it_comes_into_scope(
    company: Harness, second: AccountFacts
) -> None:
    company.corp.put(second)
    nights(company)
    assert company.tickets() == []
    company.corp.change("adm-ann", is_in_scope=True)
    nights(company)
    assert [one.kind for one in company.tickets()] == [TicketKind.IDENTIFY_MEMBER]
