"""A leaver's conversations are reviewed neither by themselves nor by an admin of their groups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from harness import Harness
from several_accounts import ann_leaves, known_twice
from worker.app.refused import Refused
from worker.domain.controls.policy import ControlPolicy, ConversationsRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import AssigneeWhy, Ticket, TicketKind

DAY = timedelta(days=1)
ME = Actor("sam", "os:sam")


def policy(to: str = "hr@example.org") -> ControlPolicy:
    rule = ConversationsRule(ControlSwitch(Mode.TICKET), to, 14 * DAY, (), "HR-17", "D-42")
    return ControlPolicy(conversations=(rule,))


def review(harness: Harness) -> Ticket:
    [ticket] = harness.tickets(TicketKind.REVIEW_CONVERSATIONS)
    return ticket


def leaving(found: Callable[..., Harness], to: str = "hr@example.org") -> Harness:
    """Ann, who has an account in each of two directories, leaves in ten days; dee is the admin of her group."""
    harness = known_twice(found, controls=policy(to))
    harness.control()
    ann_leaves(harness, harness.now + 10 * DAY)
    return harness


@pytest.mark.parametrize("address", ["ann@corp.example", "CLOUD-Ann@corp.example", "dee@corp.example"])
def test_it_is_given_neither_to_the_leaver_nor_to_an_admin_of_their_groups(
    found: Callable[..., Harness], address: str
) -> None:
    harness = leaving(found)
    before = review(harness)
    with pytest.raises(Refused, match="is not for the person who leaves, nor for an admin of their groups"):
        harness.desk.assign(before.id, address, ME, harness.now)
    assert review(harness) == before


def test_it_is_given_to_anybody_else(found: Callable[..., Harness]) -> None:
    harness = leaving(found)
    harness.desk.assign(review(harness).id, "ben@corp.example", ME, harness.now)
    assigned = review(harness).assignee
    assert assigned is not None
    assert assigned.email == "ben@corp.example"


def test_the_role_is_not_asked_where_its_address_is_of_another_account_of_theirs(
    found: Callable[..., Harness],
) -> None:
    assigned = review(leaving(found, "cloud-ann@corp.example")).assignee
    assert assigned is not None
    assert assigned.why is AssigneeWhy.ACCOUNTABLE
