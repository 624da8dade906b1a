"""Whoever said "I have it" or "later" said it for themselves: it ends when the ticket is somebody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Harness
from silenced import DEE, HOUR, SAM, late_company, told
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.answers import Answer

Start = Callable[..., Harness]


@pytest.mark.parametrize("how", ["assigned", "left", "not_my_group"])
@pytest.mark.parametrize("rest", ["acknowledge", "snooze"])
def test_the_next_one_who_has_it_is_called(start: Start, how: str, rest: str) -> None:
    h = late_company(start)
    h.later(hours=12)
    assert told(h) == [DEE]
    dee = Actor(DEE, "dee")
    if rest == "acknowledge":
        h.desk.acknowledge(1, dee, h.now, span=72 * HOUR)
    else:
        h.desk.snooze(1, dee, 72 * HOUR, h.now)
    h.later(hours=1)
    if how == "assigned":
        h.desk.assign(1, "ben@corp.example", SAM, h.now)
    elif how == "left":
        h.wards.set_role("ward-7", h.number("ben"), Role.ADMIN)
        h.leave("dee")
        h.settle()
    else:
        h.assigned.answer(h.link().rpartition("/")[2], Answer.NOT_MY_GROUP, "", h.now)
    ticket = h.ticket(1)
    assert ticket.assignee is not None
    assert ticket.assignee.email != DEE
    assert not (ticket.is_acknowledged(h.now))
    assert not (ticket.is_snoozed(h.now))
