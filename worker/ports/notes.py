"""What a connector says that it did: for log, metrics and traces, which are the worker's (worker/app/jobs/observer.py).

A connector declares its notes in its `SPEC`. No field holds a secret, an address with its query, or anything of a
person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

Fact: TypeAlias = str | float | None  # of a note; None: not said


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of each source (its label `source`), and of each value of one more label, if that has a name.

    `name` is as Prometheus shows it, of a counter without `_total`. `text` says what is counted.
    """

    name: str
    text: str
    label: str = ""
    is_gauge: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """What a note does to a metric: it adds so much to a counter, or sets a gauge.

    How much is in the field `by`, or is `otherwise` where that is not said; None leaves the metric as it is. The
    value of the metric's label is `label`, or what the field `label_from` says. A count of 0 shows a figure before
    its first event, which a rate needs.
    """

    metric: Metric
    by: str = ""
    otherwise: float | None = 1.0
    label: str = ""
    label_from: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """What can be noted: `name` (noun.verb_past) and `level` (of `logging`) in the log, and what it counts.

    In a trace, a note with `took_s` is a span named for the noun and the field `what`.
    """

    name: str
    level: int
    counts: tuple[Count, ...] = ()


class Note(Protocol):
    """Takes down what was done: from any thread, at once, and without ever raising.

    A callable, not the application's `Observer`: a connector has this one event to tell, and sees the ports alone.
    """

    def __call__(self, event: Noted, /, **fields: Fact) -> None: ...
