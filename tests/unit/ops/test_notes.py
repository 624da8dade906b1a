"""What connectors note is a line of the log each, as loud as it deserves, and is counted."""

from __future__ import annotations

import uuid

import pytest

from fakes.log_lines import Lines
from worker.ops.metrics import Metrics
from worker.ops.notes import Notes
from worker.ports import Fact, Noted

IDS = {"client_request_id": str(uuid.uuid4()), "request_id": str(uuid.uuid4())}
ASKED: dict[str, Fact] = {"source": "tenant", "what": "all users", "method": "GET", "took_s": 0.25, **IDS}


@pytest.mark.parametrize(
    "event, level",
    [
        (Noted.GRAPH_ANSWERED, "info"),
        (Noted.GRAPH_REFUSED, "warning"),
        (Noted.GRAPH_THROTTLED, "warning"),
        (Noted.GRAPH_UNANSWERED, "warning"),
        (Noted.GRAPH_HELD_BACK, "info"),
    ],
)
def test_each_note_is_a_line_of_its_level_with_the_ids_in_full(
    lines: Lines, event: Noted, level: str
) -> None:
    scope = f"Tenant_Application/ReadWrite/{uuid.uuid4()}/{uuid.uuid4()}"
    Notes(Metrics())(event, **ASKED, status=200, units=1, throttle_scope=scope)

    (line,) = lines.all()
    assert (line.pop("event"), line.pop("level"), line.pop("logger")) == (
        event.value,
        level,
        "worker.ops.notes",
    )
    line.pop("timestamp")
    assert line == {**ASKED, "status": 200, "units": 1, "throttle_scope": scope}


def test_what_was_not_said_is_no_key(lines: Lines) -> None:
    Notes(Metrics())(Noted.GRAPH_ANSWERED, **ASKED, status=200, retry_after_s=None, code=None)

    (line,) = lines.all()
    assert {"retry_after_s", "code"} & set(line) == set()


def test_every_note_has_a_level_and_is_counted(lines: Lines) -> None:
    metrics = Metrics()
    for event in Noted:
        Notes(metrics)(event, source="tenant", status=200)

    assert [line["event"] for line in lines.all()] == [event.value for event in Noted]
    label = {"source": "tenant", "status": "200"}
    assert metrics.registry.get_sample_value("whosleft_graph_requests_total", label) == len(Noted) - 1
    assert metrics.registry.get_sample_value("whosleft_graph_held_back_total", {"source": "tenant"}) == 1


def test_a_token_that_got_into_a_note_all_the_same_is_masked(lines: Lines) -> None:
    Notes(Metrics())(Noted.GRAPH_REFUSED, source="tenant", code="Bearer eyJhbGciOiJub25lIn0.e30.c2ln")

    (line,) = lines.all()
    assert "eyJ" not in str(line)
