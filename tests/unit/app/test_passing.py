"""Somebody whom no message reaches is told through somebody who can write to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from builders import NOW, facts, rules
from fakes.notifier import FakeNotifier
from harness import Harness
from reviewed import REMOVE, RULE, of, released, say
from worker.contract.tickets import ComingStepShape
from worker.domain.controls.policy import ControlPolicy
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import Message
from worker.domain.tickets.ticket import TicketState

Start = Callable[..., Harness]
NURSE = "+447700900003"  # dee's: the admin of ward 7


@pytest.fixture
def ward(start: Start) -> Harness:
    """Dee is the only admin of ward 7, and has a phone and no mailbox; Eve is her manager."""
    harness = start(rules=rules(), has_links=True)
    assert harness.number("dee") == NURSE
    harness.corp.change("dee", email=None, manager_id="eve")
    harness.settle()
    return harness


def leave(harness: Harness) -> Message:
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    return harness.soc.sent[-1]


def test_an_admin_with_a_phone_alone_stays_the_assignee_and_the_manager_passes_it_on(ward: Harness) -> None:
    message = leave(ward)
    ticket = ward.ticket()
    assert ticket.assignee is not None
    assert (ticket.assignee.name, ticket.assignee.email, ticket.state) == ("Dee", NURSE, TicketState.OPEN)
    assert message.to.address == "eve@corp.example"
    [part] = message.paragraphs
    assert part.headline == "Please pass this on to Dee"
    assert part.link is not None
    assert part.link_label == "WhatsApp", "it opens no ticket"
    link = urlsplit(part.link)
    [text] = parse_qs(link.query)["text"]
    assert (link.scheme, link.netloc, link.path) == ("https", "wa.me", f"/{NURSE[1:]}")
    assert "Remove Ann from Ward 7" in text
    assert text.rpartition(" ")[2] == ward.link()


def test_a_web_address_in_a_name_is_none_in_the_message_that_is_passed_on(ward: Harness) -> None:
    ward.corp.change("ann", display_name="Ann https://evil.example/x")
    [part] = leave(ward).paragraphs
    assert part.link is not None
    [text] = parse_qs(urlsplit(part.link).query)["text"]
    assert [word for word in text.split() if "://" in word] == [ward.link()]


def test_the_preview_names_who_passes_it_on(ward: Harness) -> None:
    leave(ward)
    ticket = ward.ticket()
    with ward.store.reading() as uow:
        step = ward.app.explainer.explain(uow, ticket).steps[0]
    assert step.named == [(Target.ASSIGNEE, ["Dee"])], "it is for her, whoever passes it on"
    [one] = ComingStepShape.of(step).to
    assert (one.address, one.over, one.why) == ("eve@corp.example", "soc", "passes it on to Dee")


def test_the_preview_names_who_passes_it_on_when_the_message_waits(ward: Harness) -> None:
    leave(ward)
    ward.desk.snooze(1, Actor("sam"), timedelta(hours=30), ward.now)
    ticket = ward.ticket()
    with ward.store.reading() as uow:
        step = ward.app.explainer.explain(uow, ticket).steps[0]
    [one] = ComingStepShape.of(step).to
    assert (one.address, one.held_until) == ("eve@corp.example", ticket.snoozed_until)
    assert one.why == "snoozed, passes it on to Dee"


def test_two_who_pass_it_on_are_one_recipient_of_the_step(ward: Harness) -> None:
    absent(ward, away("eve@corp.example", "ben@corp.example"))
    ticket = ward.ticket()
    with ward.store.reading() as uow:
        step = ward.app.explainer.explain(uow, ticket).steps[0]
    assert step.named == [(Target.ASSIGNEE, ["Dee"])]


def test_the_signed_link_opens_the_ticket_for_her(ward: Harness) -> None:
    leave(ward)
    token = ward.link().rpartition("/t/")[2]
    ward.assigned.done(token, ward.now)
    assert ward.ticket().state is TicketState.DONE
    assert ward.ticket().done_by == NURSE


@pytest.mark.parametrize("has_more", [False, True])
def test_it_stays_as_it_was_sent_whatever_becomes_of_the_tickets_in_its_message(
    start: Start, has_more: bool
) -> None:
    harness = start(rules=rules(), notifiers=[FakeNotifier("soc", is_conversing=True)], has_links=True)
    harness.corp.change("dee", email=None, manager_id="eve")
    if has_more:
        harness.group("ward-8", "ann", admins=["eve"])
    message = leave(harness)
    assert len(message.paragraphs) == 1 + has_more
    harness.later()
    for ticket in harness.tickets():
        harness.desk.done(ticket.id, Actor("sam"), harness.now)
    assert harness.deliver().counts["updated"] == 0
    assert harness.soc.standing["fake/1"] == message


def test_it_is_in_the_ticket_s_history_by_whom(ward: Harness) -> None:
    leave(ward)
    with ward.store.reading() as uow:
        found = [
            one.entry
            for one in uow.journal.of("ticket:T-000001")
            if one.entry.kind == events.TICKET_PASSED_ON
        ]
    assert [entry.data for entry in found] == [{"by": "corp/eve"}]
    assert NURSE not in str(found)


def test_who_can_be_reached_by_phone_is_told_at_once(start: Start) -> None:
    sms = FakeNotifier("sms", reaches_people=False, reaches_phones=True, has_channel=False)
    harness = start(rules=rules(), notifiers=[FakeNotifier("soc"), sms])
    harness.corp.change("dee", email=None, manager_id="eve")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    assert [message.to.number for message in sms.sent] == [NURSE]
    assert harness.soc.sent == []


def test_without_a_manager_and_an_owner_it_is_the_accountable_person(ward: Harness) -> None:
    ward.corp.change("dee", manager_id=None)
    assert leave(ward).to.address == "it-security@example.org"


def test_who_has_left_passes_nothing_on(ward: Harness) -> None:
    ward.leave("eve")
    ward.settle()
    assert leave(ward).to.address == "it-security@example.org"


def absent(harness: Harness, *absences: Absence) -> list[str]:
    """Who passes it on while some are away, by address."""
    app_rules = harness.app.rules
    harness.start(replace(app_rules, rotas=replace(app_rules.rotas, absences=absences)))
    leave(harness)
    told = [(one.to.address, part) for one in harness.soc.sent for part in one.paragraphs]
    assert {part.headline for _, part in told} == {"Please pass this on to Dee"}
    assert len({part.link for _, part in told}) == 1
    return [address for address, _ in told]


def away(address: str, deputy: str | None = None) -> Absence:
    return Absence(address, NOW - timedelta(days=1), NOW + timedelta(days=1), deputy)


def test_while_who_passes_it_on_is_away_so_does_their_deputy(ward: Harness) -> None:
    assert absent(ward, away("eve@corp.example", "ben@corp.example")) == [
        "ben@corp.example",
        "eve@corp.example",
    ]
    ticket = ward.ticket()
    with ward.store.reading() as uow:
        told = ward.app.explainer.explain(uow, ticket).steps[0].told
        found = [one.entry for one in uow.journal.of("ticket:T-000001")]
    assert [one.to.address for _, those in told for one in those] == ["eve@corp.example", "ben@corp.example"]
    by = [entry.data["by"] for entry in found if entry.kind == events.TICKET_PASSED_ON]
    assert by == ["corp/eve", "corp/ben"]


def test_without_a_deputy_the_next_in_line_passes_it_on_too(ward: Harness) -> None:
    told = absent(ward, away("eve@corp.example"))
    assert sorted(told) == ["eve@corp.example", "it-security@example.org"]


@pytest.mark.parametrize("deputy", ["ann@corp.example", "eve@corp.example"])
def test_a_deputy_who_may_not_hear_of_it_does_not_pass_it_on(ward: Harness, deputy: str) -> None:
    told = absent(ward, away("eve@corp.example", deputy))
    assert sorted(told) == ["eve@corp.example", "it-security@example.org"]


def test_nobody_is_asked_twice_and_if_all_are_away_they_are_asked_nevertheless(ward: Harness) -> None:
    ward.group("ward-7", "ann", "ben", "cem", admins=["dee"], owner_email="eve@corp.example")
    told = absent(ward, away("eve@corp.example"), away("it-security@example.org"))
    assert sorted(told) == ["eve@corp.example", "it-security@example.org"]


def test_an_owner_whom_no_directory_knows_passes_it_on_too(ward: Harness) -> None:
    ward.corp.change("dee", manager_id=None)
    ward.group("ward-7", "ann", "ben", "cem", admins=["dee"], owner_email="Ward@else.example")
    assert leave(ward).to.address == "ward@else.example"


def test_where_nobody_can_be_reached_it_is_said_as_always(start: Start) -> None:
    deaf = FakeNotifier("deaf", reaches_people=False)
    harness = start(rules=rules(), notifiers=[deaf])
    harness.corp.change("dee", email=None, manager_id="eve")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    assert harness.deliver().counts["unreachable"] == 1


def test_without_a_desk_s_address_the_text_says_what_to_do(start: Start) -> None:
    harness = start(rules=rules(), has_links=False)
    harness.corp.change("dee", email=None, manager_id="eve")
    harness.settle()
    message = leave(harness)
    link = message.paragraphs[0].link
    assert link is not None
    assert parse_qs(urlsplit(link).query)["text"] == ["Please do this: Remove Ann from Ward 7."]


def test_an_admin_with_a_mailbox_comes_before_one_without(start: Start) -> None:
    harness = start(rules=rules())
    harness.corp.change("dee", email=None)
    harness.group("ward-7", "ann", "cem", admins=["dee", "ben"])
    harness.settle()
    assert leave(harness).to.address == "ben@corp.example"


def test_an_owner_of_the_directory_passes_it_on_in_their_own_name(ward: Harness) -> None:
    ward.corp.change("dee", manager_id=None)
    ward.group("ward-7", "ann", "ben", "cem", admins=["dee"], owner_email="ben@corp.example")
    message = leave(ward)
    assert (message.to.address, message.to.name) == ("ben@corp.example", "Ben")


@pytest.mark.parametrize("is_back", [True, False])
def test_an_owner_who_was_hired_again_passes_it_on_by_the_new_account(ward: Harness, is_back: bool) -> None:
    ward.corp.change("dee", manager_id=None)
    ward.corp.put(facts("a-ben", email="ben@corp.example", enabled=False))
    if not is_back:
        ward.leave("ben")
    ward.group("ward-7", "ann", "cem", admins=["dee"], owner_email="ben@corp.example")
    assert leave(ward).to.address == ("ben@corp.example" if is_back else "it-security@example.org")


def test_lists_show_the_name_of_somebody_without_a_mailbox_and_not_the_number(ward: Harness) -> None:
    leave(ward)
    assignee = ward.ticket().assignee
    assert assignee is not None
    assert (assignee.label, replace(assignee, name="").label) == ("Dee", NURSE)
    assert replace(assignee, email="dee@corp.example").label == "dee@corp.example"


def test_who_has_a_mailbox_and_a_phone_is_told_by_phone_where_no_notifier_mails(start: Start) -> None:
    sms = FakeNotifier("sms", reaches_people=False, reaches_phones=True, has_channel=False)
    both = Policy("test", (Step(After(share=0.5), (Target.ASSIGNEE, Target.MANAGER)),))
    harness = start(rules=rules(policies=(both,)), notifiers=[sms])
    harness.corp.change("ann", manager_id="eve")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    assert {message.to.number for message in sms.sent} == {NURSE}
    harness.later(days=3)
    harness.escalate()
    harness.deliver()
    assert {message.to.address for message in sms.sent} == {"dee@corp.example", "eve@corp.example"}
    assert all(message.to.number for message in sms.sent)


# --- reviews --------------------------------------------------------------------------------------------------


@pytest.fixture
def reviewed(start: Start) -> Harness:
    """Dee, who has a phone alone, is to review ward 7, and the first reminder is due."""
    harness = start(controls=ControlPolicy(review=(RULE,)), rules=rules(), has_links=True)
    harness.corp.change("dee", email=None, manager_id="eve")
    harness.settle()
    released(harness)
    harness.deliver()
    harness.now = of(harness, "ward-7", own=False).due_at - timedelta(days=7)
    return harness


def passed_on(harness: Harness) -> list[str]:
    """What Dee is told by way of Eve, now that controls ran."""
    before = len(harness.soc.sent)
    harness.control()
    harness.deliver()
    told = [
        one
        for message in harness.soc.sent[before:]
        for one in message.paragraphs
        if message.to.address == "eve@corp.example"
    ]
    assert {one.headline for one in told} <= {"Please pass this on to Dee"}
    return [parse_qs(urlsplit(one.link or "").query)["text"][0] for one in told]


def test_a_reminder_of_a_review_is_passed_on_once_and_no_step_comes_early(reviewed: Harness) -> None:
    review = of(reviewed, "ward-7", own=False)
    [text] = passed_on(reviewed)
    assert text == f"Please do this: Look through the members of Ward 7. {reviewed.link(review.id)}"
    entries = len(reviewed.journal())
    reviewed.later(minutes=5)
    assert passed_on(reviewed) == []
    assert len(reviewed.journal()) == entries
    with reviewed.store.reading() as uow:
        assert uow.tickets.unreachable() == []


def test_the_removal_that_a_review_asks_for_is_passed_on(reviewed: Harness) -> None:
    passed_on(reviewed)
    say(reviewed, REMOVE, "ann")
    reviewed.later(minutes=5)
    assert ["Remove Ann from Ward 7" in text for text in passed_on(reviewed)] == [True]


def test_without_a_desk_s_address_a_reminder_has_no_link_to_this_machine(start: Start) -> None:
    harness = start(controls=ControlPolicy(review=(RULE,)), rules=rules())
    released(harness)
    harness.deliver()
    harness.now = of(harness, "ward-7", own=False).due_at - timedelta(days=7)
    before = len(harness.soc.sent)
    harness.control()
    harness.deliver()
    told = [one for message in harness.soc.sent[before:] for one in message.paragraphs]
    reminders = [one.link for one in told if one.headline.startswith("Still open")]
    assert reminders == [None, None], "Dee's review, and that of her own row"
