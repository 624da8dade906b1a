"""The dead man's switch: pinged while all is well, told at once that the worker is blind, and else left in silence."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.app.jobs.faults import HEARD, PING, UNHEARD, failing_since
from worker.domain.instants import has_come
from worker.domain.watch.pulse import Pulse, State
from worker.ports import ConnectorError, Transient
from worker.ports.ping import Pinger
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store, UnitOfWork
from worker.ports.state.watched import WatchMark


class Switch:
    """Pings one check, at most once `every`, but for the first word that the worker is blind."""

    def __init__(self, store: Store, pinger: Pinger | None, every: timedelta) -> None:
        self._store = store
        self._pinger = pinger
        self._every = every

    def is_due(self, now: datetime) -> bool:
        """Whether its time has come."""
        if self._pinger is None:
            return False
        with self._store.reading() as uow:
            return self._is_due(uow.watched.marks().get(PING), now)

    def _is_due(self, last: WatchMark | None, now: datetime) -> bool:
        return last is None or has_come(last.at + self._every, now, self._every)

    def ping(
        self, pulse: Pulse, now: datetime, lease: Lease | None, *, is_forced: bool = False
    ) -> tuple[bool, str]:
        """Tell the check how the worker is, if it is time; return whether it heard, and what went wrong or "".

        The request is sent outside any transaction. `is_forced`: it is always time.
        """
        if self._pinger is None:
            return False, ""
        with self._store.reading() as uow:
            last = uow.watched.marks().get(PING)
        is_news = pulse.state is State.BLIND and last is not None and last.text != pulse.state.value
        if not (is_forced or is_news or self._is_due(last, now)):
            return False, ""
        trouble, is_said = None, False
        try:
            is_said = _say(self._pinger, pulse)
        except ConnectorError as error:
            trouble = error
        with self._store.begin(lease) as uow:
            uow.watched.mark(WatchMark(PING, now, pulse.state.value))
            if is_said or trouble is not None:
                _remember(uow, trouble, now)
        return is_said, str(trouble or "")


def _say(pinger: Pinger, pulse: Pulse) -> bool:
    """Say it; return whether anything was said."""
    if pulse.state is State.BLIND:
        return pinger.blind(pulse.why)
    if pulse.state is State.WELL:
        pinger.well()
    return pulse.state is State.WELL


def _remember(uow: UnitOfWork, trouble: ConnectorError | None, now: datetime) -> None:
    if trouble is None:
        uow.watched.mark(WatchMark(HEARD, now, ""))
        uow.watched.unmark(UNHEARD)
        return
    failing = failing_since(uow.watched.marks(), now) or WatchMark(UNHEARD, now, "")
    said = failing.text if isinstance(trouble, Transient) else trouble.message
    uow.watched.mark(failing._replace(text=said))
