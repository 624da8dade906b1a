"""A store between whose transactions another process does something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from worker.ports.state.leases import Lease, Leases
from worker.ports.state.store import Store, UnitOfWork


class Interleaved:
    """`ports.store.Store` over another one; `deed` is done once, before the writing transaction number `at`, from 1."""

    def __init__(self, inner: Store, at: int, deed: Callable[[], object]) -> None:
        self._inner = inner
        self._left = at
        self._deed = deed

    @property
    def leases(self) -> Leases:
        return self._inner.leases

    @property
    def is_done(self) -> bool:
        return self._left <= 0

    @contextmanager
    def begin(self, lease: Lease | None = None) -> Iterator[UnitOfWork]:
        self._left -= 1
        if self._left == 0:
            self._deed()
        with self._inner.begin(lease) as uow:
            yield uow

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        return self._inner.reading()
