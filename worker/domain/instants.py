"""Instants that something waits for, after a clock was wrong for a while.

A clock that was ahead leaves instants behind that would keep everything waiting until they come. Each has a bound of
its own: how far ahead anything sets it. One that lies further ahead than that was set by a wrong clock, and counts as
come.
"""

from __future__ import annotations

from datetime import datetime, timedelta

APART_MAX = timedelta(hours=1)  # two processes' ideas of now: clocks differ, and a run goes by when it began


def has_come(at: datetime, now: datetime, longest: timedelta) -> bool:
    """Whether an instant that was set at most `longest` ahead has come, or can't be right."""
    return not now < at <= now + longest
