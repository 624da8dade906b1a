"""A declared inventory beside those of a harness."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from connectors.inventory.declared import SPEC
from contracts.inventory import context
from harness import Harness
from worker.domain.reconcile.guard import GuardLimits

DECLARED = "said"


def add_declared(
    harness: Harness, limits: GuardLimits | None = None, confirm_every: timedelta | None = None
) -> Harness:
    """Give the company a declared inventory; its own inventory is a list that people keep."""
    harness.wards.can = replace(harness.wards.can, is_kept_by_people=True)
    made = SPEC.build(SPEC.config(), replace(context(), name=DECLARED, now=harness.clock))
    connectors: Any = SimpleNamespace(
        advisory_feeds=(),
        trackers=(),
        directories=harness.directories,
        inventories=(*harness.inventories, made),
        notifiers=harness.notifiers,
    )
    rules = harness.app.rules
    confirmed = {DECLARED: confirm_every} if confirm_every else {}
    harness.start(replace(rules, limits=limits or rules.limits, confirm_every=confirmed), connectors)
    return harness
