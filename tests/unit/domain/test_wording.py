"""What people read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import DAY, HOUR, NOW, group, leaver, rules, ticket, view
from worker.domain.escalation.policy import Named, NamedKind, Target
from worker.domain.messages.message import CHANNEL, Recipient, RecipientKind
from worker.domain.messages.paragraphs import escalation_paragraph, news_paragraph, told_line, what_happened
from worker.domain.messages.sentences import (
    UNREACHED,
    member_step,
    sentences,
    ticket_paragraph,
    ticket_steps,
    ticket_title,
    why_line,
)
from worker.domain.model import Coverage, Evidence, Role
from worker.domain.reconcile.engine import reconcile_group
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.verification import CLAIM_LIFE, weigh
from worker.domain.text.reason import Reason
from worker.domain.tickets.help import Help
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Reopened, Ticket, TicketKind, TicketState

DEE = Recipient(RecipientKind.PERSON, "dee@corp.example", "Dee")

TITLES = {
    TicketKind.REMOVE_MEMBER: "Remove Ann from Ward 7 nights",
    TicketKind.REASSIGN_ADMIN: "Make somebody an admin of Ward 7 nights",
    TicketKind.CREATOR_MUST_LEAVE: "Ask Ann to leave Ward 7 nights",
    TicketKind.IDENTIFY_MEMBER: "Say who +447700900001 in Ward 7 nights is",
    TicketKind.ADD_MEMBER: "Add Ann to Ward 7 nights",
    TicketKind.CONFIRM_ROSTER: "Say who is in Ward 7 nights",
    TicketKind.FIX_PROFILE: "Mend the profile of Ward 7 nights",
    TicketKind.CLOSE_GROUP: "Close the group Ward 7 nights",
    TicketKind.REGISTER_GROUP: "Put Ward 7 nights into the register",
    TicketKind.ADD_ADMIN: "Make another member an admin of Ward 7 nights",
    TicketKind.ATTEST: "Please answer: Rules for chat groups",
    TicketKind.HANDLE_REPORT: "Look after a reported message in Ward 7 nights",
    TicketKind.REVIEW_CONVERSATIONS: "Review the work conversations of Ann",
    TicketKind.REVIEW_GROUP: "Look through the members of Ward 7 nights",
    TicketKind.REDUCE_ADMINS: "Take admin rights away in Ward 7 nights",
}


@pytest.mark.parametrize("kind", TicketKind)
def test_every_kind_of_ticket_has_a_title_and_steps_for_its_messenger(kind: TicketKind) -> None:
    one = ticket(kind)

    assert ticket_title(one) == TITLES[kind]
    assert ticket_steps(one)
    assert not any("{" in step for step in ticket_steps(one))
    other = ticket_steps(ticket(kind, messenger="signal"))
    elsewhere = {
        TicketKind.IDENTIFY_MEMBER,
        TicketKind.CREATOR_MUST_LEAVE,
        TicketKind.CONFIRM_ROSTER,
        TicketKind.REGISTER_GROUP,
        TicketKind.ATTEST,
        TicketKind.REVIEW_CONVERSATIONS,
        TicketKind.REVIEW_GROUP,
        TicketKind.HANDLE_REPORT,
    }
    is_in_the_app = kind not in elsewhere
    assert (other != ticket_steps(one)) is is_in_the_app


def test_whom_a_step_tells_is_said_by_name_and_an_empty_target_says_so() -> None:
    told = [(target, ("Dee", "Eve")) for target in Target]
    assert told_line(told, DAY) == (
        "Dee, Eve (assignee); the group's admins: Dee, Eve; Dee, Eve (owner); Dee, Eve (manager); "
        "Dee, Eve (accountable person); the security channel; again every 1 d"
    )
    assert told_line([(target, ()) for target in Target], None) == (
        "the assignee: nobody; the group's admins: nobody active; the group's owner: nobody known; "
        "the manager: nobody known; the accountable person: nobody named; the security channel"
    )


def test_what_a_step_names_is_said_by_its_own_name() -> None:
    named = [Named(NamedKind.CHANNEL, "wards"), Named(NamedKind.ON_CALL, "night")]
    person = (Named(NamedKind.PERSON, "sam@example.org"), ("sam@example.org",))
    assert told_line([*((one, ("Dee",)) for one in named), person], None) == (
        "the channel wards; Dee (on call: night); sam@example.org"
    )
    assert told_line([(named[1], ())], None) == "on call in night: nobody"


def test_an_assignee_who_is_no_admin_reads_the_steps_with_the_admins_to_ask() -> None:
    asked = ticket(TicketKind.REASSIGN_ADMIN)

    first, *rest = ticket_steps(asked, aid=Help(admins=("Dee", "Eve")))

    assert first == "Only an admin of Ward 7 nights can do this: ask Dee, Eve."
    assert tuple(rest) == ticket_steps(asked)
    assert member_step(ticket()) == 2
    assert member_step(asked) is None


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
    one = ticket(member_name="Annie", assignee=Assignee("dee@corp.example", "Dee", AssigneeWhy.OWNER))

    paragraph = ticket_paragraph(one, "Europe/London")

    assert paragraph.headline == "Remove Ann from Ward 7 nights"
    assert paragraph.text == "Ann has left: the account was disabled on 23 Nov 2026."
    assert paragraph.facts == (
        ("Ticket", "T-000001"),
        ("Due", "Wed 25 Nov 2026 11:00 GMT"),
        ("Member", "Annie +447700900001"),
        ("Assignee", "Dee (owner of the group)"),
    )


def test_a_paragraph_can_be_given_its_text() -> None:
    assert ticket_paragraph(ticket(), "UTC", "Headline", "").text == ""
    assert ticket_paragraph(ticket(), "UTC", "Headline", "As it is").text == "As it is"


@pytest.mark.parametrize(
    "why, by, said",
    [
        (AssigneeWhy.ADMIN, "", "active admin of the group"),
        (AssigneeWhy.OWNER, "", "owner of the group"),
        (AssigneeWhy.MANAGER, "", "manager of the person who left"),
        (AssigneeWhy.ACCOUNTABLE, "", "accountable person"),
        (AssigneeWhy.ASSIGNED, "sam@corp.example", "assigned by sam@corp.example"),
        (AssigneeWhy.ANSWERED, "not my group", "accountable person; the assignee says: not my group"),
        (None, "", ""),
    ],
)
def test_it_says_why_the_assignee_is_the_assignee(why: AssigneeWhy | None, by: str, said: str) -> None:
    one = ticket(assignee=Assignee("dee@corp.example", "Dee", why, by=by))

    assert dict(ticket_paragraph(one, "UTC").facts)["Assignee"] == f"Dee ({said})"
    assert one.assignee is not None
    assert one.assignee.said == said


def test_a_reassignment_names_no_member_and_an_assignee_without_a_name_is_their_address() -> None:
    one = ticket(
        TicketKind.REASSIGN_ADMIN,
        assignee=Assignee("dee@corp.example", why=AssigneeWhy.ASSIGNED, by="sam\nsmith"),
    )

    facts = dict(ticket_paragraph(one, "UTC").facts)

    assert "Member" not in facts
    assert facts["Assignee"] == "dee@corp.example (assigned by sam smith)"
    assert "Assignee" not in dict(ticket_paragraph(ticket(), "UTC").facts)


def test_a_question_names_the_number_beside_the_name() -> None:
    named = ticket_steps(ticket(TicketKind.IDENTIFY_MEMBER, member_name="Annie"))
    bare = ticket_steps(ticket(TicketKind.IDENTIFY_MEMBER))

    assert named[0].startswith("Find out whose number Annie +447700900001 is.")
    assert bare[0].startswith("Find out whose number +447700900001 is.")


@pytest.mark.parametrize(
    "handle, who",
    [("name:lee long", "Lee Long"), ("111@lid", "Lee Long 111@lid"), ("employee:E7", "Lee Long E7")],
)
def test_a_question_about_somebody_without_a_number_asks_for_none(handle: str, who: str) -> None:
    asked = ticket(TicketKind.IDENTIFY_MEMBER, member_name="Lee Long", handle=handle)
    assert ticket_steps(asked)[0] == f"Find out who {who} is. Asking in the group often helps."
    assert dict(ticket_paragraph(asked, "UTC").facts)["Member"] == who


# --- why --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "evidence, said",
    [
        (Evidence.DISABLED, "Ann has left: the account was disabled on 24 Nov 2026."),
        (Evidence.DELETED, "Ann has left: the account was deleted on 24 Nov 2026."),
        (Evidence.EXPIRED, "Ann has left: the account ended on 23 Nov 2026."),
        (Evidence.LEAVE_DATE, "Ann has left: the last day was 23 Nov 2026."),
        (Evidence.MOVED_OUT, "Ann has left: on the list of leavers since 24 Nov 2026."),
        (Evidence.ABSENT_CONFIRMED, "Ann has left: no longer in the staff directory since 24 Nov 2026."),
        (
            Evidence.MOVED,
            "Ann moved to another place on 24 Nov 2026 and does not belong in this group any more.",
        ),
    ],
)
@pytest.mark.parametrize("kind", [TicketKind.REMOVE_MEMBER, TicketKind.CREATOR_MUST_LEAVE])
def test_why_somebody_is_to_be_removed_is_said_by_evidence_and_local_day(
    kind: TicketKind, evidence: Evidence, said: str
) -> None:
    midnight_in_berlin = NOW.replace(day=23, hour=23)

    assert why_line(ticket(kind, evidence=evidence, left_at=midnight_in_berlin), "Europe/Berlin") == said


@pytest.mark.parametrize("lost", ["evidence", "left_at"])
def test_why_is_said_without_what_is_not_known(lost: str) -> None:
    unknown: dict[str, Any] = {lost: None}

    assert why_line(ticket(**unknown), "UTC") == "Ann has left."


@pytest.mark.parametrize(
    "one, said",
    [
        (
            ticket(TicketKind.REASSIGN_ADMIN),
            "Ann was an admin here and has left. The group needs a new admin.",
        ),
        (
            ticket(TicketKind.REASSIGN_ADMIN, evidence=Evidence.MOVED),
            "Ann was an admin here and has moved. The group needs a new admin.",
        ),
        (ticket(TicketKind.REASSIGN_ADMIN, person_name=""), "The group has no admin any more."),
        (ticket(TicketKind.IDENTIFY_MEMBER), "Nobody knows who this member is."),
        (
            ticket(TicketKind.ADD_MEMBER, occasion="corp/a@b@2026-11-20T23:30:00Z"),
            "Ann belongs in this group since 21 Nov 2026.",
        ),
        (ticket(TicketKind.ADD_MEMBER, occasion=""), "Ann belongs in this group since 24 Nov 2026."),
    ],
)
def test_why_is_said_of_every_other_kind(one: Ticket, said: str) -> None:
    assert why_line(one, "Europe/Berlin") == said


def test_a_person_reads_what_happened_and_why_in_their_words_and_the_team_the_reason() -> None:
    one = ticket(reason=Reason("the reason in the table"))

    def text(kind: ActionKind, why: str, to: Recipient = DEE) -> tuple[str, str]:
        paragraph = news_paragraph(Action(kind, one, Reason(why)), to, "UTC")
        return paragraph.headline, paragraph.text

    title = "Remove Ann from Ward 7 nights"
    why = "Ann has left: the account was disabled on 23 Nov 2026."
    assert text(ActionKind.OPEN, "x") == (title, why)
    assert text(ActionKind.UNBLOCK, "x") == (
        f"Can be done now: {title}",
        f"This had to wait, and can be done now. {why}",
    )
    assert text(ActionKind.ASSIGN, "x") == (
        f"Now with you: {title}",
        why,
    )
    assert text(ActionKind.REOPEN, "sam: not\nyet") == (f"Reopened: {title}", f"sam: not yet. {why}")
    assert text(ActionKind.OPEN, "x", CHANNEL) == (title, "the reason in the table")
    assert text(ActionKind.REOPEN, "came\nback", CHANNEL) == (f"Reopened: {title}", "came back")


def test_every_reason_of_a_reopening_has_its_sentence() -> None:
    """The reasons are made elsewhere: here they are, as they are made."""
    left = leaver()
    roster = group(view(left), taken_at=NOW)

    def of(**state: Any) -> str:
        [action] = reconcile_group(replace(roster, tickets=(ticket(**state),)), rules(), NOW)
        return what_happened(action)

    done = ticket(state=TicketState.DONE, done_at=NOW - CLAIM_LIFE)
    sight = Sight(NOW, NOW, Coverage.FULL, is_fresh=True, role=Role.MEMBER)
    contradicted, unproven = (weigh(done, seen, 1, NOW).reopened for seen in (sight, None))

    def after(reopened: Reopened | None) -> str:
        return what_happened(
            Action(ActionKind.REOPEN, done, Reason("came back: in other words"), reopened=reopened)
        )

    assert of(state=TicketState.VERIFIED, verified_at=NOW - HOUR) == "Ann is in the group again."
    assert of(state=TicketState.CANCELLED) == "This is needed after all."
    assert of(state=TicketState.WAIVED, waived_until=NOW) == "This was put off until now."
    latest = "It was marked as done, but the latest list of members does not show it yet."
    assert after(contradicted) == latest
    nothing = (
        "It was marked as done, but nothing has shown it since. Please look again, and say so once more."
    )
    assert after(unproven) == nothing
    assert after(Reopened.NEEDED_AGAIN) == "This is needed once more."
    assert after(None) == "came back: in other words", "a person's own words, whatever they begin with"


def test_an_escalation_says_whether_it_is_overdue_and_why_it_comes_now() -> None:
    one = ticket(reason=Reason("the reason in the table"))

    early = escalation_paragraph(one, DEE, "UTC", one.due_at - timedelta(microseconds=1))
    late = escalation_paragraph(one, DEE, "UTC", one.due_at, UNREACHED)
    team = escalation_paragraph(one, CHANNEL, "UTC", one.due_at, UNREACHED)

    assert early.headline == "Still open: Remove Ann from Ward 7 nights"
    assert early.text == "Ann has left: the account was disabled on 23 Nov 2026."
    assert late.headline == "Overdue: Remove Ann from Ward 7 nights"
    assert late.text == f"{early.text} Nobody could be reached before, so this comes to you."
    assert team.text == "the reason in the table. Nobody could be reached before, so this comes to you."
    assert late.steps == early.steps


def test_sentences_end_before_the_next_begins() -> None:
    assert sentences("one", "", "Two.", "three") == "one. Two. three"
    assert sentences("एक।", "دو۔", "three") == "एक। دو۔ three"
    assert sentences() == ""
