"""Who was told of a cancelled ticket is told that it is over, also if they were told before it had to wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.ticket import TicketState

Start = Callable[..., Harness]
SAM = Actor("sam")
BEN, DEE = "ben@corp.example", "dee@corp.example"
OVER = "No longer needed: Remove Ann from Ward 7"


def told_once_ann_is_back(h: Harness) -> dict[str, str]:
    h.later()
    h.corp.enable("ann")
    h.settle()
    before = len(h.soc.sent)
    h.deliver()
    assert h.ticket().state is TicketState.CANCELLED
    return {
        message.to.address: paragraph.headline
        for message in h.soc.sent[before:]
        for paragraph in message.paragraphs
        if paragraph.headline.endswith("Remove Ann from Ward 7")
    }


def test_before_it_was_blocked(start: Start) -> None:
    h = start()
    h.wards.set_role("ward-7", h.number("ann"), Role.ADMIN)
    h.settle()
    h.leave("ann")
    h.settle()
    h.deliver()
    h.later()
    h.wards.set_role("ward-7", h.number("dee"), Role.MEMBER)  # Ann is the last admin
    h.settle()
    assert h.ticket().state is TicketState.BLOCKED
    h.later()
    h.wards.set_role("ward-7", h.number("ben"), Role.ADMIN)
    h.settle()
    h.deliver()

    assert told_once_ann_is_back(h) == dict.fromkeys((DEE, BEN), OVER)


def test_before_a_waiver(start: Start) -> None:
    h = start()
    h.leave("ann")
    h.settle()
    h.deliver()
    h.desk.waive(1, SAM, "she hands over", h.now, h.now + timedelta(hours=2))
    h.later(hours=3)
    h.wards.set_role("ward-7", h.number("ben"), Role.ADMIN)
    h.wards.set_role("ward-7", h.number("dee"), Role.MEMBER)
    h.settle(full=True)
    h.deliver()

    assert told_once_ann_is_back(h) == dict.fromkeys((DEE, BEN), OVER)


def test_but_not_again_what_they_were_told_when_it_was_cancelled_before(start: Start) -> None:
    h = start()
    h.leave("ann")
    h.settle()
    h.deliver()
    assert told_once_ann_is_back(h) == {DEE: OVER}
    h.later()
    h.desk.reopen(1, SAM, "she did not come back", h.now)
    h.desk.assign(1, BEN, SAM, h.now)
    h.deliver()

    assert told_once_ann_is_back(h) == {BEN: OVER}
