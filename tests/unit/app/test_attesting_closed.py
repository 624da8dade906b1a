"""Nobody is asked for their duties as the admin of a group that is closed."""

from __future__ import annotations

from collections.abc import Callable

from attested import DUTIES_2, tickets
from harness import Harness
from worker.domain.controls.policy import ControlPolicy
from worker.domain.model import RegisterFacts, RegisterStatus
from worker.domain.tickets.ticket import TicketState


def say(harness: Harness, status: RegisterStatus) -> None:
    harness.inventories[1].register("row-9", RegisterFacts(status=status))
    harness.later()
    harness.settle()
    harness.control()


def test_the_duties_of_a_group_that_is_closed_are_not_asked_for(start: Callable[..., Harness]) -> None:
    harness = start(controls=ControlPolicy(statements=(DUTIES_2,)), registers=["list"])
    harness.group("row-9", "ann", at=1, admins=["ben"], name="Ward 9")
    say(harness, RegisterStatus.CLOSED)
    harness.decide()
    harness.control()
    assert [one.person_name for one in tickets(harness)] == ["Dee"]

    say(harness, RegisterStatus.ACTIVE)
    [asked] = tickets(harness, "ben")
    assert asked.state is TicketState.OPEN
    say(harness, RegisterStatus.CLOSED)
    assert tickets(harness, "ben")[0].state is TicketState.CANCELLED
