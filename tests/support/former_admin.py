"""A ticket that is with somebody who has a phone alone, and is in no group any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Harness
from worker.domain.model import Role


@pytest.fixture
def former_admin(start: Callable[..., Harness]) -> Harness:
    """Ward 9 has another admin since Oli was given its ticket."""
    h = start()
    h.corp.change("oli", email=None)
    h.group("ward-9", "ann", "ben", admins=["oli"])
    h.settle()
    h.later()
    h.leave("ann")
    h.settle()
    h.wards.set_role("ward-9", h.number("ben"), Role.ADMIN)
    h.drop("ward-9", "oli")
    h.settle()
    h.titles()
    h.later()
    [ticket] = [one for one in h.tickets() if one.home.group_id == "ward-9"]
    assert ticket.assignee
    assert ticket.assignee.email == h.number("oli")
    return h
