"""The assignee's page, list and messages for tickets of controls: what is wrong, what to do, and what to paste."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.controls.policy import (
    ControlPolicy,
    DescriptionRule,
    NameRule,
    ProfileRule,
    RegisterRule,
    RightsRule,
)
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Allowed, Group, GroupFacts
from worker.domain.tickets.ticket import Ticket, TicketKind
from worker.languages import BabelLanguages

ASKS = ControlSwitch(Mode.TICKET)
RULES = "Be kind.\nLeavers {are} removed."
POLICY = ControlPolicy(
    register=(RegisterRule(ASKS),),
    profile=(
        ProfileRule(
            ASKS,
            DescriptionRule({"en": RULES, "de": "Seid nett."}),
            NameRule("Ward .+", "Ward {7} nights"),
            rights=RightsRule(edit=Allowed.ADMINS),
        ),
    ),
)


@company_fixture
def ward() -> Harness:
    """A group with three faults in its profile, and without a row in the register."""
    harness = Harness(controls=POLICY, registers=("list",), languages=BabelLanguages("en"), has_links=True)
    harness.hire("ann", "dee")
    harness.group("w7", "ann", admins=["dee"], name="{Nights}")
    harness.inventories[1].add_group(Group("r1", "Elsewhere"), [harness.member("ann")])
    _show(harness)
    harness.settle()
    harness.control()
    harness.decide()
    harness.later()
    harness.control()
    return harness


def _show(harness: Harness) -> None:
    harness.wards.show("w7", GroupFacts(read_at=harness.now, description="hello", edit=Allowed.MEMBERS))


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def of(ward: Harness, kind: TicketKind) -> Ticket:
    [found] = [one for one in ward.tickets(kind) if one.group_name == "{Nights}"]
    return found


def test_the_page_says_each_fault_and_each_step_as_a_sentence(desk: Caller, ward: Harness) -> None:
    page = desk.get(desk.ticket(of(ward, TicketKind.FIX_PROFILE).id)).text
    said = text(page)
    assert (
        "The description doesn't have the rules. The name \"{Nights}\" doesn't follow the rule, or another group "
        "has it, too. The permissions are: all members change the profile. They should be: admins alone change "
        "the profile."
    ) in said
    steps = [
        text(step) for step in re.findall(r"<li>(.*?)</li>", page.partition('class="steps"')[2], re.DOTALL)
    ]
    assert steps[:6] == [
        "Open the group {Nights} in WhatsApp.",
        "Tap the group's name at the top.",
        "Put the rules into the description of the group: copy the text below.",
        'Give the group a name of its own like "Ward {7} nights".',
        "Open Group permissions.",
        "Change the group's permissions to: admins alone change the profile.",
    ]
    assert '<svg class="drawing"' in page


def test_the_text_to_paste_stands_there_whole_with_a_button(desk: Caller, ward: Harness) -> None:
    page = unescape(desk.get(desk.ticket(of(ward, TicketKind.FIX_PROFILE).id)).text)
    assert f'<blockquote class="kept" dir="auto">{RULES}</blockquote>' in page
    assert f'data-copy="{RULES}"' in page


def test_a_ticket_for_the_register_has_steps_and_nothing_to_paste(desk: Caller, ward: Harness) -> None:
    page = desk.get(desk.ticket(of(ward, TicketKind.REGISTER_GROUP).id)).text
    assert "Open the register of groups, at the row of {Nights}." in text(page)
    assert "Add a row for the group to the register" in text(page)
    assert "drawing" not in page
    assert "blockquote" not in page


def test_done_waits_for_what_can_prove_it_and_for_no_list_of_members(desk: Caller, ward: Harness) -> None:
    path = desk.ticket(of(ward, TicketKind.FIX_PROFILE).id)
    desk.get(path)
    desk.post(f"{path}/done")
    ward.later(minutes=2)
    page = text(desk.get(path).text)
    assert "It is marked as done. It will be read again, which confirms it." in page
    assert "list of the group's members" not in page


def test_all_of_them_can_be_ticked_off_together_with_what_they_need(desk: Caller, ward: Harness) -> None:
    path = desk.ticket(of(ward, TicketKind.FIX_PROFILE).id)
    [onward] = re.findall(r'href="(/me/[^"]+)"', desk.get(path).text)
    page = desk.get(onward).text
    assert page.count('name="ticket"') == 2
    assert RULES in unescape(page)
    desk.post(f"{onward}/done", {"ticket": [str(one.id) for one in ward.tickets()]})
    both = (of(ward, TicketKind.FIX_PROFILE), of(ward, TicketKind.REGISTER_GROUP))
    assert [one.state.value for one in both] == ["done", "done"]


def test_the_message_has_the_text_and_the_channel_s_has_not(ward: Harness) -> None:
    ward.deliver()
    sent = [one for one in ward.soc.sent for paragraph in one.paragraphs if "Mend" in paragraph.headline]
    person = next(one for one in sent if one.to.address == "dee@corp.example")
    [paragraph] = [one for one in person.paragraphs if "Mend" in one.headline]
    assert paragraph.pasted == (("Text to paste", RULES),)
    assert "The description doesn't have the rules." in paragraph.text


def test_what_is_still_so_is_told_without_a_list_of_members(ward: Harness) -> None:
    ticket = of(ward, TicketKind.FIX_PROFILE)
    ward.deliver()
    ward.later()
    ward.desk.done(ticket.id, Actor("dee"), ward.now)
    ward.later()
    _show(ward)
    ward.inventory()
    ward.verify()
    before = len(ward.soc.sent)
    ward.deliver()
    said = [p.text for one in ward.soc.sent[before:] for p in one.paragraphs if one.to.address]
    assert any("it was read again, and is not so yet" in one for one in said)
    assert not any("list of members" in one for one in said)


def test_the_console_shows_the_text_to_whoever_helps(desk: Caller, ward: Harness) -> None:
    desk.sign_in("sam", "viewer")
    page = unescape(desk.get(f"/tickets/{of(ward, TicketKind.FIX_PROFILE).label}").text)
    assert RULES in page


def test_it_is_all_said_in_the_reader_s_language(desk: Caller, ward: Harness) -> None:
    desk.language = "de"
    page = text(desk.get(desk.ticket(of(ward, TicketKind.FIX_PROFILE).id)).text)
    assert "alle Mitglieder ändern das Profil" in page
    assert "permissions" not in page
