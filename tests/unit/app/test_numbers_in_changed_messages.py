"""A number that a reader was not shown does not come with the change of the message in its place either."""

from __future__ import annotations

from collections.abc import Callable

from builders import rules
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role

Start = Callable[..., Harness]
MIA = "mia@corp.example"


def shown_to(h: Harness, address: str) -> str:
    h.later(minutes=1)
    h.deliver()
    return str([m.paragraphs for m in h.soc.standing.values() if m.to.address == address])


def test_a_manager_sees_no_more_of_a_number_after_a_change_than_before(start: Start) -> None:
    policy = Policy("t", (Step(After(share=0.5), (Target.MANAGER,)),))
    h = start(notifiers=[FakeNotifier("slack", is_conversing=True)], rules=rules(policies=(policy,)))
    h.corp.change("ann", manager_id="mia")
    h.settle()
    h.leave("ann")
    h.settle()
    h.deliver()
    h.later(hours=12)
    h.escalate()
    assert h.number("ann") not in shown_to(h, MIA), "as it was sent"
    h.desk.acknowledge(1, Actor("dee@corp.example", "dee"), h.now)
    assert h.number("ann") not in shown_to(h, MIA)


def test_nor_is_what_somebody_has_who_left_kept_up_to_date_with_it(start: Start) -> None:
    h = start(notifiers=[FakeNotifier("slack", is_conversing=True)])
    h.leave("ann")
    h.settle()
    h.deliver()
    h.wards.set_role("ward-7", h.number("ben"), Role.ADMIN)
    h.later(hours=1)
    h.leave("dee")
    h.settle()
    assert h.number("ann") not in shown_to(h, "dee@corp.example")


def test_an_assignee_sees_it_under_whatever_name_they_are_told(start: Start) -> None:
    """By a step for the group's owner, too, who is the assignee and has another name by now."""
    policy = Policy("t", (Step(After(share=0.5), (Target.OWNER, Target.ASSIGNEE)),))
    h = start(notifiers=[FakeNotifier("slack", is_conversing=True)], rules=rules(policies=(policy,)))
    dee = "dee@corp.example"
    h.group("ward-7", "ann", "ben", "cem", admins=["dee"], owner_email=dee)
    h.settle()
    h.leave("ann")
    h.settle()
    assert h.number("ann") in shown_to(h, dee)
    h.corp.change("dee", display_name="Dee Married")
    h.poll()
    h.later(hours=12)
    h.escalate()
    h.deliver()
    assert h.number("ann") in str(h.soc.sent[-1].paragraphs)
    h.desk.acknowledge(1, Actor(dee, "dee"), h.now)
    for text in shown_to(h, dee).split("Paragraph(")[1:]:
        assert h.number("ann") in text
