"""One tenant's budget: the units of ten seconds, the wait that Graph asked for, and who shares it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from threading import Thread

import pytest

from connectors.kit.graph.budget import UNITS_MAX, WINDOW_S, Budget, Hold, Why, budget_of, cost

ROOT = "https://graph.microsoft.com/v1.0"
TENANT = "c0ffee00-7e57-4000-8000-00000000aaaa"


class Seconds:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def budget(seconds: Seconds) -> Budget:
    return Budget(seconds)


def test_what_fits_goes_out_and_what_does_not_waits_until_it_does(budget: Budget, seconds: Seconds) -> None:
    assert budget.take(UNITS_MAX - 1) is None
    seconds.now_s += 4
    assert budget.take(1) is None

    assert budget.take(1) == Hold(WINDOW_S - 4, Why.SPENT)

    seconds.now_s += WINDOW_S - 4
    assert budget.take(1) is None


def test_the_wait_is_no_longer_than_it_takes_to_make_room(budget: Budget, seconds: Seconds) -> None:
    for _ in range(3):
        assert budget.take(500) is None
        seconds.now_s += 1

    assert budget.take(250) is None
    assert budget.take(500) == Hold(7.0, Why.SPENT)
    assert budget.take(501) == Hold(8.0, Why.SPENT)


def test_in_no_window_is_more_taken_than_allowed(budget: Budget, seconds: Seconds) -> None:
    taken: list[tuple[float, int]] = []
    for turn in range(4000):
        units = 1 + turn % 7
        if budget.take(units) is None:
            taken.append((seconds.now_s, units))
        seconds.now_s += 0.01

    ends = [at_s for at_s, _ in taken]
    spent = [sum(units for at_s, units in taken if end - WINDOW_S < at_s <= end) for end in ends[::50]]
    assert UNITS_MAX - 7 <= max(spent) <= UNITS_MAX


@pytest.mark.parametrize("counted", [3, 40])
def test_what_graph_counted_takes_the_place_of_what_was_expected(
    budget: Budget, seconds: Seconds, counted: int
) -> None:
    budget.take(10)
    budget.settle(10, counted)

    assert budget.take(UNITS_MAX - counted + 1) is not None
    assert budget.take(UNITS_MAX - counted) is None
    seconds.now_s += WINDOW_S
    assert budget.take(UNITS_MAX) is None


def test_nothing_goes_out_before_the_time_that_graph_asked_for(budget: Budget, seconds: Seconds) -> None:
    budget.pause(7)
    assert budget.take(1) == Hold(7.0, Why.ASKED_TO_WAIT)
    seconds.now_s += 6.5
    assert budget.take(1) == Hold(0.5, Why.ASKED_TO_WAIT)

    seconds.now_s += 0.5
    assert budget.take(1) is None


def test_a_shorter_wait_does_not_end_a_longer_one(budget: Budget) -> None:
    for wait_s in (1, 30, 0, 5):
        budget.pause(wait_s)

    assert budget.take(1) == Hold(30.0, Why.ASKED_TO_WAIT)


def test_a_wait_of_no_time_is_none(budget: Budget) -> None:
    budget.pause(0)

    assert budget.take(1) is None


def test_threads_together_take_no_more_than_there_is(budget: Budget) -> None:
    taken: list[int] = []

    def ask() -> None:
        taken.extend(1 for _ in range(UNITS_MAX) if budget.take(1) is None)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(taken) == UNITS_MAX


def test_there_is_one_for_each_tenant_and_cloud() -> None:
    mine = budget_of("https://graph.microsoft.com", TENANT)

    assert budget_of("https://graph.microsoft.com", TENANT.upper()) is mine
    assert budget_of("https://graph.microsoft.us", TENANT) is not mine
    assert budget_of("https://graph.microsoft.com", "corp.example") is not mine


def test_it_is_gone_with_the_last_who_asks(seconds: Callable[[], float]) -> None:
    budget = budget_of("https://graph.microsoft.com", TENANT, seconds)
    budget.pause(60)
    del budget
    gc.collect()

    assert budget_of("https://graph.microsoft.com", TENANT, seconds).take(1) is None


@pytest.mark.parametrize(
    "path, units",
    [
        ("users/delta?%24select=id%2Cmanager", 1),
        ("users/delta?%24skiptoken=opaque", 1),
        ("users", 2),
        ("users?%24select=id&%24top=999&%24expand=manager%28%24select%3Did%29", 2),
        ("users?%24top=1&%24select=id", 1),
        ("users?%24top=many", 2),
        ("users/$count", 1),
        (f"users/{TENANT}?%24select=id&%24expand=manager%28%24select%3Did%29", 1),
        (f"users/{TENANT}?%24expand=manager", 2),
        (f"directory/deletedItems/{TENANT}?%24select=id", 1),
        ("directory/deletedItems/microsoft.graph.user?%24select=id&%24top=999", 1),
        (f"groups/{TENANT}/transitiveMembers/microsoft.graph.user?%24select=id&%24top=999", 4),
        ("subscriptions", 1),
    ],
)
def test_a_request_costs_what_is_documented(path: str, units: int) -> None:
    assert cost(f"{ROOT}/{path}") == units
