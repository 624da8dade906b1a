"""Who answers for tickets is whom the configuration names now; nobody, once they have left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from builders import rules
from by_link import token_of
from harness import ACCOUNTABLE, Harness
from reviewed import of, reviewed_ward, token
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Ticket, TicketState

Start = Callable[..., Harness]
KIM, NEW = "kim@corp.example", "soc@example.org"


def told(h: Harness) -> list[str]:
    """To whom messages go now: addresses; a channel has none."""
    before = len(h.soc.sent)
    h.escalate()
    h.deliver()
    return [message.to.address for message in h.soc.sent[before:]]


def name(h: Harness, accountable: str) -> None:
    """Name somebody else in the configuration, and start anew."""
    h.start(replace(h.app.rules, tickets=replace(h.app.rules.tickets, accountable=accountable)))
    h.later()
    h.settle()


def leaving_ann(start: Start) -> Harness:
    """Ann has left, Dee was told to remove her, and Kim answers for it."""
    h = start(rules=rules(accountable=KIM))
    h.hire("kim")
    h.settle()
    h.leave("ann")
    h.settle()
    told(h)
    h.later()
    return h


def kim_leaves(h: Harness) -> None:
    h.leave("kim")
    h.settle()
    h.later()


def with_whom(ticket: Ticket) -> str:
    return ticket.assignee.email if ticket.assignee else ""


def test_another_one_is_told_of_what_is_overdue(start: Start) -> None:
    h = start()
    h.leave("ann")
    h.settle()
    told(h)
    name(h, NEW)
    h.later(hours=25)

    to = told(h)
    assert NEW in to
    assert ACCOUNTABLE not in to


def test_another_one_is_told_in_place_of_one_who_left(start: Start) -> None:
    h = leaving_ann(start)
    kim_leaves(h)
    name(h, NEW)
    h.later(hours=24)
    assert NEW in told(h)


def test_an_answer_gives_the_ticket_to_whoever_is_accountable_now(start: Start) -> None:
    h = leaving_ann(start)
    kim_leaves(h)
    name(h, NEW)
    h.assigned.answer(token_of(h), Answer.NOT_MY_GROUP, "", h.now)
    h.later()
    assert with_whom(h.ticket()) == NEW
    assert NEW in told(h)


def test_an_answer_is_told_the_channel_while_nobody_is_named_who_is_here(start: Start) -> None:
    h = leaving_ann(start)
    kim_leaves(h)
    h.assigned.answer(token_of(h), Answer.NOT_MY_GROUP, "", h.now)
    h.later()
    assert h.ticket().assignee is None
    assert "" in told(h)


def test_what_they_had_as_such_goes_to_the_next_one(start: Start) -> None:
    """Ward 9 has no admin and no owner, so Kim has its ticket, by her address alone."""
    h = start(rules=rules(accountable=KIM))
    h.hire("kim")
    h.group("ward-9", "eve", "fay")
    h.settle()
    h.leave("eve")
    h.settle()
    assert told(h) == [KIM]
    h.later()
    kim_leaves(h)
    name(h, NEW)
    assert with_whom(h.ticket()) == NEW
    assert told(h) == [NEW]


def test_what_was_left_to_them_and_waited_goes_to_the_next_one(start: Start) -> None:
    """Dee leaves the removal of an admin to Kim, and it waits for another admin when somebody else is named."""
    h = start(rules=rules(accountable=KIM))
    h.hire("kim")
    h.wards.set_role("ward-7", h.number("ann"), Role.ADMIN)
    h.settle()
    h.leave("ann")
    h.settle()
    told(h)
    h.later()
    h.assigned.answer(token_of(h), Answer.NOT_MY_GROUP, "", h.now)
    h.wards.set_role("ward-7", h.number("dee"), Role.MEMBER)
    h.later()
    h.settle()
    assert (h.ticket().state, with_whom(h.ticket())) == (TicketState.BLOCKED, KIM)
    name(h, NEW)
    h.wards.set_role("ward-7", h.number("ben"), Role.ADMIN)
    h.later()
    h.settle()
    assert (h.ticket().state, with_whom(h.ticket())) == (TicketState.OPEN, NEW)


def test_what_was_left_to_them_does_not_come_back_to_who_left_it(start: Start) -> None:
    h = leaving_ann(start)
    h.assigned.answer(token_of(h), Answer.NOT_MY_GROUP, "", h.now)
    h.later()
    kim_leaves(h)
    name(h, NEW)
    assert with_whom(h.ticket()) == NEW
    assert NEW in told(h)


def test_what_a_person_gave_them_stays_theirs(start: Start) -> None:
    h = leaving_ann(start)
    h.desk.assign(1, KIM, Actor("sam"), h.now)
    name(h, NEW)
    assert with_whom(h.ticket()) == KIM
    assert h.ticket().accountable == NEW


def test_a_review_that_was_left_to_them_goes_on_to_the_next_one(start: Start) -> None:
    h = reviewed_ward(start)
    review = of(h, "ward-7", own=False)
    h.assigned.answer(token(h, review), Answer.NOT_NEEDED, "", h.now)
    assert with_whom(h.ticket(review.id)) == ACCOUNTABLE
    name(h, NEW)
    h.control()
    assert with_whom(h.ticket(review.id)) == NEW
