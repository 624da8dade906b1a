"""Alive, ready, and the reasons why not."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from worker.ops.health import STARTING, Health, reason, thread_trouble
from worker.storage.sql.errors import OF_DATABASE, SchemaNewer, SchemaOlder, passes

REACHING = (
    "Look whether the server runs and takes connections, and whether database.url names it and its role."
)


def well() -> None:
    """The database is as it should be."""


class Database:
    """Raises its error, if it has one."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self) -> None:
        raise self.error


def refused(text: str) -> OperationalError:
    return OperationalError("SELECT 1", None, Exception(text))


def test_a_process_is_alive_before_it_is_ready() -> None:
    health = Health(well)

    assert (health.liveness(), health.readiness()) == ("", STARTING)
    health.started()
    assert (health.liveness(), health.readiness()) == ("", "")


@pytest.mark.parametrize(
    "error, why",
    [
        (SchemaOlder("The database has no tables yet."), "The database has no tables yet."),
        (SchemaNewer("The tables are of a later release."), "The tables are of a later release."),
        (refused("connection failed:\n\tIs it running?"), f"connection failed: Is it running? {REACHING}"),
        (refused("user=ann password=geheim-1 host=db"), f"user=ann password=[redacted] host=db. {REACHING}"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
)
def test_what_ails_the_database_is_why_it_is_not_ready_and_no_reason_to_end_it(
    error: Exception, why: str
) -> None:
    health = Health(Database(error))
    health.started()

    assert (health.liveness(), health.readiness()) == ("", why)


def test_a_database_that_says_nothing_is_told_from_one_that_refuses() -> None:
    hang = threading.Event()

    def asks() -> None:
        hang.wait(20)

    health = Health(asks, wait_s=0.05)

    assert health.readiness() == (
        "the database does not answer (no answer for 0 s). "
        "Look whether the server runs and takes connections, and whether database.url names it and its role."
    )
    with pytest.raises(OF_DATABASE) as raised:
        health.require_database()
    assert passes(raised.value)
    hang.set()


def test_it_lives_while_everything_that_is_watched_does() -> None:
    health, troubles = Health(well), {"loop": "", "desk": ""}
    health.watch(lambda: troubles["loop"])
    health.watch(lambda: troubles["desk"])
    assert health.liveness() == ""

    troubles["desk"] = "the desk is gone"
    assert health.liveness() == "the desk is gone"
    troubles["loop"] = "the loop stands still"
    assert health.liveness() == "the loop stands still"
    troubles.update(loop="", desk="")
    assert health.liveness() == ""


def test_a_thread_that_ended_is_missed() -> None:
    may_end = threading.Event()
    thread = threading.Thread(target=may_end.wait, args=(20,), name="watched")
    thread.start()
    assert thread_trouble("watched") == ""

    may_end.set()
    thread.join(20)
    assert thread_trouble("watched") == "the thread 'watched' has ended"


def test_a_reason_is_one_line_in_the_driver_s_words() -> None:
    engine = sa.create_engine("sqlite:////nowhere/at/all.db")
    with pytest.raises(OperationalError) as raised:
        engine.connect()

    assert reason(raised.value) == "unable to open database file"
