"""Of a phone number neither the channel nor a copy has more than country and last digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from builders import rules
from fakes.tracker import FakeTracker
from harness import Harness
from silenced import STEPS
from worker.domain.escalation.policy import Policy
from worker.domain.mirror.copy import Content
from worker.domain.model import Member
from worker.domain.tickets.answers import Answer
from worker.running.mirroring import TrackerRules

Start = Callable[..., Harness]


def everything(h: Harness) -> str:
    return "\n".join(f"{m.title} {m.paragraphs}" for m in h.soc.to(""))


@pytest.mark.parametrize("shown", ["44{n}", "0044{n}", "0{n}"])
def test_none_is_shown_of_one_that_the_messenger_shows_as_a_name(start: Start, shown: str) -> None:
    """Gateways give what they have as a name, and for who is in no address book that is the number."""
    h = start(rules=rules(policies=(Policy("t", STEPS),)))
    h.hire("zed", display_name="Zed")
    number = h.number("zed")
    national = number.removeprefix("+44")
    h.wards.add_member("ward-7", Member(number, shown.format(n=national), phone=number))
    tracker = FakeTracker(now=h.clock)
    h.trackers = [tracker]
    h.start(replace(h.app.rules, trackers={"desk": TrackerRules(content=Content.FULL)}))
    h.settle()
    h.later()
    h.leave("zed")
    h.settle()
    h.mirror()
    h.later(hours=30)
    h.escalate()
    h.deliver()
    assert national not in str(tracker.only.draft)
    assert national not in everything(h)


def test_nor_in_the_title_of_a_dispute(start: Start) -> None:
    h = start()
    h.hire("zed", display_name="")
    number = h.number("zed")
    h.wards.add_member("ward-7", Member(number, "", phone=number))
    h.settle()
    h.later()
    h.leave("zed")
    h.settle()
    h.assigned.answer(h.link().rpartition("/")[2], Answer.STILL_WORKS_HERE, "", h.now)
    h.later(minutes=2)
    h.deliver()
    assert number not in everything(h)
