"""Notes: a connector reports what it did, for the worker's log, metrics and traces (worker/app/jobs/observer.py).

A connector declares its notes in its `SPEC`. No field holds a secret, an address with its query, or personal data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

Fact: TypeAlias = str | float | None  # the value of a note's field; None: unknown


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure for each source (label `source`), and for each value of one more label if that has a name.

    `name` is Prometheus's name, for a counter without `_total`. `text` says what is counted.
    """

    name: str
    text: str
    label: str = ""
    is_gauge: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """What a note does to a metric: it adds an amount to a counter, or sets a gauge.

    The amount is in the field that `by` names, or is `otherwise` if the note has none; None leaves the metric as it
    is. The metric's label has the value `label`, or the value of the field that `label_from` names. A count of 0
    shows a figure before its first event, which a rate needs.
    """

    metric: Metric
    by: str = ""
    otherwise: float | None = 1.0
    label: str = ""
    label_from: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """A kind of note: its `name` (noun.verb_past) and `level` (of `logging`) in the log, and what it counts.

    In a trace, a note with `took_s` is a span, named by the noun and the field `what`.
    """

    name: str
    level: int
    counts: tuple[Count, ...] = ()


class Note(Protocol):
    """Records what was done: from any thread, at once, and without ever raising.

    It is a callable, not the application's `Observer`: a connector reports only notes, and imports only ports.
    """

    def __call__(self, event: Noted, /, **fields: Fact) -> None: ...
