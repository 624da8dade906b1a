"""Traces for an OpenTelemetry collector: one for each run that did something, and one for each ticket.

    run "poll"  <- link -  run "reconcile"  <- link -  ticket  (opened) - delivery, delivery …  - link ->  run "deliver"

The id of a ticket's trace is made from the ticket's id, so that the process that delivers a message about it finds
the trace without storing anything. Spans are made from a run's report when it is over; a run that is cut off leaves
none. Nothing in them names a person. Needs the packages of the extra `opentelemetry`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock, Thread

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from worker.app.jobs.observer import Silent
from worker.app.jobs.report import Report
from worker.app.jobs.table import JOBS
from worker.domain.reconcile.plan import ActionKind
from worker.domain.tickets.ticket import Ticket, ticket_label
from worker.ops.jobs import has_done
from worker.ops.masking import mask_text
from worker.ports import Fact, Noted
from worker.ports.state.outbox import Delivery, Outcome

PATH = "/v1/traces"
ANSWER_MAX_S = 5.0  # for the collector's answer
END_WITHIN_S = 2.0  # for sending at the process's end; spans that are not sent by then are lost
REQUESTS_MAX = 500  # spans of requests in one run
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")
_OF_A_REQUEST = ("source", "method", "status", "request_id", "client_request_id", "error")

Nanos = int
Facts = dict[str, str | int | float]


class OtlpTraces(Silent):
    """Sends traces to the collector at `endpoint` (its base address). Call `close` at the end."""

    def __init__(self, endpoint: str, process: str, version: str, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._ids = _Ids()
        resource = Resource.create(
            {"service.name": "whosleft", "service.version": version, "service.instance.id": process}
        )
        self._provider = TracerProvider(id_generator=self._ids, resource=resource, shutdown_on_exit=False)
        self._exporter = OTLPSpanExporter(f"{endpoint}{PATH}", timeout=ANSWER_MAX_S)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("whosleft", version)
        self._salt = b""
        self._current = _Current()
        self._reads: dict[str, SpanContext] = {}  # the last run that found something, by job
        self._lock = Lock()

    def opened(self, secret: str, /) -> None:
        self._salt = sha256(secret.encode()).digest()

    def close(self) -> None:
        thread = Thread(target=self._provider.shutdown, name="traces", daemon=True)
        thread.start()
        thread.join(END_WITHIN_S)
        if thread.is_alive():
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # gives up its repeats

    # --- while a run goes on ---------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator[None]:
        self._current.run = _TracedRun(self._now())
        try:
            yield
        finally:
            self._current.run = None

    def delivered(self, delivery: Delivery, outcome: Outcome, began_at: datetime, /) -> None:
        run = self._current.run
        if run is not None:
            run.deliveries.append((delivery, outcome, _nanos(began_at), self._now()))

    def noted(self, event: Noted, fields: Mapping[str, Fact], /) -> None:
        run, took_s = self._current.run, fields.get("took_s")
        if run is not None and isinstance(took_s, int | float) and len(run.requests) < REQUESTS_MAX:
            now = self._now()
            run.requests.append((event, fields, now - round(took_s * 1e9), now))

    # --- when it is over -------------------------------------------------------------------------

    def ran(self, report: Report, _took_s: float, /) -> None:
        run = self._current.run
        if run is None or _is_idle(report, run):
            return
        now = self._now()
        of_run = self._run(report, run, now)
        for event, fields, began, ended in run.requests:
            facts: Facts = {name: value for name in _OF_A_REQUEST if (value := fields.get(name)) is not None}
            noun, _, _ = event.name.partition(".")
            self._begun(f"{noun}: {fields.get('what')}", began, facts, parent=of_run).end(ended)
        for delivery, outcome, began, ended in run.deliveries:
            self._delivery(delivery, outcome, began, ended, of_run)
        for action in report.plan.actions:
            if action.kind is ActionKind.OPEN:
                self._ticket(action.ticket, of_run, now)

    def _run(self, report: Report, run: _TracedRun, now: Nanos) -> SpanContext:
        facts: Facts = {f"whosleft.{name}": count for name, count in report.counts.items() if count}
        span = self._begun(report.job, run.began, facts, self._fed(report))
        if report.troubles:
            span.set_status(StatusCode.ERROR, mask_text(report.troubles[0]))
        span.end(now)
        context = span.get_span_context()
        if JOBS[report.job].feeds and has_done(report):
            with self._lock:
                self._reads[report.job] = context
        return context

    def _fed(self, report: Report) -> list[Link]:
        """Links to this process's reads for this job since its last run, such as a poll before a reconcile."""
        with self._lock:
            reads = [name for name in self._reads if report.job in JOBS[name].feeds]
            return [Link(self._reads.pop(name)) for name in reads]

    def _ticket(self, ticket: Ticket, of_run: SpanContext, now: Nanos) -> None:
        facts: Facts = {"whosleft.ticket": ticket.label, "whosleft.kind": ticket.kind.value}
        if ticket.left_at is not None:
            facts["whosleft.leaver_to_ticket_s"] = (ticket.opened_at - ticket.left_at).total_seconds()
        with self._ids.pinned(*self._ids_of(ticket.id)):
            span = self._begun("ticket", min(_nanos(ticket.opened_at), now), facts, [Link(of_run)])
        span.end(now)

    def _delivery(
        self, delivery: Delivery, outcome: Outcome, began: Nanos, ended: Nanos, of_run: SpanContext
    ) -> None:
        """Add the delivery to the run's trace, and to the trace of each ticket that the message is about."""
        numbers = sorted({item.ticket for item in delivery.items if item.ticket is not None})
        tickets = [self._context_of(number) for number in numbers]
        facts: Facts = {"whosleft.channel": delivery.notifier, "whosleft.outcome": outcome.value}
        for parent, links in ((of_run, tickets), *((one, [of_run]) for one in tickets)):
            span = self._begun("delivery", began, facts, [Link(one) for one in links], parent)
            if outcome is not Outcome.SENT:
                span.set_status(StatusCode.ERROR, outcome.value)
            span.end(ended)

    def _begun(
        self,
        name: str,
        began: Nanos,
        facts: Facts,
        links: Sequence[Link] = (),
        parent: SpanContext | None = None,
    ) -> Span:
        context = Context()
        if parent is not None:
            context = set_span_in_context(NonRecordingSpan(parent), context)
        return self._tracer.start_span(name, context, attributes=facts, links=links, start_time=began)

    def _context_of(self, ticket: int) -> SpanContext:
        flags = TraceFlags(TraceFlags.SAMPLED)
        return SpanContext(*self._ids_of(ticket), is_remote=True, trace_flags=flags)

    def _ids_of(self, ticket: int) -> tuple[int, int]:
        """The ids of a ticket's trace and of its first span; neither may be 0, which means none."""
        digest = sha256(self._salt + ticket_label(ticket).encode()).digest()
        return int.from_bytes(digest[:16], "big") | 1, int.from_bytes(digest[16:24], "big") | 1

    def _now(self) -> Nanos:
        return _nanos(self._clock())


@dataclass
class _TracedRun:
    """What is known about a run before it is over."""

    began: Nanos
    deliveries: list[tuple[Delivery, Outcome, Nanos, Nanos]] = field(default_factory=list)
    requests: list[tuple[Noted, Mapping[str, Fact], Nanos, Nanos]] = field(default_factory=list)


def _is_idle(report: Report, run: _TracedRun) -> bool:
    """True if the run did nothing: a trace for each look into an empty outbox would hide the others."""
    return report.plan.is_empty and not (report.troubles or run.deliveries or has_done(report))


class _Current(threading.local):
    run: _TracedRun | None = None


class _Ids(RandomIdGenerator):
    """Random ids, except for spans that this thread begins while it has pinned ids."""

    def __init__(self) -> None:
        self._pins = threading.local()

    @contextmanager
    def pinned(self, trace: int, span: int) -> Iterator[None]:
        self._pins.ids = trace, span
        try:
            yield
        finally:
            del self._pins.ids

    def generate_trace_id(self) -> int:
        ids: tuple[int, int] | None = getattr(self._pins, "ids", None)
        return super().generate_trace_id() if ids is None else ids[0]

    def generate_span_id(self) -> int:
        ids: tuple[int, int] | None = getattr(self._pins, "ids", None)
        return super().generate_span_id() if ids is None else ids[1]


def _nanos(at: datetime) -> Nanos:
    return (at - EPOCH) // timedelta(microseconds=1) * 1000
