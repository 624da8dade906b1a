"""What is counted of Graph's requests, of runs and of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import generate_latest

from builders import NOW, ticket
from connectors.kit.graph import notes as entra_notes
from worker.app.jobs.report import Report
from worker.domain.messages.message import CHANNEL
from worker.domain.reconcile.plan import Action, ActionKind, Plan
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Ticket, TicketKind
from worker.ops.metrics import Metrics
from worker.ports import Fact, Noted
from worker.ports.state.outbox import Delivery, Outcome

GRAPH = "whosleft_graph_"


def shown(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample of Graph's, by its name and the values of its labels in the order of their names."""
    return {
        (one.name.removeprefix(GRAPH), *(value for _, value in sorted(one.labels.items()))): one.value
        for family in metrics.registry.collect()
        for one in family.samples
        if one.name.startswith(GRAPH)
    }


def counted(*notes: tuple[Noted, Mapping[str, Fact]]) -> dict[tuple[str, ...], float]:
    metrics = Metrics()
    for event, fields in notes:
        metrics.noted(event, {"source": "tenant", **fields})
    return shown(metrics)


def test_requests_are_counted_by_source_and_status_and_their_units_with_them() -> None:
    metrics = Metrics()
    for source, status, units in (
        ("tenant", 200, 2),
        ("tenant", 200, 3),
        ("tenant", 404, 1),
        ("other", 200, 1),
    ):
        metrics.noted(entra_notes.GRAPH_ANSWERED, {"source": source, "status": status, "units": units})

    assert shown(metrics) == {
        ("requests_total", "tenant", "200"): 2,
        ("requests_total", "tenant", "404"): 1,
        ("requests_total", "other", "200"): 1,
        ("resource_units_total", "tenant"): 6,
        ("resource_units_total", "other"): 1,
        ("throttled_total", "tenant"): 0,
        ("throttled_total", "other"): 0,
        ("held_back_total", "tenant"): 0,
        ("held_back_total", "other"): 0,
        ("throttle_limit_ratio", "tenant"): 0,
        ("throttle_limit_ratio", "other"): 0,
    }


def test_what_was_put_off_refused_or_never_answered_is_told_apart() -> None:
    found = counted(
        (entra_notes.GRAPH_THROTTLED, {"status": 429, "units": 1}),
        (entra_notes.GRAPH_THROTTLED, {"status": 503, "units": 1}),
        (entra_notes.GRAPH_REFUSED, {"status": 403, "units": 1}),
        (entra_notes.GRAPH_UNANSWERED, {"error": "ReadTimeout"}),
        (entra_notes.GRAPH_HELD_BACK, {"wait_s": 3.5, "why": "it asked us to wait"}),
    )

    assert found == {
        ("requests_total", "tenant", "429"): 1,
        ("requests_total", "tenant", "503"): 1,
        ("requests_total", "tenant", "403"): 1,
        ("requests_total", "tenant", "none"): 1,
        ("resource_units_total", "tenant"): 3,
        ("throttled_total", "tenant"): 2,
        ("held_back_total", "tenant"): 1,
    }


def test_what_became_of_subscriptions_and_calls_is_counted_from_the_first_note_of_them() -> None:
    nothing = {
        **{("subscriptions_total", each, "tenant"): 0 for each in ("made", "renewed", "refused", "ended")},
        **{("calls_total", each, "tenant"): 0 for each in ("accepted", "refused")},
    }

    assert counted((entra_notes.SUBSCRIPTION_REFUSED, {"error": "No."})) == {
        **nothing,
        ("subscriptions_total", "refused", "tenant"): 1,
    }
    assert counted(
        (entra_notes.SUBSCRIPTION_MADE, {}),
        (entra_notes.SUBSCRIPTION_RENEWED, {}),
        (entra_notes.SUBSCRIPTION_RENEWED, {}),
        (entra_notes.SUBSCRIPTION_ENDED, {"why": "Graph has removed it"}),
        (entra_notes.CALL_ACCEPTED, {"notices": 40}),
        (entra_notes.CALL_REFUSED, {"why": "clientState", "calls": 100}),
        (entra_notes.CALL_REFUSED, {"why": "tenantId", "calls": 1}),
    ) == {
        **nothing,
        ("subscriptions_total", "made", "tenant"): 1,
        ("subscriptions_total", "renewed", "tenant"): 2,
        ("subscriptions_total", "ended", "tenant"): 1,
        ("calls_total", "accepted", "tenant"): 1,
        ("calls_total", "refused", "tenant"): 101,
    }


@pytest.mark.parametrize(
    "shares, ratio",
    [([0.9], 0.9), ([0.9, 1.2], 1.2), ([1.2, None], 0), ([None], 0), ([None, 0.85], 0.85)],
)
def test_the_share_of_the_limit_is_the_last_one_and_0_when_nothing_is_said(
    shares: list[float | None], ratio: float
) -> None:
    answers = [(entra_notes.GRAPH_ANSWERED, {"status": 200, "throttle_share": share}) for share in shares]

    assert counted(*answers)["throttle_limit_ratio", "tenant"] == ratio


def test_an_error_that_says_nothing_of_the_limit_leaves_what_is_known() -> None:
    found = counted(
        (entra_notes.GRAPH_ANSWERED, {"status": 200, "throttle_share": 1.1}),
        (entra_notes.GRAPH_THROTTLED, {"status": 429, "throttle_share": None}),
        (entra_notes.GRAPH_UNANSWERED, {}),
    )

    assert found["throttle_limit_ratio", "tenant"] == 1.1


def test_two_processes_in_one_have_figures_of_their_own() -> None:
    assert counted((entra_notes.GRAPH_HELD_BACK, {})) != counted()


# --- runs and deliveries ------------------------------------------------------------------------------


def sample(metrics: Metrics, name: str, **labels: str) -> float:
    value = metrics.registry.get_sample_value(f"whosleft_{name}", labels)
    assert value is not None, name
    return value


def acted(kind: ActionKind, one: Ticket) -> Report:
    return Report("reconcile", plan=Plan((Action(kind, one, Reason("because")),)))


def test_every_run_is_timed_and_jobs_that_never_ran_are_there() -> None:
    metrics = Metrics()
    metrics.ran(Report("poll"), 0.3)
    metrics.ran(Report("poll", troubles=("corp: no.",)), 2)

    assert sample(metrics, "job_duration_seconds_count", job="poll") == 2
    assert sample(metrics, "job_duration_seconds_sum", job="poll") == pytest.approx(2.3)
    assert sample(metrics, "job_duration_seconds_bucket", job="poll", le="0.5") == 1
    assert sample(metrics, "job_duration_seconds_count", job="deliver") == 0


@pytest.mark.parametrize("kind", [TicketKind.REMOVE_MEMBER, TicketKind.CREATOR_MUST_LEAVE])
def test_from_leaving_to_the_ticket_and_from_there_to_the_proof(kind: TicketKind) -> None:
    metrics = Metrics()
    opened = ticket(kind, left_at=NOW - timedelta(seconds=40), opened_at=NOW)
    metrics.ran(acted(ActionKind.OPEN, opened), 1)
    metrics.ran(acted(ActionKind.VERIFY, replace(opened, verified_at=NOW + timedelta(hours=3))), 1)

    assert sample(metrics, "leaver_to_ticket_seconds_count") == 1
    assert sample(metrics, "leaver_to_ticket_seconds_sum") == 40
    assert sample(metrics, "ticket_to_verified_seconds_count") == 1
    assert sample(metrics, "ticket_to_verified_seconds_sum") == 3 * 3600


@pytest.mark.parametrize(
    "kind, one",
    [
        (ActionKind.OPEN, ticket(TicketKind.ADD_MEMBER)),
        (ActionKind.OPEN, ticket(left_at=None)),
        (ActionKind.REOPEN, ticket()),
        (ActionKind.CANCEL, ticket()),
        (ActionKind.VERIFY, ticket(TicketKind.REASSIGN_ADMIN, verified_at=NOW)),
    ],
)
def test_other_work_is_no_leaver_s(kind: ActionKind, one: Ticket) -> None:
    metrics = Metrics()
    metrics.ran(acted(kind, one), 1)

    assert sample(metrics, "leaver_to_ticket_seconds_count") == 0
    assert sample(metrics, "ticket_to_verified_seconds_count") == 0


def test_a_directory_whose_clock_is_ahead_takes_no_time_away() -> None:
    metrics = Metrics()
    metrics.ran(acted(ActionKind.OPEN, ticket(left_at=NOW + timedelta(minutes=1), opened_at=NOW)), 1)

    assert sample(metrics, "leaver_to_ticket_seconds_sum") == 0


def test_deliveries_are_counted_by_channel_and_outcome_and_begin_at_0() -> None:
    metrics = Metrics(["soc", "mail"])
    delivery = Delivery(1, "whosleft-1", 1, "soc", CHANNEL, (), 1, is_unclear=False, created_at=NOW)
    for outcome in (Outcome.SENT, Outcome.SENT, Outcome.RETRIED):
        metrics.delivered(delivery, outcome, NOW)

    found = {
        (channel, outcome): sample(metrics, "deliveries_total", channel=channel, outcome=outcome.value)
        for channel in ("soc", "mail")
        for outcome in Outcome
    }
    assert {key: count for key, count in found.items() if count} == {
        ("soc", Outcome.SENT): 2,
        ("soc", Outcome.RETRIED): 1,
    }


def test_the_process_itself_is_measured_and_each_figure_is_there_once() -> None:
    page = generate_latest(Metrics().registry).decode()

    assert "process_resident_memory_bytes" in page
    assert "_created" not in page
