"""Tell the accountable person once a week what is open and what is overdue, by whoever has it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from worker.app.tell.addressing import who_is_here, whoever_has
from worker.app.tell.periods import begins, unused
from worker.app.tell.teller import Teller
from worker.domain.escalation.wall_clock import MORNING
from worker.domain.messages.weekly import NAMED_MAX, weekly_paragraph
from worker.domain.watch.canary import day_of, week_of
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

_WEEKLY = "weekly"


class TellWeekly:
    """Tells each week once, if anything is open since before it began.

    `accountable`: an e-mail address; empty, or of somebody who has left: nobody is told.
    """

    def __init__(self, teller: Teller, accountable: str) -> None:
        self._teller = teller
        self._accountable = accountable

    def tell(self, uow: UnitOfWork, now: datetime) -> bool:
        """Queue the message of this week unless it was queued before; return whether it was. `now` is aware UTC."""
        week = week_of(day_of(now, MORNING, self._teller.timezone))
        key = f"{_WEEKLY}:{week}"
        if begins(uow, _WEEKLY, str(week), now):
            key = unused(uow, [key])[key]
        accountable = who_is_here(uow, self._accountable)
        if not accountable or key in uow.outbox.known([key]):
            return False
        began = datetime.combine(week, MORNING, ZoneInfo(self._teller.timezone)).astimezone(UTC)
        loads = uow.overview.loads(began, now, NAMED_MAX)
        if not loads.people:
            return False
        to = whoever_has(uow, accountable, self._teller.languages)
        body = weekly_paragraph(loads, self._teller.languages.of(to.language))
        uow.outbox.add([OutMessage(key, to, body.headline, body)], now)
        return True
