"""What an assignee says by the link that they were sent: why not, who is the new admin, and who a member is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import rules
from by_link import DEE, Start, look, token_of, ward_told, why_dead
from harness import ACCOUNTABLE, Harness
from worker.app.acts.assignee import NOBODY
from worker.app.evidence.check import AuditCheck
from worker.app.evidence.unexplained import Compared
from worker.app.refused import Refused
from worker.app.tell.signed_links import Dead
from worker.domain.escalation.policy import After, Policy, Step, Target, When
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import Identity, IdentityState
from worker.domain.messages.message import RecipientKind
from worker.domain.model import HandleKey, Member, Role
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.storage.sql.tables import link as link_table


@pytest.fixture
def ward(company: Harness) -> Harness:
    return ward_told(company)


@pytest.fixture
def sole(start: Start) -> Harness:
    """Dee, the ward's only admin, has left: somebody has to make a new one, before anybody else removes her."""
    harness = start()
    harness.leave("dee")
    harness.settle()
    harness.later()
    return harness


# --- why not ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer, said", [
    (Answer.NOT_MY_GROUP, "Dee says that this is not their group. Ask the night shift"),
    (Answer.OTHER, "Dee can't do this. Ask the night shift"),
])  # fmt: skip
def test_the_accountable_person_is_told_with_the_words_when_the_minute_is_over(
    ward: Harness, answer: Answer, said: str
) -> None:
    ward.start(replace(ward.app.rules, has_told_links=True))
    ward.assigned.answer(token_of(ward), answer, "  Ask the\nnight shift ", ward.now)
    ward.later(seconds=59)
    ward.deliver()
    sent = len(ward.soc.sent)

    ward.later(seconds=1)
    ward.deliver()

    [message] = ward.soc.sent[sent:]
    assert message.to.address == ACCOUNTABLE
    assert message.title == "Now with you: Remove Ann from Ward 7"
    assert message.paragraphs[0].text == said
    assert ward.ticket().assignee is not None
    assert message.paragraphs[0].link is not None
    assert ward.assigned.look(message.paragraphs[0].link.rpartition("/")[2], ward.now).ticket.id == 1


def test_an_answer_that_is_taken_back_tells_nobody(ward: Harness) -> None:
    token, before = token_of(ward), ward.ticket().assignee
    ward.assigned.answer(token, Answer.NOT_MY_GROUP, "", ward.now)
    sent = len(ward.soc.sent)

    ward.assigned.undo(token, ward.later(seconds=30))
    ward.later()
    ward.deliver()

    assert len(ward.soc.sent) == sent
    assert ward.ticket().assignee == before


def test_who_handed_it_on_still_sees_that_they_did_while_they_can_take_it_back(ward: Harness) -> None:
    token = token_of(ward)
    ward.assigned.answer(token, Answer.NOT_MY_GROUP, "", ward.now)
    assert look(ward, token).undo_until is not None

    ward.later(minutes=1)

    assert why_dead(ward, token) is Dead.MOVED


def test_a_dispute_is_told_to_the_security_team_and_goes_on_escalating(ward: Harness) -> None:
    ward.assigned.answer(token_of(ward), Answer.STILL_WORKS_HERE, "saw her today", ward.now)
    ward.later()
    ward.deliver()

    message = ward.soc.sent[-1]
    assert (message.to.kind, message.is_urgent) == (RecipientKind.CHANNEL, True)
    assert message.title == "Disputed: Remove Ann from Ward 7"
    assert message.paragraphs[0].text == "Dee says that Ann still works here. saw her today"
    ward.later(days=2)
    ward.escalate()
    with ward.store.begin() as uow:
        assert uow.tickets.steps(1) != []


def test_a_dispute_is_over_when_the_security_team_hands_it_on(ward: Harness) -> None:
    ward.assigned.answer(token_of(ward), Answer.STILL_WORKS_HERE, "", ward.now)
    ward.settle()
    assert ward.ticket().disputed_at is not None, "reconciling gives it to nobody"

    assert ward.desk.assign(1, "ben@example.org", Actor("sam"), ward.now).disputed_at is None


def settled_later(ward: Harness) -> Ticket:
    ward.later(days=1)
    ward.settle()
    return ward.ticket()


def test_a_hold_that_runs_out_leaves_a_disputed_ticket_to_the_security_team(ward: Harness) -> None:
    ward.wards.set_role("ward-7", ward.number("ben"), Role.ADMIN)
    ward.assigned.answer(token_of(ward), Answer.STILL_WORKS_HERE, "", ward.now)
    ward.app.holds.hold(1, Actor("sam"), "HR is asked", ward.now + timedelta(hours=12), ward.now)
    ward.later(minutes=2)
    ward.deliver()
    told = len(ward.soc.sent)

    assert (settled_later(ward).state, ward.ticket().assignee) == (TicketState.OPEN, None)
    ward.deliver()
    assert {message.to.kind for message in ward.soc.sent[told:]} == {RecipientKind.CHANNEL}


def test_a_disputed_ticket_that_waited_for_an_admin_is_still_nobodys(start: Start) -> None:
    ward = start()
    ward.wards.set_role("ward-7", ward.number("ann"), Role.ADMIN)
    ward.settle()
    ward = ward_told(ward)
    ward.assigned.answer(token_of(ward), Answer.STILL_WORKS_HERE, "", ward.now)
    ward.wards.set_role("ward-7", ward.number("dee"), Role.MEMBER)
    assert settled_later(ward).state is TicketState.BLOCKED

    ward.wards.set_role("ward-7", ward.number("ben"), Role.ADMIN)

    assert (settled_later(ward).state, ward.ticket().assignee) == (TicketState.OPEN, None)
    assert ward.ticket().disputed_at is not None


def test_a_group_that_was_away_does_not_decide_a_dispute(ward: Harness) -> None:
    for number in range(9):
        ward.group(f"other-{number}", "una", admins=["tom"])
    ward.assigned.answer(token_of(ward), Answer.STILL_WORKS_HERE, "", ward.now)
    settled_later(ward)
    ward.wards.omit("ward-7")
    assert settled_later(ward).state is TicketState.CANCELLED

    ward.wards.mend()

    assert (settled_later(ward).state, ward.ticket().assignee) == (TicketState.OPEN, None)
    assert ward.ticket().disputed_at is not None


def test_a_waiver_decides_a_dispute(ward: Harness) -> None:
    ward.assigned.answer(token_of(ward), Answer.STILL_WORKS_HERE, "", ward.now)
    ward.desk.waive(1, Actor("sam"), "she works until Friday", ward.now, ward.now + timedelta(hours=12))
    ward.later(days=1)
    ward.settle(full=True)

    assert (ward.ticket().state, ward.ticket().disputed_at) == (TicketState.OPEN, None)
    assert ward.ticket().assignee is not None


def test_not_in_the_group_is_checked_by_the_next_roster(ward: Harness) -> None:
    ward.assigned.answer(token_of(ward), Answer.NOT_IN_GROUP, "", ward.now)
    ward.later()
    ward.settle()
    ward.verify()

    assert ward.ticket().state is TicketState.OPEN
    assert ward.ticket().reopened == 1


def test_where_another_policy_is_for_creators_its_steps_come_from_the_first_on(start: Start) -> None:
    first, second = After(share=0.5), After(share=1.0)
    removals = Policy(
        "removals",
        (Step(first, (Target.ASSIGNEE,)), Step(second, (Target.CHANNEL,))),
        When(kinds=frozenset({TicketKind.REMOVE_MEMBER})),
    )
    creators = Policy("creators", (Step(first, (Target.ASSIGNEE,)), Step(second, (Target.ACCOUNTABLE,))))
    ward = start(rules=rules(policies=(removals, creators)))
    ward.leave("ann")
    ward.settle()
    ward.later(days=2)
    ward.escalate()
    ward.deliver()
    ward.assigned.answer(token_of(ward), Answer.CREATOR, "", ward.now)
    ward.later()
    told = len(ward.soc.sent)

    ward.escalate()
    ward.deliver()

    assert ACCOUNTABLE in [message.to.address for message in ward.soc.sent[told:]]
    ward.later(days=2)
    assert ward.escalate().counts["steps"] == 0


def test_a_creator_must_leave_by_themselves_whatever_the_next_roster_calls_them(ward: Harness) -> None:
    ward.assigned.answer(token_of(ward), Answer.CREATOR, "", ward.now)
    ward.later()
    ward.settle(full=True)
    ward.verify()

    assert [(t.id, t.kind, t.state) for t in ward.tickets()] == [
        (1, TicketKind.CREATOR_MUST_LEAVE, TicketState.OPEN)
    ]


def test_a_creator_for_whom_there_was_a_ticket_already_goes_to_the_accountable_person(ward: Harness) -> None:
    earlier = replace(ward.ticket(), kind=TicketKind.CREATOR_MUST_LEAVE, state=TicketState.CANCELLED)
    with ward.store.begin() as uow:
        uow.tickets.insert([earlier])

    ticket = ward.assigned.answer(token_of(ward), Answer.CREATOR, "", ward.now)

    assert (ticket.kind, ticket.reason) == (TicketKind.REMOVE_MEMBER, "Dee: can't do it: is the creator")


def test_an_answer_that_makes_no_sense_is_refused(sole: Harness) -> None:
    with pytest.raises(Refused, match="'still_works_here' is no answer to it"):
        sole.assigned.answer(token_of(sole), Answer.STILL_WORKS_HERE, "", sole.now)


# --- a new admin ------------------------------------------------------------------------------------------


def test_candidates_are_active_members_of_the_same_department_first(start: Start) -> None:
    harness = start()
    harness.hire("ann", department="Cleaning")
    harness.hire("ben", "dee", department="Nursing")
    harness.poll()
    harness.leave("dee", "cem")
    harness.settle()

    shown = look(harness, token_of(harness, _reassignment(harness).id)).candidates

    assert [(one.name, one.is_same_department) for one in shown] == [("Ben", True), ("Ann", False)]


def test_who_was_made_admin_is_in_the_reason(sole: Harness) -> None:
    ticket = _reassignment(sole)
    token = token_of(sole, ticket.id)
    [first, *_] = look(sole, token).candidates

    done = sole.assigned.done(token, sole.now, first.handle)

    assert done.reason.endswith(f" made {first.name} an admin")


def test_somebody_who_is_no_candidate_is_not_believed_but_the_claim_is(sole: Harness) -> None:
    token = token_of(sole, _reassignment(sole).id)

    assert sole.assigned.done(token, sole.now, "+10000").reason.startswith("marked done by ")


def _reassignment(harness: Harness) -> Ticket:
    [ticket] = harness.tickets(TicketKind.REASSIGN_ADMIN)
    return ticket


# --- who a member is --------------------------------------------------------------------------------------


@pytest.fixture
def stranger(start: Start) -> Harness:
    """Two colleagues have the number of a member of the ward's group."""
    harness = start()
    harness.hire("tom", "una", phones=("+447700900777",))
    harness.wards.add_member("ward-7", Member("+447700900777", "T", Role.MEMBER, phone="+447700900777"))
    harness.settle()
    harness.later()
    return harness


def test_the_people_it_may_be_are_offered(stranger: Harness) -> None:
    shown = look(stranger, token_of(stranger)).suggestions

    assert [one.name for one in shown] == ["Tom", "Una"]


def test_the_answer_links_the_member(stranger: Harness) -> None:
    stranger.assigned.done(token_of(stranger), stranger.now, "corp/una")

    link = _link(stranger)
    assert link.person is not None
    assert link.person.person_id == "una"
    stranger.settle()
    stranger.verify()
    assert stranger.ticket().state is TicketState.VERIFIED


def test_somebody_from_outside_is_nobody_of_the_directory(stranger: Harness) -> None:
    stranger.assigned.done(token_of(stranger), stranger.now, NOBODY)

    assert _link(stranger).state is IdentityState.NOBODY


@pytest.mark.parametrize("said", ["corp/una", NOBODY])
def test_the_event_of_an_answer_says_what_was_answered(stranger: Harness, said: str) -> None:
    stranger.assigned.done(token_of(stranger), stranger.now, said)

    entry = stranger.journal()[-1].entry
    assert (entry.kind, entry.data["answer"]) == ("ticket.done", said)
    stranger.settle()
    assert list(AuditCheck(stranger.store).run(Compared())) == []


def test_an_answer_taken_back_is_a_question_again(stranger: Harness) -> None:
    token = token_of(stranger)
    stranger.assigned.done(token, stranger.now, "corp/una")

    stranger.assigned.undo(token, stranger.later(seconds=10))
    stranger.settle()

    assert _link(stranger).state is IdentityState.AMBIGUOUS
    assert stranger.ticket().state is TicketState.OPEN


@pytest.mark.parametrize("chosen", ["corp/una", "nobody"])
def test_whose_answer_it_is_no_wording_decides(stranger: Harness, chosen: str) -> None:
    token = token_of(stranger)
    first = stranger.assigned.done(token, stranger.now, chosen)
    with stranger.engine.begin() as connection:
        connection.execute(sa.update(link_table).values(why="said in other words"))

    assert _link(stranger).decided_by == DEE
    assert stranger.assigned.done(token, stranger.later(seconds=5), chosen) == first
    stranger.assigned.undo(token, stranger.later(seconds=5))
    stranger.settle()
    assert _link(stranger).state is IdentityState.AMBIGUOUS


def test_the_same_answer_by_somebody_else_is_not_theirs(stranger: Harness) -> None:
    token = token_of(stranger)
    stranger.identifying.confirm("+447700900777", "una", Actor("sam"), stranger.now)

    with pytest.raises(Refused, match="Somebody has said who it is"):
        stranger.assigned.done(token, stranger.now, "corp/una")


@pytest.mark.parametrize("chosen", ["", "corp/ann", "una"])
def test_only_people_who_were_suggested_can_be_chosen(stranger: Harness, chosen: str) -> None:
    with pytest.raises(Refused, match="Choose one of the people"):
        stranger.assigned.done(token_of(stranger), stranger.now, chosen)


def _link(harness: Harness) -> Identity:
    with harness.store.begin() as uow:
        link = uow.identities.get(HandleKey("wards", "+447700900777"))
    assert link is not None
    return link


# --- several ----------------------------------------------------------------------------------------------


def test_one_s_own_tickets_are_closed_together(start: Start) -> None:
    harness = start()
    harness.group("ward-8", "ann", "cem", admins=["dee"])
    harness.group("ward-9", "ann", admins=["eve"])
    harness.leave("ann")
    harness.settle()
    token = token_of(harness)
    mine = harness.assigned.mine(token, harness.now)
    assert [one.group_name for one in mine.tickets] == ["Ward 7", "Ward 8"]
    assert [look(harness, mine.tokens[one.id]).ticket for one in mine.tickets] == list(mine.tickets)
    assert look(harness, token).others == 1

    done = harness.assigned.done_together(token, [1, 2, 3, 99], harness.now)

    assert [one.group_name for one in done] == ["Ward 7", "Ward 8"]
    assert harness.assigned.mine(token, harness.now).tickets == ()
    back = harness.assigned.undo_together(token, [2, 1, 3, 99], harness.later(seconds=59))
    assert [one.group_name for one in back] == ["Ward 7", "Ward 8"]
    assert harness.assigned.undo_together(token, [1, 2], harness.now) == []


def test_the_language_is_the_assignee_s(start: Start) -> None:
    harness = start()
    harness.hire("dee", language="de-AT")
    harness.leave("ann")
    harness.settle()

    assert look(harness, token_of(harness)).language == "de-AT"
