"""What the watch reads and keeps, on both databases; and that alarms have a lane of their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from builders import NOW
from folded import claim, fold, pending
from plans_of_queries import steps_of
from worker.app.jobs.faults import Faults, Watching
from worker.app.tell.addressing import person_at
from worker.app.tell.alarms import Alarms
from worker.domain.messages.message import CHANNEL, Paragraph, Recipient, feed_of
from worker.domain.watch.alarms import AlarmCause, ToldAlarm
from worker.ops.clock import system_now
from worker.ports.state.outbox import Delivery, DeliveryCount, OutMessage, WaitingRecipient
from worker.ports.state.store import UnitOfWork
from worker.ports.state.watched import Arrival, Failing, LateMessages, WatchMark
from worker.storage.sql.engine import open_engine
from worker.storage.store import SqlStore
from worker.storage.watched import SqlWatched

MINUTE = timedelta(minutes=1)
ANN = person_at("ann@corp.example")


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    return SqlStore(engine)


def letter(key: str, to: Recipient = CHANNEL, **more: Any) -> OutMessage:
    return OutMessage(key, to, key, Paragraph(key), **more)


def claimed(uow: UnitOfWork, at: datetime = NOW) -> Delivery:
    found = claim(uow, "us", at, MINUTE)
    assert found is not None
    return found


# --- the lane ---------------------------------------------------------------------------------------------


def test_an_alarm_waits_for_no_window_and_is_folded_only_with_alarms(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.outbox.add([letter("a", ANN), letter("b", ANN, is_alarm=True), letter("c", ANN)], NOW)

        assert uow.outbox.waiting(NOW - MINUTE, NOW) == [WaitingRecipient(ANN, 1, is_alarm=True)]
        assert uow.outbox.waiting(NOW, NOW) == [
            WaitingRecipient(ANN, 1, is_alarm=True),
            WaitingRecipient(ANN, 2),
        ]
        assert [one.key for one in pending(uow, ANN, NOW, 9)] == ["a", "c"]
        assert fold(uow, ANN, ["soc"], NOW, 9, is_alarm=True) == 1
        assert claimed(uow).items == (letter("b", ANN, is_alarm=True),)


def test_an_alarm_is_claimed_before_what_was_there_first_and_is_not_counted(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.outbox.add([letter("a", ANN)], NOW)
        fold(uow, ANN, ["soc"], NOW, 9)
    with store.begin() as uow:
        uow.outbox.add([letter("b", ANN, is_alarm=True)], NOW + MINUTE)
        fold(uow, ANN, ["soc"], NOW + MINUTE, 9, is_alarm=True)
        first, second = claimed(uow, NOW + MINUTE), claimed(uow, NOW + MINUTE)

        assert [first.items[0].key, second.items[0].key] == ["b", "a"]
        uow.outbox.sent(first, "1", NOW + MINUTE)
        assert uow.outbox.deliveries([ANN], NOW) == [DeliveryCount(0, 1)]


def test_an_alarm_that_nobody_can_have_seen_is_taken_back(store: SqlStore) -> None:
    with store.begin() as uow:
        keys = ("sent", "unclear", "claimed", "failed", "waits", "other", "news")
        some = [letter(f"x:{key}", person_at(f"{key}@corp.example"), is_alarm=key != "news") for key in keys]
        some[5] = letter("y:other", ANN, is_alarm=True)
        uow.outbox.add(some, NOW)
        assert [one.key for one in uow.outbox.heads([some[0].to], NOW, is_alarm=True)[0]] == ["x:sent"]
        on_the_way = []
        for one in some[:4]:
            fold(uow, one.to, ["soc"], NOW, 9, is_alarm=True)
            on_the_way.append(claimed(uow))
        sent, unclear, _, failed = on_the_way
        uow.outbox.sent(sent, "1", NOW)
        uow.outbox.retry(unclear, "No.", NOW, NOW + MINUTE, is_unclear=True)
        uow.outbox.retry(failed, "No.", NOW, NOW + MINUTE, is_unclear=False)

        assert uow.outbox.withdraw_unseen("x:") == ["x:failed", "x:waits"]
        assert uow.outbox.known([one.key for one in some]) == {
            "x:sent", "x:unclear", "x:claimed", "y:other", "x:news",
        }  # fmt: skip
        assert uow.outbox.backlog() == (2, 2)


# --- alarms and marks -------------------------------------------------------------------------------------


def test_an_alarm_stands_until_it_is_ended(store: SqlStore) -> None:
    late, stale = (
        ToldAlarm(AlarmCause.LATE, "", NOW, NOW),
        ToldAlarm(AlarmCause.STALE, "corp", NOW - MINUTE, NOW),
    )
    again = ToldAlarm(AlarmCause.LATE, "", NOW, NOW + MINUTE)
    with store.begin() as uow:
        for one in (late, stale, again):
            uow.watched.put(one)

        assert uow.watched.standing() == [stale, again]
        assert uow.watched.end(stale.key) == stale
        assert uow.watched.end(stale.key) is None
        assert uow.watched.standing() == [again]


def test_a_mark_is_replaced_and_deleted(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.watched.mark(WatchMark("ping", NOW, "well"))
        uow.watched.mark(WatchMark("ping", NOW + MINUTE, "blind"))

        assert uow.watched.marks() == {"ping": WatchMark("ping", NOW + MINUTE, "blind")}

        for _ in range(2):
            uow.watched.unmark("ping")
        assert uow.watched.marks() == {}


def test_a_server_has_a_clock_of_its_own(store: SqlStore, engine: sa.Engine) -> None:
    faults, now = Faults(Alarms(), Watching(host="web-2")), system_now()
    with store.reading() as uow:
        right, behind, untold = (
            faults.found(uow, now, clock=clock) for clock in (now, now - timedelta(hours=1), None)
        )

    assert right == untold == ()
    if engine.dialect.name == "sqlite":
        assert behind == (), "its clock is this machine's"
    else:
        [alarm] = behind
        assert (alarm.key, abs(alarm.count - 3600) < 30) == ("clock:web-2", True)


def test_a_servers_clock_is_read_however_it_writes_dates(postgres_url: str) -> None:
    engine = open_engine(f"{postgres_url}&options=-c%20datestyle%3DSQL%2CDMY")
    with engine.connect() as connection:
        told = SqlWatched(connection).clock()
    assert told is not None
    assert abs(told - system_now()) < MINUTE
    engine.dispose()


def test_leases_are_listed(store: SqlStore) -> None:
    store.leases.acquire("poll", "us", NOW, MINUTE)
    with store.reading() as uow:
        assert [(one.lease.job, one.lease.holder, one.expires_at) for one in uow.watched.leases()] == [
            ("poll", "us", NOW + MINUTE)
        ]


# --- channels ---------------------------------------------------------------------------------------------


def sent_off(uow: UnitOfWork, key: str, notifier: str, at: datetime, to: Recipient = CHANNEL) -> Delivery:
    uow.outbox.add([letter(key, to)], at)
    fold(uow, to, [notifier], at, 9)
    return claimed(uow, at)


def failed(
    uow: UnitOfWork, key: str, made: float, at: float, wait: float, to: Recipient = CHANNEL
) -> Delivery:
    """A delivery over `soc` that failed at a minute, and waits for so many."""
    one = sent_off(uow, key, "soc", NOW + made * MINUTE, to)
    uow.outbox.retry(one, "No.", NOW + at * MINUTE, NOW + (at + wait) * MINUTE, is_unclear=False)
    return one


def test_a_channel_fails_by_what_failed_after_the_last_arrival(store: SqlStore) -> None:
    with store.begin() as uow:
        failed(uow, "a", made=0, at=0, wait=60)
        sent_off(uow, "b", "mail", NOW)
        assert uow.watched.failing() == [Failing("soc", NOW, "No.")]

        other = sent_off(uow, "c", "soc", NOW + MINUTE / 2, ANN)
        uow.outbox.sent(other, "1", NOW + MINUTE)
        assert uow.watched.failing() == []

        last = failed(uow, "d", made=0.5, at=2, wait=60)
        assert uow.watched.failing() == [Failing("soc", NOW + MINUTE, "No.")]
        uow.outbox.put_off(last, "", NOW + 3 * MINUTE, NOW + 9 * MINUTE)
        assert uow.watched.failing() == [], "it is held"
        uow.outbox.put_off(last, "429", NOW + 3 * MINUTE, NOW + 9 * MINUTE)
        assert uow.watched.failing() == [Failing("soc", NOW + MINUTE, "429")]
        uow.outbox.move(last, "mail", "429", NOW + 4 * MINUTE)
        assert uow.watched.failing() == []


def test_the_last_arrival_is_looked_up(engine: sa.Engine, store: SqlStore) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    with store.begin() as uow:
        failed(uow, "a", made=0, at=0, wait=60)
        arrived = sent_off(uow, "b", "soc", NOW)

    def look() -> None:
        with store.begin() as uow:
            uow.watched.failing()
            uow.outbox.hurry(arrived, NOW + MINUTE)

    steps = steps_of(engine, look, "delivery")
    assert sum("ix_delivery_arrival" in step for plan in steps for step in plan) == 2
    assert not [
        step for plan in steps for step in plan if step.startswith("SCAN") or "TEMP B-TREE FOR ORDER" in step
    ]


def test_what_failed_while_nothing_arrived_is_due_when_something_does(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.outbox.sent(sent_off(uow, "first", "soc", NOW), "1", NOW)
        for name, (made, at, wait) in {
            "before": (0, 0, 60), "waits": (0, 20, 100), "too long": (0, 20, 101), "now": (0, 10, 15),
        }.items():  # fmt: skip
            failed(uow, name, made, at, wait)
        failed(uow, "event", 0, 20, 100, feed_of("siem"))
        held = failed(uow, "held", 0, 20, 100)
        uow.outbox.put_off(held, "", NOW + 20 * MINUTE, NOW + 120 * MINUTE)
        elsewhere = sent_off(uow, "elsewhere", "mail", NOW)
        uow.outbox.retry(elsewhere, "No.", NOW, NOW + 120 * MINUTE, is_unclear=False)
        arrived = sent_off(uow, "arrived", "soc", NOW + 24 * MINUTE)
        now = NOW + 25 * MINUTE
        assert uow.outbox.failed(now) == {"soc", "mail"}
        uow.outbox.sent(arrived, "2", now)
        assert uow.outbox.hurry(arrived, now) == 1
        due = uow.outbox.reserve("us", now, MINUTE, 9)
        assert {one.items[0].key for one in due} == {"now", "waits"}
        assert uow.outbox.failed(NOW + 130 * MINUTE) == set()


def test_what_could_have_gone_is_late(store: SqlStore) -> None:
    with store.begin() as uow:
        assert uow.watched.due(NOW) == LateMessages(0, None)
        uow.outbox.add([letter("a"), letter("b", ANN)], NOW)
        assert uow.watched.due(NOW + MINUTE) == LateMessages(0, None), "they may be over their limit"
        uow.outbox.add([letter("c", ANN, is_alarm=True)], NOW + MINUTE)
        later = letter("d", is_alarm=True, not_before=NOW + 9 * MINUTE)
        uow.outbox.add([later], NOW + MINUTE)
        assert uow.watched.due(NOW + 8 * MINUTE) == LateMessages(1, NOW + MINUTE)
        assert uow.watched.due(NOW + 9 * MINUTE) == LateMessages(2, NOW + MINUTE)


def test_a_delivery_is_late_when_its_claim_is_over_unless_its_channel_asked_to_wait(store: SqlStore) -> None:
    with store.begin() as uow:
        sent_off(uow, "a", "soc", NOW)
        assert uow.watched.due(NOW) == LateMessages(0, None)
        assert uow.watched.due(NOW + MINUTE) == LateMessages(1, NOW + MINUTE)
        uow.outbox.leave_alone("soc", NOW + 5 * MINUTE)
        assert uow.watched.due(NOW + MINUTE) == LateMessages(0, None)
        assert uow.watched.due(NOW + 5 * MINUTE) == LateMessages(1, NOW + 5 * MINUTE), "it was to wait"
        assert uow.watched.due(NOW + 9 * MINUTE) == LateMessages(1, NOW + 5 * MINUTE)
        uow.outbox.leave_alone("soc", NOW)
        assert uow.watched.due(NOW + 9 * MINUTE) == LateMessages(1, NOW + MINUTE), "that was before"


def test_the_dead_are_counted(store: SqlStore) -> None:
    with store.begin() as uow:
        one = sent_off(uow, "a", "soc", NOW)
        assert uow.watched.dead() == 0
        uow.outbox.move(one, None, "No.", NOW)
        assert uow.watched.dead() == 1
        uow.deliveries.drop(f"D-{one.id:06d}")
        assert uow.watched.dead() == 0


def test_it_says_where_a_message_is(store: SqlStore) -> None:
    with store.begin() as uow:
        assert uow.watched.arrivals("a") == []
        one = sent_off(uow, "a", "soc", NOW)
        assert uow.watched.arrivals("a") == [Arrival(one.key, "soc", None)]
        uow.outbox.sent(one, "1", NOW)
        assert uow.watched.arrivals("a") == [Arrival(one.key, "soc", NOW)]
