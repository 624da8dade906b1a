"""Who has left does nothing and sees nothing where people act, though their account there still works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from on_duty import ANN, on_duty, token_of, told
from several_accounts import TENANT, known_twice, nights
from worker.app.tell.signed_links import Dead, LinkDead
from worker.domain.messages.message import ReaderAct
from worker.domain.tickets.ticket import TicketState
from worker.ports.connectors.conversing import Clicker, Interaction

Found = Callable[..., Harness]
PEOPLE = {
    "eve": Clicker("eve@corp.example", "Eve", "slack:T1 U-EVE", is_operator=True),
    "dee": Clicker("dee@corp.example", "Dee", "slack:T1 U-DEE"),  # who has the ticket
}
NOT_ACTIVE = "Your account in the directory is not active."


def talking() -> FakeNotifier:
    notifier = FakeNotifier("soc", is_conversing=True)
    notifier.people = PEOPLE
    return notifier


def in_both(found: Found, one: str, **wishes: Any) -> Harness:
    """Two directories know everybody, this one by the same address."""
    harness = known_twice(found, "eve", **wishes)
    harness.directories[TENANT].change(f"cloud-{one}", email=f"{one}@corp.example")
    nights(harness)
    return harness


def answer(harness: Harness, user: str, act: ReaderAct | None, **given: str) -> str:
    version = harness.ticket().version
    one = Interaction(f"{user}/{harness.now}", user, harness.now, act, 1, version, given=given)
    harness.app.interacting.keep("soc", one, harness.now)
    assert harness.app.interacting.take(harness.now)
    return "\n".join(f"{one.headline}{one.text}" for one in harness.soc.answers[-1].paragraphs)


def test_an_operator_who_left_by_one_of_two_directories_does_nothing(found: Found) -> None:
    harness = in_both(found, "eve", notifiers=[talking()])
    harness.leave("ben")
    nights(harness)
    harness.leave("eve")
    nights(harness)
    assert answer(harness, "eve", ReaderAct.WAIVE, reason="for a friend") == NOT_ACTIVE
    assert harness.ticket().state is TicketState.OPEN


@pytest.mark.parametrize("user, shown", [("eve", "The situation"), ("dee", "Remove Ben from Ward 7")])
def test_who_left_is_shown_nothing_as_soon_as_the_directory_says_so(
    start: Found, user: str, shown: str
) -> None:
    harness = start(notifiers=[talking()])
    harness.leave("ben")
    harness.settle()
    assert shown in answer(harness, user, None)
    harness.leave(user)
    harness.later()
    harness.poll()
    assert answer(harness, user, None) == NOT_ACTIVE


def test_a_handover_s_link_dies_when_its_person_left_by_one_of_two_directories(found: Found) -> None:
    harness = on_duty(in_both(found, "ann"))
    harness.now = max(harness.now, datetime(2026, 11, 24, 14, tzinfo=UTC))
    assert [one.partition(":")[0] for one in told(harness)] == [ANN]
    harness.leave("ann")
    harness.poll()
    with pytest.raises(LinkDead) as dead:
        harness.app.taking_over.look(token_of(harness, ANN), harness.now)
    assert dead.value.why is Dead.LEFT
