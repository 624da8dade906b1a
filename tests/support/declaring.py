"""A declared inventory beside those of a harness, and what admins of groups declare."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from connectors.inventory.declared import SPEC
from contracts.inventory import context
from harness import Harness
from worker.app.acts.declared import FilledIn
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey
from worker.domain.reconcile.guard import GuardLimits

ME = Actor("sam", "os:sam")
DECLARED = "said"
REGISTER = GroupKey("wards", "ward-7")
STAFF = ("ann", "ben", "cem", "dee", "eve", "fay")


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


def declared_ward() -> Harness:
    """A register lists ward 7 with two admins; dee is the first whom the directory knows."""
    harness = Harness()
    harness.hire(*STAFF)
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    add_declared(harness)
    harness.settle()
    harness.later()
    return harness


def link(harness: Harness, which: str = "ward-7") -> str:
    """The token of a new link."""
    return harness.app.declaring.link(which, ME, harness.now).rpartition("/g/")[2]


def said(harness: Harness, token: str, *gone: str, **changes: str) -> FilledIn:
    """What the page sends when these people are not ticked."""
    shown = harness.app.declaring.look(token, harness.now)
    out = {harness.number(one) for one in gone}
    kept = frozenset(mark for mark, member in shown.members if member.handle not in out)
    return FilledIn(shown.mark, kept, changes.get("added", ""), changes.get("pasted", ""))


def declare(harness: Harness, token: str, *gone: str, **changes: str) -> bool:
    words = said(harness, token, *gone, **changes)
    mark = harness.app.declaring.check(token, words, harness.now).mark
    return harness.app.declaring.declare(token, words, mark, harness.now)
