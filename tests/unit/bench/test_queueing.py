"""The simulation of queues agrees with the formulas where there are some, and with the worker's own rules elsewhere."""

from __future__ import annotations

from math import inf

import pytest

from bench.queueing import (
    PAGE,
    day_lines,
    expected,
    queue,
    simulated,
    taps_of,
    writer_lines,
    year_lines,
    year_of,
)
from bench.queueing_day import DAY_S, Channel, Costs, Demand, Load, day_of, play
from worker.app.jobs.deliver import CLAIM_LIFE
from worker.app.jobs.delivery_pass import DELIVERIES_MAX
from worker.app.jobs.folding import ITEMS_MAX

NOON_S = DAY_S / 2
SURE = Channel(fails=0.0)


def at_noon(count: int, readers: int) -> Load:
    """A load of so many messages, evenly to so many readers."""
    return Load(0, count, sorted((NOON_S, number % readers) for number in range(count)))


# --- formulas -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("busy, servers", [(0.5, 1), (0.8, 1), (0.8, 2), (0.8, 4)])
def test_waits_and_use_are_those_of_erlang_and_little(busy: float, servers: int) -> None:
    rate = busy * servers
    got, want = simulated(rate, 1.0, servers, 100_000, seed=1), expected(rate, 1.0, servers)

    assert got.mean_s == pytest.approx(want.mean_s, rel=0.05)
    assert got.waiting == pytest.approx(rate * got.mean_s, rel=0.02), "Little's law"
    assert got.utilisation == pytest.approx(want.utilisation, rel=0.02)


def test_the_formula_for_one_server_is_that_of_the_textbook() -> None:
    assert expected(0.8, 1.0, 1).mean_s == pytest.approx(0.8 / (1 - 0.8))


def test_the_first_free_server_takes_the_first_that_came() -> None:
    assert queue([0, 1, 2, 3], [10, 1, 5, 1], servers=2) == [0, 0, 0, 4]


# --- the outbox -----------------------------------------------------------------------------------------------


def test_one_message_waits_for_the_window_the_next_pass_and_the_channel() -> None:
    [wait] = play(at_noon(1, 1), channel=SURE).waits

    assert 60 < wait < 60 + 5 + 3


def test_messages_to_one_reader_are_one_delivery_up_to_what_it_holds() -> None:
    assert play(at_noon(ITEMS_MAX, 1)).deliveries == 1
    assert play(at_noon(ITEMS_MAX + 1, 1)).deliveries == 2


def test_a_sender_sends_as_many_a_pass_as_the_worker_does() -> None:
    quick = Costs(send_s=1e-6, fold_s=0.0, claim_s=1e-6, mark_s=1e-6)
    found = play(at_noon(10 * DELIVERIES_MAX, 10 * DELIVERIES_MAX), costs=quick, channel=SURE)

    assert found.ended_s == pytest.approx(NOON_S + 60 + 9 * 5, abs=0.5)


def test_two_senders_need_half_the_time_while_the_channel_is_what_takes_it() -> None:
    load = at_noon(4000, 4000)
    one, two = (play(load, senders, channel=SURE) for senders in (1, 2))

    assert (two.ended_s - NOON_S) / (one.ended_s - NOON_S) == pytest.approx(0.5, rel=0.1)
    assert one.peak == two.peak == 4000


def test_more_senders_gain_nothing_where_the_writer_is_what_takes_the_time() -> None:
    load, slow = at_noon(4000, 4000), Costs(send_s=1e-6, claim_s=0.1, mark_s=0.1)
    one, four = (play(load, senders, slow, SURE) for senders in (1, 4))

    assert four.ended_s == pytest.approx(one.ended_s, rel=0.02)


def test_a_channel_gets_no_more_than_it_takes() -> None:
    found = play(at_noon(1000, 1000), 4, channel=Channel(1.0, fails=0.0))

    assert found.refused > 0
    assert found.ended_s - NOON_S > 1000
    assert len(found.waits) == 1000


def test_what_fails_is_tried_again_and_nothing_is_lost() -> None:
    found = play(at_noon(1000, 1000), channel=Channel(fails=0.2))

    assert len(found.waits) == 1000
    assert found.retried == pytest.approx(250, rel=0.2)
    assert max(found.waits) > 90


def test_what_a_dead_sender_had_claimed_is_free_after_the_claim() -> None:
    load = at_noon(1, 1)
    alive = play(load, channel=SURE)
    dead = play(load, channel=SURE, dies_at_s=NOON_S + 60)

    assert dead.ended_s - alive.ended_s == pytest.approx(CLAIM_LIFE.total_seconds(), abs=10)


def test_a_day_is_the_same_each_time_and_grows_with_the_company() -> None:
    days = [day_of(people, Demand(), seed=1) for people in (100_000, 100_000, 1_000_000)]

    assert days[0] == days[1]
    assert len(days[2].messages) / len(days[0].messages) == pytest.approx(10, rel=0.3)
    assert day_of(100_000, Demand(), 1, mass=500).leavers == days[0].leavers + 500


# --- the writer, and a year -----------------------------------------------------------------------------------


def test_a_tap_waits_no_longer_than_a_read_is_applied_unless_reads_overlap() -> None:
    rare, _ = taps_of(100_000, DAY_S)
    often, used = taps_of(1_000_000, 900.0)

    assert rare[-1] < 1
    assert 60 < often[-1] < inf
    assert 0 < used < 1


def test_a_year_sends_everything_and_is_behind_only_after_mass_leavings() -> None:
    small, large = year_of(10_000), year_of(10_000_000)

    assert small.hours_behind == 0
    assert 0 < large.hours_behind < 100
    assert large.deliveries / small.deliveries == pytest.approx(1000, rel=0.05)


# --- the document ---------------------------------------------------------------------------------------------


def test_the_document_has_the_figures_of_this_simulation() -> None:
    """`make bench-queueing` writes them anew."""
    lines = [*day_lines((10_000, 100_000)), *year_lines((10_000,)), *writer_lines((10_000,))]
    wanted, page = ("\n".join(lines).splitlines(), PAGE.read_text().splitlines())

    assert not {line.strip() for line in wanted} - {line.strip() for line in page}
