"""A ward whose people two directories know: the domain and, synchronised from it, the cloud."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from builders import facts
from harness import Harness
from worker.domain.model import AccountFacts
from worker.domain.tickets.ticket import TicketKind, TicketState

Start = Callable[..., Harness]
CORP, TENANT = 0, 1
OPEN, CANCELLED = TicketState.OPEN, TicketState.CANCELLED


def in_tenant(harness: Harness, person_id: str, **changes: Any) -> AccountFacts:
    """Somebody's account as the cloud has it: synchronised, with the number of the first directory's account."""
    stated = {"immutable_id": f"guid-{person_id}", "phones": (harness.number(person_id),)}
    return facts(f"cloud-{person_id}", **(stated | {"display_name": person_id.capitalize()} | changes))


@pytest.fixture
def hybrid(found: Start) -> Start:
    """A ward of four, of twenty people whom two directories know; dee is its admin."""

    def make(**wishes: Any) -> Harness:
        harness = found(directories=("corp", "tenant"), **wishes)
        for person_id in ("ann", "ben", "cem", "dee", *(f"p{n}" for n in range(16))):
            harness.hire(person_id, immutable_id=f"guid-{person_id}", employee_id=f"E-{person_id}")
            harness.directories[TENANT].put(in_tenant(harness, person_id))
        harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
        harness.settle()
        harness.later()
        assert harness.tickets() == []
        return harness

    return make


@pytest.fixture
def company(hybrid: Start) -> Harness:
    return hybrid()


def leave(harness: Harness, at: int, person_id: str) -> None:
    """The account of one directory is disabled, and everything that follows."""
    harness.directories[at].disable(person_id if at == CORP else f"cloud-{person_id}")
    harness.settle()
    harness.later()


def come_back(harness: Harness, at: int, person_id: str) -> None:
    harness.directories[at].enable(person_id if at == CORP else f"cloud-{person_id}")
    harness.settle()
    harness.later()


def states(harness: Harness, *kinds: TicketKind) -> list[TicketState]:
    return [ticket.state for ticket in harness.tickets(*kinds)]
