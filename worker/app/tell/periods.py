"""What is told once in a period, such as a week, and was told by a clock that was ahead: its time comes once more.

The keys of its messages name the period. A mark keeps the last one that was told of, and when. If that lies ahead of
now, a wrong clock told of it: the mark goes back, so that the period begins again once it comes.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from worker.domain.instants import APART_MAX
from worker.ports.state.store import UnitOfWork
from worker.ports.state.watched import WatchMark

_AGAIN = ":again"


def set_right(uow: UnitOfWork, name: str, period: str, now: datetime) -> str:
    """Put back a mark that lies ahead of `now` (aware UTC), or make the first; return the text of the mark.

    `name` is what is told. `period` is the present one: the greater its text, the later it begins.
    """
    mark = uow.watched.marks().get(name)
    if mark is not None and mark.at <= now + APART_MAX:
        return mark.text
    uow.watched.mark(WatchMark(name, now, period))
    return period


def begins(uow: UnitOfWork, name: str, period: str, now: datetime) -> bool:
    """Whether the present period is later than the last one that was told of; once, then it is the last."""
    is_new = set_right(uow, name, period, now) < period
    if is_new:
        uow.watched.mark(WatchMark(name, now, period))
    return is_new


def unused(uow: UnitOfWork, keys: Collection[str]) -> dict[str, str]:
    """By key, the key to tell it under: another one if it was used before, when a wrong clock had come to it."""
    known = uow.outbox.known(keys)
    return {key: f"{key}{_AGAIN}" if key in known else key for key in keys}


def ever_used(keys: Collection[str]) -> list[str]:
    """These keys, and those by which `unused` replaces them."""
    return [*keys, *(f"{key}{_AGAIN}" for key in keys)]
