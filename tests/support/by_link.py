"""An assignee's link, and what it opens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Harness
from worker.app.acts.assignee import Assignment
from worker.app.tell.signed_links import Dead, LinkDead

Start = Callable[..., Harness]
DEE = "dee@corp.example"


def ward_told(company: Harness) -> Harness:
    """Ann has left and is still in the ward's group; dee, its admin, was told."""
    company.leave("ann")
    company.settle()
    company.deliver()
    company.later()
    return company


def token_of(harness: Harness, number: int = 1) -> str:
    return harness.link(number).rpartition("/t/")[2]


def look(harness: Harness, token: str) -> Assignment:
    return harness.assigned.look(token, harness.now)


def why_dead(harness: Harness, token: str) -> Dead:
    with pytest.raises(LinkDead) as dead:
        look(harness, token)
    return dead.value.why
