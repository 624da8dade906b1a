"""Waiting for what a test expects, in real time, with an end."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import TypeVar

SOON_S = 150.0  # on a machine that has other things to do as well

T = TypeVar("T")


def pause(seconds: float) -> None:
    Event().wait(seconds)


def until(what: str, find: Callable[[], T | None], within_s: float = SOON_S) -> T:
    """What is found, once it is something true."""
    end_s = monotonic() + within_s
    while not (found := find()):
        assert monotonic() < end_s, f"not within {within_s:.0f} s: {what}"
        pause(0.05)
    return found
