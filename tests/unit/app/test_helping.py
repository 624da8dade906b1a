"""Steps that can be followed: an assignee who is no admin is told whom to ask, and in which words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import facts, key, ticket
from harness import ACCOUNTABLE, Harness
from worker.app.tell.choices import candidates_for
from worker.app.tell.helping import help_for
from worker.app.tell.teller import help_as_told
from worker.domain.messages.message import CHANNEL, Recipient, RecipientKind
from worker.domain.model import GroupKey, Member, Role
from worker.domain.people.joiners import Placement
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Assignee, Ticket, TicketKind
from worker.languages import BabelLanguages

Found = Callable[..., Harness]


@pytest.fixture
def ward(found: Found) -> Harness:
    """Kay is the only admin of a ward whose owner is Dee, and speaks Polish."""
    harness = found(languages=BabelLanguages("en"))
    harness.hire("dee", "hal", "ida", department="Nursing")
    harness.hire("kay", language="pl")
    harness.group("sole", "hal", "ida", admins=["kay"], owner_email="dee@corp.example")
    harness.settle()
    harness.later()
    return harness


def left(harness: Harness, who: str = "kay") -> Ticket:
    harness.leave(who)
    harness.settle()
    [asked] = harness.tickets(TicketKind.REASSIGN_ADMIN)
    return asked


def help_of(harness: Harness, asked: Ticket) -> Help | None:
    with harness.store.reading() as uow:
        return help_for(uow, asked, BabelLanguages("en"))


def test_an_owner_who_has_no_button_is_told_to_ring_the_leaver_and_what_to_ask(ward: Harness) -> None:
    asked = left(ward)
    ward.deliver()

    [message] = [one for one in ward.soc.sent if one.to.address == "dee@corp.example"]
    paragraph = message.paragraphs[0]
    told = dict(paragraph.facts)
    assert asked.assignee is not None
    assert asked.assignee.email == "dee@corp.example"
    assert not [step for step in paragraph.steps if "Tap Make group admin" in step]
    assert paragraph.steps[1] == "Ring Kay, or send them the text that is given here."
    assert "at random" in paragraph.steps[2]
    assert "make a new group" in paragraph.steps[3]
    assert told["Number of Kay"] == ward.number("kay")
    assert "Hal" in told["Text for Kay"]
    assert "Dzień dobry" in told["Text for Kay"], "in the leaver's language"


def test_an_assignee_who_is_an_admin_has_the_button(ward: Harness) -> None:
    ward.wards.remove_member("sole", ward.number("hal"))
    ward.wards.add_member("sole", ward.member("hal", Role.ADMIN))
    ward.inventory()
    asked = ticket(
        TicketKind.REASSIGN_ADMIN,
        group=GroupKey("wards", "sole"),
        person=key("kay"),
        assignee=Assignee("HAL@corp.example"),
    )

    assert help_of(ward, asked) is None


def test_who_is_no_admin_is_told_which_admin_to_ask(ward: Harness) -> None:
    asked = left(ward)
    ward.wards.remove_member("sole", ward.number("hal"))
    ward.wards.add_member("sole", ward.member("hal", Role.ADMIN))
    ward.inventory()
    ward.reconcile()

    assert help_of(ward, asked) == Help(admins=("Hal",))
    nobodys = ticket(TicketKind.REASSIGN_ADMIN, group=asked.group, person=None)
    assert help_of(ward, nobodys) == Help(admins=("Hal",)), "a ticket that is nobody's"


def test_where_nobody_could_be_asked_the_list_of_members_is_looked_at(ward: Harness) -> None:
    asked = left(ward)
    ward.drop("sole", "kay")
    ward.inventory()
    assert help_of(ward, asked) == Help()


def test_who_left_has_no_account_any_more_in_a_messenger_of_the_company(found: Found) -> None:
    harness = found(languages=BabelLanguages("en"))
    harness.hire("hal", "kay")
    harness.group("sole", "hal", admins=["kay"], messenger="teams")
    harness.settle()
    asked = left(harness)

    assert help_of(harness, asked) == Help()


def test_the_number_is_the_directory_s_where_the_messenger_shows_none(found: Found) -> None:
    harness = found(languages=BabelLanguages("en"))
    harness.corp.put(facts("kay", phones=("+447700900555",)), facts("hal"))
    harness.group("sole", messenger="whatsapp")
    harness.wards.add_member("sole", Member("123@lid", "Kay", Role.ADMIN, email="kay@corp.example"))
    harness.settle()
    asked = left(harness)

    helped = help_of(harness, asked)
    assert helped is not None
    assert helped.number == "+447700900555"
    assert "somebody who still works with us" in helped.text, "nobody in the group could be named"


def test_a_creator_is_rung_too_and_one_whom_no_directory_knows_has_no_number(found: Found) -> None:
    harness = found()
    asked = ticket(TicketKind.CREATOR_MUST_LEAVE)
    helped = help_of(harness, asked)

    assert helped is not None
    assert (helped.number, helped.admins) == ("+447700900001", ())
    assert "Please leave the group" in helped.text
    unknown = help_of(harness, ticket(TicketKind.CREATOR_MUST_LEAVE, handle="123@lid", person=None))
    assert unknown is not None
    assert unknown.number == ""


def test_a_removal_needs_nobody_s_help(ward: Harness) -> None:
    assert help_of(ward, ticket()) is None


def test_the_leaver_s_number_is_for_the_assignee_alone(ward: Harness) -> None:
    asked = left(ward)
    aid = help_of(ward, asked)
    assert aid is not None
    assert aid.number
    dee = Recipient(RecipientKind.PERSON, "dee@corp.example")

    assert help_as_told(aid, asked, dee) == aid
    for other in (CHANNEL, Recipient(RecipientKind.PERSON, ACCOUNTABLE)):
        told = help_as_told(aid, asked, other)
        assert told == Help(text=aid.text)
    assert help_as_told(None, asked, CHANNEL) is None


def test_escalating_tells_others_whom_to_ring_without_the_number(ward: Harness) -> None:
    asked = left(ward)
    ward.later(hours=48)
    ward.escalate()
    ward.deliver()

    told = [one for one in ward.soc.sent if one.to.address == ACCOUNTABLE]
    assert told
    for message in told:
        assert ward.number("kay") not in repr(message)
        assert "Text for Kay" in repr(message)
    assert asked.assignee is not None


def test_whom_another_ticket_takes_out_of_the_group_is_no_candidate(found: Found) -> None:
    rules = (
        Placement((("department", ("Nursing",)),), ("sole",)),
        Placement((("department", ("Porters",)),), ("porters",)),
    )
    harness = found(joiners=rules)
    harness.hire("dee", "hal", "ida", "kay", department="Nursing")
    harness.group("sole", "hal", "ida", admins=["kay"], owner_email="dee@corp.example")
    harness.settle()
    harness.later()
    harness.corp.change("hal", department="Porters")
    asked = left(harness)

    with harness.store.reading() as uow:
        assert [one.name for one in candidates_for(uow, asked)] == ["Ida"]
