"""What is known of a group besides its members, from one read to the next. Pure.

facts of this read + facts as known -> what this read did not ask for stays, with its age; the link's changes are noted
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from worker.domain.model import GroupFacts


def carried(read: GroupFacts, known: GroupFacts) -> GroupFacts:
    """Return the facts after a read of them; `known` is how they stood before it.

    =================================  ==================================================================
    the read did not ask for a fact    it is as known, and `read_at_of` still says when that was read
    asked for, and not shown           not known any more
    the link is another than known     `link_changed_at` is this read, `link_before_at` the last one before
    the first link that is shown       `link_changed_at` is this read, and nothing says that it was changed
    =================================  ==================================================================
    """
    unasked = [name for name, at in read.read_apart if at is None]
    values: dict[str, Any] = {name: getattr(known, name) for name in unasked}
    apart = dict(read.read_apart) | {name: known.read_at_of(name) for name in unasked}
    now = replace(read, **values, read_apart=tuple(sorted(apart.items())))
    changed_at, before_at = _changes(now, known)
    return replace(now, link_changed_at=changed_at, link_before_at=before_at)


def _changes(now: GroupFacts, known: GroupFacts) -> tuple[datetime | None, datetime | None]:
    if now.link_sha256 is None:
        return None, None
    if now.link_sha256 == known.link_sha256:
        return known.link_changed_at, known.link_before_at
    before_at = None if known.link_sha256 is None else known.read_at_of("link_sha256")
    return now.read_at_of("link_sha256"), before_at
