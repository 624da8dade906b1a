"""What a tenant's requests leave for the log and the metrics, and what all of them keep to after a wait."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime

import pytest

from connectors.directory.entra.connector import EntraDirectory
from connectors.kit.graph import budget
from connectors.kit.graph import notes as entra_notes
from contracts.directory_world import read_pass, read_until_error
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.setup import Lab
from fakes.graph.tokens import CLIENT_ID, SECRET
from worker.ops.receiver import receiving
from worker.ports import ConnectorError, Fact, Noted, PassEnd, Transient
from worker.ports.connectors.base import call_once

URL, STATE = "https://hooks.corp.example/entra", "a-long-random-text-7"
NO_PROBE = {"leave_date": None}  # whether it can be read is a request of its own
NOTIFICATIONS = {"url": URL, "listen": "127.0.0.1:0", "client_state": STATE}
DELTA = "*/users/delta"
ANSWER = {"what", "method", "client_request_id", "took_s", "status", "request_id", "units", "retry_after_s",
          "throttle_share", "throttle_scope", "throttle_why", "code"}  # fmt: skip


def refusal(directory: EntraDirectory, cursor: str | None = None) -> ConnectorError:
    items, error = read_until_error(directory, cursor)
    assert error is not None
    assert not any(isinstance(item, PassEnd) for item in items)
    return error


def only(lab: Lab, event: Noted) -> Mapping[str, Fact]:
    (fields,) = lab.noted(event)
    return fields


# --- each request ---------------------------------------------------------------------------------------


def test_each_request_is_noted_with_the_ids_that_support_asks_for(lab: Lab) -> None:
    ann, ben = lab.tenant.add(), lab.tenant.add()
    directory, first = lab.first()
    lab.tenant.disable(ann)
    lab.tenant.delete(ben)
    read_pass(directory, first.end.cursor)
    read_pass(directory, first.end.cursor, full=True)

    notes = lab.noted(entra_notes.GRAPH_ANSWERED)
    asked = lab.entra.graph.log
    assert len(notes) == len(lab.notes) == len(asked) > 8
    assert [note["client_request_id"] for note in notes] == [
        line.headers["client-request-id"] for line in asked
    ]
    assert [note["status"] for note in notes] == [line.status for line in asked]
    assert len({str(uuid.UUID(str(note["request_id"]))) for note in notes}) == len(asked)
    assert {"the users who have changed", "all users", "one user", "users"} <= {n["what"] for n in notes}
    assert {note["method"] for note in notes} == {"GET"}
    assert all(set(note) == ANSWER for note in notes)


def test_who_is_not_there_is_an_answer_like_any_other(lab: Lab) -> None:
    nobody = str(uuid.uuid4())

    assert lab.directory(attributes=NO_PROBE).look_up(nobody) is None

    assert [note["status"] for note in lab.noted(entra_notes.GRAPH_ANSWERED)] == [404, 404]
    assert lab.noted(entra_notes.GRAPH_REFUSED) == []


@pytest.mark.parametrize(
    "fault, status, code",
    [
        (faults.denied(), 403, "Authorization_RequestDenied"),
        (faults.gone(), 410, "syncStateNotFound"),
        (faults.server_error(), 500, "InternalServerError"),
        (Fault(status=400, body=b"<html>"), 400, None),
        (Fault(status=301, body=b"", headers={"Location": "https://graph.attacker.example/"}), 301, None),
    ],
)
def test_a_refusal_is_noted_with_graph_s_code(lab: Lab, fault: Fault, status: int, code: str | None) -> None:
    lab.entra.graph.faults.add(fault, path=DELTA)

    refusal(lab.directory())

    note = only(lab, entra_notes.GRAPH_REFUSED)
    assert (note["status"], note["code"]) == (status, code)
    assert note["client_request_id"] == lab.entra.graph.seen("/delta")[0].headers["client-request-id"]


def test_a_token_that_was_refused_is_noted_and_so_is_the_second_try(lab: Lab) -> None:
    lab.entra.graph.faults.add(faults.unauthorized(), path=DELTA)

    lab.first()

    refused, answered, _ = lab.notes[-3:]  # the last one asks for the deleted
    assert (refused.event, refused.fields["status"]) == (entra_notes.GRAPH_REFUSED, 401)
    assert (answered.event, answered.fields["what"]) == (entra_notes.GRAPH_ANSWERED, refused.fields["what"])
    assert answered.fields["client_request_id"] != refused.fields["client_request_id"]


@pytest.mark.parametrize("fault", [faults.dropped(), faults.cut_body()])
def test_a_request_without_an_answer_is_noted_with_its_own_id(lab: Lab, fault: Fault) -> None:
    lab.tenant.add()
    lab.entra.graph.faults.add(fault, path=DELTA)

    refusal(lab.directory())

    note = only(lab, entra_notes.GRAPH_UNANSWERED)
    assert set(note) == {"what", "method", "client_request_id", "took_s", "error"}
    assert note["error"] == "RemoteProtocolError"
    assert note["client_request_id"] == lab.entra.graph.seen("/delta")[0].headers["client-request-id"]


# --- units and limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"x-ms-resource-unit": ""}, {"x-ms-resource-unit": "9" * 400}])
def test_units_are_graph_s_count_or_the_documented_one(lab: Lab, headers: dict[str, str]) -> None:
    people = [lab.tenant.add() for _ in range(3)]
    group = lab.tenant.add_group("staff", *people)
    lab.entra.graph.faults.add(Fault(headers=headers), times=None)

    directory, first = lab.first(scope={"groups": [group]})
    lab.tenant.delete(people[0])
    read_pass(directory, first.end.cursor)
    read_pass(directory, first.end.cursor, full=True)

    units = [note["units"] for note in lab.noted(entra_notes.GRAPH_ANSWERED)]
    assert sum(int(unit or 0) for unit in units) == lab.entra.graph.units
    assert max(int(unit or 0) for unit in units) == 4


def test_units_that_graph_counted_are_believed(lab: Lab) -> None:
    lab.entra.graph.faults.add(Fault(headers={"x-ms-resource-unit": "17"}), path=DELTA)

    lab.first()

    assert lab.noted(entra_notes.GRAPH_ANSWERED)[-2]["units"] == 17  # the last one asks for the deleted


@pytest.mark.parametrize(
    "share, noted", [(0.0, None), (0.8, None), (0.81, 0.81), (1.8, 1.8), ("nan", None), ("inf", None), ("much", None)]
)  # fmt: skip
def test_the_share_of_the_limit_is_noted_when_graph_tells_it(
    lab: Lab, share: float | str, noted: float | None
) -> None:
    if isinstance(share, str):
        lab.entra.graph.faults.add(Fault(headers={"x-ms-throttle-limit-percentage": share}), times=None)
    else:
        lab.entra.graph.limit_share = share

    lab.first()

    assert {note["throttle_share"] for note in lab.noted(entra_notes.GRAPH_ANSWERED)} == {noted}


@pytest.mark.parametrize("status", [429, 503])
def test_being_put_off_is_noted_with_whose_limit_it_was(lab: Lab, status: int) -> None:
    lab.entra.graph.faults.add(faults.throttled(7, status=status), path=DELTA)

    refusal(lab.directory())

    note = only(lab, entra_notes.GRAPH_THROTTLED)
    scope = f"Tenant_Application/ReadWrite/{CLIENT_ID}/{lab.tenant.id}"
    said = (scope, "ResourceUnitLimitExceeded") if status == 429 else (None, None)
    assert (note["status"], note["retry_after_s"], note["code"]) == (status, 7, "TooManyRequests")
    assert (note["throttle_scope"], note["throttle_why"]) == said


def test_what_a_gateway_says_at_length_is_cut(lab: Lab) -> None:
    fault = Fault(status=429, headers={"x-ms-throttle-information": "x" * 5000, "Retry-After": "9" * 400})
    lab.entra.graph.faults.add(fault, path=DELTA)

    refusal(lab.directory())

    note = only(lab, entra_notes.GRAPH_THROTTLED)
    assert (note["throttle_why"], note["retry_after_s"]) == ("x" * 200, 3600)


# --- one budget for all ---------------------------------------------------------------------------------


def as_date(lab: Lab, ahead_s: int) -> str:
    return format_datetime(lab.tenant.now + timedelta(seconds=ahead_s), usegmt=True)


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
def test_after_a_wait_that_a_round_was_asked_for_nobody_asks_before_its_time(
    lab: Lab, form: str, status: int
) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first(notifications=NOTIFICATIONS)
    beside = lab.directory(attributes=NO_PROBE)
    wait = "30" if form == "seconds" else as_date(lab, 30)
    lab.entra.graph.faults.add(faults.throttled(wait, status=status), path=DELTA)
    refusal(directory, first.end.cursor)
    before = len(lab.entra.graph.log)

    lab.tenant.advance(timedelta(seconds=29))
    for one in (directory, beside):
        with pytest.raises(Transient) as caught:
            one.look_up(ann)
        assert caught.value.retry_after_s == 1
        assert caught.value.message == "Graph is not asked for one user yet: it asked us to wait."
    assert directory.watermark() == "0"

    assert len(lab.entra.graph.log) == before
    assert lab.entra.graph.subscriptions.by_id == {}
    held = lab.noted(entra_notes.GRAPH_HELD_BACK)
    assert [note["what"] for note in held] == ["one user", "one user", "a subscription"]
    assert held[0] == {"what": "one user", "method": "GET", "wait_s": 1, "why": "it asked us to wait"}

    lab.tenant.advance(timedelta(seconds=1))
    assert directory.look_up(ann) is not None


def test_a_wait_that_a_look_up_was_asked_for_holds_for_rounds(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first()
    lab.entra.graph.faults.add(faults.throttled(5), path=f"*/users/{ann}")
    with pytest.raises(Transient):
        directory.look_up(ann)
    before = len(lab.entra.graph.log)

    error = refusal(directory, first.end.cursor)

    assert isinstance(error, Transient)
    assert error.retry_after_s == 5
    assert len(lab.entra.graph.log) == before


def test_a_wait_outlives_the_connection(lab: Lab) -> None:
    directory = lab.directory()
    lab.entra.graph.faults.add(faults.throttled(5), path=DELTA)
    refusal(directory)
    directory.close()

    assert isinstance(refusal(directory), Transient)
    assert len(lab.entra.graph.seen("/delta")) == 1


def test_without_a_wish_nobody_else_waits(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, first = lab.first()
    lab.entra.graph.faults.add(faults.throttled(), path=DELTA)
    refusal(directory, first.end.cursor)

    assert directory.look_up(ann) is not None


def test_another_tenant_does_not_wait(lab: Lab) -> None:
    lab.entra.graph.faults.add(faults.throttled(60), path=DELTA)
    refusal(lab.directory())

    assert budget.budget_of(lab.entra.graph_url, "another.example").take(1) is None


def test_while_held_back_not_even_a_token_is_asked_for(lab: Lab) -> None:
    lab.entra.graph.faults.add(faults.throttled(60), path=DELTA)
    keeper = lab.directory()
    refusal(keeper)
    before = len(lab.entra.tokens.log)

    refusal(lab.directory())

    assert len(lab.entra.tokens.log) == before


def test_a_tenant_s_units_are_shared_and_a_pass_waits_for_its_turn(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "UNITS_MAX", 5)
    lab.be_patient()
    lab.entra.graph.delta.settings.page_size = 1
    people = [lab.tenant.add() for _ in range(12)]

    _, first = lab.first(attributes=NO_PROBE)

    assert first.people.keys() == set(people)
    assert lab.waits == [budget.WINDOW_S] * 2
    held = lab.noted(entra_notes.GRAPH_HELD_BACK)
    assert {note["why"] for note in held} == {"our share of what the tenant allows is spent"}

    lab.again = call_once
    other = lab.directory(attributes=NO_PROBE)
    found = [other.look_up(user_id) for user_id in people[:2]]
    error = refusal(other, first.end.cursor)
    assert None not in found
    assert isinstance(error, Transient)
    assert error.retry_after_s == budget.WINDOW_S


def test_what_graph_counted_is_what_was_spent(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "UNITS_MAX", 5)
    ann = lab.tenant.add()
    directory, _ = lab.first(attributes=NO_PROBE)
    lab.entra.graph.faults.add(Fault(headers={"x-ms-resource-unit": "4"}), path=f"*/users/{ann}")

    assert directory.look_up(ann) is not None
    with pytest.raises(Transient, match="our share of what the tenant allows is spent"):
        directory.look_up(ann)


# --- secrets --------------------------------------------------------------------------------------------


def lead_a_subscription_s_life(lab: Lab, directory: EntraDirectory, person: str) -> None:
    """Made, called, called by somebody else, renewed, and gone."""
    graph = lab.entra.graph.subscriptions
    lab.tenant.advance(timedelta(minutes=15))
    with receiving(directory.calls) as (address,):
        graph.reach[URL] = f"http://{address}"
        directory.watermark()
        (made,) = graph.by_id.values()
        note = graph.note(made, person, "updated")
        assert graph.send(URL, {"value": [note, note | {"clientState": "Ann"}]}).status == 202
        graph.lifecycle(made.id, "reauthorizationRequired")
        directory.watermark()
        graph.lifecycle(made.id, "subscriptionRemoved")
        directory.watermark()


def test_no_secret_address_or_person_is_in_any_note(lab: Lab) -> None:
    ann = lab.tenant.add(displayName="Ann Archer", mail="ann@corp.example", mobilePhone="+447700900123")
    directory, first = lab.first(notifications=NOTIFICATIONS)
    directory.watermark()
    lead_a_subscription_s_life(lab, directory, ann)
    lab.tenant.disable(ann)
    for fault in (
        faults.unauthorized(),
        faults.throttled(0),
        faults.denied(),
        faults.not_found(ann),
        faults.dropped(),
        faults.throttled(60),
    ):
        lab.entra.graph.faults.add(fault)
        read_until_error(directory, first.end.cursor)
    with pytest.raises(Transient):
        directory.look_up(ann)

    told = repr(lab.notes)
    sent = {line.headers["authorization"].removeprefix("Bearer ") for line in lab.entra.graph.log}
    assert {taken.event for taken in lab.notes} == set(entra_notes.NOTES)
    assert [secret for secret in (SECRET, STATE, *sent) if secret in told] == []
    assert [word for word in (ann, "Ann", "ann@", "7700", lab.entra.graph_url) if word in told] == []
    assert re.search(r"Bearer|eyJ|https?:|deltatoken|skiptoken", told) is None
