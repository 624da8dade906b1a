"""What a connector says that it did: for the log and the metrics, which are the worker's (worker/ops/notes.py).

A note is an event with its fixed fields, listed in worker/ops/events.py. No field holds a secret, an address
with its query, or anything of a person.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, TypeAlias

Fact: TypeAlias = str | float | None  # of a note; None: not said


class Noted(StrEnum):
    """What can be noted, by the name that it has in the log."""

    GRAPH_ANSWERED = "graph.answered"
    GRAPH_REFUSED = "graph.refused"
    GRAPH_THROTTLED = "graph.throttled"
    GRAPH_UNANSWERED = "graph.left_unanswered"
    GRAPH_HELD_BACK = "graph.held_back"
    SUBSCRIPTION_MADE = "subscription.made"
    SUBSCRIPTION_RENEWED = "subscription.renewed"
    SUBSCRIPTION_REFUSED = "subscription.refused"
    SUBSCRIPTION_ENDED = "subscription.ended"
    CALL_ACCEPTED = "call.accepted"
    CALL_REFUSED = "call.refused"


class Note(Protocol):
    """Takes down what was done: from any thread, at once, and without ever raising."""

    def __call__(self, event: Noted, /, **fields: Fact) -> None: ...


def note_nothing(_event: Noted, /, **_fields: Fact) -> None:
    """Nobody wants to know."""
