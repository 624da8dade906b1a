"""Hold a lease while a job runs: renew it in the background, prove it before each transaction, give it back.

Between renewals the holder trusts its lease until `trusted_until` by its own clock. After that it must prove
the lease before it begins anything. Commits are safe in any case: each checks the fence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, RLock, Thread
from typing import Self

import structlog

from worker.ops import events
from worker.ops.health import reason
from worker.ports.state.leases import Lease, LeaseLost, Leases

RENEWALS = 3  # in one life of the lease
RETRIES = 12  # in one life of the lease, while the database does not answer
JOIN_MAX_S = 1.0  # a renewal that hangs in the database must not keep its job from ending

log = structlog.stdlib.get_logger(__name__)


class Tenure:
    """One lease from its taking to its release, as a context manager. The job's transactions get `lease`."""

    def __init__(
        self, leases: Leases, lease: Lease, taken_at: datetime, life: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self.lease = lease
        self._leases = leases
        self._life = life
        self._clock = clock
        self._renewed_at = taken_at
        self._trust = lease.trusted_until - taken_at
        self._lost = ""  # why
        self._lock = RLock()
        self._over = Event()
        self._pause_s = life.total_seconds() / RENEWALS
        self._thread = Thread(target=self._keep, name=f"lease-{lease.job}", daemon=True)

    @classmethod
    def take(
        cls, leases: Leases, job: str, holder: str, life: timedelta, clock: Callable[[], datetime]
    ) -> Tenure | None:
        """Take the lease; None if another process holds it."""
        now = clock()
        lease = leases.acquire(job, holder, now, life)
        return None if lease is None else cls(leases, lease, now, life, clock)

    @property
    def key(self) -> tuple[str, int]:
        """The tenure's key within this process."""
        return self.lease.job, self.lease.fence

    def is_trusted(self) -> bool:
        """True if the holder may act without asking the database."""
        return not self._lost and self._clock() < self._renewed_at + self._trust

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_how: object) -> None:
        self._over.set()
        self._thread.join(JOIN_MAX_S)
        self.release()

    def prove(self) -> None:
        """Return if the lease is certainly ours, else raise LeaseLost. Asks the database only if trust ran out."""
        if self.is_trusted():
            return
        with self._lock:  # waits for a running renewal
            if self.is_trusted():
                return
            if not self._lost:
                self._renew()
            if self._lost:
                raise LeaseLost(f"The lease on {self.lease.job!r} is lost: {self._lost}.")

    def release(self) -> None:
        """Give the lease back. No effect if it was taken over. Never raises, since a lease runs out by itself."""
        try:
            self._leases.release(self.lease)
        except Exception as error:  # noqa: BLE001  despite the database's error, the job's own result counts
            log.warning(events.LEASE_UNRELEASED, error=reason(error), **self._names())

    def _keep(self) -> None:
        pause_s = self._pause_s
        while not self._over.wait(pause_s):
            pause_s = self._pause_s
            try:
                with self._lock:
                    if self._over.is_set() or self._lost:
                        return
                    self._renew()
            except Exception as error:  # noqa: BLE001  tried again until trust runs out, then `prove` decides
                log.warning(events.LEASE_UNRENEWED, error=reason(error), **self._names())
                pause_s = self._life.total_seconds() / RETRIES

    def _renew(self) -> None:
        """Renew the lease for another life. Sets `_lost` if it changed hands; raises the database's errors."""
        now = self._clock()
        # Counted from the last renewal: if a long commit kept us from renewing and the lease ran out, but nobody
        # took it, it goes on with its fence
        life = max(now - self._renewed_at, timedelta()) + self._life
        renewed = self._leases.acquire(self.lease.job, self.lease.holder, self._renewed_at, life)
        if renewed is None:
            self._lose("another process took it over")
        elif renewed.fence != self.lease.fence:
            self._leases.release(renewed)
            self._lose("it changed hands meanwhile")
        else:
            self._renewed_at = now

    def _lose(self, why: str) -> None:
        self._lost = why
        log.warning(events.LEASE_LOST, why=why, **self._names())

    def _names(self) -> dict[str, str | int]:
        return {"job": self.lease.job, "holder": self.lease.holder, "fence": self.lease.fence}
