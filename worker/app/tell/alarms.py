"""Tells alarms: who is told, over which channels, and that an alarm is over. What stands is kept with the message.

Alarms have a lane of their own in the outbox: no silence, no quiet hours and no daily limit holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from worker.app.tell.periods import unused
from worker.app.tell.reaching import Reaching
from worker.app.tell.recipients import OnCall, Recipients, nobody_on_call
from worker.domain.escalation.policy import Target, Whom
from worker.domain.messages.alarms import alarm_paragraph, over_paragraph
from worker.domain.messages.message import Paragraph, Recipient
from worker.domain.messages.overtaken import over_key, raised_key
from worker.domain.text.tongue import ENGLISH_ONLY, Languages, Tongue
from worker.domain.watch.alarms import Alarm, ToldAlarm
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class AlarmRules:
    """When something is wrong enough to be told, to whom, and how often.

    `to` are targets without a ticket: the accountable person, channels, people, rotas.
    """

    channel_failing: timedelta = timedelta(minutes=15)
    lease_unheld: timedelta = timedelta(minutes=2)
    clock_jump: timedelta = timedelta(seconds=30)
    oldest_due: timedelta = timedelta(minutes=10)
    to: tuple[Whom, ...] = (Target.CHANNEL,)
    repeat: timedelta = timedelta(hours=4)
    accountable: str = ""


@dataclass(frozen=True, slots=True)
class Alarms:
    """Writes the messages of alarms, each in its reader's language; `timezone` (IANA) is the organisation's.

    `reaching` knows the notifiers; without it, everybody counts as reached.
    """

    rules: AlarmRules = field(default_factory=AlarmRules)
    timezone: str = "UTC"
    languages: Languages = ENGLISH_ONLY
    reaching: Reaching | None = None
    on_call: OnCall = nobody_on_call

    def raised(self, uow: UnitOfWork, alarm: Alarm, now: datetime, told_at: datetime | None = None) -> None:
        """Tell an alarm, for the first time or again. `told_at` is now by the database's clock, if that is known."""
        at = told_at or now
        before = {one.key: one for one in uow.watched.standing()}.get(alarm.key)
        since = before.since_at if before else at
        uow.watched.put(ToldAlarm(alarm.cause, alarm.about, since, at))
        # Who has not seen that it was over is not told that it begins again
        unseen = [] if before else uow.outbox.withdraw_unseen(over_key(alarm.key))
        self.tell(
            uow,
            raised_key(alarm.key, at),
            lambda tongue: alarm_paragraph(alarm, self.timezone, tongue),
            now,
            is_urgent=True,
            instead_of=unseen,
        )

    def ended(self, uow: UnitOfWork, key: str, now: datetime) -> bool:
        """Tell that an alarm is over, if it stood; return whether it did.

        Whoever has not seen that it began is told nothing of it any more.
        """
        over = uow.watched.end(key)
        if over is None:
            return False
        unseen = uow.outbox.withdraw_unseen(raised_key(key, over.told_at))
        self.tell(
            uow,
            f"{over_key(key)}{now.isoformat()}",
            lambda tongue: over_paragraph(over, self.timezone, tongue),
            now,
            instead_of=unseen if over.told_at == over.since_at else (),
        )
        return True

    def tell(
        self,
        uow: UnitOfWork,
        key: str,
        body: Callable[[Tongue], Paragraph],
        now: datetime,
        *,
        is_urgent: bool = False,
        instead_of: Collection[str] = (),
        is_new_period: bool = False,
    ) -> None:
        """Queue a message to everybody who is told of alarms. `key` is the beginning of its key.

        `is_new_period`: what told under this key before was a wrong clock.

        Left out are the readers of messages that were taken back, whose keys are `instead_of`: the two say nothing new.
        """
        messages = []
        for to in self.recipients(uow, now):
            reader = f":{to.kind.value}:{to.address}"
            if any(one.endswith(reader) for one in instead_of):
                continue
            paragraph = body(self.languages.of(to.language))
            its_key = f"{key}{reader}"
            messages.append(
                OutMessage(its_key, to, paragraph.headline, paragraph, is_urgent=is_urgent, is_alarm=True)
            )
        if is_new_period:
            keys = unused(uow, [one.key for one in messages])
            messages = [replace(one, key=keys[one.key]) for one in messages]
        uow.outbox.add(messages, now)

    def recipients(self, uow: UnitOfWork, now: datetime) -> list[Recipient]:
        """Those who are told and can be reached, each once, and over notifiers that work where there are any."""
        found = Recipients(uow, self.languages, self.on_call).of_alarms(
            self.rules.to, self.rules.accountable, now
        )
        if self.reaching is None:
            return list(found)
        failing = self.failing(uow, now)
        ways = [(to, self.reaching.over(to)) for to in found]
        return [_over(to, names, failing) for to, names in ways if names]

    def failing(self, uow: UnitOfWork, now: datetime) -> frozenset[str]:
        """The notifiers over which nothing has arrived for too long."""
        long_ago = now - self.rules.channel_failing
        return frozenset(one.notifier for one in uow.watched.failing() if one.since_at <= long_ago)


def _over(to: Recipient, names: Collection[str], failing: Collection[str]) -> Recipient:
    working = tuple(name for name in names if name not in failing)
    return replace(to, via=working) if 0 < len(working) < len(names) else to
