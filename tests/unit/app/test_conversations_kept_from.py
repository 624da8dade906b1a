"""Whoever may not review a leaver's conversations gets the review by no way: an answer, a step, or a role of later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import rules
from harness import Harness
from several_accounts import ann_leaves, known_twice
from worker.domain.controls.policy import ControlPolicy, ConversationsRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import AssigneeWhy, Ticket, TicketKind

DAY = timedelta(days=1)
ROLE, BEN, DEE = "hr@example.org", "ben@corp.example", "dee@corp.example"
RULE = ConversationsRule(ControlSwitch(Mode.TICKET), ROLE, 14 * DAY, (), "HR-17", "D-42")
ME = Actor("sam", "os:sam")
Found = Callable[..., Harness]


def leaving(found: Found, accountable: str, to: str = ROLE) -> Harness:
    """Ann leaves in ten days; Dee is the admin of her group. A directory and its tenant know everybody."""
    policy = ControlPolicy(conversations=(replace(RULE, to=to),))
    harness = known_twice(found, controls=policy, rules=rules(accountable=accountable), has_links=True)
    harness.control()
    ann_leaves(harness, harness.now + 10 * DAY)
    told(harness)
    return harness


def review(harness: Harness) -> Ticket:
    [ticket] = harness.tickets(TicketKind.REVIEW_CONVERSATIONS)
    return ticket


def with_whom(harness: Harness) -> str:
    assignee = review(harness).assignee
    return assignee.email if assignee else ""


def told(harness: Harness) -> list[str]:
    """To whom messages go now: addresses; a channel has none."""
    before = len(harness.soc.sent)
    harness.escalate()
    harness.deliver()
    return [message.to.address for message in harness.soc.sent[before:]]


def declines(harness: Harness) -> None:
    """Whoever has the review says that they can't do it; the minute to take that back is over."""
    token = harness.link(review(harness).id).rpartition("/")[2]
    harness.assigned.answer(token, Answer.OTHER, "no time", harness.now)
    harness.later(minutes=2)


def becomes_admin(harness: Harness, person: str) -> None:
    harness.wards.set_role("ward-7", harness.number(person), Role.ADMIN)
    harness.inventory()


KEPT_FROM = ["ann@corp.example", "CLOUD-Ann@corp.example", DEE, "cloud-dee@corp.example"]


@pytest.mark.parametrize("accountable", KEPT_FROM)
def test_an_answer_gives_it_to_no_accountable_person_who_may_not_have_it(
    found: Found, accountable: str
) -> None:
    harness = leaving(found, accountable)
    assert with_whom(harness) == ROLE
    declines(harness)
    assert with_whom(harness) == ""
    assert told(harness) == [""]


def test_an_answer_gives_it_to_an_accountable_person_who_may_have_it(found: Found) -> None:
    harness = leaving(found, BEN)
    declines(harness)
    assert with_whom(harness) == BEN


@pytest.mark.parametrize("accountable", KEPT_FROM)
def test_what_is_overdue_is_told_to_nobody_who_may_not_have_it(found: Found, accountable: str) -> None:
    harness = leaving(found, accountable)
    harness.later(days=6)
    harness.settle(full=True)
    assert set(told(harness)) == {ROLE, ""}


def test_nobody_answers_for_it_whom_it_is_kept_from_after_a_nightly_pass(found: Found) -> None:
    harness = leaving(found, DEE)
    harness.later(days=1)
    harness.settle(full=True)
    assert review(harness).accountable == ""


# --- somebody who becomes an admin later ----------------------------------------------------------------------


def test_whoever_becomes_an_admin_is_given_it_by_no_answer(found: Found) -> None:
    harness = leaving(found, BEN)
    becomes_admin(harness, "ben")
    declines(harness)
    assert with_whom(harness) == ""
    assert told(harness) == [""]


def test_whoever_becomes_an_admin_is_told_nothing_that_is_overdue(found: Found) -> None:
    harness = leaving(found, BEN)
    becomes_admin(harness, "ben")
    harness.later(days=6)
    assert set(told(harness)) == {ROLE, ""}


def test_an_answer_that_is_sent_twice_is_one(found: Found) -> None:
    harness = leaving(found, DEE)
    token = harness.link(review(harness).id).rpartition("/")[2]
    first = harness.assigned.answer(token, Answer.OTHER, "no time", harness.now)
    assert harness.assigned.answer(token, Answer.OTHER, "no time", harness.now) == first


@pytest.mark.parametrize("address", [BEN, "cloud-ben@corp.example"])
def test_what_an_admin_has_by_now_goes_back_to_the_role(found: Found, address: str) -> None:
    harness = leaving(found, "boss@example.org")
    harness.desk.assign(review(harness).id, address, ME, harness.now)
    told(harness)
    harness.later()
    becomes_admin(harness, "ben")
    harness.control()
    assert with_whom(harness) == ROLE
    assert told(harness) == [ROLE]
    handed = review(harness).handed
    harness.control()
    assert review(harness).handed == handed, "once"


def test_what_somebody_has_at_another_address_than_they_have_now_goes_back_too(found: Found) -> None:
    harness = leaving(found, "boss@example.org")
    harness.desk.assign(review(harness).id, BEN, ME, harness.now)
    harness.hire("ben", email="benedict@corp.example", immutable_id="g-ben")
    harness.settle()
    becomes_admin(harness, "ben")
    harness.control()
    assert with_whom(harness) == ROLE


def test_what_was_left_to_an_admin_of_by_now_is_nobody_s(found: Found) -> None:
    harness = leaving(found, BEN)
    declines(harness)
    told(harness)
    becomes_admin(harness, "ben")
    harness.control()
    assert (with_whom(harness), review(harness).accountable) == ("", "")
    assert told(harness) == [""]


def test_what_a_role_has_that_is_an_admin_by_now_goes_to_the_accountable_person(found: Found) -> None:
    harness = leaving(found, "boss@example.org", to=BEN)
    becomes_admin(harness, "ben")
    harness.control()
    assigned = review(harness).assignee
    assert assigned is not None
    assert (assigned.email, assigned.why) == ("boss@example.org", AssigneeWhy.ACCOUNTABLE)
    assert told(harness) == ["boss@example.org"]


def test_whoever_was_an_admin_does_not_answer_for_it_once_the_leaver_is_out_of_the_group(
    found: Found,
) -> None:
    harness = leaving(found, DEE)
    harness.wards.remove_member("ward-7", harness.number("ann"))
    harness.inventory()
    harness.control()
    assert (with_whom(harness), review(harness).accountable) == (ROLE, "")


def test_another_accountable_person_answers_for_it_and_nobody_is_told(found: Found) -> None:
    harness = leaving(found, BEN)
    harness.start(
        replace(harness.app.rules, tickets=replace(harness.app.rules.tickets, accountable="boss@example.org"))
    )
    harness.settle(full=True)
    harness.control()
    assert (with_whom(harness), review(harness).accountable) == (ROLE, "boss@example.org")
    assert told(harness) == []


def test_a_review_that_is_asked_for_again_has_whoever_may_answer_for_it_now(found: Found) -> None:
    harness = leaving(found, BEN)
    leave_at = review(harness).left_at
    ann_leaves(harness, None)
    becomes_admin(harness, "ben")
    ann_leaves(harness, leave_at)
    assert (review(harness).is_live, review(harness).accountable) == (True, "")
