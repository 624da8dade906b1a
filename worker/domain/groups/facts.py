"""What is known of a group besides its members, from one read to the next. Pure.

facts of this read + facts as known -> what this read did not ask for stays, with its age; the link's changes are noted
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from worker.domain.model import Fact, GroupFacts


def unasked(read: GroupFacts, facts: Iterable[Fact]) -> GroupFacts:
    """Return what a read shows, which did not ask for these facts; one that it shows all the same counts as read."""
    named = {fact for fact, _at in read.read_apart}
    missing = [fact for fact in sorted(facts) if getattr(read, fact) is None and fact not in named]
    return replace(read, read_apart=(*read.read_apart, *((fact, None) for fact in missing)))


def carried(read: GroupFacts, known: GroupFacts) -> GroupFacts:
    """Return the facts after a read of them; `known` is how they stood before it.

    =================================  ==================================================================
    the read did not ask for a fact    it is as known, and `read_at_of` still says when that was read
    asked for, and not shown           not known any more
    the link is another than known     `link_changed_at` is this read, `link_before_at` the last one before
    the first link that is shown       `link_changed_at` is this read, and nothing says that it was changed
    =================================  ==================================================================
    """
    missing = [fact for fact, at in read.read_apart if at is None]
    values: dict[str, Any] = {fact: getattr(known, fact) for fact in missing}
    apart = dict(read.read_apart) | {fact: known.read_at_of(fact) for fact in missing}
    return _with_changes(replace(read, **values, read_apart=tuple(sorted(apart.items()))), known)


def with_look(known: GroupFacts, look: GroupFacts) -> GroupFacts:
    """Return the facts after a closer look, of which only those in `look.read_apart` count."""
    values: dict[str, Any] = {fact: getattr(look, fact) for fact, _at in look.read_apart}
    apart = tuple(sorted((dict(known.read_apart) | dict(look.read_apart)).items()))
    return _with_changes(replace(known, **values, read_apart=apart), known)


def to_ask(
    known: GroupFacts, costly: Iterable[Fact], before: datetime | None, *, is_urgent: bool
) -> frozenset[Fact]:
    """Return which of the costly facts to ask for: those that nobody asked for since `before` (None: whenever), or,
    if it is urgent, that are older than the rest.
    """

    def is_old(fact: Fact) -> bool:
        at = known.read_at_of(fact)
        if at is None or (before is not None and at < before):
            return True
        return is_urgent and known.read_at is not None and at < known.read_at

    return frozenset(filter(is_old, costly))


def _with_changes(now: GroupFacts, known: GroupFacts) -> GroupFacts:
    changed_at, before_at = _changes(now, known)
    return replace(now, link_changed_at=changed_at, link_before_at=before_at)


def _changes(now: GroupFacts, known: GroupFacts) -> tuple[datetime | None, datetime | None]:
    if now.link_sha256 is None:
        return None, None
    if now.link_sha256 == known.link_sha256:
        return known.link_changed_at, known.link_before_at
    before_at = None if known.link_sha256 is None else known.read_at_of(Fact.LINK)
    return now.read_at_of(Fact.LINK), before_at
