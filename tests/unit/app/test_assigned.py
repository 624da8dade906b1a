"""What an assignee can do by the link that they were sent, and what it refuses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from by_link import DEE, look, token_of, ward_told, why_dead
from harness import ACCOUNTABLE, TIMEZONE, Harness
from worker.app.acts.assignee import Assigned
from worker.app.refused import Refused
from worker.app.tell.signed_links import Dead, LinkDead, SignedLinks
from worker.app.tell.teller import Teller
from worker.domain.evidence.actor import Actor
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Grade, TicketState
from worker.storage.store import SqlStore


@pytest.fixture
def ward(company: Harness) -> Harness:
    return ward_told(company)


# --- the link ---------------------------------------------------------------------------------------------


def test_a_link_names_nobody_and_opens_its_ticket(ward: Harness) -> None:
    url = ward.link(1)

    assert url.startswith("https://whosleft.example.org/t/")
    assert "dee" not in url
    assert look(ward, url.rpartition("/t/")[2]).ticket == ward.ticket()


def test_its_pages_are_in_the_language_of_whoever_has_it_by_their_address(ward: Harness) -> None:
    ward.hire("nia", email=ACCOUNTABLE, language="tr")
    ward.poll()
    ward.assigned.answer(token_of(ward), Answer.NOT_MY_GROUP, "", ward.now)
    assert (to := ward.ticket().assignee) is not None
    assert (to.email, to.person) == (ACCOUNTABLE, None)
    assert look(ward, token_of(ward)).language == "tr"
    assert ward.assigned.mine(token_of(ward), ward.now).language == "tr"


def test_looking_changes_nothing(ward: Harness) -> None:
    token = token_of(ward)
    before = (ward.tickets(), len(ward.journal()))

    look(ward, token)
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
    assert why_dead(ward, forge(token_of(ward))) is Dead.FORGED


def test_a_link_to_a_ticket_that_is_not_there_opens_nothing(ward: Harness) -> None:
    ticket = replace(ward.ticket(), id=99)
    with ward.store.begin() as uow:
        token = ward.links.token(uow, ticket, ward.now)

    assert why_dead(ward, token) is Dead.FORGED


def test_a_link_works_until_its_last_moment(ward: Harness) -> None:
    token = token_of(ward)
    ward.later(days=30, seconds=-1)
    assert look(ward, token).ticket.id == 1

    ward.later(seconds=1)

    assert why_dead(ward, token) is Dead.EXPIRED


def test_a_link_ends_when_the_ticket_goes_to_somebody_else(ward: Harness) -> None:
    token = token_of(ward)

    ward.desk.assign(1, "ben@example.org", Actor("sam"), ward.now)

    assert why_dead(ward, token) is Dead.MOVED
    assert look(ward, token_of(ward)).ticket.id == 1


def test_a_link_stays_dead_when_the_ticket_comes_back_to_its_assignee(ward: Harness) -> None:
    first, shown = token_of(ward), ward.assigned.show_link(1, Actor("sam"), ward.now).rpartition("/t/")[2]
    ward.desk.assign(1, "ben@corp.example", Actor("sam"), ward.now)
    bens = token_of(ward)
    ward.desk.assign(1, DEE, Actor("sam"), ward.now)

    assert [why_dead(ward, one) for one in (first, shown, bens)] == [Dead.REVOKED, Dead.REVOKED, Dead.MOVED]
    assert look(ward, token_of(ward)).ticket.id == 1


def test_a_link_of_before_leads_on_to_a_ticket_that_was_handed_to_the_same_assignee(ward: Harness) -> None:
    ward.group("ward-9", "ann", admins=["eve"])
    ward.settle()
    token = token_of(ward)
    ward.desk.assign(2, DEE, Actor("sam"), ward.later())
    mine = ward.assigned.mine(token, ward.now)

    assert sorted(mine.tokens) == [1, 2]
    assert look(ward, mine.tokens[2]).ticket.id == 2


def test_handing_it_to_the_same_person_again_leaves_their_links_alive(ward: Harness) -> None:
    token = token_of(ward)

    ward.desk.assign(1, "Dee@corp.example", Actor("sam"), ward.now, "she is back")

    assert look(ward, token).ticket.id == 1


def test_who_is_given_it_again_is_not_told_that_somebody_else_had_it(ward: Harness) -> None:
    ward.deliver()
    ward.desk.assign(1, DEE, Actor("sam"), ward.later(), "the link was lost")
    ward.deliver()

    told = ward.soc.sent[-1]
    assert told.to.address == DEE
    assert "somebody else" not in told.paragraphs[0].text


def test_a_leaver_s_own_link_ends_when_the_directory_says_so(ward: Harness) -> None:
    token = token_of(ward)
    ward.corp.change("dee", language="de")
    ward.leave("dee")
    ward.poll()

    with pytest.raises(LinkDead) as dead:
        look(ward, token)
    assert (dead.value.why, dead.value.language) == (Dead.LEFT, "de")
    for act in (ward.assigned.done, ward.assigned.mine, ward.assigned.undo):
        with pytest.raises(LinkDead, match="left"):
            act(token, ward.now)
    assert ward.ticket().state is TicketState.OPEN


def test_nor_does_a_leaver_take_back_what_they_claimed(ward: Harness) -> None:
    token = token_of(ward)
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
    token = token_of(ward)
    assert look(ward, token).ticket.id == 1
    ward.leave("una")
    ward.poll()

    assert why_dead(ward, token) is Dead.LEFT


def test_a_revoked_link_is_dead_and_the_next_one_works(ward: Harness) -> None:
    token = token_of(ward)

    ward.assigned.revoke(1, Actor("sam"), ward.now, "it was posted in the group")

    assert why_dead(ward, token) is Dead.REVOKED
    assert look(ward, token_of(ward)).ticket.id == 1


def test_a_link_that_was_made_while_the_clock_was_ahead_can_be_revoked(ward: Harness) -> None:
    ticket = ward.ticket()
    with ward.store.begin() as uow:
        token = ward.assigned.links.token(uow, ticket, ward.now + timedelta(days=180))
    assert look(ward, token).ticket.id == 1

    ward.assigned.revoke(1, Actor("sam"), ward.now, "it leaked")

    assert why_dead(ward, token) is Dead.REVOKED
    ward.later(days=181)
    assert why_dead(ward, token) is Dead.REVOKED
    assert look(ward, token_of(ward)).ticket.id == 1


def test_what_was_said_while_the_clock_was_ahead_can_not_be_taken_back_for_months(ward: Harness) -> None:
    token, at = token_of(ward), ward.now
    ward.now = at + timedelta(days=20)
    ward.assigned.done(token, ward.now)
    assert look(ward, token).undo_until == ward.now + timedelta(minutes=1)

    ward.now = at + timedelta(minutes=30)
    assert look(ward, token).undo_until is None
    with pytest.raises(Refused, match="can't be taken back any more"):
        ward.assigned.undo(token, ward.now)


def test_a_link_survives_a_restart(ward: Harness) -> None:
    token = token_of(ward)

    again = Assigned(
        SqlStore(ward.engine), SignedLinks("", timedelta(days=30)), Teller(TIMEZONE, ENGLISH_ONLY)
    )

    assert again.look(token, ward.now).ticket.id == 1


@pytest.mark.parametrize(
    "number, why",
    [(1, "Only a live ticket that is somebody's has a link"), (99, "There is no ticket T-000099")],
)
def test_what_is_over_or_not_there_has_no_link(ward: Harness, number: int, why: str) -> None:
    ward.desk.waive(1, Actor("sam"), "agreed", ward.now)

    with pytest.raises(Refused, match=why):
        ward.assigned.show_link(number, Actor("sam"), ward.now)


def test_nobody_s_ticket_has_notoken_of(ward: Harness) -> None:
    ward.assigned.answer(token_of(ward), Answer.STILL_WORKS_HERE, "", ward.now)

    ticket = ward.ticket()

    with ward.store.begin() as uow, pytest.raises(ValueError, match="T-000001 is nobody's"):
        ward.links.token(uow, ticket, ward.now)


# --- done -------------------------------------------------------------------------------------------------


def test_done_is_a_claim_in_the_assignee_s_name(ward: Harness) -> None:
    token = token_of(ward)

    ticket = ward.assigned.done(token, ward.now)

    assert (ticket.state, ticket.grade, ticket.done_by) == (TicketState.DONE, Grade.C, DEE)
    assert ticket.reason == "marked done by Dee"
    assert ward.journal()[-1].entry.actor == "corp/dee"


def test_saying_it_twice_is_saying_it_once(ward: Harness) -> None:
    token = token_of(ward)
    first = ward.assigned.done(token, ward.now)

    assert ward.assigned.done(token, ward.later(seconds=5)) == first


@pytest.mark.parametrize("answer", sorted(set(Answer) - {Answer.NOT_NEEDED}))  # which answers a review
def test_an_answer_that_is_sent_twice_is_one_and_can_still_be_taken_back(
    ward: Harness, answer: Answer
) -> None:
    token, before = token_of(ward), ward.ticket()
    first = ward.assigned.answer(token, answer, " The night\nshift ", ward.now)
    written = len(ward.journal())

    assert ward.assigned.answer(token, answer, "The night shift", ward.later(seconds=9)) == first
    assert len(ward.journal()) == written
    assert ward.assigned.undo(token, ward.now) == before


@pytest.mark.parametrize("answer", [Answer.STILL_WORKS_HERE, Answer.NOT_NEEDED])
def test_another_answer_than_the_one_that_was_sent_is_refused(ward: Harness, answer: Answer) -> None:
    token = token_of(ward)
    ward.assigned.done(token, ward.now)

    with pytest.raises(Refused):
        ward.assigned.answer(token, answer, "", ward.now)

    assert ward.ticket().state is TicketState.DONE


def test_several_that_are_sent_twice_are_done_once(ward: Harness) -> None:
    token = token_of(ward)
    first = ward.assigned.done_together(token, [1], ward.now)
    written = len(ward.journal())

    assert ward.assigned.done_together(token, [1], ward.later(seconds=9)) == first
    assert len(ward.journal()) == written
    assert ward.assigned.done_together(token, [1], ward.later(minutes=1)) == []


def test_it_can_be_taken_back_for_a_minute(ward: Harness) -> None:
    token = token_of(ward)
    before = ward.ticket()
    ward.assigned.done(token, ward.now)
    ward.later(seconds=59)
    assert look(ward, token).undo_until is not None

    ward.assigned.undo(token, ward.now)

    assert ward.ticket() == before
    assert ward.journal()[-1].entry.kind == "ticket.undone"
    with pytest.raises(Refused, match="can't be taken back any more"):
        ward.assigned.undo(token, ward.now)


def test_it_can_t_be_taken_back_after_it(ward: Harness) -> None:
    token = token_of(ward)
    ward.assigned.done(token, ward.now)
    ward.later(minutes=1)

    assert look(ward, token).undo_until is None
    with pytest.raises(Refused):
        ward.assigned.undo(token, ward.now)


def test_what_was_proved_since_can_t_be_taken_back(ward: Harness) -> None:
    token = token_of(ward)
    ward.assigned.done(token, ward.now)
    ward.later(seconds=10)
    ward.drop("ward-7", "ann")
    ward.settle()
    ward.verify()
    assert ward.ticket().state is TicketState.VERIFIED

    with pytest.raises(Refused):
        ward.assigned.undo(token, ward.now)


def test_a_roster_that_says_nothing_new_leaves_it_to_be_taken_back(ward: Harness) -> None:
    token = token_of(ward)
    ward.assigned.done(token, ward.now)
    weighed = replace(ward.ticket(), weighed_at=ward.now)
    with ward.store.begin() as uow:
        uow.tickets.update([weighed])

    ward.assigned.undo(token, ward.later(seconds=10))

    assert ward.ticket().state is TicketState.OPEN


def test_what_is_over_can_t_be_done(ward: Harness) -> None:
    token = token_of(ward)
    ward.desk.waive(1, Actor("sam"), "agreed", ward.now)

    with pytest.raises(Refused, match="Mark as done: not while the ticket is waived"):
        ward.assigned.done(token, ward.now)


def test_a_link_s_ticket_is_there_whoever_has_it(ward: Harness) -> None:
    token = token_of(ward)
    with ward.store.reading() as uow:
        assert ward.app.assigned.ticket_of(uow, token, ward.now).id == 1
