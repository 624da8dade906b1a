"""The dead man's switch over HTTP: what is sent in each style, and which answers count as heard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from fakes.checks.server import KNOWN, MONITOR, SLUG, UNKNOWN, Checks, checking
from worker.ops.ping import HttpPinger
from worker.ports import ConnectorError, NotDone, Rejected, Transient
from worker.ports.ping import PingStyle

SECOND = timedelta(seconds=1)


@pytest.fixture
def checks() -> Iterator[Checks]:
    with checking() as found:
        yield found


def pinger(checks: Checks, path: str = KNOWN, style: PingStyle = PingStyle.HEALTHCHECKS) -> HttpPinger:
    return HttpPinger(f"{checks.address}{path}", style, SECOND)


def error_of(one: HttpPinger) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        one.well()
    return caught.value


def test_a_check_is_told_that_all_is_well_and_that_the_worker_is_blind(checks: Checks) -> None:
    one = pinger(checks)

    one.well()
    assert one.blind("not well:\nsource corp")

    assert checks.heard == [("POST", "success", ""), ("POST", "fail", "not well: source corp")]


def test_a_monitor_is_told_by_its_query_and_keeps_what_is_in_it(checks: Checks) -> None:
    one = pinger(checks, f"{MONITOR}?host=a", PingStyle.CRONITOR)

    one.well()
    assert one.blind("source corp & more")

    assert checks.heard == [("GET", "complete", ""), ("GET", "fail", "source corp & more")]


def test_a_plain_check_hears_only_that_all_is_well(checks: Checks) -> None:
    one = pinger(checks, MONITOR, PingStyle.PLAIN)

    one.well()
    assert not one.blind("source corp")

    assert checks.heard == [("GET", "run", "")]


@pytest.mark.parametrize("path", [UNKNOWN, SLUG], ids=["200", "404"])
def test_a_check_that_does_not_exist_is_refused_whatever_the_status(checks: Checks, path: str) -> None:
    error = error_of(pinger(checks, path))

    assert isinstance(error, Rejected)
    assert "knows no such check" in str(error)
    assert path not in str(error), "the address is a secret"


@pytest.mark.parametrize(
    "answer, kind, said",
    [
        ((200, "OK (rate limited)"), NotDone, "too often"),
        ((429, ""), NotDone, "too often"),
        ((503, "busy"), Transient, "answered 503"),
        ((408, ""), Transient, "answered 408"),
        ((409, ""), Rejected, "answered 409"),
        ((302, ""), Rejected, "answered 302"),
        ((200, "<html>Sign in</html>"), Rejected, "did not say OK"),
    ],
)
def test_only_ok_is_ok(
    checks: Checks, answer: tuple[int, str], kind: type[ConnectorError], said: str
) -> None:
    checks.answer = answer

    error = error_of(pinger(checks))

    assert type(error) is kind
    assert said in str(error)
    assert checks.heard == []


def test_a_check_that_says_nothing_is_given_up_in_time(checks: Checks) -> None:
    checks.is_stuck = True

    error = error_of(pinger(checks))

    assert type(error) is Transient
    assert "did not answer in time" in str(error)


def test_an_answer_that_never_ends_is_given_up_in_time(checks: Checks) -> None:
    checks.drips = True

    assert "did not answer in time" in str(error_of(pinger(checks)))


def test_a_long_answer_is_not_read_to_its_end(checks: Checks) -> None:
    checks.answer = (200, "x" * 1_000_000)

    assert "did not say OK" in str(error_of(pinger(checks)))


def test_nobody_there_is_surely_not_heard() -> None:
    error = error_of(HttpPinger("http://127.0.0.1:1/secret", PingStyle.HEALTHCHECKS, SECOND))

    assert isinstance(error, NotDone)
    assert "could not be reached" in str(error)
    assert "secret" not in str(error)
