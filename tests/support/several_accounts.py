"""A ward of four, of twenty people whom two directories know, joined by their immutable id; dee is its admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from builders import facts
from harness import Harness

CORP, TENANT = 0, 1


def known_twice(found: Callable[..., Harness], *more: str, has_group: bool = True, **wishes: Any) -> Harness:
    """The company after its first pass; `more` are people besides. The tenant calls ann cloud-ann."""
    harness = found(directories=("corp", "tenant"), **wishes)
    for one in ("ann", "ben", "cem", "dee", *more, *(f"p{number}" for number in range(16))):
        harness.hire(one, immutable_id=f"g-{one}")
        harness.directories[TENANT].put(facts(f"cloud-{one}", immutable_id=f"g-{one}"))
    if has_group:
        harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    harness.settle()
    harness.later()
    return harness


def ann_leaves(harness: Harness, at: datetime | None) -> None:
    """Both directories say when Ann leaves, or that she stays after all; then the jobs run, that of controls last."""
    harness.corp.change("ann", leave_at=at)
    harness.directories[TENANT].put(facts("cloud-ann", immutable_id="g-ann", leave_at=at))
    harness.settle()
    harness.control()


def nights(harness: Harness, count: int = 2) -> None:
    """What happens now, and so many nightly passes."""
    harness.settle()
    for _ in range(count):
        harness.later()
        harness.settle(full=True)
