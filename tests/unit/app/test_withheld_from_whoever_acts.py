"""An operator of the console from whom a ticket is withheld comes to it by no act either."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import rules
from harness import Harness
from reported import ADMIN, HARASSMENT, policy, report
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor, Via, signed_in
from worker.domain.tickets.ticket import TicketState

OBJECT = "0f8fad5b-d9cb-469f-a165-70867728950e"
DEE = Actor(ADMIN, "by:dee", Via.CONSOLE)
BY_ID = Actor("Dr. D", signed_in("https://id.example", OBJECT), Via.CONSOLE)
KIM, HR = "kim@corp.example", "hr@example.org"
ACTS: dict[str, Callable[[Harness, Actor], object]] = {
    "link": lambda h, by: h.assigned.show_link(1, by, h.now, "for Kim"),
    "revoke its links": lambda h, by: h.assigned.revoke(1, by, h.now),
    "waive": lambda h, by: h.desk.waive(1, by, "nothing in it", h.now),
    "snooze": lambda h, by: h.desk.snooze(1, by, timedelta(hours=1), h.now, "later"),
    "acknowledge": lambda h, by: h.desk.acknowledge(1, by, h.now),
    "assign to an address that nobody knows": lambda h, by: h.desk.assign(1, "me@mail.example", by, h.now),
}


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    """A message of an admin is reported; Kim has the ticket. Dee is an admin, by either of two accounts."""
    h = start(controls=policy(), rules=rules(accountable=KIM), has_links=True)
    h.hire("kim")
    h.hire(OBJECT, email="boss@corp.example")
    h.settle()
    h.group("ward-7", "ann", "ben", admins=["dee", OBJECT])
    h.settle()
    report(h, HARASSMENT, about_admin=True)
    assert h.ticket().assignee is not None
    return h


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("by", [DEE, BY_ID], ids=["by address", "by object id"])
def test_they_are_refused(ward: Harness, act: str, by: Actor) -> None:
    before = ward.ticket()
    with pytest.raises(Refused, match="T-000001 is a report that no admin of the group may see"):
        ACTS[act](ward, by)
    assert ward.ticket() == before


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    "by", [Actor("sam@corp.example", "by:sam", Via.CONSOLE), Actor(ADMIN, "os:dee", Via.COMMAND)]
)
def test_somebody_else_or_a_command_is_not(ward: Harness, act: str, by: Actor) -> None:
    ACTS[act](ward, by)


def test_they_may_give_it_to_somebody_known(ward: Harness) -> None:
    assigned = ward.desk.assign(1, "ann@corp.example", DEE, ward.now)
    assert assigned.state is TicketState.OPEN
    assert assigned.assignee is not None
    assert assigned.assignee.email == "ann@corp.example"
