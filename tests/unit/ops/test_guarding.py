"""A fault of a connector is that connector's failure, and nobody else's."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from worker.ops.guarding import guarded
from worker.ops.interrupt import Stopped
from worker.ports import BadConfig, CheckResult, Concern, Transient


class Faulty:
    """Each call does what it is told; `rows` after its first row."""

    name, can = "wards", ("much",)

    def __init__(self, deed: Callable[[], None]) -> None:
        self._deed = deed

    def read(self, number: int) -> int:
        self._deed()
        return number

    def rows(self) -> Iterator[int]:
        yield 1
        self._deed()
        yield 2

    def watermark(self) -> str | None:
        self._deed()
        return "1"

    def news(self) -> frozenset[str]:
        self._deed()
        return frozenset({"ward-7"})

    def takes(self, message: object) -> int:
        self._deed()
        return 12

    def concerns(self) -> tuple[Concern, ...]:
        self._deed()
        return ()

    def check(self) -> CheckResult:
        self._deed()
        return CheckResult(ok=True, message="fine")


def fault() -> None:
    raise KeyError("+447700900101")


def test_a_fault_is_a_failure_that_names_the_source_and_shows_nobody(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Transient) as raised:
        guarded(Faulty(fault)).read(1)
    assert raised.value.message == "A fault of the connector of wards ended read (KeyError)."
    assert "connector.failed" in raised.value.remedy
    told = "".join(capfd.readouterr())
    assert "connector.failed" in told
    assert re.search(r"test_guarding\.py.*\bfault\b", told), "the traceback"


def test_a_fault_in_the_middle_of_a_read_is_one_too() -> None:
    rows = guarded(Faulty(fault)).rows()
    assert next(rows) == 1
    with pytest.raises(Transient, match="ended rows"):
        next(rows)


def test_a_fault_of_ours_while_a_row_is_looked_at_stays_one() -> None:
    def look() -> None:
        for _ in guarded(Faulty(lambda: None)).rows():
            raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        look()


def test_a_check_that_breaks_down_is_red() -> None:
    found = guarded(Faulty(fault)).check()
    assert (found.ok, "wards" in found.message, bool(found.remedy)) == (False, True, True)
    assert guarded(Faulty(lambda: None)).check().ok


def test_calls_that_never_raise_do_not_by_a_fault_either() -> None:
    one, well = guarded(Faulty(fault)), guarded(Faulty(lambda: None))
    assert (one.watermark(), one.news(), one.takes("a message")) == (None, frozenset(), 1)
    assert (well.watermark(), well.news(), well.takes("a message")) == ("1", frozenset({"ward-7"}), 12)


@pytest.mark.parametrize("known", [KeyError("+447700900101"), BadConfig("No such path.")])
def test_what_they_raise_is_in_the_log_and_not_each_time(known: Exception) -> None:
    def raise_it() -> None:
        raise known

    one = guarded(Faulty(raise_it))
    with capture_logs() as said:
        assert [one.watermark() for _ in range(3)] == [None] * 3
        one.news()

    assert [(line["call"], line["error"]) for line in said] == [
        (call, type(known).__name__) for call in ("watermark", "news")
    ]


def test_they_may_be_stopped() -> None:
    def stop() -> None:
        raise Stopped("The worker is stopping.")

    with pytest.raises(Stopped):
        guarded(Faulty(stop)).news()


def test_that_it_can_not_say_what_it_knows_is_a_concern() -> None:
    [concern] = guarded(Faulty(fault)).concerns()
    assert ("wards" in concern.message, bool(concern.remedy)) == (True, True)
    assert guarded(Faulty(lambda: None)).concerns() == ()


@pytest.mark.parametrize("known", [BadConfig("No such path."), Stopped("The worker is stopping.")])
def test_what_calls_may_raise_passes(known: Exception) -> None:
    def raise_it() -> None:
        raise known

    with pytest.raises(type(known)) as raised:
        guarded(Faulty(raise_it)).read(1)
    assert raised.value is known


def test_all_else_is_the_connectors() -> None:
    one = guarded(Faulty(lambda: None))
    assert (one.name, one.can, one.read(7), list(one.rows())) == ("wards", ("much",), 7, [1, 2])
    assert copy.deepcopy(one).read(8) == 8
    with pytest.raises(AttributeError):
        one.write  # type: ignore[attr-defined]  # noqa: B018
