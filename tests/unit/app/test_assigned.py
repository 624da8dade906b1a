"""What an assignee can do by the link that they were sent, and what it refuses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from harness import ACCOUNTABLE, TIMEZONE, Harness
from worker.app.acts.assignee import NOBODY, Assigned, Assignment
from worker.app.evidence.check import AuditCheck, Compared
from worker.app.refused import Refused
from worker.app.tell.signed_links import Dead, LinkDead, SignedLinks
from worker.app.tell.teller import Teller
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import Identity, IdentityState
from worker.domain.messages.message import RecipientKind
from worker.domain.model import HandleKey, Member, Role
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.storage.sql.tables import link as link_table
from worker.storage.store import SqlStore

Start = Callable[..., Harness]
DEE = "dee@corp.example"


@pytest.fixture
def ward(company: Harness) -> Harness:
    """Ann has left and is still in the ward's group; dee, its admin, was told."""
    company.leave("ann")
    company.settle()
    company.deliver()
    company.later()
    return company


@pytest.fixture
def sole(start: Start) -> Harness:
    """Dee, the ward's only admin, has left: somebody has to make a new one, before anybody else removes her."""
    harness = start()
    harness.leave("dee")
    harness.settle()
    harness.later()
    return harness


def _token(harness: Harness, number: int = 1) -> str:
    return harness.link(number).rpartition("/t/")[2]


def _look(harness: Harness, token: str) -> Assignment:
    return harness.assigned.look(token, harness.now)


def _why(harness: Harness, token: str) -> Dead:
    with pytest.raises(LinkDead) as dead:
        _look(harness, token)
    return dead.value.why


# --- the link ---------------------------------------------------------------------------------------------


def test_a_link_names_nobody_and_opens_its_ticket(ward: Harness) -> None:
    url = ward.link(1)

    assert url.startswith("https://whosleft.example.org/t/")
    assert "dee" not in url
    assert _look(ward, url.rpartition("/t/")[2]).ticket == ward.ticket()


def test_looking_changes_nothing(ward: Harness) -> None:
    token = _token(ward)
    before = (ward.tickets(), len(ward.journal()))

    _look(ward, token)
    ward.assigned.mine(token, ward.now)

    assert (ward.tickets(), len(ward.journal())) == before


FORGERIES: dict[str, Callable[[str], str]] = {
    "nothing": lambda _token: "",
    "no token": lambda _token: "x.y",
    "cut": lambda token: token[:-1],
    "longer": lambda token: "A" + token,
    "upper": str.upper,
    "nul": lambda token: token + "\x00",
    "foreign": lambda _token: "é" * 20,
    "endless": lambda token: token * 9,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_link_opens_nothing(ward: Harness, forge: Callable[[str], str]) -> None:
    assert _why(ward, forge(_token(ward))) is Dead.FORGED


def test_a_link_to_a_ticket_that_is_not_there_opens_nothing(ward: Harness) -> None:
    ticket = replace(ward.ticket(), id=99)
    with ward.store.begin() as uow:
        token = ward.links.token(uow, ticket, ward.now)

    assert _why(ward, token) is Dead.FORGED


def test_a_link_works_until_its_last_moment(ward: Harness) -> None:
    token = _token(ward)
    ward.later(days=30, seconds=-1)
    assert _look(ward, token).ticket.id == 1

    ward.later(seconds=1)

    assert _why(ward, token) is Dead.EXPIRED


def test_a_link_ends_when_the_ticket_goes_to_somebody_else(ward: Harness) -> None:
    token = _token(ward)

    ward.desk.assign(1, "ben@example.org", Actor("sam"), ward.now)

    assert _why(ward, token) is Dead.MOVED
    assert _look(ward, _token(ward)).ticket.id == 1


def test_a_link_stays_dead_when_the_ticket_comes_back_to_its_assignee(ward: Harness) -> None:
    first, shown = _token(ward), ward.assigned.show_link(1, Actor("sam"), ward.now).rpartition("/t/")[2]
    ward.desk.assign(1, "ben@corp.example", Actor("sam"), ward.now)
    bens = _token(ward)
    ward.desk.assign(1, DEE, Actor("sam"), ward.now)

    assert [_why(ward, one) for one in (first, shown, bens)] == [Dead.REVOKED, Dead.REVOKED, Dead.MOVED]
    assert _look(ward, _token(ward)).ticket.id == 1


def test_a_link_of_before_leads_on_to_a_ticket_that_was_handed_to_the_same_assignee(ward: Harness) -> None:
    ward.group("ward-9", "ann", admins=["eve"])
    ward.settle()
    token = _token(ward)
    ward.desk.assign(2, DEE, Actor("sam"), ward.later())
    mine = ward.assigned.mine(token, ward.now)

    assert sorted(mine.tokens) == [1, 2]
    assert _look(ward, mine.tokens[2]).ticket.id == 2


def test_handing_it_to_the_same_person_again_leaves_their_links_alive(ward: Harness) -> None:
    token = _token(ward)

    ward.desk.assign(1, "Dee@corp.example", Actor("sam"), ward.now, "she is back")

    assert _look(ward, token).ticket.id == 1


def test_a_leaver_s_own_link_ends_when_the_directory_says_so(ward: Harness) -> None:
    token = _token(ward)
    ward.corp.change("dee", language="de")
    ward.leave("dee")
    ward.poll()

    with pytest.raises(LinkDead) as dead:
        _look(ward, token)
    assert (dead.value.why, dead.value.language) == (Dead.LEFT, "de")
    for act in (ward.assigned.done, ward.assigned.mine, ward.assigned.undo):
        with pytest.raises(LinkDead, match="left"):
            act(token, ward.now)
    assert ward.ticket().state is TicketState.OPEN


def test_nor_does_a_leaver_take_back_what_they_claimed(ward: Harness) -> None:
    token = _token(ward)
    ward.assigned.done(token, ward.now)
    ward.leave("dee")
    ward.poll()

    with pytest.raises(LinkDead, match="left"):
        ward.assigned.undo(token, ward.now)


def test_a_leaver_s_link_ends_also_where_they_are_known_by_their_address_alone(ward: Harness) -> None:
    ward.desk.assign(1, "una@corp.example", Actor("sam"), ward.now)
    known = ward.ticket()
    assert known.assignee is not None
    with ward.store.begin() as uow:
        uow.tickets.update([replace(known, assignee=replace(known.assignee, person=None))])
    token = _token(ward)
    assert _look(ward, token).ticket.id == 1
    ward.leave("una")
    ward.poll()

    assert _why(ward, token) is Dead.LEFT


def test_a_revoked_link_is_dead_and_the_next_one_works(ward: Harness) -> None:
    token = _token(ward)

    ward.assigned.revoke(1, Actor("sam"), ward.now, "it was posted in the group")

    assert _why(ward, token) is Dead.REVOKED
    assert _look(ward, _token(ward)).ticket.id == 1


def test_a_link_survives_a_restart(ward: Harness) -> None:
    token = _token(ward)

    again = Assigned(
        SqlStore(ward.engine), SignedLinks("", timedelta(days=30)), Teller(TIMEZONE, ENGLISH_ONLY)
    )

    assert again.look(token, ward.now).ticket.id == 1


@pytest.mark.parametrize("number", [1, 99])
def test_what_is_over_or_not_there_has_no_link(ward: Harness, number: int) -> None:
    ward.desk.waive(1, Actor("sam"), "agreed", ward.now)

    with pytest.raises(Refused, match="Only a live ticket that is somebody's has a link"):
        ward.assigned.show_link(number, Actor("sam"), ward.now)


def test_nobody_s_ticket_has_no_token(ward: Harness) -> None:
    ward.assigned.answer(_token(ward), Answer.STILL_WORKS_HERE, "", ward.now)

    ticket = ward.ticket()

    with ward.store.begin() as uow, pytest.raises(ValueError, match="T-000001 is nobody's"):
        ward.links.token(uow, ticket, ward.now)


# --- done -------------------------------------------------------------------------------------------------


def test_done_is_a_claim_in_the_assignee_s_name(ward: Harness) -> None:
    token = _token(ward)

    ticket = ward.assigned.done(token, ward.now)

    assert (ticket.state, ticket.grade, ticket.done_by) == (TicketState.DONE, Grade.C, DEE)
    assert ticket.reason == "marked done by Dee"
    assert ward.journal()[-1].entry.actor == "corp/dee"


def test_saying_it_twice_is_saying_it_once(ward: Harness) -> None:
    token = _token(ward)
    first = ward.assigned.done(token, ward.now)

    assert ward.assigned.done(token, ward.later(seconds=5)) == first


def test_it_can_be_taken_back_for_a_minute(ward: Harness) -> None:
    token = _token(ward)
    before = ward.ticket()
    ward.assigned.done(token, ward.now)
    ward.later(seconds=59)
    assert _look(ward, token).undo_until is not None

    ward.assigned.undo(token, ward.now)

    assert ward.ticket() == before
    assert ward.journal()[-1].entry.kind == "ticket.undone"
    with pytest.raises(Refused, match="can't be taken back any more"):
        ward.assigned.undo(token, ward.now)


def test_it_can_t_be_taken_back_after_it(ward: Harness) -> None:
    token = _token(ward)
    ward.assigned.done(token, ward.now)
    ward.later(minutes=1)

    assert _look(ward, token).undo_until is None
    with pytest.raises(Refused):
        ward.assigned.undo(token, ward.now)


def test_what_was_proved_since_can_t_be_taken_back(ward: Harness) -> None:
    token = _token(ward)
    ward.assigned.done(token, ward.now)
    ward.later(seconds=10)
    ward.drop("ward-7", "ann")
    ward.settle()
    ward.verify()
    assert ward.ticket().state is TicketState.VERIFIED

    with pytest.raises(Refused):
        ward.assigned.undo(token, ward.now)


def test_a_roster_that_says_nothing_new_leaves_it_to_be_taken_back(ward: Harness) -> None:
    token = _token(ward)
    ward.assigned.done(token, ward.now)
    weighed = replace(ward.ticket(), weighed_at=ward.now)
    with ward.store.begin() as uow:
        uow.tickets.update([weighed])

    ward.assigned.undo(token, ward.later(seconds=10))

    assert ward.ticket().state is TicketState.OPEN


def test_what_is_over_can_t_be_done(ward: Harness) -> None:
    token = _token(ward)
    ward.desk.waive(1, Actor("sam"), "agreed", ward.now)

    with pytest.raises(Refused, match="A ticket that is waived can't be moved by 'done'"):
        ward.assigned.done(token, ward.now)


# --- why not ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer, said", [
    (Answer.NOT_MY_GROUP, "Dee says that this is not their group. Ask the night shift"),
    (Answer.OTHER, "Dee can't do this. Ask the night shift"),
])  # fmt: skip
def test_the_accountable_person_is_told_with_the_words_when_the_minute_is_over(
    ward: Harness, answer: Answer, said: str
) -> None:
    ward.assigned.answer(_token(ward), answer, "  Ask the\nnight shift ", ward.now)
    ward.later(seconds=59)
    ward.deliver()
    sent = len(ward.soc.sent)

    ward.later(seconds=1)
    ward.deliver()

    [message] = ward.soc.sent[sent:]
    assert message.to.address == ACCOUNTABLE
    assert message.title == "Now with you: Remove Ann from Ward 7"
    assert message.paragraphs[0].text == said


def test_an_answer_that_is_taken_back_tells_nobody(ward: Harness) -> None:
    token, before = _token(ward), ward.ticket().assignee
    ward.assigned.answer(token, Answer.NOT_MY_GROUP, "", ward.now)
    sent = len(ward.soc.sent)

    ward.assigned.undo(token, ward.later(seconds=30))
    ward.later()
    ward.deliver()

    assert len(ward.soc.sent) == sent
    assert ward.ticket().assignee == before


def test_who_handed_it_on_still_sees_that_they_did_while_they_can_take_it_back(ward: Harness) -> None:
    token = _token(ward)
    ward.assigned.answer(token, Answer.NOT_MY_GROUP, "", ward.now)
    assert _look(ward, token).undo_until is not None

    ward.later(minutes=1)

    assert _why(ward, token) is Dead.MOVED


def test_a_dispute_is_told_to_the_security_team_and_goes_on_escalating(ward: Harness) -> None:
    ward.assigned.answer(_token(ward), Answer.STILL_WORKS_HERE, "saw her today", ward.now)
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
    ward.assigned.answer(_token(ward), Answer.STILL_WORKS_HERE, "", ward.now)
    ward.settle()
    assert ward.ticket().disputed_at is not None, "reconciling gives it to nobody"

    assert ward.desk.assign(1, "ben@example.org", Actor("sam"), ward.now).disputed_at is None


def test_not_in_the_group_is_checked_by_the_next_roster(ward: Harness) -> None:
    ward.assigned.answer(_token(ward), Answer.NOT_IN_GROUP, "", ward.now)
    ward.later()
    ward.settle()
    ward.verify()

    assert ward.ticket().state is TicketState.OPEN
    assert ward.ticket().reopened == 1


def test_a_creator_must_leave_by_themselves_whatever_the_next_roster_calls_them(ward: Harness) -> None:
    ward.assigned.answer(_token(ward), Answer.CREATOR, "", ward.now)
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

    ticket = ward.assigned.answer(_token(ward), Answer.CREATOR, "", ward.now)

    assert (ticket.kind, ticket.reason) == (TicketKind.REMOVE_MEMBER, "Dee: can't do it: is the creator")


def test_an_answer_that_makes_no_sense_is_refused(sole: Harness) -> None:
    with pytest.raises(Refused, match="'still_works_here' is no answer to it"):
        sole.assigned.answer(_token(sole), Answer.STILL_WORKS_HERE, "", sole.now)


# --- a new admin ------------------------------------------------------------------------------------------


def test_candidates_are_active_members_of_the_same_department_first(start: Start) -> None:
    harness = start()
    harness.hire("ann", department="Cleaning")
    harness.hire("ben", "dee", department="Nursing")
    harness.poll()
    harness.leave("dee", "cem")
    harness.settle()

    shown = _look(harness, _token(harness, _reassignment(harness).id)).candidates

    assert [(one.name, one.is_same_department) for one in shown] == [("Ben", True), ("Ann", False)]


def test_who_was_made_admin_is_in_the_reason(sole: Harness) -> None:
    ticket = _reassignment(sole)
    token = _token(sole, ticket.id)
    [first, *_] = _look(sole, token).candidates

    done = sole.assigned.done(token, sole.now, first.handle)

    assert done.reason.endswith(f" made {first.name} an admin")


def test_somebody_who_is_no_candidate_is_not_believed_but_the_claim_is(sole: Harness) -> None:
    token = _token(sole, _reassignment(sole).id)

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
    shown = _look(stranger, _token(stranger)).suggestions

    assert [one.name for one in shown] == ["Tom", "Una"]


def test_the_answer_links_the_member(stranger: Harness) -> None:
    stranger.assigned.done(_token(stranger), stranger.now, "corp/una")

    link = _link(stranger)
    assert link.person is not None
    assert link.person.person_id == "una"
    stranger.settle()
    stranger.verify()
    assert stranger.ticket().state is TicketState.VERIFIED


def test_somebody_from_outside_is_nobody_of_the_directory(stranger: Harness) -> None:
    stranger.assigned.done(_token(stranger), stranger.now, NOBODY)

    assert _link(stranger).state is IdentityState.NOBODY


@pytest.mark.parametrize("said", ["corp/una", NOBODY])
def test_the_event_of_an_answer_says_what_was_answered(stranger: Harness, said: str) -> None:
    stranger.assigned.done(_token(stranger), stranger.now, said)

    entry = stranger.journal()[-1].entry
    assert (entry.kind, entry.data["answer"]) == ("ticket.done", said)
    stranger.settle()
    assert list(AuditCheck(stranger.store).run(Compared())) == []


def test_an_answer_taken_back_is_a_question_again(stranger: Harness) -> None:
    token = _token(stranger)
    stranger.assigned.done(token, stranger.now, "corp/una")

    stranger.assigned.undo(token, stranger.later(seconds=10))
    stranger.settle()

    assert _link(stranger).state is IdentityState.AMBIGUOUS
    assert stranger.ticket().state is TicketState.OPEN


@pytest.mark.parametrize("chosen", ["corp/una", "nobody"])
def test_whose_answer_it_is_no_wording_decides(stranger: Harness, chosen: str) -> None:
    token = _token(stranger)
    first = stranger.assigned.done(token, stranger.now, chosen)
    with stranger.engine.begin() as connection:
        connection.execute(sa.update(link_table).values(why="said in other words"))

    assert _link(stranger).decided_by == DEE
    assert stranger.assigned.done(token, stranger.later(seconds=5), chosen) == first
    stranger.assigned.undo(token, stranger.later(seconds=5))
    stranger.settle()
    assert _link(stranger).state is IdentityState.AMBIGUOUS


def test_the_same_answer_by_somebody_else_is_not_theirs(stranger: Harness) -> None:
    token = _token(stranger)
    stranger.desk.confirm_link("+447700900777", "una", Actor("sam"), stranger.now)

    with pytest.raises(Refused, match="Somebody has said who it is"):
        stranger.assigned.done(token, stranger.now, "corp/una")


@pytest.mark.parametrize("chosen", ["", "corp/ann", "una"])
def test_only_people_who_were_suggested_can_be_chosen(stranger: Harness, chosen: str) -> None:
    with pytest.raises(Refused, match="Choose one of the people"):
        stranger.assigned.done(_token(stranger), stranger.now, chosen)


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
    token = _token(harness)
    mine = harness.assigned.mine(token, harness.now)
    assert [one.group_name for one in mine.tickets] == ["Ward 7", "Ward 8"]
    assert [_look(harness, mine.tokens[one.id]).ticket for one in mine.tickets] == list(mine.tickets)
    assert _look(harness, token).others == 1

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

    assert _look(harness, _token(harness)).language == "de-AT"
