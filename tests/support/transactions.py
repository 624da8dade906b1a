"""Many transactions at once, and one that is rolled back."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from worker.ports.state.store import Store, UnitOfWork

T = TypeVar("T")


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """Run `act` in so many threads that start together."""
    gate = threading.Barrier(count)

    def run(number: int) -> T:
        gate.wait(timeout=30)
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@contextmanager
def rolled_back(store: Store) -> Iterator[UnitOfWork]:
    """A transaction at whose end something goes wrong."""
    with contextlib.suppress(ZeroDivisionError), store.begin() as uow:
        yield uow
        raise ZeroDivisionError
