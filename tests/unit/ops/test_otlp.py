"""Traces as a collector gets them: a leaver can be followed from the poll to the delivery, and nobody is named."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Self

import pytest

from builders import NOW, ticket
from connectors.kit.graph import notes
from fakes.otlp.collector import Collector, SeenSpan, collecting
from worker.app.jobs.report import Report
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.reconcile.plan import Action, ActionKind, Plan
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Ticket
from worker.ops.clock import ManualClock
from worker.ops.otlp import END_WITHIN_S, REQUESTS_MAX, OtlpTraces
from worker.ports import Fact
from worker.ports.state.outbox import Delivery, Outcome, OutMessage

POLL = Report("poll", {"left": 1, "unchanged": 9})
PATIENCE_S = 20.0
SECRET = "a key of the database"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


class Process:
    """One process that traces; what it did is at the collector once it has ended."""

    def __init__(self, collector: Collector, clock: ManualClock, secret: str = SECRET) -> None:
        self.traces = OtlpTraces(collector.address, "host:1", "9.9", clock)
        self.traces.opened(secret)
        self._clock = clock

    def run(self, report: Report, *deliveries: tuple[Delivery, Outcome]) -> None:
        with self.traces.running():
            began_at = self._clock()
            self._clock.advance(timedelta(seconds=2))
            for delivery, outcome in deliveries:
                self.traces.delivered(delivery, outcome, began_at)
            self.traces.ran(report, 2.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.traces.close()


def opened(*tickets: Ticket) -> Report:
    plan = Plan(tuple(Action(ActionKind.OPEN, one, Reason("because")) for one in tickets))
    return Report("reconcile", {"groups": 1, "open": len(tickets)}, plan=plan)


def delivery(*tickets: int | None) -> Delivery:
    items = tuple(
        OutMessage(f"m{at}", CHANNEL, "Ann left", Paragraph("Ann"), ticket=one)
        for at, one in enumerate(tickets)
    )
    return Delivery(1, "whosleft-1", 1, "soc", CHANNEL, items, 1, is_unclear=False, created_at=NOW)


def only(spans: list[SeenSpan]) -> SeenSpan:
    [span] = spans
    return span


def test_a_leaver_is_followed_from_the_poll_to_the_delivery(collector: Collector, clock: ManualClock) -> None:
    with Process(collector, clock) as one, Process(collector, clock) as other:
        one.run(POLL)
        one.run(opened(ticket(id=7, opened_at=clock(), left_at=clock() - timedelta(minutes=1))))
        other.run(Report("deliver", {"sent": 1}), (delivery(7), Outcome.SENT))

    poll, reconcile = only(collector.named("poll")), only(collector.named("reconcile"))
    of_ticket, deliver = only(collector.named("ticket")), only(collector.named("deliver"))
    in_run, in_ticket = sorted(collector.named("delivery"), key=lambda span: span.trace == of_ticket.trace)
    assert reconcile.links == (poll.id,)
    assert (of_ticket.links, of_ticket.parent) == ((reconcile.id,), "")
    assert of_ticket.facts == {
        "whosleft.ticket": "T-000007",
        "whosleft.kind": "remove_member",
        "whosleft.leaver_to_ticket_s": 60,
    }
    assert (in_ticket.trace, in_ticket.parent) == (of_ticket.trace, of_ticket.id), "another process found it"
    assert in_ticket.links == (deliver.id,)
    assert (in_run.trace, in_run.parent, in_run.links) == (deliver.trace, deliver.id, (of_ticket.id,))
    assert in_run.facts == {"whosleft.channel": "soc", "whosleft.outcome": "sent"}
    assert len({span.trace for span in (poll, reconcile, of_ticket, deliver)}) == 4
    assert [span.took_s for span in (poll, of_ticket, in_run)] == [2, 2, 2]


def test_a_run_says_what_it_did_and_whose_it_was(collector: Collector, clock: ManualClock) -> None:
    with Process(collector, clock) as process:
        process.run(POLL)

    poll = only(collector.spans)
    assert poll.facts == {"whosleft.left": 1, "whosleft.unchanged": 9}
    assert (poll.parent, poll.error) == ("", None)
    assert poll.process.items() >= {
        "service.name": "whosleft", "service.version": "9.9", "service.instance.id": "host:1",
    }.items()  # fmt: skip


def test_a_run_that_found_nothing_to_do_leaves_no_trace(collector: Collector, clock: ManualClock) -> None:
    with Process(collector, clock) as process:
        process.run(Report("poll", {"unchanged": 10, "left": 0}))
        process.run(Report("deliver", {"sent": 0}))

    assert collector.spans == []


def test_a_read_is_linked_to_the_next_reconciliation_alone(collector: Collector, clock: ManualClock) -> None:
    with Process(collector, clock) as process:
        process.run(POLL)
        process.run(Report("inventory", {"added": 2}))
        process.run(opened(ticket()))
        process.run(opened(ticket(id=2)))

    first, second = collector.named("reconcile")
    reads = {only(collector.named("poll")).id, only(collector.named("inventory")).id}
    assert (set(first.links), second.links) == (reads, ())


def test_what_failed_is_an_error_that_names_nobody(collector: Collector, clock: ManualClock) -> None:
    trouble = "soc: no account of ann@corp.example with password=geheim-1"
    with Process(collector, clock) as process:
        process.run(Report("deliver", {"retried": 1}, (trouble,)), (delivery(1), Outcome.RETRIED))

    assert (
        only(collector.named("deliver")).error
        == "soc: no account of a•••@corp.example with password=[redacted]"
    )
    assert {span.error for span in collector.named("delivery")} == {"retried"}
    assert "Ann" not in repr(collector.spans)


def test_a_message_about_several_tickets_is_in_the_trace_of_each(
    collector: Collector, clock: ManualClock
) -> None:
    with Process(collector, clock) as process:
        process.run(Report("deliver", {"sent": 1}), (delivery(3, 4, 3, None), Outcome.SENT))

    tickets = [span.facts.get("whosleft.ticket") for span in collector.named("delivery")]
    traces = {span.trace for span in collector.named("delivery")}
    assert (len(tickets), len(traces)) == (3, 3)


def test_tickets_of_another_database_have_other_traces(collector: Collector, clock: ManualClock) -> None:
    for secret in (SECRET, "another key"):
        with Process(collector, clock, secret) as process:
            process.run(opened(ticket(id=7)))

    assert len({span.trace for span in collector.named("ticket")}) == 2


def test_other_actions_open_no_trace_of_a_ticket(collector: Collector, clock: ManualClock) -> None:
    report = opened(ticket(id=7))
    cancelled = replace(report.plan.actions[0], kind=ActionKind.CANCEL)
    with Process(collector, clock) as process:
        process.run(replace(report, plan=Plan((cancelled,))))

    assert [span.name for span in collector.spans] == ["reconcile"]


def test_what_was_asked_of_graph_is_in_the_run_that_asked_up_to_a_limit(
    collector: Collector, clock: ManualClock
) -> None:
    asked: dict[str, Fact] = {
        "source": "tenant",
        "what": "all users",
        "status": 200,
        "took_s": 0.25,
        "code": None,
        "secret": "x",
    }
    with Process(collector, clock) as process:
        process.traces.noted(notes.GRAPH_ANSWERED, asked)
        with process.traces.running():
            process.traces.noted(notes.SUBSCRIPTION_MADE, {"source": "tenant", "ends_at": "tomorrow"})
            for _ in range(REQUESTS_MAX + 1):
                process.traces.noted(notes.GRAPH_ANSWERED, asked)
            process.traces.ran(POLL, 2.0)

    poll, requests = only(collector.named("poll")), collector.named("graph: all users")
    assert len(requests) == REQUESTS_MAX
    assert {span.parent for span in requests} == {poll.id}
    assert (requests[0].facts, requests[0].took_s) == ({"source": "tenant", "status": 200}, 0.25)


def test_a_run_that_was_cut_off_leaves_nothing_to_the_next(collector: Collector, clock: ManualClock) -> None:
    with Process(collector, clock) as process:
        with process.traces.running():
            process.traces.delivered(delivery(1), Outcome.SENT, NOW)
        process.traces.ran(POLL, 2.0)
        process.run(POLL)

    assert [span.name for span in collector.spans] == ["poll"]


@pytest.mark.parametrize("fault", ["gone", "stuck", "refuses"])
def test_a_collector_that_fails_keeps_nobody_waiting(
    own_logging: None, clock: ManualClock, fault: str
) -> None:
    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        if fault == "gone":
            stack.close()
        collector.is_stuck, collector.status = fault == "stuck", 503 if fault == "refuses" else 200
        process = Process(collector, clock)

        began_s = monotonic()
        for _ in range(3000):
            process.run(POLL)
        assert monotonic() - began_s < 10, "more than it keeps"
        began_s = monotonic()
        process.traces.close()
        assert monotonic() - began_s < END_WITHIN_S + 1
        assert collector.spans == []
    for thread in threading.enumerate():
        if thread.name == "traces":
            thread.join(PATIENCE_S)  # it logs what it could not send, into the next test otherwise
