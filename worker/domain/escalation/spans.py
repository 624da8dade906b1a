"""Spans of time: what two lists have in common, and what is left of one.

A span is half-open, [from, until), with a value that goes along. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Span(Generic[Value]):
    """From `from_at`, inclusive, until `until_at`, exclusive; aware UTC."""

    from_at: datetime
    until_at: datetime
    value: Value

    def within(self, since: datetime, until: datetime) -> Span[Value] | None:
        """The part of it that lies in [since, until); None if there is none."""
        first, last = max(self.from_at, since), min(self.until_at, until)
        return replace(self, from_at=first, until_at=last) if first < last else None


def common(spans: Iterable[Span[Value]], free: Sequence[Span[None]]) -> list[Span[Value]]:
    """Return the parts of `spans` that lie within a free span, with their values."""
    parts = (span.within(one.from_at, one.until_at) for span in spans for one in free)
    return [part for part in parts if part is not None]


def left(free: Sequence[Span[None]], taken: Iterable[Span[Value]]) -> list[Span[None]]:
    """Return the parts of the free spans (ascending and disjoint) that no taken span covers."""
    remaining = list(free)
    for one in taken:
        cut = (part for span in remaining for part in _without(span, one.from_at, one.until_at))
        remaining = [part for part in cut if part is not None]
    return remaining


def _without(span: Span[None], since: datetime, until: datetime) -> tuple[Span[None] | None, ...]:
    if until <= span.from_at or span.until_at <= since:
        return (span,)
    return span.within(span.from_at, since), span.within(until, span.until_at)


def joined(spans: Iterable[Span[Value]]) -> list[Span[Value]]:
    """Join spans of one value that touch or overlap, and return all by beginning.

    Spans of different values may still overlap.
    """
    whole: list[Span[Value]] = []
    latest: dict[Value, int] = {}  # where the last span of each value stands
    for span in sorted(spans, key=lambda one: (one.from_at, one.until_at)):
        at = latest.get(span.value)
        if at is not None and span.from_at <= whole[at].until_at:
            whole[at] = replace(whole[at], until_at=max(whole[at].until_at, span.until_at))
        else:
            latest[span.value] = len(whole)
            whole.append(span)
    return whole
