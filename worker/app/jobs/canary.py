"""The canary: a test message a day over the channel that people are told over, found again; a report every week.

its time comes -> queued -> delivered as any message -> looked for where the channel can tell -> found
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from worker.app.jobs.faults import CANARY, FOUND
from worker.app.tell.alarms import Alarms
from worker.app.tell.periods import unused
from worker.app.tell.recipients import Recipients
from worker.domain.messages.alarms import WeekReport, alarm_headline, canary_paragraph, week_paragraph
from worker.domain.messages.message import Message, Recipient
from worker.domain.tickets.ticket import LIVE
from worker.domain.watch.alarms import Alarm
from worker.domain.watch.canary import MONDAY, day_of, week_of
from worker.ports import ConnectorError, Notifier, PermissionDenied
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import OutMessage
from worker.ports.state.overview import TicketFilter
from worker.ports.state.store import Store, UnitOfWork
from worker.ports.state.watched import Arrival, WatchMark

REPORT = "report"
COUNTED_MAX = 1_000_000
A_WEEK = timedelta(days=7)
SET_BACK_MAX = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class CanaryRules:
    """Who gets the test message (an e-mail address), and when, by the organisation's clock."""

    to: str
    at: time


class Canary:
    """Queues the test message and the report when they are due, and looks for the test message."""

    def __init__(
        self,
        store: Store,
        notifiers: Sequence[Notifier],
        alarms: Alarms,
        rules: CanaryRules | None,
        sources: int,
    ) -> None:
        self._store = store
        self._notifiers: Mapping[str, Notifier] = {one.name: one for one in notifiers}
        self._alarms = alarms
        self._rules = rules
        self._sources = sources

    def look(self, now: datetime, lease: Lease | None) -> list[str]:
        """Look for a test message that was not found yet; return what went wrong. Asks outside any transaction."""
        if self._rules is None:
            return []
        with self._store.reading() as uow:
            marks = uow.watched.marks()
            sent, found = marks.get(CANARY), marks.get(FOUND)
            if sent is None or (found is not None and found.text == sent.text):
                return []
            arrivals, to = uow.watched.arrivals(_key(sent.text)), self._recipient(uow, self._rules)
        troubles = []
        for one in arrivals:
            try:
                is_found = self._is_found(one, to)
            except ConnectorError as error:
                troubles.append(f"{one.notifier}: the daily test message can't be looked for: {error}")
                is_found = isinstance(error, PermissionDenied)  # then that it was sent is enough
            if is_found:
                with self._store.begin(lease) as uow:
                    uow.watched.mark(WatchMark(FOUND, now, sent.text))
        return troubles

    def _is_found(self, one: Arrival, to: Recipient) -> bool:
        """Whether it arrived; where the channel can't tell, that it was sent is enough."""
        notifier = self._notifiers.get(one.notifier)
        if notifier is None or one.sent_at is None:
            return False
        if not notifier.can.can_find:
            return True
        return notifier.find(Message(one.key, to, canary_paragraph().headline)) is not None

    def send(self, uow: UnitOfWork, wrong: Sequence[Alarm], now: datetime) -> int:
        """Queue what is due; return how many messages are new. One that is still unsent is taken back first."""
        if self._rules is None:
            return 0
        marks, day = uow.watched.marks(), day_of(now, self._rules.at, self._alarms.timezone)
        last = marks.get(CANARY)
        # Also if the clock was set back; what lies further ahead, a wrong clock sent
        if last is not None and last.text >= day.isoformat() and last.at <= now + SET_BACK_MAX:
            return 0
        key = _key(day.isoformat())
        if last is not None:
            uow.outbox.withdraw([_key(last.text)])
            if last.text < day.isoformat():
                key = unused(uow, [key])[key]
        to = self._recipient(uow, self._rules)
        body = canary_paragraph(self._alarms.languages.of(to.language))
        uow.outbox.add([OutMessage(key, to, body.headline, body, is_alarm=True)], now)
        uow.watched.mark(WatchMark(CANARY, now, key.removeprefix(_key(""))))
        return 1 + self._report(uow, marks.get(REPORT), wrong, day, now)

    def _recipient(self, uow: UnitOfWork, rules: CanaryRules) -> Recipient:
        return Recipients(uow, self._alarms.languages).at(rules.to)

    def _report(
        self, uow: UnitOfWork, last: WatchMark | None, wrong: Sequence[Alarm], day: date, now: datetime
    ) -> int:
        """Tell how the week was, on Monday, or later if nobody was there on Monday."""
        monday = week_of(day).isoformat()
        is_due = day.weekday() == MONDAY if last is None else last.text != monday
        if last is None or is_due:
            uow.watched.mark(WatchMark(REPORT, now, monday))
        if not is_due:
            return 0
        week, zone = self._week(uow, now), self._alarms.timezone
        self._alarms.tell(
            uow,
            f"report:{monday}",
            lambda tongue: week_paragraph(week, [alarm_headline(one, tongue) for one in wrong], zone, tongue),
            now,
            is_new_period=last is not None and last.text < monday,
        )
        return 1

    def _week(self, uow: UnitOfWork, now: datetime) -> WeekReport:
        weeks = uow.overview.weeks([now - A_WEEK], now)
        oldest = next(iter(uow.tickets.page(list(LIVE), 0, 1)), None)
        return WeekReport(
            self._sources,
            sum(week.opened for week in weeks),
            sum(week.verified for week in weeks),
            uow.overview.how_many(TicketFilter(states=tuple(LIVE)), COUNTED_MAX),
            oldest.label if oldest else "",
            oldest.opened_at if oldest else None,
        )


def _key(day: str) -> str:
    return f"canary:{day}"
