"""What is counted of Graph's requests, and the page that shows it."""

from __future__ import annotations

import http.client
import socket
import struct
from collections.abc import Mapping
from time import monotonic

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fakes.log_lines import Lines
from worker.ops.metrics import PATH, Metrics, serving
from worker.ports import Fact, Noted

LOOPBACK = ("127.0.0.1", 0)


def ask(listen: str, path: str = PATH, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection(listen, timeout=5)
    try:
        connection.request(method, path)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode()
    finally:
        connection.close()


def figures(page: str) -> dict[tuple[str, ...], float]:
    """Every sample of ours, by its name and the values of its labels."""
    return {
        (sample.name.removeprefix("whosleft_graph_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name.startswith("whosleft_")
    }


def shown(metrics: Metrics) -> dict[tuple[str, ...], float]:
    with serving(metrics, LOOPBACK) as listen:
        status, page = ask(listen)
    assert status == 200
    return figures(page)


def counted(*notes: tuple[Noted, Mapping[str, Fact]]) -> dict[tuple[str, ...], float]:
    metrics = Metrics()
    for event, fields in notes:
        metrics.count(event, {"source": "tenant", **fields})
    return shown(metrics)


def test_requests_are_counted_by_source_and_status_and_their_units_with_them() -> None:
    metrics = Metrics()
    for source, status, units in (
        ("tenant", 200, 2),
        ("tenant", 200, 3),
        ("tenant", 404, 1),
        ("other", 200, 1),
    ):
        metrics.count(Noted.GRAPH_ANSWERED, {"source": source, "status": status, "units": units})

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
        (Noted.GRAPH_THROTTLED, {"status": 429, "units": 1}),
        (Noted.GRAPH_THROTTLED, {"status": 503, "units": 1}),
        (Noted.GRAPH_REFUSED, {"status": 403, "units": 1}),
        (Noted.GRAPH_UNANSWERED, {"error": "ReadTimeout"}),
        (Noted.GRAPH_HELD_BACK, {"wait_s": 3.5, "why": "it asked us to wait"}),
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

    assert counted((Noted.SUBSCRIPTION_REFUSED, {"error": "No."})) == {
        **nothing,
        ("subscriptions_total", "refused", "tenant"): 1,
    }
    assert counted(
        (Noted.SUBSCRIPTION_MADE, {}),
        (Noted.SUBSCRIPTION_RENEWED, {}),
        (Noted.SUBSCRIPTION_RENEWED, {}),
        (Noted.SUBSCRIPTION_ENDED, {"why": "Graph has removed it"}),
        (Noted.CALL_ACCEPTED, {"notices": 40}),
        (Noted.CALL_REFUSED, {"why": "clientState", "calls": 100}),
        (Noted.CALL_REFUSED, {"why": "tenantId", "calls": 1}),
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
    answers = [(Noted.GRAPH_ANSWERED, {"status": 200, "throttle_share": share}) for share in shares]

    assert counted(*answers)["throttle_limit_ratio", "tenant"] == ratio


def test_an_error_that_says_nothing_of_the_limit_leaves_what_is_known() -> None:
    found = counted(
        (Noted.GRAPH_ANSWERED, {"status": 200, "throttle_share": 1.1}),
        (Noted.GRAPH_THROTTLED, {"status": 429, "throttle_share": None}),
        (Noted.GRAPH_UNANSWERED, {}),
    )

    assert found["throttle_limit_ratio", "tenant"] == 1.1


def test_two_processes_in_one_have_figures_of_their_own() -> None:
    assert counted((Noted.GRAPH_HELD_BACK, {})) != counted()


def test_the_page_has_the_process_too_and_each_figure_once() -> None:
    metrics = Metrics()
    metrics.count(Noted.GRAPH_ANSWERED, {"source": "tenant", "status": 200})
    with serving(metrics, LOOPBACK) as listen:
        page = ask(listen)[1]

    assert "# HELP whosleft_graph_requests_total Requests to Microsoft Graph" in page
    assert "_created" not in page


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics/", "/metricsx", "/favicon.ico"])
def test_only_metrics_are_there(path: str) -> None:
    with serving(Metrics(), LOOPBACK) as listen:
        assert ask(listen, path) == (404, "There is only /metrics.\n")


def test_nothing_can_be_sent_to_it() -> None:
    with serving(Metrics(), LOOPBACK) as listen:
        assert ask(listen, method="POST")[0] == 405


def test_it_says_where_it_is_and_nothing_of_who_asks(lines: Lines, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(Metrics(), LOOPBACK) as listen:
        ask(listen)
        host, _, port = listen.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=5) as caller:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            caller.sendall(b"GET /metr")
        ask(listen)

    assert capfd.readouterr() == ("", "")
    (line,) = lines.all()
    assert (line["event"], line["listen"], line["path"]) == ("metrics.served", listen, "/metrics")
    assert int(port) > 0


def test_its_port_is_closed_at_once_afterwards_and_an_address_in_use_is_an_error() -> None:
    with serving(Metrics(), LOOPBACK) as listen:
        host, _, port = listen.rpartition(":")
        with pytest.raises(OSError, match="in use"), serving(Metrics(), (host, int(port))):
            pass
        assert ask(listen)[0] == 200
        began_s = monotonic()

    assert monotonic() - began_s < 2
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)


def test_an_address_of_the_new_protocol_is_shown_in_brackets() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no ::1")
    with serving(Metrics(), ("::1", 0)) as listen:
        assert listen.startswith("[::1]:")
