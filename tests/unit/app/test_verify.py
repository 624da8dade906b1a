"""Done is a claim; only a newer, fresh and complete roster proves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import rules
from harness import TIMEZONE, Harness
from worker.app.jobs import verify
from worker.app.jobs.verify import Verify
from worker.app.tell.teller import Teller
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import CHANNEL
from worker.domain.model import Coverage, Member, Role
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState

Start = Callable[..., Harness]


@pytest.fixture
def leaving(company: Harness) -> Harness:
    """Ann has left and is still in the ward's group; her ticket is open."""
    company.leave("ann")
    company.settle()
    company.deliver()
    company.later()
    return company


def test_a_newer_roster_without_the_member_is_proof_of_grade_a(leaving: Harness) -> None:
    leaving.desk.done(1, Actor("dee"), leaving.now)
    leaving.later()
    leaving.drop("ward-7", "ann")
    leaving.settle()

    ticket = leaving.ticket()
    assert (ticket.state, ticket.grade, ticket.verified_by) == (TicketState.VERIFIED, Grade.A, "wards")
    assert "ticket.verified" in leaving.kinds()


@pytest.mark.parametrize("page", [1, 2, 3])
def test_tickets_are_weighed_page_by_page_to_the_last(
    leaving: Harness, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(verify, "PAGE", page)
    leaving.leave("ben")
    leaving.settle()
    leaving.later()
    leaving.drop("ward-7", "ann")
    leaving.drop("ward-7", "ben")
    leaving.inventory()

    assert leaving.verify().counts["verified"] == 2


def test_a_list_that_was_there_when_a_person_reopened_the_ticket_proves_nothing(leaving: Harness) -> None:
    leaving.wards.remove_member("ward-7", leaving.number("ann"))
    leaving.wards.date(leaving.now)
    leaving.settle()
    assert leaving.ticket().state is TicketState.VERIFIED
    leaving.later()
    leaving.desk.reopen(1, Actor("sam"), "I just saw Ann in the group", leaving.now)
    leaving.later()
    leaving.settle()
    assert leaving.ticket().state is TicketState.OPEN

    leaving.later()
    leaving.wards.date(leaving.now)
    leaving.settle()
    assert leaving.ticket().state is TicketState.VERIFIED


def test_it_needs_no_claim(leaving: Harness) -> None:
    leaving.drop("ward-7", "ann")
    leaving.inventory()

    report = leaving.verify()

    assert (report.counts["verified"], len(report.plan.actions)) == (1, 1)


def test_a_claim_is_reopened_when_the_member_is_still_there_and_the_admin_is_told(leaving: Harness) -> None:
    leaving.desk.done(1, Actor("dee"), leaving.now)
    leaving.later()
    leaving.settle()

    ticket = leaving.ticket()
    assert (ticket.state, ticket.reopened) == (TicketState.OPEN, 1)
    assert "still in the group" in ticket.reason
    assert leaving.titles() == ["Reopened: Remove Ann from Ward 7"]


@pytest.mark.parametrize("lie", ["older", "stale", "partial"])
def test_a_roster_that_is_older_stale_or_partial_verifies_nothing(leaving: Harness, lie: str) -> None:
    leaving.drop("ward-7", "ann")
    leaving.desk.done(1, Actor("dee"), leaving.now)
    leaving.later()
    if lie == "older":
        leaving.wards.date(leaving.ticket().opened_at)
    elif lie == "stale":
        leaving.wards.lag(8 * 24 * (leaving.now - leaving.ticket().opened_at))
    else:
        leaving.wards.mark("ward-7", Coverage.PARTIAL)
    leaving.inventory()

    assert leaving.verify().counts["inconclusive"] == 1
    assert leaving.ticket().state is TicketState.DONE


def test_one_reading_is_weighed_once(leaving: Harness) -> None:
    leaving.inventory()
    leaving.later()
    assert leaving.verify().counts["weighed"] == 1
    leaving.later()
    assert leaving.verify().counts["weighed"] == 0


def test_a_claim_that_nothing_could_prove_becomes_void(leaving: Harness) -> None:
    leaving.desk.done(1, Actor("dee"), leaving.now)
    leaving.later(days=13, hours=23)
    assert leaving.verify().counts["weighed"] == 0
    leaving.later()

    assert leaving.verify().counts["reopened"] == 1
    assert leaving.ticket().reason == "nothing could prove within 14 days that it was done"


def test_a_claim_that_a_second_person_confirmed_does_not(leaving: Harness) -> None:
    leaving.desk.done(1, Actor("dee"), leaving.now)
    leaving.desk.done(1, Actor("ben"), leaving.now)
    leaving.later(days=20)

    assert leaving.verify().counts["reopened"] == 0
    assert leaving.ticket().grade is Grade.B


def test_a_claim_about_a_group_that_is_gone_is_void_in_its_time_and_then_cancelled(leaving: Harness) -> None:
    leaving.group("ward-8", admins=["dee"])
    leaving.inventory()
    leaving.desk.done(1, Actor("dee"), leaving.now)
    leaving.wards.remove_group("ward-7")
    leaving.later(days=14)
    leaving.inventory()

    assert leaving.verify().counts["reopened"] == 1
    leaving.reconcile()
    assert leaving.ticket().state is TicketState.CANCELLED


@pytest.mark.parametrize("how", ["a roster", "a person"])
@pytest.mark.parametrize("other, state", [("ben", TicketState.OPEN), ("", TicketState.BLOCKED)])
def test_a_removal_that_is_reopened_waits_when_its_member_is_the_last_admin_now(
    company: Harness, how: str, other: str, state: TicketState
) -> None:
    company.wards.set_role("ward-7", company.number("cem"), Role.ADMIN)
    company.settle()
    company.later()
    company.leave("dee")
    company.settle()
    company.desk.done(1, Actor("cem"), company.later())
    company.later()
    company.wards.set_role("ward-7", company.number("cem"), Role.MEMBER)
    if other:
        company.wards.set_role("ward-7", company.number(other), Role.ADMIN)
    company.inventory()
    if how == "a roster":
        assert company.verify().counts["reopened"] == 1
    else:
        company.desk.reopen(1, Actor("sam"), "she is still there", company.now)

    assert company.ticket().state is state


# --- a false "done" buys no time ----------------------------------------------------------------------------


def lie(harness: Harness, *, after_hours: float, for_hours: float) -> None:
    """The admin says that it was done; so many hours later the messenger shows that it was not."""
    harness.later(hours=after_hours)
    harness.desk.done(1, Actor("dee"), harness.now)
    harness.later(hours=for_hours)
    harness.settle()


def test_the_clock_goes_on_where_it_was_when_the_claim_was_made(leaving: Harness) -> None:
    due_at = leaving.ticket().due_at
    lie(leaving, after_hours=10, for_hours=3)
    lie(leaving, after_hours=5, for_hours=40)

    ticket = leaving.ticket()
    assert (ticket.state, ticket.contradicted) == (TicketState.OPEN, 2)
    assert ticket.due_at == due_at + timedelta(hours=43)
    assert ticket.clock_from == ticket.opened_at


def test_steps_that_were_taken_are_not_taken_again_after_a_false_claim(leaving: Harness) -> None:
    leaving.later(hours=12)
    assert leaving.escalate().counts["steps"] == 1
    lie(leaving, after_hours=1, for_hours=1)

    assert leaving.escalate().counts["steps"] == 0
    leaving.later(hours=11)
    assert leaving.escalate().counts["steps"] == 1, "due, and told to the accountable person"


def test_the_second_false_claim_is_told_to_the_accountable_person_at_once(leaving: Harness) -> None:
    lie(leaving, after_hours=1, for_hours=1)
    leaving.titles()
    lie(leaving, after_hours=1, for_hours=1)
    before = len(leaving.soc.sent)
    leaving.deliver()

    told = {message.to.address: message.title for message in leaving.soc.sent[before:]}
    assert told == {
        "dee@corp.example": "Reopened: Remove Ann from Ward 7",
        "it-security@example.org": "Called done, and not done: Remove Ann from Ward 7",
    }


def test_when_nobody_answers_for_it_the_channel_is_told(start: Start) -> None:
    harness = start(rules=rules(accountable=""))
    harness.leave("ann")
    harness.settle()
    for _ in range(2):
        lie(harness, after_hours=1, for_hours=1)

    assert "Called done, and not done: Remove Ann from Ward 7" in harness.titles()
    assert CHANNEL in {message.to for message in harness.soc.sent}


# --- lists that people keep -----------------------------------------------------------------------------------


@pytest.fixture
def listed(start: Start) -> Harness:
    """As `leaving`, with a list as the inventory, on the morning after its last change."""
    harness = start(are_lists=True)
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.wards.freeze()
    harness.later(hours=24)
    return harness


def test_a_list_of_before_the_claim_neither_proves_nor_contradicts(listed: Harness) -> None:
    listed.desk.done(1, Actor("dee"), listed.now)
    for _ in range(3):
        listed.later()
        listed.settle()

    assert listed.ticket().state is TicketState.DONE


def test_a_later_list_proves_with_grade_b(listed: Harness) -> None:
    listed.desk.done(1, Actor("dee"), listed.now)
    listed.later()
    listed.wards.mend()
    listed.drop("ward-7", "ann")
    listed.settle()

    assert (listed.ticket().state, listed.ticket().grade) == (TicketState.VERIFIED, Grade.B)


def rows_told(harness: Harness) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    before = len(harness.soc.sent)
    harness.deliver()
    return [
        (message.to.address, paragraph.facts)
        for message in harness.soc.sent[before:]
        for paragraph in message.paragraphs
        if paragraph.headline == "Rows to change in wards"
    ]


def test_while_a_claim_waits_the_owner_of_the_list_is_told_once_a_day_what_to_change(listed: Harness) -> None:
    listed.group("ward-7", "ann", "ben", "cem", admins=["dee"], owner_email="eve@corp.example")
    listed.wards.freeze()
    listed.inventory()
    listed.later()
    listed.desk.done(1, Actor("dee"), listed.now)
    told = []
    for _ in range(2 * 24):
        listed.later()
        listed.settle()
        told += rows_told(listed)

    what = (("Ward 7", "Delete the row of Ann (T-000001)"),)
    assert told == [("eve@corp.example", what)] * 3, "today, and on the two mornings since"


def test_nobody_is_asked_to_change_the_rows_of_a_chat_export(start: Start) -> None:
    harness = start(are_lists=True)
    harness.wards.can = replace(harness.wards.can, sees_all_groups=False)
    harness.start(harness.app.rules)
    harness.leave("ann")
    harness.settle()
    harness.wards.freeze()
    harness.desk.done(1, Actor("dee"), harness.now)
    harness.later(hours=24)
    harness.settle()

    assert rows_told(harness) == []
    assert harness.ticket().state is TicketState.DONE


def test_another_process_does_not_tell_it_again(listed: Harness) -> None:
    listed.desk.done(1, Actor("dee"), listed.now)
    listed.later(hours=24)
    listed.verify()
    again = Verify(
        listed.store,
        listed.rules,
        listed.verifier._fresh,
        Teller(TIMEZONE, ENGLISH_ONLY),
        listed.app.controls,
        kept_by_people=["wards"],
    )
    again.run_once(listed.now)

    assert len(rows_told(listed)) == 1


def test_a_row_that_is_right_already_only_needs_a_date(listed: Harness) -> None:
    listed.wards.mend()
    listed.drop("ward-7", "ann")
    listed.wards.date(listed.ticket().opened_at)
    listed.desk.done(1, Actor("dee"), listed.now)
    listed.inventory()
    listed.later(hours=24)
    listed.verify()

    assert rows_told(listed) == [
        ("it-security@example.org", (("Ward 7", "Nothing but the date (T-000001)"),))
    ]


@pytest.mark.parametrize(
    "owner, told",
    [
        ("eve@corp.example", "eve@corp.example"),
        ("nobody@else.example", "nobody@else.example"),
        ("una@corp.example", "it-security@example.org"),  # has left
        (None, "it-security@example.org"),
    ],
)
def test_the_rows_go_to_the_groups_owner_or_the_accountable_person(
    listed: Harness, owner: str | None, told: str
) -> None:
    listed.leave("una")
    listed.group("ward-7", "ann", "ben", "cem", admins=["dee"], owner_email=owner)
    listed.wards.freeze()
    listed.settle()
    listed.desk.done(1, Actor("dee"), listed.now)
    listed.later(hours=24)
    listed.verify()

    assert [address for address, _ in rows_told(listed)] == [told]


@pytest.mark.parametrize("accountable", ["", "Eve@corp.example"])
def test_with_nobody_to_answer_for_it_the_rows_go_to_the_channel(start: Start, accountable: str) -> None:
    harness = start(are_lists=True, rules=rules(accountable=accountable))
    harness.leave("ann", "eve")
    harness.settle()
    harness.desk.done(1, Actor("dee"), harness.now)
    harness.later(hours=24)
    harness.verify()

    assert [address for address, _ in rows_told(harness)] == [""]


def test_all_rows_of_a_group_are_one_digest_and_a_question_is_no_row(listed: Harness) -> None:
    listed.wards.mend()
    listed.leave("ben")
    listed.wards.add_member("ward-7", Member("+447700900777", "Somebody", phone="+447700900777"))
    listed.settle()
    listed.wards.freeze()
    listed.inventory()
    listed.later()
    for number in (1, 2, 3):
        listed.desk.done(number, Actor("dee"), listed.now)
    listed.later(hours=24)
    listed.verify()

    [(_, facts)] = rows_told(listed)
    assert [what for _, what in facts] == [
        f"Delete the row of {t.person_name} ({t.label})" for t in listed.tickets(TicketKind.REMOVE_MEMBER)
    ]
