"""Several observers are told of everything, in their order; the one that does nothing is told in vain."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from builders import NOW
from worker.app.jobs.observer import SILENT, All, Observer, Silent
from worker.app.jobs.report import Report
from worker.domain.messages.message import CHANNEL
from worker.ports import Fact, Noted
from worker.ports.state.outbox import Delivery, Outcome

EVENTS = ("opened", "begun", "progressed", "noted", "delivered", "ran", "over")
NOTED = Noted("room.listed", logging.INFO)


class Diary(Observer):
    """Writes down what it is told."""

    def __init__(self, name: str, told: list[tuple[str, str]]) -> None:
        self._name = name
        self._told = told

    def _write(self, event: str) -> None:
        self._told.append((event, self._name))

    def opened(self, _secret: str, /) -> None:
        self._write("opened")

    @contextmanager
    def running(self) -> Iterator[None]:
        self._write("begun")
        yield
        self._write("over")

    def progressed(self, _what: str, _more: int, /) -> None:
        self._write("progressed")

    def noted(self, _event: Noted, _fields: Mapping[str, Fact], /) -> None:
        self._write("noted")

    def delivered(self, _delivery: Delivery, _outcome: Outcome, _began_at: object, /) -> None:
        self._write("delivered")

    def ran(self, _report: Report, _took_s: float, /) -> None:
        self._write("ran")


def tell(observer: Observer) -> None:
    """Each event once."""
    delivery = Delivery(1, "whosleft-1", 1, "soc", CHANNEL, (), 1, is_unclear=False, created_at=NOW)
    observer.opened("secret")
    with observer.running():
        observer.progressed("corp", 3)
        observer.noted(NOTED, {"source": "rooms"})
        observer.delivered(delivery, Outcome.SENT, NOW)
        observer.ran(Report("deliver"), 0.5)


def test_all_are_told_of_each_event_and_what_began_last_is_over_first() -> None:
    told: list[tuple[str, str]] = []

    tell(All(Diary("a", told), SILENT, Diary("b", told)))

    in_order = [(event, name) for event in EVENTS[:-1] for name in "ab"]
    assert told == [*in_order, ("over", "b"), ("over", "a")]


def test_an_observer_of_one_event_is_silent_about_the_others() -> None:
    told: list[str] = []

    class Bars(Silent):
        def progressed(self, what: str, _more: int, /) -> None:
            told.append(what)

    tell(Bars())

    assert told == ["corp"]
