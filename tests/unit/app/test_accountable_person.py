"""Who answers for tickets is whom the configuration names now; nobody, once they have left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from builders import rules
from by_link import token_of
from harness import ACCOUNTABLE, Harness
from reported import ADMIN, HARASSMENT, OTHER, lose_the_group, policy, report
from reviewed import of, reviewed_ward, token
from worker.domain.controls.policy import ControlPolicy, DescriptionRule, ProfileRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Group, GroupFacts, Role
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

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


# --- reports of messages --------------------------------------------------------------------------------------


def kims_ward(start: Start, accountable: str = KIM) -> Harness:
    """A ward where messages are reported; its admin is Dee, and Kim answers for it."""
    h = start(controls=policy(), rules=rules(accountable=accountable), has_links=True)
    h.hire("kim")
    h.settle()
    return h


def owned(h: Harness) -> None:
    h.hire("una", email="una@corp.example")
    h.wards.add_group(
        Group("ward-7", "Ward 7", owner_email="una@corp.example"), [h.member("dee", Role.ADMIN)]
    )
    h.settle()


def test_a_report_about_an_admin_goes_to_the_owner_once_the_accountable_person_has_left(start: Start) -> None:
    h = kims_ward(start)
    owned(h)
    kim_leaves(h)
    report(h, HARASSMENT, about_admin=True)
    assert (with_whom(h.ticket()), h.ticket().accountable) == ("una@corp.example", "")
    assert told(h) == ["una@corp.example"]


def test_without_an_owner_the_channel_is_told_of_a_report_about_an_admin(start: Start) -> None:
    h = kims_ward(start)
    kim_leaves(h)
    report(h, HARASSMENT, about_admin=True)
    assert h.ticket().assignee is None
    assert told(h) == [""]


def test_a_report_goes_on_when_the_accountable_person_who_has_it_leaves(start: Start) -> None:
    h = kims_ward(start)
    report(h, HARASSMENT, about_admin=True)
    assert told(h) == [KIM]
    kim_leaves(h)
    name(h, NEW)
    h.control()
    assert (with_whom(h.ticket()), h.ticket().accountable) == (NEW, NEW)
    assert told(h) == [NEW]
    h.later()
    h.control()
    assert told(h) == []


def test_a_report_goes_to_the_channel_when_they_leave_and_nobody_else_is_named(start: Start) -> None:
    h = kims_ward(start)
    report(h, HARASSMENT, about_admin=True)
    told(h)
    kim_leaves(h)
    h.control()
    assert (h.ticket().assignee, h.ticket().accountable) == (None, "")
    assert told(h) == [""]
    assert not [one for one in h.control().plan.actions if one.ticket.id == 1]


def test_a_report_of_a_group_that_is_gone_goes_on_too(start: Start) -> None:
    h = kims_ward(start)
    report(h, HARASSMENT, about_admin=True)
    lose_the_group(h)
    kim_leaves(h)
    name(h, NEW)
    h.control()
    assert (with_whom(h.ticket()), h.ticket().accountable) == (NEW, NEW)


def test_another_one_answers_for_a_report_that_an_admin_has(start: Start) -> None:
    h = kims_ward(start)
    report(h, OTHER)
    assert told(h) == [ADMIN]
    kim_leaves(h)
    name(h, NEW)
    h.control()
    assert (with_whom(h.ticket()), h.ticket().accountable) == (ADMIN, NEW)
    assert told(h) == []


def test_a_report_stays_with_an_accountable_person_whose_leaving_is_held(start: Start) -> None:
    h = kims_ward(start)
    report(h, HARASSMENT, about_admin=True)
    told(h)
    h.start(replace(h.app.rules, limits=GuardLimits(leavers_max=0)))
    kim_leaves(h)
    assert h.plans()
    h.control()
    h.control()
    assert with_whom(h.ticket()) == KIM
    assert KIM not in told(h)


def test_a_report_that_was_kept_from_the_accountable_person_stays_so_when_its_handler_leaves(
    start: Start,
) -> None:
    """Dee is an admin, and answers for all, when a message of an admin is reported; later she is no admin."""
    h = kims_ward(start, accountable=ADMIN)
    owned(h)
    report(h, HARASSMENT, about_admin=True)
    assert with_whom(h.ticket()) == "una@corp.example"
    h.wards.set_role("ward-7", h.number("dee"), Role.MEMBER)
    h.leave("una")
    h.settle()
    h.later()
    h.control()
    assert (h.ticket().assignee, h.ticket().accountable) == (None, "")


def test_a_control_gives_nothing_to_one_who_left(start: Start) -> None:
    asks = ProfileRule(ControlSwitch(Mode.TICKET), description=DescriptionRule({"en": "Be kind."}))
    h = start(rules=rules(accountable=KIM), controls=ControlPolicy(profile=(asks,)))
    h.hire("kim")
    for ward in ("ward-8", "ward-9"):
        h.group(ward, "ben", name=ward)
    for ward in ("ward-7", "ward-8"):
        h.wards.show(ward, GroupFacts(read_at=h.now, description="Hello"))
    h.settle()
    h.control()
    h.decide()
    h.control()
    assert KIM in [with_whom(one) for one in h.tickets(TicketKind.FIX_PROFILE)]
    kim_leaves(h)
    h.wards.show("ward-9", GroupFacts(read_at=h.now, description="Hello"))
    h.inventory()
    h.control()

    [one] = [one for one in h.tickets(TicketKind.FIX_PROFILE) if one.home.group_id == "ward-9"]
    assert (with_whom(one), one.accountable) == ("", "")
