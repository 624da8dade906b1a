"""A declared roster that became too old: its admin is asked once, then it escalates, until somebody declares it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import facts
from declaring import DECLARED, add_declared
from harness import ACCOUNTABLE, Harness, company_fixture
from worker.app.acts.declared import FilledIn
from worker.app.refused import Refused
from worker.app.tell.recipients import Recipients
from worker.app.tell.signed_links import Dead, LinkDead, Opened
from worker.domain.escalation.policy import Target
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.kinds import kind_of
from worker.domain.messages.message import RecipientKind
from worker.domain.model import GroupKey
from worker.domain.reconcile.engine import reconcile_group
from worker.domain.reconcile.plan import ActionKind
from worker.domain.text.tongue import ENGLISH, ENGLISH_ONLY
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState

EVERY = timedelta(days=30)
ME = Actor("sam")


@company_fixture
def ward() -> Harness:
    """Ward 7, whose admin dee has declared it at noon; the desk's address is known."""
    harness = Harness(has_links=True)
    harness.corp.put(facts("max", email="max@example.org"))
    harness.hire("ann", "ben", "own")
    harness.hire("dee", manager_id="max")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    add_declared(harness, confirm_every=EVERY)
    harness.settle()
    harness.later()
    declare(harness)
    harness.settle()
    return harness


def declare(harness: Harness, url: str = "") -> None:
    declaring = harness.app.declaring
    token = (url or declaring.link("wards/ward-7", ME, harness.now)).rpartition("/g/")[2]
    shown = declaring.look(token, harness.now)
    said = FilledIn(shown.mark, frozenset(mark for mark, _ in shown.members))
    declaring.declare(token, said, declaring.check(token, said, harness.now).mark, harness.now)


def opened(harness: Harness, ticket: Ticket) -> Opened:
    return harness.assigned.opened(harness.link(ticket.id).rpartition("/t/")[2], harness.now)


def leads_to(harness: Harness, ticket: Ticket) -> str:
    """The address to which the button of a ticket's page leads."""
    return harness.app.declaring.link_of(opened(harness, ticket), harness.now)


def run(harness: Harness, **spans: float) -> None:
    """Let time pass, and everything run."""
    harness.later(**spans)
    harness.settle()
    harness.escalate()
    harness.deliver()


def asked(harness: Harness) -> list[Ticket]:
    return harness.tickets(TicketKind.CONFIRM_ROSTER)


def test_nobody_is_asked_before_the_time_is_over(ward: Harness) -> None:
    run(ward, days=29, hours=23)
    assert asked(ward) == []


def test_the_admin_is_asked_once_when_it_is_over(ward: Harness) -> None:
    run(ward, days=30)
    for _ in range(3):
        run(ward, minutes=1)
    [ticket] = asked(ward)
    assert (ticket.state, ticket.assignee and ticket.assignee.email) == (TicketState.OPEN, "dee@corp.example")
    assert ticket.group == GroupKey(DECLARED, "ward-7")
    assert ticket.due_at > ticket.opened_at
    said = kind_of(ticket).why(ticket, "Europe/London", ENGLISH, {})
    assert "24 Nov 2026" in said
    [message] = [one for one in ward.notifiers[0].sent if "Say who is in Ward 7" in one.title]
    assert message.to.address == "dee@corp.example"


def test_nobody_is_asked_at_night(ward: Harness) -> None:
    run(ward, days=30, hours=6)  # 19:00
    run(ward, hours=8)  # 03:00
    ward.reconcile(full=True)
    assert asked(ward) == []
    run(ward, hours=5, minutes=1)
    assert len(asked(ward)) == 1
    run(ward, hours=12)
    assert [one.state for one in asked(ward)] == [TicketState.OPEN]


def test_it_ends_when_the_roster_is_declared_and_the_next_period_is_a_ticket_of_its_own(
    ward: Harness,
) -> None:
    run(ward, days=30)
    run(ward, hours=1)
    declare(ward)
    run(ward, minutes=1)
    [first] = asked(ward)
    assert (first.state, first.grade) == (TicketState.VERIFIED, Grade.B)
    run(ward, days=29)
    assert len(asked(ward)) == 1
    run(ward, days=1)
    assert [one.state for one in asked(ward)] == [TicketState.VERIFIED, TicketState.OPEN]


def test_who_does_not_answer_is_escalated_to_accountable_and_channel_and_nothing_after_the_answer(
    ward: Harness,
) -> None:
    run(ward, days=30)
    [ticket] = asked(ward)
    ward.now = ticket.due_at
    run(ward, minutes=1)
    kinds = {one.to.kind for one in ward.notifiers[0].sent}
    assert RecipientKind.PERSON in kinds
    run(ward, hours=4)
    steps = [one.entry for one in ward.journal() if one.entry.event == events.TICKET_ESCALATED]
    assert [one.data["step"] for one in steps] == [1, 2, 3]
    declare(ward)
    run(ward, minutes=1)
    before = len(ward.notifiers[0].sent)
    run(ward, days=3)
    assert len(ward.notifiers[0].sent) == before


def test_the_owner_answers_for_it_unless_they_have_left(ward: Harness) -> None:
    ward.group("ward-7", "ann", "ben", admins=["dee"], owner_email="own@corp.example")
    ward.later()
    ward.settle()
    declare(ward)
    run(ward, days=30)
    [ticket] = asked(ward)
    assert ticket.accountable == "own@corp.example"
    ward.reconcile(full=True)
    assert asked(ward) == [ticket]
    run(ward, minutes=1)
    declare(ward)
    run(ward, minutes=1)
    ward.leave("own")
    run(ward, days=30)
    assert asked(ward)[-1].accountable != "own@corp.example"


def test_an_owner_who_leaves_answers_for_it_no_more(ward: Harness) -> None:
    ward.hire("own", email="own@corp.example")
    ward.group("ward-7", "ann", "ben", admins=["dee"], owner_email="Own@corp.example")
    ward.later()
    ward.settle()
    declare(ward)
    run(ward, days=30)
    ward.leave("own")
    ward.later()
    ward.settle(full=True)
    [ticket] = asked(ward)
    assert ticket.accountable == ACCOUNTABLE
    with ward.store.reading() as uow:
        told = Recipients(uow, ENGLISH_ONLY).of(ticket, Target.ACCOUNTABLE, ward.now)
    assert [one.address for one in told] == [ACCOUNTABLE]


def test_a_policy_may_tell_the_manager_of_whoever_is_asked(ward: Harness) -> None:
    run(ward, days=30)
    [ticket] = asked(ward)
    with ward.store.reading() as uow:
        found = Recipients(uow, ENGLISH_ONLY).of(ticket, Target.MANAGER, ward.now)
    assert [one.address for one in found] == ["max@example.org"]


def test_the_ticket_leads_its_assignee_to_the_list(ward: Harness) -> None:
    run(ward, days=30)
    [ticket] = asked(ward)
    token = ward.link(ticket.id).rpartition("/t/")[2]
    with pytest.raises(Refused):
        ward.assigned.done(token, ward.now)
    url = leads_to(ward, ticket)
    made = ward.journal()[-1].entry
    assert (made.event, made.actor, made.data["to"]) == (events.GROUP_LINK_MADE, "corp/dee", "corp/dee")
    run(ward, minutes=1)
    declare(ward, url)
    run(ward, minutes=1)
    assert asked(ward)[0].state is TicketState.VERIFIED


def why(harness: Harness, url: str) -> Dead:
    with pytest.raises(LinkDead) as dead:
        declare(harness, url)
    return dead.value.why


def test_the_list_ends_with_the_links_of_the_ticket_that_led_to_it(ward: Harness) -> None:
    run(ward, days=30)
    [ticket] = asked(ward)
    url = leads_to(ward, ticket)
    ward.later()
    ward.assigned.revoke(ticket.id, ME, ward.now)
    assert why(ward, url) is Dead.REVOKED
    again = leads_to(ward, ticket)
    ward.desk.assign(ticket.id, "ann@corp.example", ME, ward.now)
    assert why(ward, again) is Dead.MOVED
    ward.desk.assign(ticket.id, "dee@corp.example", ME, ward.now)
    assert why(ward, again) is Dead.REVOKED
    declare(ward, leads_to(ward, ticket))


def test_the_list_is_open_for_as_long_as_the_ticket_s_link_and_no_longer(ward: Harness) -> None:
    run(ward, days=30)
    [ticket] = asked(ward)
    token = ward.link(ticket.id).rpartition("/t/")[2]
    ward.later(days=29)
    url = ward.app.declaring.link_of(ward.assigned.opened(token, ward.now), ward.now)
    declare(ward, url)
    ward.later(days=1)
    assert why(ward, url) is Dead.EXPIRED


def test_the_list_ends_with_a_ticket_that_is_there_no_more(ward: Harness) -> None:
    run(ward, days=30)
    [ticket] = asked(ward)
    is_gone = replace(opened(ward, ticket), ticket=replace(ticket, id=99))
    url = ward.app.declaring.link_of(is_gone, ward.now)
    assert why(ward, url) is Dead.REVOKED


def test_who_is_in_no_directory_gets_no_link(ward: Harness) -> None:
    run(ward, days=30)
    [ticket] = asked(ward)
    ward.desk.assign(ticket.id, "out@example.com", ME, ward.now)
    [ticket] = asked(ward)
    with pytest.raises(Refused, match="directory"):
        leads_to(ward, ticket)


def test_who_has_it_by_an_address_of_the_directory_gets_a_link(ward: Harness) -> None:
    """Two accounts have the owner's address, and one of them has left."""
    ward.hire("old", email="own@corp.example")
    ward.leave("old")
    ward.group("ward-7", "ann", "ben", admins=["dee"], owner_email="own@corp.example")
    run(ward, days=30)
    [ticket] = asked(ward)
    ward.assigned.answer(ward.link(ticket.id).rpartition("/t/")[2], Answer.NOT_MY_GROUP, "", ward.now)
    [ticket] = asked(ward)
    assert (to := ticket.assignee) is not None
    assert (to.email, to.person) == ("own@corp.example", None)
    assert ward.assigned.look(ward.link(ticket.id).rpartition("/t/")[2], ward.now).is_known
    ward.later()
    declare(ward, leads_to(ward, ticket))
    run(ward, minutes=1)
    assert (asked(ward)[0].state, asked(ward)[0].grade) == (TicketState.VERIFIED, Grade.B)


def test_a_claim_without_a_roster_proves_nothing(ward: Harness) -> None:
    run(ward, days=30)
    [ticket] = asked(ward)
    ward.desk.done(ticket.id, ME, ward.now)
    run(ward, days=1)
    assert asked(ward)[0].state is TicketState.DONE
    run(ward, days=14)
    assert asked(ward)[0].state is TicketState.OPEN
    assert len(asked(ward)) == 1


def test_it_ends_when_another_source_shows_the_group_better(ward: Harness) -> None:
    run(ward, days=30)
    with ward.store.reading() as uow:
        view = uow.rosters.view(GroupKey(DECLARED, "ward-7"))
    assert view is not None
    [action] = reconcile_group(replace(view, is_followed=True, is_unconfirmed=True), ward.rules, ward.now)
    assert (action.kind, action.ticket.state) == (ActionKind.CANCEL, TicketState.CANCELLED)
