"""A budget of requests to one tenant, for everything in this process: rounds, look-ups and subscriptions.

Graph counts resource units for each app in a tenant, and says how long to wait once they are spent. A wait that one
caller gets holds for all callers: asking sooner would only make it longer. Source: Microsoft Graph, "Throttling
guidance" and "Service-specific throttling limits" (read 2026-11).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from threading import Lock
from time import monotonic
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakValueDictionary

WINDOW_S = 10.0
UNITS_MAX = 1750  # in a window: half of the smallest tenants' limit, so that other programs have room
_SMALL_PAGE = 20  # people; smaller pages cost less


class Why(StrEnum):
    """Why a request is held back."""

    ASKED_TO_WAIT = "it asked us to wait"
    SPENT = "our share of what the tenant allows is spent"


class Hold(NamedTuple):
    """A request may not go out yet."""

    wait_s: float
    why: Why


class Budget:
    """The units of the last window, and the wait that Graph asked for. Threads share it.

    Uses the monotonic clock: a wall clock that is set, or that stands still (`--now`), must not stop requests.
    """

    def __init__(self, clock_s: Callable[[], float] = monotonic) -> None:
        self._clock_s = clock_s
        self._taken: deque[tuple[float, int]] = deque()
        self._spent = 0  # the sum of the units in _taken
        self._until_s: float | None = None
        self._lock = Lock()

    def take(self, units: int) -> Hold | None:
        """Take the units for a request that goes out now; if it may not, take none and return the reason."""
        with self._lock:
            now_s = self._clock_s()
            if self._until_s is not None and now_s < self._until_s:
                return Hold(self._until_s - now_s, Why.ASKED_TO_WAIT)
            while self._taken and self._taken[0][0] + WINDOW_S <= now_s:
                self._spent -= self._taken.popleft()[1]
            if wait_s := self._wait_s(units, now_s):
                return Hold(wait_s, Why.SPENT)
            self._add(units, now_s)
            return None

    def settle(self, taken: int, counted: int) -> None:
        """Correct the units taken for a request to Graph's own count."""
        if counted != taken:
            with self._lock:
                self._add(counted - taken, self._clock_s())

    def pause(self, wait_s: float) -> None:
        """Let no request go out for `wait_s`. A shorter wait does not end a longer one."""
        with self._lock:
            until_s = self._clock_s() + wait_s
            self._until_s = max(until_s, self._until_s or until_s)

    def _add(self, units: int, now_s: float) -> None:
        self._taken.append((now_s, units))
        self._spent += units

    def _wait_s(self, units: int, now_s: float) -> float:
        """Seconds until enough units have left the window to make room; 0 if there is room."""
        over = self._spent + units - UNITS_MAX
        wait_s = 0.0
        for at_s, taken in self._taken:
            if over <= 0:
                break
            over -= taken
            wait_s = at_s + WINDOW_S - now_s
        return wait_s


_Key = tuple[str, str, Callable[[], float]]
_budgets: WeakValueDictionary[_Key, Budget] = WeakValueDictionary()  # gone with its last user
_budgets_lock = Lock()


def budget_of(graph: str, tenant: str, clock_s: Callable[[], float] = monotonic) -> Budget:
    """The only budget of a tenant (at this Graph, on this clock) in this process: two sources may share a tenant."""
    key = (graph, tenant.casefold(), clock_s)
    with _budgets_lock:
        return _budgets.setdefault(key, Budget(clock_s))


def cost(url: str) -> int:
    """The documented resource units of one of our requests."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.path.endswith("/users"):
        units = 2
    elif "/transitiveMembers" in parts.path:
        units = 5
    else:
        units = 1
    units += ("$expand" in query) - ("$select" in query)
    top = query.get("$top", "")
    return max(1, units - (top.isdecimal() and int(top) < _SMALL_PAGE))
