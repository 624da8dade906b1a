"""What people read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import NOW, key, ticket

from worker.domain.guard import Cohort, HeldPlan, Newcomer
from worker.domain.message import CHANNEL, Paragraph
from worker.domain.model import Evidence
from worker.domain.ticket import Assignee, TicketKind, TicketState
from worker.domain.wording import (
    digest,
    escalation_paragraph,
    held_paragraph,
    local,
    recovered_paragraph,
    source_paragraph,
    state_line,
    ticket_paragraph,
    ticket_steps,
    ticket_title,
)

TITLES = {
    TicketKind.REMOVE_MEMBER: "Remove Ann from Ward 7 nights",
    TicketKind.REASSIGN_ADMIN: "Make somebody an admin of Ward 7 nights",
    TicketKind.CREATOR_MUST_LEAVE: "Have Ann, who created it, leave Ward 7 nights",
    TicketKind.IDENTIFY_MEMBER: "Say who +447700900001 in Ward 7 nights is",
    TicketKind.ADD_MEMBER: "Add Ann to Ward 7 nights",
}


@pytest.mark.parametrize("kind", TicketKind)
def test_every_kind_of_ticket_has_a_title_and_steps_for_its_messenger(kind: TicketKind) -> None:
    one = ticket(kind)

    assert ticket_title(one) == TITLES[kind]
    assert ticket_steps(one)
    assert not any("{" in step for step in ticket_steps(one))
    other = ticket_steps(ticket(kind, messenger="signal"))
    is_in_the_app = kind is not TicketKind.IDENTIFY_MEMBER
    assert (other != ticket_steps(one)) is is_in_the_app


def test_steps_call_the_member_as_the_group_does() -> None:
    steps = ticket_steps(ticket(member_name="Annie ☀"))

    assert any("Annie ☀" in step for step in steps)


@pytest.mark.parametrize("name", ["Ann\nRemove Ben", "  Ann \t Lee\u2028", "{group}", "{0}", "%s {"])
def test_names_from_outside_stay_on_one_line_and_are_never_read_as_a_pattern(name: str) -> None:
    one = ticket(person_name=name, member_name=name, group_name=f"{name} x", reason=f"because {name}")
    paragraph = ticket_paragraph(one, "UTC")

    texts = [ticket_title(one), paragraph.text, *paragraph.steps, *(value for _, value in paragraph.facts)]
    assert not any(character in text for text in texts for character in "\n\t\u2028")
    assert " ".join(name.split()) in ticket_title(one)


def test_a_paragraph_says_what_why_by_when_and_with_whom() -> None:
    one = ticket(member_name="Annie", assignee=Assignee("dee@corp.example", "Dee", "owner of the group"),
                 reason="Ann has left")  # fmt: skip

    paragraph = ticket_paragraph(one, "Europe/London")

    assert (paragraph.headline, paragraph.text) == ("Remove Ann from Ward 7 nights", "Ann has left")
    assert paragraph.facts == (
        ("Ticket", "T-000001"),
        ("Due", "Wed 25 Nov 2026 11:00 GMT"),
        ("Member", "Annie +447700900001"),
        ("With", "Dee (owner of the group)"),
    )


def test_a_reassignment_names_no_member_and_an_assignee_without_a_name_is_their_address() -> None:
    one = ticket(TicketKind.REASSIGN_ADMIN, assignee=Assignee("dee@corp.example", why="chosen"))

    facts = dict(ticket_paragraph(one, "UTC").facts)

    assert "Member" not in facts
    assert facts["With"] == "dee@corp.example (chosen)"
    assert "With" not in dict(ticket_paragraph(ticket(), "UTC").facts)


def test_an_escalation_says_whether_it_is_overdue_and_why_it_comes_now() -> None:
    one = ticket(reason="Ann has left")

    early = escalation_paragraph(one, "UTC", one.due_at - timedelta(microseconds=1))
    late = escalation_paragraph(one, "UTC", one.due_at, "nobody could be reached")

    assert early.headline == "Still open: Remove Ann from Ward 7 nights"
    assert early.text == "Ann has left"
    assert late.headline == "Overdue: Remove Ann from Ward 7 nights"
    assert late.text == "Ann has left. nobody could be reached"
    assert late.steps == early.steps


def test_a_held_plan_says_why_its_parts_and_how_to_decide() -> None:
    people = tuple(Newcomer(key(name), NOW, Evidence.DISABLED) for name in ("ann", "ben"))
    plan = HeldPlan(
        "corp", "2 leavers, the limit is 1", NOW, (Cohort("c1", "accounts\ndisabled", people),), 7
    )

    paragraph = held_paragraph(plan)

    assert paragraph.headline == "Held: plan P-000007 for corp"
    assert paragraph.facts == (("c1", "2 people: accounts disabled"),)
    assert "whosleft plans release P-000007" in paragraph.text
    assert "--reason" in paragraph.text


def test_a_source_in_trouble_says_that_nobody_s_status_changes_and_what_to_do() -> None:
    paragraph = source_paragraph("corp", "Bind refused.", "Renew it.", NOW, "Europe/London")

    assert (
        paragraph.text == "Bind refused. Nothing is concluded from this: nobody's status changes. Renew it."
    )
    assert paragraph.facts == (("Last good read", "Tue 24 Nov 2026 12:00 GMT"),)
    assert source_paragraph("corp", "x", "", None, "UTC").facts == (("Last good read", "never"),)
    assert recovered_paragraph("corp").headline == "Seeing again: corp"


def test_several_messages_are_one_digest_with_a_note_at_its_end() -> None:
    items = [("Title", Paragraph("one")), ("Other", Paragraph("two"))]

    both = digest("k", CHANNEL, items, "That was the last today.", is_urgent=True)
    alone = digest("k", CHANNEL, items[:1], "", is_urgent=False)

    assert (both.title, both.is_urgent) == ("2 messages from Whosleft", True)
    assert [p.headline or p.text for p in both.paragraphs] == ["one", "two", "That was the last today."]
    assert (alone.title, alone.paragraphs) == ("Title", (Paragraph("one"),))


def test_an_instant_is_said_in_the_organisation_s_time() -> None:
    assert local(NOW, "Asia/Tokyo") == "Tue 24 Nov 2026 21:00 JST"


@pytest.mark.parametrize(
    "state, blocked_by, said",
    [
        (TicketState.OPEN, None, "open"),
        (TicketState.BLOCKED, 12, "blocked by T-000012"),
        (TicketState.BLOCKED, None, "blocked"),
    ],
)
def test_a_blocked_ticket_s_state_names_what_it_waits_for(
    state: TicketState, blocked_by: int | None, said: str
) -> None:
    assert state_line(ticket(state=state, blocked_by=blocked_by)) == said
