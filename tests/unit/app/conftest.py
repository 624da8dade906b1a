"""A harness for each test, closed after it; `company` has staff, a ward's group, and its first pass behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

from harness import Harness, company_fixture

Found: TypeAlias = Callable[..., Harness]

STAFF = ("ann", "ben", "cem", "dee", "eve", "fay", "gus", "hal", "ida", "jon",
         "kay", "leo", "mia", "ned", "oli", "pam", "raj", "sue", "tom", "una")  # fmt: skip


@pytest.fixture
def found() -> Iterator[Found]:
    """Make harnesses with whatever a test wants to be different."""
    made: list[Harness] = []

    def make(**wishes: Any) -> Harness:
        made.append(Harness(**wishes))
        return made[-1]

    yield make
    for harness in made:
        harness.close()


@pytest.fixture
def start(found: Found) -> Found:
    """Make a harness of twenty people, a ward's group of four of them, after its first pass."""

    def make(**wishes: Any) -> Harness:
        return _staffed(found(**wishes))

    return make


def _staffed(harness: Harness) -> Harness:
    harness.hire(*STAFF)
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    harness.settle()
    harness.later()
    return harness


@company_fixture
def company() -> Harness:
    return _staffed(Harness())


@pytest.fixture
def desk(company: Harness) -> Harness:
    """Ann has left and is still in the ward's group; her ticket is open and was told."""
    company.leave("ann")
    company.settle()
    company.deliver()
    company.later()
    return company
