"""Threads that take what people do in channels: at once, all of it, and whatever goes wrong in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from builders import NOW
from fakes.notifier import FakeNotifier
from harness import ACCOUNTABLE, Harness
from worker.app.acts.interacting import Interacting
from worker.domain.messages.message import ReaderAct
from worker.domain.tickets.ticket import TicketState
from worker.ops.attending import attended
from worker.ports.connectors.conversing import Clicker, Interaction
from worker.storage.sql.engine import open_engine

Clock = Callable[[], datetime]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A database that several threads may use."""
    engine = open_engine(f"sqlite:///{tmp_path}/whosleft.db")
    yield engine
    engine.dispose()


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    """A company in which Ben has left, and a channel in which people act."""
    soc = FakeNotifier("soc", is_conversing=True)
    soc.people = {"boss": Clicker(ACCOUNTABLE, "Boss", "chat boss")}
    harness = Harness(notifiers=[soc], engine=engine)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ben")
    harness.settle()
    return harness


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never was so")


def test_what_people_do_is_taken_at_once_and_what_waits_from_before_too(ward: Harness) -> None:
    waiting = Interaction("before", "boss", NOW, None)
    ward.app.interacting.keep("soc", waiting, NOW)
    with attended(ward.app.interacting, ward.clock):
        done = Interaction("k", "boss", NOW, ReaderAct.DONE, 1, ward.ticket().version)
        ward.soc.keep(done)
        ward.soc.keep(done)
        until(lambda: len(ward.soc.answers) == 2)
    assert ward.ticket().state is TicketState.DONE
    assert ward.kinds().count("ticket.done") == 1


def test_a_thread_outlives_what_goes_wrong(ward: Harness, capfd: pytest.CaptureFixture[str]) -> None:
    faulty: Any = _Broken(ward.app.interacting, ward.soc.listen)
    bugs = [RuntimeError("a bug of ours")]

    def take(now: datetime) -> bool:
        if bugs:
            raise bugs.pop()
        return ward.app.interacting.take(now)

    faulty.take = take
    with attended(faulty, ward.clock):
        ward.soc.keep(Interaction("first", "boss", NOW, None))
        until(lambda: "interaction.failed" in "".join(map(str, capfd.readouterr())))
        ward.soc.keep(Interaction("second", "boss", NOW, None))
        until(lambda: bool(ward.soc.answers))


def test_without_a_channel_in_which_people_act_nothing_is_started_and_what_waits_is_given_up(
    ward: Harness,
) -> None:
    click = Interaction("k", "boss", NOW, ReaderAct.DONE, 1, ward.ticket().version)
    ward.app.interacting.keep("soc", click, NOW)
    ward.notifiers[:] = [FakeNotifier("mail")]
    ward.start(ward.app.rules)
    before = threading.active_count()
    with attended(ward.app.interacting, ward.clock):
        assert threading.active_count() == before
    assert not ward.app.interacting.take(ward.later(hours=1))
    assert ward.ticket().state is TicketState.OPEN


def test_a_channel_that_cannot_listen_leaves_no_thread(ward: Harness) -> None:
    def refuse(_keep: object) -> AbstractContextManager[None]:
        raise OSError("no")

    before = threading.active_count()
    broken: Any = _Broken(ward.app.interacting, refuse)
    with pytest.raises(OSError, match="no"), attended(broken, ward.clock):
        pass
    assert threading.active_count() == before


class _Broken:
    def __init__(self, real: Interacting, listen: Callable[..., Any]) -> None:
        self.take, self.keep = real.take, real.keep
        self.notifiers = [self]
        self.name = "soc"
        self.listen = listen
