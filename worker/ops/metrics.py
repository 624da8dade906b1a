"""One process's counts of its own work, for Prometheus; figures of the stored state are in `stored_metrics`.

Nothing here names a person: labels are the names of sources, channels and jobs, and status numbers. When a process
ends, its counts since the last scrape are lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Lock

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from worker.app.jobs.observer import Silent
from worker.app.jobs.report import Report
from worker.app.jobs.table import JOBS
from worker.domain.kinds import is_exposure
from worker.domain.reconcile.plan import Action, ActionKind
from worker.ports import Count, Fact, Metric, Noted
from worker.ports.state.outbox import Delivery, Outcome

NO_ANSWER = "none"  # the label's value if there was no answer, and so no status

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_TO_TICKET = (
    *(5, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE),
    *(_HOUR, 4 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY, 30 * _DAY),
)
_TO_PROOF = (
    *(15 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR),
    *(_DAY, 2 * _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY),
)
_OF_A_RUN = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR)
# Without a second figure for each counter with its start: process_start_time_seconds says that for all
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's is the one without types


class Metrics(Silent):
    """Counters and histograms, in a registry of their own. Threads may share it.

    `notes` are all that connectors may take, so that their metrics have a heading from the start.
    """

    def __init__(self, channels: Iterable[str] = (), notes: Iterable[Noted] = ()) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._to_ticket = Histogram(
            "whosleft_leaver_to_ticket_seconds",
            "From somebody's leaving, as the directory dates it, to the ticket for their removal from a group.",
            buckets=_TO_TICKET,
            registry=registry,
        )
        self._to_proof = Histogram(
            "whosleft_ticket_to_verified_seconds",
            "From the opening of a removal's ticket to the proof that they are out of the group.",
            buckets=_TO_PROOF,
            registry=registry,
        )
        self._deliveries = Counter(
            "whosleft_deliveries_total",
            "Attempts to deliver a message over a channel, by what became of each.",
            ("channel", "outcome"),
            registry=registry,
        )
        for channel in channels:
            for outcome in Outcome:
                self._deliveries.labels(channel, outcome.value)  # a rate needs the 0 before the first
        self._runs = Histogram(
            "whosleft_job_duration_seconds",
            "How long the runs of a job took in this process, failed ones too.",
            ("job",),
            buckets=_OF_A_RUN,
            registry=registry,
        )
        for job in JOBS:
            self._runs.labels(job)
        self._lock = Lock()
        self._noted: dict[Metric, Counter | Gauge] = {}
        for note in notes:
            for count in note.counts:
                self._figure(count.metric)

    def ran(self, report: Report, took_s: float, /) -> None:
        """Count a recorded run, with the tickets it opened and verified."""
        self._runs.labels(report.job).observe(took_s)
        for action in report.plan.actions:
            self._acted(action)

    def _acted(self, action: Action) -> None:
        ticket = action.ticket
        if not is_exposure(ticket):
            return
        if action.kind is ActionKind.OPEN and ticket.left_at is not None:
            self._to_ticket.observe(_passed_s(ticket.left_at, ticket.opened_at))
        elif action.kind is ActionKind.VERIFY and ticket.verified_at is not None:
            self._to_proof.observe(_passed_s(ticket.opened_at, ticket.verified_at))

    def delivered(self, delivery: Delivery, outcome: Outcome, _began_at: datetime, /) -> None:
        """Count one attempt."""
        self._deliveries.labels(delivery.notifier, outcome.value).inc()

    def noted(self, event: Noted, fields: Mapping[str, Fact], /) -> None:
        """Count one note of a source (the field `source`)."""
        for count in event.counts:
            said = fields.get(count.by)
            amount = count.otherwise if said is None else float(said)
            if amount is not None:
                self._count(count, str(fields["source"]), fields.get(count.label_from), amount)

    def _count(self, count: Count, source: str, label: Fact, amount: float) -> None:
        labels = (source, count.label or str(label or NO_ANSWER)) if count.metric.label else (source,)
        figure = self._figure(count.metric)
        if isinstance(figure, Gauge):
            figure.labels(*labels).set(amount)
        else:
            figure.labels(*labels).inc(amount)

    def _figure(self, metric: Metric) -> Counter | Gauge:
        with self._lock:  # notes come from any thread
            if metric not in self._noted:
                of = Gauge if metric.is_gauge else Counter
                labels = ("source", metric.label) if metric.label else ("source",)
                self._noted[metric] = of(metric.name, metric.text, labels, registry=self.registry)
            return self._noted[metric]


def _passed_s(before: datetime, after: datetime) -> float:
    return max((after - before).total_seconds(), 0.0)  # a directory's clock may be ahead of ours
