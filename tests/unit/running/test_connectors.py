"""Inventories and notifiers are closed, watched and called as directories are."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from builders import facts
from fakes.directory import FakeDirectory
from fakes.inventory import FakeInventory
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.ops.retry import RetryingDirectory, RetryingInventory
from worker.ports import Called, InboundCall
from worker.running.connecting import Connectors
from worker.running.serving import calls_taken
from worker.settings import SettingsError

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return f"127.0.0.1:{found.getsockname()[1]}"


class Door:
    """Takes calls for a messenger that tells by itself what is new."""

    caller, key = "The messenger", "calls.listen"

    def __init__(self, name: str) -> None:
        self.name = name
        self.listen = free_address()

    def receive(self, call: InboundCall) -> tuple[int, str]:
        return 202, f"{self.name} got {call.body.decode()} at {call.path}"


class LiveDirectory(FakeDirectory):
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


class LiveInventory(FakeInventory):
    is_closed = False
    calls: Sequence[Called] = ()

    def watermark(self) -> str | None:
        return str(self.reads)

    def close(self) -> None:
        self.is_closed = True


class LiveNotifier(FakeNotifier):
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def live() -> Connectors:
    directory = LiveDirectory("corp", now=lambda: NOW)
    inventory, notifier = LiveInventory("rooms", now=lambda: NOW), LiveNotifier("soc")
    inventory.calls, notifier.calls = (Door("rooms"),), (Door("soc"),)
    return Connectors((RetryingDirectory(directory),), (RetryingInventory(inventory),), (notifier,))


def test_each_connector_is_closed_though_one_fails(live: Connectors) -> None:
    class Stuck(LiveNotifier):
        def close(self) -> None:
            raise OSError("it hangs")

    stuck = Connectors(live.directories, live.inventories, (*live.notifiers, Stuck("stuck")))

    with pytest.raises(OSError, match="it hangs"):
        stuck.close()

    inner = (*(one._inner for one in (*live.directories, *live.inventories)), *live.notifiers)  # type: ignore[attr-defined]
    assert [one.is_closed for one in inner] == [True, True, True]


def test_a_job_that_knows_when_it_is_due_is_looked_at_too(live: Connectors) -> None:
    with closing(Harness()) as harness:
        lookout = live.lookout(harness.app.use_cases, harness.clock)
        assert lookout.look() == {"inventory"}, "it was never read"
        harness.inventory()
        lookout.went("inventory")
        assert lookout.look() == set()


def test_a_database_that_fails_makes_nothing_due(live: Connectors) -> None:
    with closing(Harness()) as harness:
        with harness.engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE wanted_read"))
        assert live.lookout(harness.app.use_cases, harness.clock).look() == set()


def test_a_source_that_can_not_say_whether_there_is_news_hides_none_of_another() -> None:
    class Faulty(FakeDirectory):
        def watermark(self) -> str | None:
            raise KeyError("a shape that nobody foresaw")

    corp, tenant = Faulty("corp", now=lambda: NOW), FakeDirectory("tenant", now=lambda: NOW)
    with closing(Harness()) as harness:
        connectors = Connectors((corp, tenant), (), ()).guarded()
        lookout = connectors.lookout(harness.app.use_cases, harness.clock)
        assert "poll" not in lookout.look()
        tenant.put(facts("zoe"))
        assert "poll" in lookout.look()


def test_calls_of_an_inventory_and_of_a_notifier_are_taken(live: Connectors) -> None:
    doors = [called for one in (*live.inventories, *live.notifiers) for called in one.calls]
    with calls_taken(live):
        answers = []
        for door in doors:
            connection = http.client.HTTPConnection(door.listen, timeout=5)
            connection.request("POST", "/in", b"news")
            answers.append(connection.getresponse().read().decode())
            connection.close()

    assert answers == ["rooms got news at /in", "soc got news at /in"]


def test_an_address_that_is_taken_is_named_by_the_connector_s_own_key(live: Connectors) -> None:
    (door,) = live.inventories[0].calls
    host, _, port = door.listen.rpartition(":")
    with (
        socket.create_server((host, int(port))),
        pytest.raises(
            SettingsError, match=r"inventories\.rooms\.calls\.listen: .* for The messenger's calls"
        ),
        calls_taken(live),
    ):
        pass
