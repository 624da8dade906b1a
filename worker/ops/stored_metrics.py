"""Figures that are read from the database at each scrape: every process shows the same.

If the database does not answer, only `whosleft_database_up` is left, and is 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from math import inf

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.app.jobs.table import JOBS
from worker.domain.tickets.ticket import LIVE, TicketKind, TicketState
from worker.domain.watch.alarms import AlarmCause
from worker.ops.patience import PatientCall
from worker.ops.statusz import Source
from worker.ports.state.figures import Figures
from worker.ports.state.overview import Part
from worker.ports.state.sources import SourceState
from worker.ports.state.tickets import TicketSort

KEEP_S = 5.0  # the database is asked at most once in this time, for all scrapes


class StoredMetrics(Collector):
    """Collected at each scrape. `held` are the jobs whose leases this process holds now; None: it has no jobs."""

    def __init__(
        self,
        figures: Callable[[datetime], Figures],
        sources: Sequence[Source],
        clock: Callable[[], datetime],
        held: Callable[[], Collection[str]] | None = None,
    ) -> None:
        self._figures = PatientCall(lambda: figures(clock()), keep_s=KEEP_S)
        self._sources = sources
        self._clock = clock
        self._held = held

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering does not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        if self._held is not None:
            yield _lease_held(self._held())
        try:
            figures = self._figures.answer()
        except Exception:  # noqa: BLE001  /readyz and the log say what is wrong with the database
            yield _up(0)
            return
        now = self._clock()
        yield _up(1)
        yield from _of_tickets(figures, now)
        yield from _of_sources(figures.standing.sources, self._sources, now)
        yield _job_age(figures, now)
        yield _alarms(figures)


def _up(value: int) -> Metric:
    return GaugeMetricFamily("whosleft_database_up", "1: the database answered this scrape.", value)


def _lease_held(held: Collection[str]) -> Metric:
    family = GaugeMetricFamily(
        "whosleft_lease_held", "1 while this process holds the lease of the job, which is while it runs it.",
        labels=("job",),
    )  # fmt: skip
    for job in JOBS:
        family.add_metric((job,), int(job in held))
    return family


def _of_tickets(figures: Figures, now: datetime) -> Iterator[Metric]:
    exposed = GaugeMetricFamily(
        "whosleft_exposed_memberships",
        "Memberships that should have ended, and of which that is not proved: asked of somebody, waiting for a "
        "decision about a held plan, or asked of nobody.",
        labels=("part",),
    )
    for part in Part:
        exposed.add_metric((part.value,), figures.exposed[part].memberships)
    yield exposed
    count = GaugeMetricFamily("whosleft_tickets", "Tickets by kind and state.", labels=("kind", "state"))
    oldest = GaugeMetricFamily(
        "whosleft_oldest_ticket_age_seconds",
        "Since the oldest live ticket of the kind and state was opened; nothing where there is none.",
        labels=("kind", "state"),
    )
    for kind in TicketKind:
        for state in TicketState:
            pile = figures.tickets.get(TicketSort(state, kind))
            count.add_metric((kind.value, state.value), pile.count if pile else 0)
            if pile and state in LIVE:
                oldest.add_metric((kind.value, state.value), _age_s(pile.oldest_at, now))
    yield count
    yield oldest
    yield GaugeMetricFamily("whosleft_overdue_tickets", "Open tickets whose time is over.", figures.overdue)
    yield GaugeMetricFamily(
        "whosleft_held_plans", "Plans that wait for somebody to release or reject them.", figures.held_plans
    )
    yield GaugeMetricFamily(
        "whosleft_outbox_waiting", "Messages that may go and did not arrive yet.", figures.outbox_waiting
    )
    copies = GaugeMetricFamily(
        "whosleft_copies", "Copies of tickets in trackers.", labels=("tracker", "state")
    )
    for (tracker, copy_state), number in sorted(figures.copies.items()):
        copies.add_metric((tracker, copy_state.value), number)
    yield copies


def _of_sources(states: Sequence[SourceState], sources: Sequence[Source], now: datetime) -> Iterator[Metric]:
    labels = ("source", "port")
    up = GaugeMetricFamily("whosleft_source_up", "1: the last read of the source was good.", labels=labels)
    age = GaugeMetricFamily(
        "whosleft_source_age_seconds", "Age of what the source last said; +Inf: it never said anything.",
        labels=labels,
    )  # fmt: skip
    count = GaugeMetricFamily(
        "whosleft_source_count", "What the last good read of the source counted.", labels=(*labels, "what")
    )
    known = {(state.name, state.port): state for state in states}
    for source in sources:
        key = source.name, source.port
        state = known.get(key) or SourceState(*key)
        up.add_metric(key, int(state.trouble is None and state.last_success_at is not None))
        age.add_metric(key, _age_s(state.taken_at, now))
        for what, number in state.counts.items():
            count.add_metric((*key, what), number)
    yield up
    yield age
    yield count


def _job_age(figures: Figures, now: datetime) -> Metric:
    family = GaugeMetricFamily(
        "whosleft_job_age_seconds",
        "Since the last run of the job, by any process, in which all went well; +Inf: there was none.",
        labels=("job",),
    )
    good = {name: ok_at for name, _, ok_at, _ in figures.standing.jobs}
    for job in JOBS:
        family.add_metric((job,), _age_s(good.get(job), now))
    return family


def _alarms(figures: Figures) -> Metric:
    family = GaugeMetricFamily(
        "whosleft_alarms", "What is wrong with the worker itself and was told, by cause.", labels=("cause",)
    )
    standing = Counter(one.cause for one in figures.standing.alarms)
    for cause in AlarmCause:
        family.add_metric((cause.value,), standing[cause])
    return family


def _age_s(at: datetime | None, now: datetime) -> float:
    return inf if at is None else max((now - at).total_seconds(), 0.0)
