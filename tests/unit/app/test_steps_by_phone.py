"""Whom a directory knows by a number alone is told of a step by it, as the assignee is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from builders import rules
from fakes.notifier import FakeNotifier
from harness import ACCOUNTABLE, Harness
from reported import HARM, policy, report
from silenced import silence
from worker.app.reads.unreached import unreached
from worker.app.tell.reaching import Reaching
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.ports import NotDone

Start = Callable[..., Harness]
ASKED = Step(After(share=0.25), (Target.ASSIGNEE,), via=("soc",))


def texts() -> FakeNotifier:
    return FakeNotifier("sms", reaches_people=False, reaches_phones=True, has_channel=False)


def ward(start: Start, *targets: Target, admins: Sequence[str] = ("ben", "dee")) -> Harness:
    """A ward whose step tells `targets` by text message. Dee has a phone and no mailbox; Ben has both."""
    policies = (Policy("test", (ASKED, Step(After(share=0.5), targets, via=("sms",)))),)
    h = start(rules=rules(policies=policies), notifiers=[FakeNotifier("soc"), texts()], has_links=True)
    h.corp.change("dee", email=None)
    h.group("ward-7", "ann", "cem", admins=admins)
    h.settle()
    return h


def late(h: Harness) -> Harness:
    """Ann leaves, and the step comes."""
    h.leave("ann")
    h.settle()
    h.deliver()
    h.notifiers[1].sent.clear()
    h.later(hours=12)
    h.escalate()
    h.deliver()
    return h


def texted(h: Harness) -> list[str]:
    return sorted(message.to.number for message in h.notifiers[1].sent)


def test_each_admin_is_told_by_phone_with_a_mailbox_or_without(start: Start) -> None:
    h = late(ward(start, Target.ADMINS))
    assert texted(h) == sorted([h.number("ben"), h.number("dee")])


def test_the_explanation_names_them(start: Start) -> None:
    h = ward(start, Target.ADMINS, admins=["dee"])
    h.leave("ann")
    h.settle()
    ticket = h.ticket()
    with h.store.reading() as uow:
        step = h.app.explainer.explain(uow, ticket).steps[1]
    assert step.named == [(Target.ADMINS, ["Dee"])]
    assert [(one.to.address, one.over) for one in step.everybody] == [(h.number("dee"), "sms")]


def test_whom_no_notifier_of_the_step_reaches_makes_no_next_step_come_early(start: Start) -> None:
    """Ben has a mailbox and is told; Dee has none, and nothing here reaches phones."""
    to_admins = Step(After(share=0.5), (Target.ADMINS,))
    made = rules(policies=(Policy("t", (to_admins, Step(After(share=1.0), (Target.CHANNEL,)))),))
    h = start(rules=made, notifiers=[FakeNotifier("soc"), FakeNotifier("mail")])
    h.corp.change("dee", email=None)
    h.group("ward-7", "ann", "cem", admins=["ben", "dee"])
    h.settle()
    late(h)
    assert h.escalate().counts["steps"] == 0
    with h.store.reading() as uow:
        assert [one.taken.step for one in uow.tickets.steps(1)] == [1]


def test_an_assignee_who_is_an_admin_is_told_once(start: Start) -> None:
    h = late(ward(start, Target.ASSIGNEE, Target.ADMINS, admins=["dee"]))
    assert texted(h) == [h.number("dee")]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_manager_is_told_by_phone_while_they_are_here(start: Start, *, is_there: bool) -> None:
    h = ward(start, Target.MANAGER)
    h.corp.change("eve", email=None)
    h.corp.change("ann", manager_id="eve")
    if not is_there:
        h.leave("eve")
    h.settle()
    late(h)
    assert texted(h) == ([h.number("eve")] if is_there else [])


def test_an_admin_who_leaves_while_the_message_waits_is_not_texted(start: Start) -> None:
    h = ward(start, Target.ADMINS)
    h.leave("ann")
    h.settle()
    h.deliver()
    h.later(hours=12)
    h.escalate()
    h.leave("dee")
    h.settle()
    h.deliver()
    assert h.number("ben") in texted(h)
    assert h.number("dee") not in texted(h)


def test_nor_where_the_text_was_tried_and_waits(start: Start) -> None:
    h = ward(start, Target.ADMINS)
    h.notifiers[1].down = NotDone("away")
    late(h)
    h.leave("dee")
    h.settle()
    h.notifiers[1].down = None
    h.later(minutes=2)
    h.deliver()
    assert h.number("ben") in texted(h)
    assert h.number("dee") not in texted(h)


def test_a_manager_who_left_one_account_and_is_here_with_another_is_texted(start: Start) -> None:
    h = ward(start, Target.MANAGER)
    h.corp.change("eve", email=None, employee_id="E5")
    h.hire("eve-2", employee_id="E5", phones=(h.number("eve"),))
    h.corp.change("ann", manager_id="eve")
    h.leave("eve")
    h.settle()
    late(h)
    assert texted(h) == [h.number("eve")]


def test_a_manager_without_any_address_is_nobody(start: Start) -> None:
    h = ward(start, Target.MANAGER)
    h.corp.change("eve", email=None, phones=())
    h.corp.change("ann", manager_id="eve")
    h.settle()
    late(h)
    assert texted(h) == []


def test_an_admin_does_not_hear_of_harm_by_phone_either(start: Start) -> None:
    steps = (Step(After(share=0.5), (Target.ADMINS, Target.ACCOUNTABLE)),)
    made = rules(policies=(Policy("t", steps),))
    h = start(controls=policy(), has_links=True, rules=made, notifiers=[FakeNotifier("soc"), texts()])
    h.corp.change("dee", email=None)
    h.settle()
    report(h, HARM, "words")
    h.settle()
    h.later(days=3)
    h.escalate()
    h.deliver()
    assert ACCOUNTABLE in {message.to.address for message in h.soc.sent}
    assert texted(h) == []


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_silence_by_id_holds_what_comes_by_phone_unless_the_phone_is_somebody_elses_too(
    start: Start, *, is_shared: bool
) -> None:
    h = ward(start, Target.MANAGER)
    h.hire("mia", **({"phones": (h.number("eve"),)} if is_shared else {}))
    h.corp.change("eve", email=None)
    h.corp.change("ann", manager_id="eve")
    h.settle()
    silence(h, 40, people=("eve",))
    late(h)
    assert texted(h) == ([h.number("eve")] if is_shared else [])


def test_an_admin_with_a_phone_is_reached_where_phones_are(start: Start) -> None:
    h = ward(start, Target.ADMINS)
    with h.store.reading() as uow:
        found = [unreached(uow, Reaching(those).over).people for those in (h.notifiers, h.notifiers[:1])]
    assert [[one.key.person_id for one in people] for people in found] == [[], ["dee"]]
