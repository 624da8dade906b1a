"""A question that is not answered keeps nobody waiting for longer than was said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from time import monotonic

import pytest

from worker.ops.patience import PatientCall, Unanswered

PATIENCE_S = 20.0
SHORT_S = 0.05


class Oracle:
    """Answers how often it was asked, once it `may` answer."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.asked = 0
        self.error: Exception | None = None

    def __call__(self) -> int:
        self.asked += 1
        if not self.may.wait(PATIENCE_S):
            raise AssertionError("nobody let it answer")
        if self.error is not None:
            raise self.error
        return self.asked


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    oracle = Oracle()
    oracle.may.set()
    yield oracle
    oracle.may.set()


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def until(is_so: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_S
    while not is_so():
        assert monotonic() < end


def test_each_who_asks_gets_an_answer_of_now(oracle: Oracle) -> None:
    question = PatientCall(oracle)

    assert [question.answer(), question.answer()] == [1, 2]


def test_an_answer_is_good_for_as_long_as_was_said(oracle: Oracle) -> None:
    seconds = Seconds()
    question = PatientCall(oracle, keep_s=10, clock_s=seconds)

    first = question.answer()
    seconds.now += 9.9
    second = question.answer()
    seconds.now += 0.1

    assert [first, second, question.answer()] == [1, 1, 2]


@pytest.mark.parametrize("error", [RuntimeError("no"), TimeoutError("it gave up itself")])
def test_an_error_is_an_answer_too(oracle: Oracle, error: Exception) -> None:
    seconds = Seconds()
    question = PatientCall(oracle, keep_s=10, clock_s=seconds)
    oracle.error = error

    for _ in range(2):
        with pytest.raises(type(error), match=str(error)):
            question.answer()
    assert oracle.asked == 1

    oracle.error = None
    seconds.now += 10
    assert question.answer() == 2


def test_nobody_waits_longer_than_was_said_and_nobody_asks_twice(oracle: Oracle) -> None:
    question = PatientCall(oracle, wait_s=SHORT_S)
    oracle.may.clear()

    began_s = monotonic()
    for _ in range(3):
        with pytest.raises(Unanswered, match="no answer for 0 s"):
            question.answer()

    assert monotonic() - began_s < 1
    assert oracle.asked == 1


def test_a_late_answer_is_given_to_who_asks_next(oracle: Oracle) -> None:
    seconds = Seconds()
    question = PatientCall(oracle, wait_s=SHORT_S, keep_s=60, clock_s=seconds)
    oracle.may.clear()
    with pytest.raises(Unanswered):
        question.answer()
    seconds.now += 30
    with pytest.raises(Unanswered, match="for 30 s"):
        question.answer()

    oracle.may.set()
    assert question._asked is not None
    until(question._asked[1].done)

    assert question.answer() == 1
    assert oracle.asked == 1


def test_who_asks_at_the_same_time_shares_one_answer(oracle: Oracle) -> None:
    question = PatientCall(oracle, wait_s=PATIENCE_S)
    oracle.may.clear()
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(question.answer())) for _ in range(5)]
    for thread in threads:
        thread.start()
    until(lambda: oracle.asked == 1)

    oracle.may.set()
    for thread in threads:
        thread.join(PATIENCE_S)

    assert len(found) == 5
    assert oracle.asked <= len(set(found)) + 1, "those who came while it was waited for asked nothing"


def test_a_question_that_hangs_does_not_keep_the_process() -> None:
    hang = threading.Event()
    question = PatientCall(lambda: hang.wait(PATIENCE_S), wait_s=SHORT_S)

    with pytest.raises(Unanswered):
        question.answer()

    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "question")
    hang.set()
