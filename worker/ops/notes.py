"""What connectors say that they did: a line of the log each, counted, and traced."""

from __future__ import annotations

import structlog

from worker.ops.metrics import Metrics
from worker.ops.traces import NoTraces, Traces
from worker.ports import Fact, Noted

log = structlog.stdlib.get_logger(__name__)


class Notes:
    """`ConnectorContext.note`, of all connectors of a process; the field `source` says of which."""

    def __init__(self, metrics: Metrics, traces: Traces | None = None) -> None:
        self._metrics = metrics
        self._traces = traces or NoTraces()

    def __call__(self, event: Noted, /, **fields: Fact) -> None:
        self._metrics.count(event, fields)
        self._traces.noted(event, fields)
        told = {name: value for name, value in fields.items() if value is not None}
        log.log(event.level, event.name, **told)
