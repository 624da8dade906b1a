"""Who has accounts in two directories acts by the address of either, and by nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import facts
from fakes.notifier import FakeNotifier
from harness import Harness
from several_accounts import TENANT, known_twice
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor, Via
from worker.domain.messages.message import Message, ReaderAct
from worker.domain.tickets.ticket import Grade, TicketState
from worker.ports.connectors.conversing import Clicker, Interaction

Found = Callable[..., Harness]
NOT_THEIRS = "Only Dee, the accountable person and the operators can do that."
DONE = ReaderAct.DONE


def ward(found: Found, address: str) -> Harness:
    """Ann has left, dee has the ticket; the person at `address` clicks. Eve has two accounts, too."""
    soc = FakeNotifier("soc", is_conversing=True)
    soc.people = {"she": Clicker(address, "She", "slack:T1 U-SHE")}
    return known_twice(found, "eve", notifiers=[soc], has_links=True)


def ann_leaves(harness: Harness) -> None:
    harness.leave("ann")
    harness.directories[TENANT].disable("cloud-ann")
    harness.settle()


def answer(harness: Harness, act: ReaderAct | None) -> Message:
    one = Interaction(
        f"{act}/{len(harness.soc.answers)}", "she", harness.now, act, 1, harness.ticket().version
    )
    harness.app.interacting.keep("soc", one, harness.now)
    assert harness.app.interacting.take(harness.now)
    return harness.soc.answers[-1]


def said(harness: Harness, act: ReaderAct | None) -> str:
    return answer(harness, act).paragraphs[0].text


def test_the_assignee_acts_by_the_address_of_another_account(found: Found) -> None:
    harness = ward(found, "Cloud-Dee@corp.example")
    ann_leaves(harness)

    [mine] = answer(harness, None).paragraphs
    assert (mine.ticket, "/t/" in (mine.link or "")) == ("T-000001", True)
    assert "cloud-dee@corp.example marked it as done" in said(harness, DONE)


@pytest.mark.parametrize("is_click_first", [True, False])
def test_nobody_confirms_by_one_account_what_they_claimed_by_another(
    found: Found, is_click_first: bool
) -> None:
    harness = ward(found, "cloud-dee@corp.example")
    ann_leaves(harness)
    acts, dee = harness.desk, Actor("dee@corp.example", via=Via.LINK)

    if is_click_first:
        said(harness, DONE)
        with pytest.raises(Refused, match="may be you"):
            acts.done(1, dee, harness.now)
    else:
        acts.done(1, dee, harness.now)
        assert "may be you" in said(harness, DONE)
    assert harness.ticket().grade is Grade.C


def test_an_account_without_an_address_adds_nothing(found: Found) -> None:
    harness = ward(found, "dee@corp.example")
    harness.directories[TENANT].change("cloud-dee", email=None)
    ann_leaves(harness)

    assert answer(harness, None).title == "1 open ticket is with you"


def test_another_person_with_two_accounts_has_none_of_it(found: Found) -> None:
    harness = ward(found, "cloud-eve@corp.example")
    ann_leaves(harness)

    assert said(harness, DONE) == NOT_THEIRS
    assert said(harness, None) == "You have no open tickets."


def test_who_has_left_does_nothing_by_any_address(found: Found) -> None:
    harness = ward(found, "cloud-dee@corp.example")
    ann_leaves(harness)
    harness.leave("dee")
    harness.directories[TENANT].disable("cloud-dee")
    harness.poll()

    for act in (DONE, None):
        assert said(harness, act) == "Your account in the directory is not active."
    assert harness.ticket().state is TicketState.OPEN


@pytest.mark.parametrize("of", ["cloud-dee", "more"])
def test_whoever_writes_from_a_mailbox_of_two_has_what_is_neither_s_alone(found: Found, of: str) -> None:
    harness = ward(found, "desk@corp.example")
    shared = facts(of, immutable_id="g-dee", email="desk@corp.example")
    harness.directories[TENANT].put(shared)
    harness.directories[TENANT].change("cloud-eve", email="desk@corp.example")
    ann_leaves(harness)

    assert said(harness, DONE) == NOT_THEIRS
    assert said(harness, None) == "You have no open tickets."


def test_what_came_to_another_at_a_shared_mailbox_is_not_theirs(found: Found) -> None:
    harness = ward(found, "cloud-eve@corp.example")
    for one in ("dee", "eve"):
        harness.corp.change(one, email="desk@corp.example")
    ann_leaves(harness)

    ticket = harness.ticket()
    assert ticket.assignee is not None
    assert ticket.assignee.email == "desk@corp.example"
    assert said(harness, DONE) == NOT_THEIRS
    assert said(harness, None) == "You have no open tickets."
