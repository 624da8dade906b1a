"""Stop a running job: before a transaction, or while it waits.

A transaction that has begun goes on to its commit. So everything committed is whole, and the next run continues
from there. `InterruptibleStore` wraps the store that the use cases are built with.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from threading import Event, Lock, Thread
from time import monotonic

from worker.ops.tenure import Tenure
from worker.ports.state.leases import Lease, Leases
from worker.ports.state.store import Store, UnitOfWork

UNSTOPPED = frozenset({"deliver"})  # after sending it must commit "sent"; it claims nothing more by itself
GIVE_BACK_MAX_S = 0.5  # for all leases together, when the process is about to end


class Stopped(Exception):
    """The process is about to end, so the job gave up between two transactions."""


class Interrupt:
    """The stop flag of one process, and the leases that its jobs hold."""

    def __init__(self, stop: Event | None = None) -> None:
        self._stop = stop or Event()
        self._tenures: dict[tuple[str, int], Tenure] = {}
        self._lock = Lock()

    @property
    def is_stopping(self) -> bool:
        """True if no new work may start."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Start no new work, and make running work end at its next commit."""
        self._stop.set()

    def sleep(self, seconds: float) -> None:
        """Wait, for example between two tries. Raises Stopped at once if the process has to end."""
        if self._stop.wait(seconds):
            raise Stopped("The wait was cut short because the worker is stopping.")

    def watch(self, tenure: Tenure) -> None:
        """Make `check` prove this lease from now on."""
        with self._lock:
            self._tenures[tenure.key] = tenure

    def forget(self, tenure: Tenure) -> None:
        """Stop checking a lease, because its job has ended."""
        with self._lock:
            self._tenures.pop(tenure.key, None)

    def tenures(self) -> list[Tenure]:
        """The leases that jobs hold now."""
        with self._lock:
            return list(self._tenures.values())

    def give_back(self) -> None:
        """Give back all leases, for `GIVE_BACK_MAX_S` at most; a lease that is not given back runs out."""
        threads = [Thread(target=tenure.release, daemon=True) for tenure in self.tenures()]
        for thread in threads:
            thread.start()
        give_up_at_s = monotonic() + GIVE_BACK_MAX_S
        for thread in threads:
            thread.join(max(give_up_at_s - monotonic(), 0))

    def check(self, lease: Lease | None) -> None:
        """Raise Stopped or LeaseLost if no further transaction may begin under this lease.

        Without a lease (the desk, the command line) nothing is checked.
        """
        if lease is None:
            return
        if self.is_stopping and lease.job not in UNSTOPPED:
            raise Stopped(f"{lease.job} ended between two transactions because the worker is stopping.")
        with self._lock:
            tenure = self._tenures.get((lease.job, lease.fence))
        if tenure is not None:
            tenure.prove()


class InterruptibleStore:
    """A `Store` that checks before each transaction whether it may still begin."""

    def __init__(self, store: Store, interrupt: Interrupt) -> None:
        self._store = store
        self._interrupt = interrupt

    @property
    def leases(self) -> Leases:
        return self._store.leases

    def begin(self, lease: Lease | None = None) -> AbstractContextManager[UnitOfWork]:
        self._interrupt.check(lease)
        return self._store.begin(lease)

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        return self._store.reading()
