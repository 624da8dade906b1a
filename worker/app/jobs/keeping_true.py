"""Keep true what stands in channels: a message that shows a ticket is changed when the ticket does.

A change in place notifies nobody, so it is no news: who has to act is told by a message of their own. What happened is
written below the message, at most once: after a crash in between, a line may be missing there, and the journal has it.
A message that can't be changed any more is let go, and how its tickets stand is told by a new one, which waits like any
other. Who has left is told nothing more: theirs are changed, which takes numbers out of them, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, cast

from worker.app.jobs.asked_wait import WAIT_MAX, asked_wait
from worker.app.tell.conversing import Conversing, standing_anew
from worker.domain.instants import has_come
from worker.domain.messages.message import Message, Paragraph, RecipientKind
from worker.domain.tickets.ticket import ticket_number
from worker.ports import ConnectorError, Notifier, Rejected, Transient, Unreachable
from worker.ports.state.conversations import ShownMessage
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import Store, UnitOfWork

if TYPE_CHECKING:
    from worker.ports.connectors.conversing import Updating

UPDATES_MAX = 50  # in one pass: new messages come first, and channels take about 50 changes a minute
PAUSE = timedelta(minutes=1)  # after a failure that names no wait
_Place: TypeAlias = tuple[str, str]  # a message's notifier, and its reference there


class KeepTrue:
    """Changes messages in place, after what is new was sent."""

    def __init__(self, store: Store, notifiers: Sequence[Notifier], conversing: Conversing) -> None:
        self._store = store
        self._notifiers: dict[str, Updating] = {
            one.name: cast("Updating", one) for one in notifiers if one.can.can_update
        }
        self._conversing = conversing
        self._resting: dict[str, datetime] = {}
        self._failed = set[_Place]()  # each may fail for good, and hold up no other

    def run(self, now: datetime, lease: Lease | None, troubles: list[str]) -> int:
        """Bring messages up to date, the oldest first, and last those that failed before.

        Return how many were changed.
        """
        ready = [name for name in self._notifiers if not self._rests(name, now)]
        if not ready:
            return 0
        with self._store.reading() as uow:
            waiting = uow.conversations.outdated(ready, now, UPDATES_MAX + len(self._failed))
            people = {one.to.address for one in waiting if one.to.kind is RecipientKind.PERSON}
            left = uow.people.who_left(people)
        outdated = {_place(one) for one in waiting}
        self._failed = {one for one in self._failed if one in outdated or one[0] not in ready}
        waiting.sort(key=lambda one: _place(one) in self._failed)
        done = 0
        for shown in waiting[:UPDATES_MAX]:
            if self._rests(shown.notifier, now):
                continue
            try:
                self._bring_up_to_date(shown, now, lease, has_left=shown.to.address in left)
                done += 1
            except ConnectorError as error:
                self._failed.add(_place(shown))
                self._rest(shown.notifier, error, now, lease)
                if not isinstance(error, Transient):
                    troubles.append(f"{shown.notifier}: {error}")
        return done

    def _bring_up_to_date(
        self, shown: ShownMessage, now: datetime, lease: Lease | None, *, has_left: bool
    ) -> None:
        notifier = self._notifiers[shown.notifier]
        with self._store.reading() as uow:
            message = self._conversing.standing(uow, notifier.can, shown, now)
            history = None if has_left else self._conversing.history(uow, shown, now)
            seq = uow.journal.head().seq
        try:
            notifier.update(shown.reference, message)
        except Unreachable:  # somebody deleted it
            self._let_go(shown, [], now, lease)
            return
        except Rejected:  # it is too old to be changed, and says what is no longer so
            self._let_go(shown, [] if has_left else standing_anew(shown, message), now, lease)
            return
        with self._store.begin(lease) as uow:
            versions = _versions(message.paragraphs)
            uow.conversations.keep(replace(shown, versions=versions, told_at=now, told_seq=seq))
        if history is not None:
            notifier.reply(shown.reference, history)

    def _let_go(
        self, shown: ShownMessage, instead: Sequence[OutMessage], now: datetime, lease: Lease | None
    ) -> None:
        with self._store.begin(lease) as uow:
            uow.conversations.forget(shown.notifier, shown.reference)
            uow.outbox.add(instead, now)

    def _rests(self, notifier: str, now: datetime) -> bool:
        return not has_come(self._resting.get(notifier, now), now, WAIT_MAX)

    def _rest(self, notifier: str, error: ConnectorError, now: datetime, lease: Lease | None) -> None:
        """Change nothing for a while. Only a wait that the channel asks for holds up what is new."""
        asked = asked_wait(error)
        self._resting[notifier] = now + (asked or PAUSE)
        if asked is not None:
            with self._store.begin(lease) as uow:
                uow.outbox.leave_alone(notifier, self._resting[notifier])


def keep_shown(
    uow: UnitOfWork, notifier: str, reference: str, message: Message, now: datetime, seq: int
) -> None:
    """Keep true from now on what a message says of tickets. What only continues another message is history.

    What the journal had up to `seq` is told in it.

    A message of which a part stays as it was sent, or is about no ticket, is never changed: a change says how tickets
    stand, and would take that part out of it.
    """
    if not all(one.ticket and not one.is_fixed for one in message.paragraphs):
        return
    alone = [one for one in message.paragraphs if one.is_call or not one.thread]
    if alone:
        uow.conversations.keep(ShownMessage(notifier, reference, message.to, _versions(alone), now, now, seq))


def _place(shown: ShownMessage) -> _Place:
    return shown.notifier, shown.reference


def _versions(paragraphs: Sequence[Paragraph]) -> dict[int, int]:
    """Of each ticket, the version that the oldest word of it is about."""
    newest_first = sorted(paragraphs, key=lambda one: -one.version)
    return {ticket_number(one.ticket): one.version for one in newest_first}
