"""A ward whose member has left, for the pages of whoever has a link."""

from __future__ import annotations

from harness import Harness

STAFF = ("ann", "ben", "cem", "dee", "eve")


def ward_with_a_leaver() -> Harness:
    """Ann has left and is still in two of dee's groups."""
    harness = Harness()
    harness.hire(*STAFF)
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    harness.group("ward-8", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness
