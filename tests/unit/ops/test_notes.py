"""What connectors note is a line of the log each, as loud as it deserves, and is counted."""

from __future__ import annotations

import uuid

import pytest

from connectors.kit.graph import notes as entra_notes
from fakes.log_lines import Lines
from worker.app.jobs.observer import All
from worker.ops.metrics import Metrics
from worker.ops.notes import LoggedNotes
from worker.ports import Fact, Noted

IDS = {"client_request_id": str(uuid.uuid4()), "request_id": str(uuid.uuid4())}
ASKED: dict[str, Fact] = {"source": "tenant", "what": "all users", "method": "GET", "took_s": 0.25, **IDS}


@pytest.mark.parametrize(
    "event, level",
    [
        (entra_notes.GRAPH_ANSWERED, "info"),
        (entra_notes.GRAPH_REFUSED, "warning"),
        (entra_notes.GRAPH_THROTTLED, "warning"),
        (entra_notes.GRAPH_UNANSWERED, "warning"),
        (entra_notes.GRAPH_HELD_BACK, "info"),
        (entra_notes.SUBSCRIPTION_MADE, "info"),
        (entra_notes.SUBSCRIPTION_RENEWED, "info"),
        (entra_notes.SUBSCRIPTION_REFUSED, "warning"),
        (entra_notes.SUBSCRIPTION_ENDED, "warning"),
        (entra_notes.CALL_ACCEPTED, "info"),
        (entra_notes.CALL_REFUSED, "warning"),
    ],
)
def test_each_note_is_a_line_of_its_level_with_the_ids_in_full(
    lines: Lines, event: Noted, level: str
) -> None:
    scope = f"Tenant_Application/ReadWrite/{uuid.uuid4()}/{uuid.uuid4()}"
    LoggedNotes().noted(event, {**ASKED, "status": 200, "units": 1, "throttle_scope": scope})

    (line,) = lines.all()
    assert (line.pop("event"), line.pop("level"), line.pop("logger")) == (
        event.name,
        level,
        "worker.ops.notes",
    )
    line.pop("timestamp")
    assert line == {**ASKED, "status": 200, "units": 1, "throttle_scope": scope}


def test_what_was_not_said_is_no_key(lines: Lines) -> None:
    LoggedNotes().noted(
        entra_notes.GRAPH_ANSWERED, {**ASKED, "status": 200, "retry_after_s": None, "code": None}
    )

    (line,) = lines.all()
    assert {"retry_after_s", "code"} & set(line) == set()


def test_every_note_has_a_level_and_is_counted(lines: Lines) -> None:
    metrics = Metrics()
    told = All(metrics, LoggedNotes())
    for event in entra_notes.NOTES:
        told.noted(event, {"source": "tenant", "status": 200})

    assert [line["event"] for line in lines.all()] == [event.name for event in entra_notes.NOTES]
    counted = {
        figure: sum(
            sample.value
            for family in metrics.registry.collect()
            for sample in family.samples
            if sample.name == f"whosleft_graph_{figure}_total"
        )
        for figure in ("requests", "held_back", "subscriptions", "calls")
    }
    assert counted == {"requests": 4, "held_back": 1, "subscriptions": 4, "calls": 2}
    assert sum(counted.values()) == len(entra_notes.NOTES)


def test_a_token_that_got_into_a_note_all_the_same_is_masked(lines: Lines) -> None:
    secret = "Bearer eyJhbGciOiJub25lIn0.e30.c2ln"
    LoggedNotes().noted(entra_notes.GRAPH_REFUSED, {"source": "tenant", "code": secret})

    (line,) = lines.all()
    assert "eyJ" not in str(line)
