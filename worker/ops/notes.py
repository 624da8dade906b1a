"""What connectors say that they did: a line of the log each, counted, and traced.

An ordinary request is a line, too: which one answered wrongly is known only days later, and then Microsoft's
support asks for its ids. In a quiet tenant that is one a poll.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import structlog

from worker.ops import events
from worker.ops.metrics import Metrics
from worker.ops.traces import NoTraces, Traces
from worker.ports import Fact, Noted

_LEVELS: Mapping[str, int] = {
    events.GRAPH_ANSWERED: logging.INFO,
    events.GRAPH_REFUSED: logging.WARNING,
    events.GRAPH_THROTTLED: logging.WARNING,
    events.GRAPH_UNANSWERED: logging.WARNING,
    events.GRAPH_HELD_BACK: logging.INFO,
    events.SUBSCRIPTION_MADE: logging.INFO,
    events.SUBSCRIPTION_RENEWED: logging.INFO,
    events.SUBSCRIPTION_REFUSED: logging.WARNING,
    events.SUBSCRIPTION_ENDED: logging.WARNING,
    events.CALL_ACCEPTED: logging.INFO,
    events.CALL_REFUSED: logging.WARNING,
}

log = structlog.stdlib.get_logger(__name__)


class Notes:
    """`ConnectorContext.note`, of all connectors of a process; the field `source` says of which."""

    def __init__(self, metrics: Metrics, traces: Traces | None = None) -> None:
        self._metrics = metrics
        self._traces = traces or NoTraces()

    def __call__(self, event: Noted, /, **fields: Fact) -> None:
        self._metrics.count(event, fields)
        self._traces.noted(fields)
        told = {name: value for name, value in fields.items() if value is not None}
        log.log(_LEVELS[event], event.value, **told)
