"""People whom two directories know: one human, one ticket, whichever of the two says that they have left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import facts
from harness import Harness
from hybrid import CANCELLED, CORP, OPEN, TENANT, Start, come_back, company, hybrid, in_tenant, leave, states
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import IdentityState
from worker.domain.model import Account, AccountKey, HandleKey, Role, Standing
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import Port

__all__ = ["company", "hybrid"]


# --- either -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at, why",
    [
        (CORP, "corp: the account is disabled; tenant: the account is active"),
        (TENANT, "corp: the account is active; tenant: the account is disabled"),
    ],
)
def test_it_is_enough_that_one_directory_says_so_and_each_is_named(
    company: Harness, at: int, why: str
) -> None:
    leave(company, at, "ann")

    (ticket,) = company.tickets()
    assert (ticket.state, ticket.kind) == (OPEN, TicketKind.REMOVE_MEMBER)
    assert ticket.person is not None
    assert ticket.person.source == company.directories[at].name
    assert ticket.reason == f"Ann has left ({why}) and is still in the group"


@pytest.mark.parametrize("first, second", [(CORP, TENANT), (TENANT, CORP)])
def test_the_second_word_opens_and_tells_nothing_more(company: Harness, first: int, second: int) -> None:
    leave(company, first, "ann")
    (before,) = company.tickets()
    told = company.titles()

    leave(company, second, "ann")
    company.settle(full=True)

    (after,) = company.tickets()
    assert replace(after, weighed_at=None) == replace(before, weighed_at=None)
    assert (told, company.titles()) == (["Remove Ann from Ward 7"], [])


def test_both_at_once_are_one_ticket(company: Harness) -> None:
    company.corp.disable("ann")
    company.directories[TENANT].disable("cloud-ann")
    company.settle()
    company.settle(full=True)

    assert states(company) == [OPEN]


def test_somebody_is_back_only_when_both_say_so_and_the_ticket_goes_on_until_then(company: Harness) -> None:
    leave(company, CORP, "ann")
    leave(company, TENANT, "ann")

    come_back(company, CORP, "ann")
    assert states(company) == [OPEN]

    come_back(company, TENANT, "ann")
    assert states(company) == [CANCELLED]
    assert company.ticket().reason == "the person returned"


def test_who_leaves_again_gets_a_new_ticket(company: Harness) -> None:
    leave(company, CORP, "ann")
    come_back(company, CORP, "ann")
    leave(company, TENANT, "ann")

    assert states(company) == [CANCELLED, OPEN]


def test_a_waiver_holds_when_the_second_directory_says_the_same(company: Harness) -> None:
    leave(company, CORP, "ann")
    company.desk.waive(1, Actor("sam"), "stays in the group as a pensioner", company.now)
    leave(company, TENANT, "ann")
    company.settle(full=True)

    assert states(company) == [TicketState.WAIVED]


def test_a_removal_is_proven_whichever_account_the_ticket_names(company: Harness) -> None:
    leave(company, TENANT, "ann")
    company.drop("ward-7", "ann")
    company.settle()

    assert states(company) == [TicketState.VERIFIED]


def test_the_only_admin_who_left_in_the_cloud_alone_is_no_active_admin(company: Harness) -> None:
    leave(company, TENANT, "dee")

    reassign, removal = company.tickets()
    assert (reassign.kind, reassign.state) == (TicketKind.REASSIGN_ADMIN, OPEN)
    assert (removal.state, removal.blocked_by) == (TicketState.BLOCKED, reassign.id)

    company.later()
    company.settle()
    assert company.ticket(reassign.id).state is OPEN  # dee's other account makes them no admin who stays

    company.later()
    company.wards.set_role("ward-7", company.number("ann"), Role.ADMIN)
    company.settle()
    assert [ticket.state for ticket in company.tickets()] == [TicketState.VERIFIED, OPEN]


def test_a_rehire_whom_the_cloud_does_not_know_yet_is_no_leaver(company: Harness) -> None:
    leave(company, CORP, "ann")
    leave(company, TENANT, "ann")
    assert states(company) == [OPEN]

    company.corp.put(facts("ann2", display_name="Ann", employee_id="E-ann", phones=(company.number("ann"),)))
    company.settle()
    company.settle(full=True)
    assert states(company) == [CANCELLED]
    assert company.ticket().reason == "another account of the person is active"

    company.later()
    company.corp.disable("ann2")
    company.settle()
    assert states(company) == [CANCELLED, OPEN]


def test_a_directory_that_is_added_later_brings_no_rehires(found: Start) -> None:
    harness = found(directories=("corp", "tenant"))
    harness.hire("ann", "ben", "dee", immutable_id=None)
    for person_id in ("ann", "ben", "dee"):
        harness.corp.change(person_id, employee_id=f"E-{person_id}")
    harness.directories[TENANT].put(facts("cloud-zoe", email=None))
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    leave(harness, CORP, "ann")
    with harness.store.begin() as uow:  # as if the second directory were read for the first time now
        state = uow.sources.get("tenant", Port.DIRECTORY)
        uow.sources.put(type(state)("tenant", Port.DIRECTORY, first_pass_at=harness.now))
    harness.directories[TENANT].put(in_tenant(harness, "ann", employee_id="E-ann"))
    harness.settle()

    assert states(harness) == [OPEN]


# --- all --------------------------------------------------------------------------------------------------


def test_with_all_nobody_has_left_before_both_say_so(hybrid: Start) -> None:
    company = hybrid(accounts=AccountsRule.ALL)
    leave(company, CORP, "ann")
    company.settle(full=True)
    assert states(company) == []

    leave(company, TENANT, "ann")
    (ticket,) = company.tickets()
    assert ticket.person == AccountKey("tenant", "cloud-ann")
    assert ticket.reason == (
        "Ann has left (corp: the account is disabled; tenant: the account is disabled) and is still in the group"
    )

    come_back(company, CORP, "ann")
    assert states(company) == [CANCELLED]


# --- the guard --------------------------------------------------------------------------------------------


def test_who_left_by_the_first_word_is_no_news_to_the_guard_by_the_second(hybrid: Start) -> None:
    company = hybrid(limits=GuardLimits(leavers_max=1, leavers_share_max=None, group_share_max=None))
    leave(company, CORP, "ann")
    company.later(hours=25)
    leave(company, CORP, "ben")
    company.later(hours=25)
    assert states(company) == [OPEN, OPEN]

    for person_id in ("ann", "ben"):
        company.directories[TENANT].disable(f"cloud-{person_id}")
    company.settle()

    assert company.plans() == []
    assert states(company) == [OPEN, OPEN]


def test_a_held_plan_is_not_about_whom_another_word_let_through_before(hybrid: Start) -> None:
    company = hybrid(limits=GuardLimits(leavers_max=2, leavers_share_max=None, group_share_max=None))
    leave(company, CORP, "ann")
    tenant = company.directories[TENANT]
    for person_id in ("ann", "ben", "cem", "dee"):
        tenant.disable(f"cloud-{person_id}")
    company.settle()

    (plan,) = company.plans()
    held = {departure.person.person_id for cohort in plan.cohorts for departure in cohort.people}
    assert held == {"cloud-ben", "cloud-cem", "cloud-dee"}
    assert states(company) == [OPEN]

    company.decide(release=False)
    company.settle()
    assert states(company) == [OPEN]


def test_one_human_takes_one_place_of_a_groups_share(hybrid: Start) -> None:
    company = hybrid(limits=GuardLimits(group_share_max=0.5, share_from=1, leavers_share_max=None))
    leave(company, CORP, "ann")
    leave(company, TENANT, "ann")
    leave(company, CORP, "ben")  # two of four

    assert company.plans() == []
    assert states(company) == [OPEN, OPEN]


def test_a_first_runs_leaver_whom_only_the_other_account_links_to_a_group_is_held(found: Start) -> None:
    harness = found(directories=("corp", "tenant"))
    harness.hire("ben", "dee")
    harness.corp.put(facts("ann", employee_id="E-1", enabled=False))  # without a number
    harness.directories[TENANT].put(in_tenant(harness, "ann", employee_id="E-1", immutable_id=None))
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()

    (plan,) = harness.plans()
    assert [n.person for cohort in plan.cohorts for n in cohort.people] == [AccountKey("corp", "ann")]
    harness.decide()
    harness.settle()
    assert states(harness) == [OPEN]


# --- what people see --------------------------------------------------------------------------------------


def test_who_is_shown_is_the_human(company: Harness) -> None:
    leave(company, TENANT, "ann")
    with company.store.begin() as uow:
        human = uow.people.human(AccountKey("corp", "ann"))
        stranger = uow.people.human(AccountKey("corp", "nobody"))

    assert stranger is None
    assert human is not None
    assert shown(human.accounts) == [("corp", Standing.ACTIVE), ("tenant", Standing.LEFT)]
    assert human.person.key.source == "tenant"


def shown(accounts: tuple[Account, ...]) -> list[tuple[str, Standing]]:
    return [(account.key.source, account.standing) for account in accounts]


def test_an_answer_about_a_member_may_name_somebody_by_the_address_of_both_accounts(company: Harness) -> None:
    company.directories[TENANT].change("cloud-p1", email="p1@corp.example")
    stranger = company.member("una")
    company.wards.add_member("ward-7", stranger)
    company.settle()

    _, person = company.identifying.confirm(stranger.handle, "p1@corp.example", Actor("sam"), company.now)

    assert person.key == AccountKey("corp", "p1")


# --- a link that is rejected ------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [False, True])
def test_whom_somebody_is_not_they_are_not_by_any_other_account(company: Harness, gone: bool) -> None:
    handle = HandleKey("wards", company.number("ann"))
    company.identifying.reject("/".join(handle), Actor("sam"), "it is the ward's phone", company.now)
    if gone:
        leave(company, CORP, "ann")
    company.corp.change("ann", title="Matron")
    company.directories[TENANT].change("cloud-ann", title="Matron")
    company.settle(full=True)
    with company.store.reading() as uow:
        found = uow.identities.get(handle)
    assert found is not None
    assert (found.state, found.person) == (IdentityState.UNMATCHED, None)
    assert [one.kind for one in company.tickets()] == [TicketKind.IDENTIFY_MEMBER]
