"""People's time zones, as channels know them: asked before somebody is told, and stored.

Stored, so that every process holds a message until the same instant, and so that one run asks once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, cast

from worker.app.tell.holding import Quiet
from worker.domain.escalation.wall_clock import timezones
from worker.domain.instants import has_come
from worker.domain.messages.message import Recipient
from worker.ports import ConnectorError, Notifier, Rejected, Unreachable
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store, UnitOfWork

if TYPE_CHECKING:
    from worker.ports import ZoneTeller

ASKED_MAX = 50  # in one run: such look-ups are limited to about as many a minute
ANSWER_LIFE = timedelta(days=1)
PAUSE = timedelta(minutes=5)  # after a channel that did not answer, so that it keeps no run waiting

People = Callable[[UnitOfWork], Iterable[Recipient]]


class ChannelZones:
    """Asks the notifiers that know zones, if `quiet` hours go by each person's own clock."""

    def __init__(self, store: Store, notifiers: Sequence[Notifier], quiet: Quiet | None) -> None:
        self._store = store
        self._tellers: list[ZoneTeller] = [
            cast("ZoneTeller", one) for one in notifiers if one.can.knows_zones
        ]
        self._quiet = quiet
        self._paused_until: datetime | None = None

    def learn(self, now: datetime, people: People, lease: Lease | None = None) -> None:
        """Ask for the zones of people of whom the directory says none, and store the answers.

        Asks outside of any transaction; nobody again within a day, and not all at once: who was not asked yet has
        the zone that is known without. A channel that fails is left alone for a while. Raises nothing but LeaseLost.
        """
        is_paused = self._paused_until is not None and not has_come(self._paused_until, now, PAUSE)
        if self._quiet is None or not self._tellers or is_paused:
            return
        answers: dict[str, str | None] = {}
        try:
            for address in self._wanted(now, self._quiet, people):
                answers[address] = self._ask(address)
        except ConnectorError:
            self._paused_until = now + PAUSE
        if answers:
            with self._store.begin(lease) as uow:
                uow.zones.put(answers, now)

    def _wanted(self, now: datetime, quiet: Quiet, people: People) -> list[str]:
        """The addresses to ask for now."""
        with self._store.reading() as uow:
            told = {one.email: one for one in people(uow) if one.email}
            others = sorted(told.keys() - uow.zones.asked(told.keys(), now - ANSWER_LIFE, now))
            lacking = (address for address in others if quiet.lacks_zone(uow, told[address]))
            return list(islice(lacking, ASKED_MAX))

    def _ask(self, address: str) -> str | None:
        """What the first channel that knows one says. Raises ConnectorError if one can't be asked."""
        for teller in self._tellers:
            try:
                zone = teller.zone_of(address)
            except (Unreachable, Rejected):  # about this person alone
                continue
            if zone in timezones():
                return zone
        return None
