"""One call to Graph: who is asked, as whom, and what each kind of answer means."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from time import monotonic
from typing import Any

import pytest

from connectors.kit.graph import client
from connectors.kit.graph.client import BadRequest, Graph
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.setup import Lab, failure_of
from worker.ports import (
    AuthFailed,
    ConnectorError,
    CursorExpired,
    Incomplete,
    PermissionDenied,
    Rejected,
    Transient,
)

USERS = "*/users*"


def ask(graph: Graph) -> dict[str, Any]:
    return graph.get(graph.url("users", _select="id"), what="all users")


def test_each_request_has_an_id_of_its_own_and_is_of_low_priority(lab: Lab, graph: Graph) -> None:
    ask(graph)
    ask(graph)

    asked = lab.entra.graph.log
    assert len({line.headers["client-request-id"] for line in asked}) == 2
    assert {line.headers["x-ms-throttle-priority"] for line in asked} == {"low"}


def test_options_are_graph_s_own(graph: Graph) -> None:
    url = graph.url("users", _select="id,mail", _expand="manager($select=id)")

    assert url.startswith(f"{graph.root}/v1.0/users?%24select=id")
    assert "%24expand=manager%28" in url


# --- tokens ---------------------------------------------------------------------------------------------


def test_a_token_that_is_refused_is_replaced_once(lab: Lab, graph: Graph) -> None:
    lab.entra.graph.faults.add(faults.unauthorized(), path=USERS)

    assert len(ask(graph)["value"]) == 1
    sent = [line.headers["authorization"] for line in lab.entra.graph.log]
    assert len(sent) == len(set(sent)) == 2


def test_a_token_that_is_refused_twice_is_a_matter_for_people(lab: Lab, graph: Graph) -> None:
    lab.entra.graph.faults.add(faults.unauthorized(), path=USERS, times=None)

    error = failure_of(lambda: ask(graph))

    assert isinstance(error, AuthFailed)
    assert "Lifetime validation failed" in error.message
    assert len(lab.entra.graph.log) == 2


def test_claims_that_graph_wants_proven_are_proven(lab: Lab, graph: Graph) -> None:
    ask(graph)
    lab.entra.tokens.revoke()

    assert len(ask(graph)["value"]) == 1
    claims = lab.entra.tokens.issued[-1].claims
    assert claims is not None
    assert "nbf" in claims["access_token"]


@pytest.mark.parametrize(
    "header",
    [
        'Bearer error="insufficient_claims", claims="!!!"',
        'Bearer error="insufficient_claims", claims="/w=="',
        'Bearer error="invalid_token", claims="e30="',
        'Bearer error="insufficient_claims", claims="bm90IGpzb24="',
        'Bearer error="insufficient_claims", claims="W10="',
        'Bearer error="insufficient_claims", claims="NQ=="',
        "",
    ],
)
def test_a_challenge_that_cannot_be_read_is_answered_with_a_new_token(
    lab: Lab, graph: Graph, header: str
) -> None:
    lab.entra.graph.faults.add(
        Fault(status=401, code="InvalidAuthenticationToken", headers={"WWW-Authenticate": header})
    )

    assert len(ask(graph)["value"]) == 1
    assert lab.entra.tokens.token_requests == 2


# --- large answers --------------------------------------------------------------------------------------


def zipped(text: bytes) -> Fault:
    return Fault(status=200, body=gzip.compress(text, 1), headers={"Content-Encoding": "gzip"})


def test_an_answer_may_be_compressed(lab: Lab, graph: Graph) -> None:
    lab.entra.graph.faults.add(zipped(b'{"value": ["\xc3\xa9"]}'))
    assert ask(graph) == {"value": ["é"]}


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_is_refused_once_it_has_more_bytes_than_any_page(
    lab: Lab, graph: Graph, status: int
) -> None:
    large = replace(zipped(b'{"value": ["' + b" " * (64 << 20) + b'"]}'), status=status)
    lab.entra.graph.faults.add(large)

    error = failure_of(lambda: ask(graph))

    assert isinstance(error, Incomplete)
    assert error.message == "Graph's answer for all users has more than 64 MB."
    assert len(ask(graph)["value"]) == 1


def test_a_picture_that_is_too_large_is_not_read_to_its_end(
    lab: Lab, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PICTURE_MAX", 4)
    lab.entra.graph.faults.add(Fault(status=200, body=bytes(10_000), drip_s=0.05))
    began_s = monotonic()

    error = failure_of(lambda: graph.digest(graph.url("users"), what="a picture"))

    assert isinstance(error, Incomplete)
    assert error.message == "Graph's answer for a picture has more than 0 MB."
    assert monotonic() - began_s < 4


# --- answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "retry_after, wait_s", [("7", 7), ("0", 0), (None, None), ("soon", None), ("-3", None)]
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_graph_asks_for_is_passed_on(
    lab: Lab, graph: Graph, retry_after: str | None, wait_s: float | None, status: int
) -> None:
    lab.entra.graph.faults.add(faults.throttled(retry_after, status=status))

    error = failure_of(lambda: ask(graph))

    assert isinstance(error, Transient)
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize("ahead_s, wait_s", [(90, 90), (-90, 0)])
def test_a_wait_may_be_a_date(lab: Lab, graph: Graph, ahead_s: int, wait_s: float) -> None:
    at = format_datetime(lab.tenant.now + timedelta(seconds=ahead_s), usegmt=True)
    lab.entra.graph.faults.add(faults.throttled(at))

    error = failure_of(lambda: ask(graph))

    assert isinstance(error, Transient)
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize(
    "date", ["Tue, 24 Nov 2026 09:00:00 +9999999999999999", "Tue, 24 Nov 99999 09:00:00 GMT"]
)
def test_a_date_that_is_none_is_no_wish(lab: Lab, graph: Graph, date: str) -> None:
    lab.entra.graph.faults.add(faults.throttled(date))

    error = failure_of(lambda: ask(graph))

    assert isinstance(error, Transient)
    assert error.retry_after_s is None


def test_a_whole_answer_has_to_come_in_time_however_it_drips(lab: Lab, graph: Graph) -> None:
    lab.entra.graph.faults.add(faults.dripping(0.3))
    began_s = monotonic()

    error = failure_of(lambda: ask(graph))

    assert isinstance(error, Transient)
    assert error.message == "Graph, asked for all users, did not answer in time (ReadTimeout)."
    assert monotonic() - began_s < 4, "the fixture allows two seconds, and one more piece"
    assert len(ask(graph)["value"]) == 1


def test_an_answer_that_drips_and_is_whole_in_time_is_one(lab: Lab, graph: Graph) -> None:
    lab.entra.graph.faults.add(faults.dripping(0.001))

    assert len(ask(graph)["value"]) == 1


@pytest.mark.parametrize(
    "location, kind",
    [
        ("https://graph.attacker.example/", Rejected),
        ("http://[", Rejected),
        ("http://a:b/", Rejected),
        ("//%xn--\\[", Transient),
        ("//http-xn---", Transient),
        ("//1\xc3\xa9@/]http-//", Transient),
    ],
)
def test_a_redirect_is_not_followed_wherever_it_leads(
    lab: Lab, graph: Graph, location: str, kind: type[ConnectorError]
) -> None:
    lab.entra.graph.faults.add(Fault(status=302, body=b"", headers={"Location": location}))

    assert isinstance(failure_of(lambda: ask(graph)), kind)
    assert len(lab.entra.graph.log) == 1


def test_a_connection_is_kept_but_for_one_that_led_to_a_503(lab: Lab, graph: Graph) -> None:
    ask(graph)
    ask(graph)
    lab.entra.graph.faults.add(faults.throttled(1, status=503))
    failure_of(lambda: ask(graph))
    lab.sleep(1)
    ask(graph)

    assert [line.request.connection for line in lab.entra.graph.log] == [1, 1, 1, 2]


@pytest.mark.parametrize("status", [408, 500, 502, 504])
def test_what_passes_is_tried_again_later(lab: Lab, graph: Graph, status: int) -> None:
    lab.entra.graph.faults.add(Fault(status=status, code="x", message="y"))

    assert isinstance(failure_of(lambda: ask(graph)), Transient)


def test_a_page_for_people_is_no_text_of_an_error(lab: Lab, graph: Graph) -> None:
    lab.entra.graph.faults.add(faults.unavailable(retry_after=3))

    error = failure_of(lambda: ask(graph))

    assert isinstance(error, Transient)
    assert error.message == "Graph, asked for all users, answered 503."


@pytest.mark.parametrize(
    "fault, kind",
    [
        (faults.cut_body(), Transient),
        (faults.cut_body(reset=True), Transient),
        (faults.dropped(), Transient),
        (faults.slow(10), Transient),
        (faults.truncated(), Incomplete),
        (Fault(status=200, body=b"[]"), Incomplete),
        (Fault(status=200, body=faults.HTML, content_type="text/html"), Incomplete),
        (Fault(status=200, body=b"\xff\xfe"), Incomplete),
        (Fault(status=200, body=b"["*200_000), Incomplete),
        (Fault(status=204, body=b""), Incomplete),
        (Fault(status=301, headers={"Location": "https://graph.attacker.example/"}, body=b""), Rejected),
        (faults.denied(), PermissionDenied),
        (Fault(status=400, code="Request_UnsupportedQuery", message="No."), BadRequest),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_whole_is_no_answer(
    lab: Lab, graph: Graph, fault: Fault, kind: type[ConnectorError]
) -> None:
    lab.entra.graph.faults.add(fault)

    assert type(failure_of(lambda: ask(graph))) is kind


def test_a_refusal_names_graph_s_own_code_words_and_request(lab: Lab, graph: Graph) -> None:
    lab.entra.graph.faults.add(faults.denied())

    error = failure_of(lambda: ask(graph))

    assert error.message == (
        "Graph, asked for all users, answered 403 (Authorization_RequestDenied, Insufficient privileges to "
        "complete the operation.)."
    )
    assert isinstance(error, PermissionDenied)
    assert error.missing == "User.Read.All"
    assert error.remedy == (
        "Grant the application permission User.Read.All and consent to it; if it is granted, look for a policy or "
        f"a proxy that refuses. For Microsoft's support: request {lab.notes[-1].fields['request_id']}."
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 429, 500, 503])
def test_the_same_refusal_has_the_same_message_each_time(lab: Lab, graph: Graph, status: int) -> None:
    lab.entra.graph.faults.add(Fault(status=status, code="x", message="y"), path=USERS, times=None)

    first, second = (failure_of(lambda: ask(graph)) for _ in range(2))

    assert first.message == second.message
    assert first.remedy != second.remedy
    for error in (first, second):
        assert "For Microsoft's support: request " in error.remedy


def test_no_refusal_makes_an_error_of_any_length(lab: Lab, graph: Graph) -> None:
    long = Fault(status=400, code="c" * 70_000, message="m" * 70_000, headers={"request-id": "r" * 30_000})
    lab.entra.graph.faults.add(long)

    assert len(str(failure_of(lambda: ask(graph)))) < 1000


@pytest.mark.parametrize("body", [b'{"error":"text"}', b"{}", b"[]", b"", b'{"error":{"code":7}}'])
def test_a_body_that_is_no_error_of_graph_s_is_still_an_error(lab: Lab, graph: Graph, body: bytes) -> None:
    lab.entra.graph.faults.add(Fault(status=400, body=body))

    assert isinstance(failure_of(lambda: ask(graph)), Rejected)


@pytest.mark.parametrize(
    "fault",
    [
        faults.gone(),
        faults.gone("https://graph.attacker.example/v1.0/users/delta"),
        faults.gone(code="resyncChangesApplyDifferences"),
        faults.gone(code="resyncChangesUploadDifferences"),
        faults.gone(code="resyncRequired"),
        Fault(status=410, body=b""),
        faults.sync_state_not_found(),
        faults.sync_state_not_found("SyncStateNotFound"),
        faults.sync_state_not_found("syncstatenotfound"),
        faults.page_token_expired(),
    ],
)
def test_every_way_to_say_that_a_delta_begins_anew_is_understood(
    lab: Lab, graph: Graph, fault: Fault
) -> None:
    lab.entra.graph.faults.add(fault)

    assert isinstance(failure_of(lambda: ask(graph)), CursorExpired)


def test_the_number_of_users_needs_to_be_a_number(lab: Lab, graph: Graph) -> None:
    assert graph.count(graph.url("users/$count"), what="users") == 1
    assert lab.entra.graph.log[-1].headers["consistencylevel"] == "eventual"

    for body in (b"many", b"", b"-1", b"1.0", b'{"value":1}', b"9" * 5000, "٣".encode()):
        lab.entra.graph.faults.add(Fault(status=200, body=body, content_type="text/plain; charset=utf-8"))

        assert isinstance(
            failure_of(lambda: graph.count(graph.url("users/$count"), what="users")), Incomplete
        )


def test_what_is_not_there_is_none_only_for_a_404(lab: Lab, graph: Graph) -> None:
    url = graph.url("users/c0ffee00-7e57-4000-8000-00000000dddd")

    assert graph.find(url, what="one user") is None
    lab.entra.graph.faults.add(faults.denied())
    assert isinstance(failure_of(lambda: graph.find(url, what="one user")), PermissionDenied)
