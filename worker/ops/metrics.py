"""What one process counted of its own doing, for Prometheus; what is stored is in `stored_metrics`.

Nothing here names a person: labels are the names of sources, channels and jobs, and numbers of statuses. What
a process counted since its last scrape is lost with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from worker.app.jobs.report import Report
from worker.app.jobs.table import JOBS
from worker.domain.kinds import is_exposure
from worker.domain.reconcile.plan import Action, ActionKind
from worker.ports import Fact, Noted
from worker.ports.state.outbox import Delivery, Outcome

NO_ANSWER = "none"  # in place of a status
_OF_SUBSCRIPTIONS: Mapping[Noted, str] = {
    Noted.SUBSCRIPTION_MADE: "made",
    Noted.SUBSCRIPTION_RENEWED: "renewed",
    Noted.SUBSCRIPTION_REFUSED: "refused",
    Noted.SUBSCRIPTION_ENDED: "ended",
}
_OF_CALLS: Mapping[Noted, str] = {Noted.CALL_ACCEPTED: "accepted", Noted.CALL_REFUSED: "refused"}

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
# A second figure for each counter, of when it began: process_start_time_seconds says that for all of them
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's is the one without types


class Metrics:
    """Counters and histograms, in a registry of their own. Threads may share it."""

    def __init__(self, channels: Iterable[str] = ()) -> None:
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
        source = ("source",)
        self._requests = Counter(
            "whosleft_graph_requests_total",
            "Requests to Microsoft Graph, by the status of the answer (none: no answer came).",
            ("source", "status"),
            registry=registry,
        )
        self._units = Counter(
            "whosleft_graph_resource_units_total",
            "Resource units that Microsoft Graph counted, or by its documentation counts, for them.",
            source,
            registry=registry,
        )
        self._throttled = Counter(
            "whosleft_graph_throttled_total",
            "Requests that Microsoft Graph put off (429, 503).",
            source,
            registry=registry,
        )
        self._held_back = Counter(
            "whosleft_graph_held_back_total",
            "Requests that were not sent, because it was too soon after a wait or for the tenant's budget.",
            source,
            registry=registry,
        )
        self._limit_ratio = Gauge(
            "whosleft_graph_throttle_limit_ratio",
            "Share of the app's limit in the tenant that is used; Microsoft Graph tells it from 0.8 on, else it is 0.",
            source,
            registry=registry,
        )
        self._subscriptions = Counter(
            "whosleft_graph_subscriptions_total",
            "What became of our subscription to Microsoft Graph's notifications, and how often.",
            ("source", "outcome"),
            registry=registry,
        )
        self._calls = Counter(
            "whosleft_graph_calls_total",
            "Calls that came in as Microsoft Graph's, by whether something in them was believed, or was not.",
            ("source", "outcome"),
            registry=registry,
        )

    def ran(self, report: Report, took_s: float) -> None:
        """Take down a run that was recorded, with what it opened and proved."""
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

    def delivered(self, delivery: Delivery, outcome: Outcome, _began_at: datetime) -> None:
        """Count one attempt."""
        self._deliveries.labels(delivery.notifier, outcome.value).inc()

    def count(self, event: Noted, fields: Mapping[str, Fact]) -> None:
        """Count one note of a source (the field `source`)."""
        source = str(fields["source"])
        if event in _OF_SUBSCRIPTIONS or event in _OF_CALLS:
            self._count_outcome(event, source, _number(fields.get("calls", 1)))
        else:
            self._count_request(event, source, fields)

    def _count_outcome(self, event: Noted, source: str, times: float) -> None:
        for figure, outcomes in ((self._subscriptions, _OF_SUBSCRIPTIONS), (self._calls, _OF_CALLS)):
            for outcome in outcomes.values():
                figure.labels(source, outcome)  # a rate needs the 0 before the first
            if event in outcomes:
                figure.labels(source, outcomes[event]).inc(times)

    def _count_request(self, event: Noted, source: str, fields: Mapping[str, Fact]) -> None:
        for figure in (self._throttled, self._held_back):
            figure.labels(source)  # a rate needs the 0 before the first
        if event is Noted.GRAPH_HELD_BACK:
            self._held_back.labels(source).inc()
            return
        self._requests.labels(source, str(fields.get("status") or NO_ANSWER)).inc()
        self._units.labels(source).inc(_number(fields.get("units")))
        if event is Noted.GRAPH_THROTTLED:
            self._throttled.labels(source).inc()
        share = fields.get("throttle_share")
        if share is not None or event is Noted.GRAPH_ANSWERED:  # a good answer is silent below 0.8
            self._limit_ratio.labels(source).set(_number(share))


def _number(value: Fact) -> float:
    return float(value or 0)


def _passed_s(before: datetime, after: datetime) -> float:
    return max((after - before).total_seconds(), 0.0)  # a directory's clock may be ahead of ours
