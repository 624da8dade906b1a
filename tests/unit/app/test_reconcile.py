"""From what is wrong to tickets: who is known, what is opened, blocked, cancelled and reopened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import facts
from folded import claim, fold
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import IdentityState
from worker.domain.model import Member, RegisterFacts, Role
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import TicketKind, TicketState

Start = Callable[..., Harness]


def leave(harness: Harness, *person_ids: str) -> None:
    harness.leave(*person_ids)
    harness.settle()
    harness.later()


# --- leavers ----------------------------------------------------------------------------------------------


def test_a_leaver_in_a_group_is_one_ticket_with_an_admin_of_it(company: Harness) -> None:
    leave(company, "ann")

    [ticket] = company.tickets()
    assert (ticket.kind, ticket.state) == (TicketKind.REMOVE_MEMBER, TicketState.OPEN)
    assert ticket.assignee is not None
    assert ticket.assignee.email == "dee@corp.example"
    assert company.titles() == ["Remove Ann from Ward 7"]


def test_a_leaver_outside_of_all_groups_is_no_ticket(company: Harness) -> None:
    leave(company, "una")

    assert company.tickets() == []


def test_a_second_pass_opens_nothing_more(company: Harness) -> None:
    leave(company, "ann")
    before = len(company.journal())

    company.settle(full=True)

    assert len(company.tickets()) == 1
    assert len(company.journal()) == before


def test_who_returned_has_their_ticket_cancelled(company: Harness) -> None:
    leave(company, "ann")
    company.corp.enable("ann")
    company.settle()

    assert [ticket.state for ticket in company.tickets()] == [TicketState.CANCELLED]
    assert company.ticket().reason == "the person returned"


def test_a_rehire_under_a_new_account_with_the_same_employee_id_cancels(company: Harness) -> None:
    company.corp.change("ann", employee_id="E-17")
    company.settle()
    leave(company, "ann")
    company.corp.put(facts("ann2", display_name="Ann", employee_id="e-17"))
    company.settle()

    assert company.ticket().state is TicketState.CANCELLED
    assert company.ticket().reason == "another account of the person is active"


def test_who_came_back_into_the_group_after_the_proof_has_their_ticket_reopened(company: Harness) -> None:
    leave(company, "ann")
    company.drop("ward-7", "ann")
    company.settle()
    assert company.ticket().state is TicketState.VERIFIED
    company.later()
    company.wards.add_member("ward-7", company.member("ann"))
    company.settle()

    assert company.ticket().state is TicketState.OPEN
    assert company.ticket().reason.startswith("came back")
    assert len(company.tickets()) == 1
    assert company.titles()[-1] == "Reopened: Remove Ann from Ward 7"


def test_a_list_from_before_the_proof_says_nothing_until_it_is_saved_anew(company: Harness) -> None:
    leave(company, "ann")
    before = company.now
    company.drop("ward-7", "ann")
    company.settle()
    company.later()
    company.wards.add_member("ward-7", company.member("ann"))
    company.wards.date(before)
    company.settle()
    assert company.ticket().state is TicketState.VERIFIED
    company.later()
    company.wards.date(company.now)
    company.settle()
    assert company.ticket().reason.startswith("came back")


def test_a_sensitive_group_has_less_time(start: Start) -> None:
    harness = start(sensitive=("WARD-*",))
    leave(harness, "ann")

    assert harness.ticket().is_sensitive
    assert (harness.ticket().due_at - harness.ticket().clock_from).total_seconds() == 4 * 3600


@pytest.mark.parametrize("said", [True, False, None])
def test_a_group_is_sensitive_if_a_register_says_so(start: Start, said: bool | None) -> None:
    harness = start()
    harness.wards.register("ward-7", RegisterFacts(sensitive=said))
    harness.inventory()
    leave(harness, "ann")

    assert harness.ticket().is_sensitive is (said is True)


# --- the last admin ---------------------------------------------------------------------------------------


def test_the_removal_of_the_only_admin_waits_for_another(company: Harness) -> None:
    leave(company, "dee")

    reassign, removal = company.tickets()
    assert (reassign.kind, reassign.state) == (TicketKind.REASSIGN_ADMIN, TicketState.OPEN)
    assert (removal.state, removal.blocked_by) == (TicketState.BLOCKED, reassign.id)
    assert company.titles() == ["Make somebody an admin of Ward 7"]


def test_the_removal_goes_on_when_a_roster_shows_another_admin(company: Harness) -> None:
    leave(company, "dee")
    company.wards.set_role("ward-7", company.number("ann"), Role.ADMIN)
    company.settle()

    reassign, removal = company.tickets()
    assert reassign.state is TicketState.VERIFIED
    assert (removal.state, removal.blocked_by) == (TicketState.OPEN, None)
    assert removal.assignee is not None
    assert removal.assignee.email == "ann@corp.example"


def test_a_removal_is_blocked_when_the_other_admin_leaves_too(company: Harness) -> None:
    company.wards.set_role("ward-7", company.number("cem"), Role.ADMIN)
    company.settle()
    leave(company, "cem")
    leave(company, "dee")

    states = {ticket.person_name: ticket.state for ticket in company.tickets(TicketKind.REMOVE_MEMBER)}
    [reassign] = company.tickets(TicketKind.REASSIGN_ADMIN)
    assert states == {"Cem": TicketState.BLOCKED, "Dee": TicketState.BLOCKED}
    assert {t.blocked_by for t in company.tickets(TicketKind.REMOVE_MEMBER)} == {reassign.id}


def test_a_removal_that_comes_up_again_names_no_blocker_while_that_is_waived(company: Harness) -> None:
    leave(company, "dee")
    sam = Actor("sam")
    company.desk.waive(1, sam, "Ward 7 needs no other admin", company.now)
    company.desk.waive(2, sam, "she hands over", company.now, until=company.now + timedelta(days=1))
    company.later(days=2)
    company.settle()
    company.later()
    said = events_of(company, "T-000002")
    leave(company, "ben")

    reassign, removal, _ = company.tickets()
    assert reassign.state is TicketState.WAIVED
    assert (removal.state, removal.blocked_by, removal.reopened) == (TicketState.BLOCKED, None, 1)
    assert events_of(company, "T-000002") == said


def events_of(harness: Harness, label: str) -> list[str]:
    return [one.entry.event for one in harness.journal() if one.entry.subject == f"ticket:{label}"]


# --- who is who -------------------------------------------------------------------------------------------


def test_an_unknown_member_is_one_question_for_all_their_groups(company: Harness) -> None:
    stranger = Member("+447700900777", "Una", phone="+447700900777")
    company.group("ward-8", admins=["dee"])
    for group in ("ward-7", "ward-8"):
        company.wards.add_member(group, stranger)
    company.settle()

    [question] = company.tickets()
    assert question.kind is TicketKind.IDENTIFY_MEMBER
    with company.store.begin() as uow:
        [(_, link)] = uow.identities.page([IdentityState.UNMATCHED], None, 10)
    assert [one.name for one in link.suggestions] == ["Una"]


def test_a_question_about_a_member_who_is_out_of_one_group_goes_on_in_another(company: Harness) -> None:
    stranger = Member("+447700900777", "Una", phone="+447700900777")
    company.group("ward-8", admins=["dee"])
    for group in ("ward-7", "ward-8"):
        company.wards.add_member(group, stranger)
    company.settle()
    asked_in = company.ticket().home.group_id
    company.later()
    company.wards.remove_member(asked_in, stranger.handle)
    company.inventory()
    company.verify()
    company.reconcile()

    question = company.ticket()
    assert question.state is TicketState.OPEN
    assert question.home.group_id != asked_in

    company.wards.remove_member(question.home.group_id, stranger.handle)
    company.later()
    company.settle()
    assert company.ticket().state in {TicketState.VERIFIED, TicketState.CANCELLED}


def test_an_unknown_member_without_a_name_is_asked_about_without_suggestions(company: Harness) -> None:
    company.wards.add_member("ward-7", Member("+447700900777", phone="+447700900777"))
    company.settle()

    with company.store.begin() as uow:
        [(_, link)] = uow.identities.page([IdentityState.UNMATCHED], None, 10)
    assert link.suggestions == ()


def test_a_number_of_two_people_is_a_question_and_no_removal(company: Harness) -> None:
    company.corp.change("eve", phones=(company.number("ann"),))
    company.settle()
    leave(company, "ann", "eve")

    assert [ticket.kind for ticket in company.tickets()] == [TicketKind.IDENTIFY_MEMBER]


def test_nobody_is_asked_about_until_every_directory_was_read(found: Start) -> None:
    harness = found(directories=("corp", "tenant"))
    harness.hire("ann")
    harness.group("ward-7", "ann", "bob")
    tenant = harness.directories[-1]
    assert not harness.poll().is_ok, "it lists nobody, which is not believed"
    harness.inventory()
    harness.reconcile()
    assert harness.tickets() == []

    tenant.put(facts("bob", phones=(harness.number("bob"),)), facts("zoe"))
    harness.group("ward-8", "guest")
    harness.later()
    harness.settle()

    [question] = harness.tickets()
    assert question.handle == harness.number("guest")


# --- joiners and movers -----------------------------------------------------------------------------------

NURSES = Placement((("department", ("Nursing",)),), ("ward-7",))
PORTERS = Placement((("department", ("Porters",)),), ("Porters*",))


def with_rules(start: Start, **wishes: object) -> Harness:
    harness = start(joiners=(NURSES, PORTERS), **wishes)
    harness.group("porters", "hal", admins=["gus"])
    harness.corp.change("ann", department="Nursing")
    harness.settle()
    harness.later()
    return harness


def test_a_joiner_gets_a_ticket_to_be_added(start: Start) -> None:
    harness = with_rules(start)
    harness.hire("new", department="Nursing")
    harness.settle()

    [ticket] = harness.tickets()
    assert (ticket.kind, ticket.person_name) == (TicketKind.ADD_MEMBER, "New")

    harness.later()
    harness.wards.add_member("ward-7", harness.member("new"))
    harness.settle()
    assert harness.ticket().state is TicketState.VERIFIED


def test_a_mover_gets_an_addition_and_a_removal(start: Start) -> None:
    harness = with_rules(start)
    harness.corp.change("ann", department="Porters")
    harness.settle()

    done = {(ticket.kind, ticket.home.group_id) for ticket in harness.tickets()}
    assert done == {(TicketKind.ADD_MEMBER, "porters"), (TicketKind.REMOVE_MEMBER, "ward-7")}


def test_a_mover_whom_no_rule_names_gets_no_ticket(start: Start) -> None:
    harness = with_rules(start)
    harness.corp.change("una", department="Catering")
    harness.leave("tom")
    harness.settle()

    assert harness.tickets() == []


def test_many_movers_wait_for_the_guard(start: Start) -> None:
    harness = with_rules(start)
    crew = [f"m{number}" for number in range(6)]
    harness.hire(*crew, department="Nursing")
    harness.group("ward-7", "ann", "ben", "cem", *crew, admins=["dee"])
    harness.settle()
    harness.later()
    for person_id in crew:
        harness.corp.change(person_id, department="Porters")
    harness.settle()

    removals = [t for t in harness.tickets(TicketKind.REMOVE_MEMBER) if t.is_live]
    additions = [t for t in harness.tickets(TicketKind.ADD_MEMBER) if t.is_live]
    assert (removals, additions) == ([], [])
    [plan] = harness.plans()
    assert len(plan.cohorts[0].people) == 6

    harness.decide()
    harness.later()
    harness.settle()
    assert len([t for t in harness.tickets(TicketKind.REMOVE_MEMBER) if t.is_live]) == 6


# --- what is cancelled is taken back ----------------------------------------------------------------------


def test_a_cancelled_ticket_withdraws_its_messages_that_were_not_sent(company: Harness) -> None:
    leave(company, "ann")
    company.corp.enable("ann")
    company.settle()

    assert company.ticket().state is TicketState.CANCELLED
    assert company.titles() == []


def test_what_was_sent_about_a_cancelled_ticket_is_taken_back_from_whoever_got_it(company: Harness) -> None:
    leave(company, "ann")
    company.titles()
    company.later(hours=24)
    company.escalate()
    company.deliver()
    company.corp.enable("ann")
    company.settle()
    before = len(company.soc.sent)
    company.deliver()

    told = {message.to.address: message.title for message in company.soc.sent[before:]}
    assert told == dict.fromkeys(
        ("dee@corp.example", "it-security@example.org"), "No longer needed: Remove Ann from Ward 7"
    )
    [facts] = {paragraph.facts for message in company.soc.sent[before:] for paragraph in message.paragraphs}
    assert facts == (("Ticket", "T-000001"),)


def test_what_may_have_been_sent_is_taken_back_as_well(company: Harness) -> None:
    leave(company, "ann")
    with company.store.begin() as uow:
        fold(uow, uow.outbox.waiting(company.now, company.now)[0][0], ["soc"], company.now, 40)
        assert claim(uow, "a process that dies", company.now, timedelta(minutes=5))
    company.corp.enable("ann")
    company.settle()
    company.later()

    assert company.titles() == ["No longer needed: Remove Ann from Ward 7"]  # the other is not sent again
    assert {message.paragraphs[0].title for message in company.soc.sent} == {"Remove Ann from Ward 7"}


def test_what_was_sent_of_an_earlier_round_is_not_taken_back(company: Harness) -> None:
    leave(company, "ann")
    company.titles()
    company.drop("ward-7", "ann")
    company.settle()
    company.later()
    company.wards.add_member("ward-7", company.member("ann"))
    company.settle()
    company.later()
    company.corp.enable("ann")
    company.settle()

    assert company.ticket().state is TicketState.CANCELLED
    assert company.titles() == [], "the message of the reopening was withdrawn, and told nobody"


def test_a_ticket_that_is_verified_or_waived_before_its_message_went_out_sends_none(company: Harness) -> None:
    company.leave("ann", "ben")
    company.settle()
    company.desk.waive(2, Actor("sam"), "ben is a volunteer now", company.now)
    company.later()
    company.drop("ward-7", "ann")
    company.settle()

    assert [t.state for t in company.tickets()] == [TicketState.VERIFIED, TicketState.WAIVED]
    assert company.titles() == []
