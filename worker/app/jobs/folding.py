"""Fold messages that have waited long enough into deliveries, a page of recipients in one transaction.

What a page needs to know is asked for the whole page. Items that a channel would not show stay pending, so that
nothing counts as sent that nobody could see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from worker.app.jobs.asked_wait import WAIT_MAX
from worker.app.jobs.composing import Composing
from worker.app.tell.feeds import Followers
from worker.app.tell.holding import Holding, hold
from worker.app.tell.overtaken import Waiting, overtaken, repeated
from worker.app.tell.reaching import Reaching
from worker.domain.escalation.wall_clock import start_of_day
from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.messages.paragraphs import dropped_paragraph, summary_paragraph
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import Bundle, MessageHead, OutMessage, WaitingRecipient
from worker.ports.state.store import Store, UnitOfWork

ITEMS_MAX = 40  # messages in one digest
CHANNEL_TIME = timedelta(hours=1)
RECIPIENTS_MAX = 100  # in one transaction, so that a mass of messages keeps nobody else from writing for long
ALARMS_MAX = 200  # messages of alarms to one recipient in one pass


@dataclass(frozen=True, slots=True)
class FoldingLimits:
    """`digest_window`: how long a message waits for others. `channel_max`: messages to a channel in an hour.
    Those to one person in one local day are `Composing.daily_max`.
    """

    digest_window: timedelta
    channel_max: int
    holding: Holding


_Reader = tuple[RecipientKind, str]


@dataclass(slots=True)
class _Fold:
    """What one recipient is told in this pass: over which channels, and in how many more messages."""

    to: Recipient
    channels: Sequence[str]
    heads: Sequence[MessageHead]  # of what is not held
    waiting: int
    budget: int = 0
    folded: int = 0
    is_done: bool = False

    @property
    def reader(self) -> _Reader:
        """Who gets it, over whatever channels."""
        return self.to.kind, self.to.address


class Folding:
    """Folds what waits in the outbox."""

    def __init__(
        self, store: Store, reaching: Reaching, feeds: Followers, composing: Composing, limits: FoldingLimits
    ) -> None:
        self._store = store
        self._reaching = reaching
        self._feeds = feeds
        self._composing = composing
        self._limits = limits

    def run(self, now: datetime, lease: Lease | None, counts: Counter[str], troubles: list[str]) -> None:
        """Queue events for feeds, and fold what has waited long enough; add to the counts and troubles of a pass.

        First of all, nothing waits for the time of a wrong clock, nor for whoever had a ticket.
        """
        with self._store.begin(lease) as uow:
            uow.outbox.set_right(now, WAIT_MAX)
            uow.outbox.end_rests(now)
            troubles += self._feeds.queue(uow, now)
            waiting = self.waiting(uow, now)
        for page in _pages(waiting):
            with self._store.begin(lease) as uow:
                _ReadersPage(uow, now, self._reaching, self._composing, self._limits).fold(page, counts)

    def waiting(self, uow: UnitOfWork, now: datetime) -> list[WaitingRecipient]:
        """Whose messages have waited long enough."""
        return uow.outbox.waiting(now - self._limits.digest_window, now)


def _pages(waiting: Sequence[WaitingRecipient]) -> Iterator[list[WaitingRecipient]]:
    """Pages of recipients, all alarms or none."""
    for _, those in groupby(waiting, key=attrgetter("is_alarm")):
        some = list(those)
        for at in range(0, len(some), RECIPIENTS_MAX):
            yield some[at : at + RECIPIENTS_MAX]


@dataclass(frozen=True, slots=True)
class _ReadersPage:
    """One page, in one transaction."""

    uow: UnitOfWork
    now: datetime
    reaching: Reaching
    composing: Composing
    limits: FoldingLimits

    def fold(self, page: Sequence[WaitingRecipient], counts: Counter[str]) -> None:
        is_alarm = page[0].is_alarm
        to = [one.to for one in page]
        channels = [self.reaching.first_over(one) for one in to]
        heads = self.uow.outbox.heads(to, self.now, is_alarm=is_alarm)
        tickets = self.uow.tickets.many(
            {head.ticket for some in heads for head in some if head.ticket is not None}
        )
        held = [set() for _ in to] if is_alarm else self._hold(to, channels, heads, tickets)
        counts["held"] += sum(map(len, held))
        folds = []
        for one, over, some, kept in zip(page, channels, heads, held, strict=True):
            if len(kept) >= one.messages:
                continue
            if over:
                waiting = [head for head in some if head.key not in kept]
                folds.append(_Fold(one.to, over, waiting, one.messages - len(kept)))
            else:
                counts["unreachable"] += self.uow.outbox.give_up(one.to, self.now)
        self._say_dropped([fold.to for fold in folds])
        self._drop_overtaken(folds, tickets)
        left = self._left(folds, is_alarm=is_alarm)
        while going := _share_out(left, folds):
            self._fold_once(going, tickets, is_alarm=is_alarm)
            left.subtract(fold.reader for fold in going)
        counts["folded"] += sum(fold.folded for fold in folds)
        counts["held_for_tomorrow"] += sum(max(fold.waiting - fold.folded, 0) for fold in folds)

    def _hold(
        self,
        to: Sequence[Recipient],
        channels: Sequence[Sequence[str]],
        heads: Sequence[Sequence[MessageHead]],
        tickets: Mapping[int, Ticket],
    ) -> list[set[str]]:
        """Hold back what silences and the readers' quiet hours keep; return the keys of each reader's.

        Whom nothing reaches has no quiet hours: what comes in their place comes at once.
        """
        waiting = [
            Waiting(reader, head if over else head._replace(is_day_or_night=True))
            for reader, some, over in zip(to, heads, channels, strict=True)
            for head in some
        ]
        found = self.limits.holding.at(self.uow, self.now).of_all(waiting, tickets)
        hold(self.uow, found, self.now)
        held = {one.message.key for those in found.values() for one in those}
        return [{head.key for head in some if head.key in held} for some in heads]

    def _say_dropped(self, to: Sequence[Recipient]) -> None:
        """Name the tickets that were closed while messages about them were held."""
        messages = []
        for reader, labels in self.uow.deliveries.take_dropped(to, self.now).items():
            body = dropped_paragraph(labels, self.composing.teller.languages.of(reader.language))
            key = f"dropped:{reader.kind.value}:{reader.address}:{self.now.isoformat()}"
            messages.append(OutMessage(key, reader, body.headline, body))
        self.uow.outbox.add(messages, self.now)

    def _drop_overtaken(self, folds: Sequence[_Fold], tickets: Mapping[int, Ticket]) -> None:
        """Take back what is not true any more, and of a step's repeats for one person or channel all but the newest."""
        waiting = [Waiting(fold.to, head) for fold in folds for head in fold.heads]
        gone = overtaken(self.uow, waiting, tickets)
        for fold in folds:
            gone |= repeated([head for head in fold.heads if head.key not in gone])
        self.uow.outbox.withdraw(sorted(gone))
        for fold in folds:
            fold.waiting -= sum(head.key in gone for head in fold.heads)

    def _left(self, folds: Sequence[_Fold], *, is_alarm: bool) -> Counter[_Reader]:
        """How many more messages a person may get today, and a channel within an hour."""
        left = Counter({fold.reader: ALARMS_MAX for fold in folds})
        if is_alarm:
            return left
        day = start_of_day(self.composing.teller.timezone, self.now)
        for is_channel, most, since in (
            (True, self.limits.channel_max, self.now - CHANNEL_TIME),
            (False, self.composing.daily_max, day),
        ):
            those = [fold for fold in folds if (fold.to.kind is RecipientKind.CHANNEL) is is_channel]
            told = self.uow.outbox.deliveries([fold.to for fold in those], since)
            for fold, count in zip(those, told, strict=True):
                left[fold.reader] = most - sum(count)
        return left

    def _fold_once(self, folds: Sequence[_Fold], tickets: Mapping[int, Ticket], *, is_alarm: bool) -> None:
        """Fold as many items of each as every one of the channels shows into one message."""
        if not is_alarm:
            for fold in folds:
                if fold.budget == 1:
                    fold.folded += self._sum_up(fold)
        found = self.uow.outbox.pending([fold.to for fold in folds], self.now, ITEMS_MAX, is_alarm=is_alarm)
        pending = self._linked(folds, found, tickets)
        bundles = []
        for fold, items in zip(folds, pending, strict=True):
            most = min(self._fitting(name, fold.to, items) for name in fold.channels) if items else 0
            keys = [item.key for item in items[:most]]
            if keys:
                bundles.append(Bundle(fold.to, fold.channels, keys, is_alarm))
            fold.folded += len(keys)
            fold.is_done = len(items) < ITEMS_MAX and len(keys) == len(items)
        self.uow.outbox.bundle(bundles, self.now)

    def _linked(
        self,
        folds: Sequence[_Fold],
        pending: Sequence[Sequence[OutMessage]],
        tickets: Mapping[int, Ticket],
    ) -> Sequence[Sequence[OutMessage]]:
        """Make links anew that were ended while their messages waited, or are old by now."""
        links = self.composing.teller.links
        if links is None:
            return pending
        waiting = [(fold.to, item) for fold, items in zip(folds, pending, strict=True) for item in items]
        renewed = links.renewed(self.uow, waiting, tickets, self.now)
        if not renewed:
            return pending
        self.uow.outbox.relink(renewed)
        return [
            [replace(one, body=replace(one.body, link=renewed.get(one.key, one.body.link))) for one in items]
            for items in pending
        ]

    def _sum_up(self, fold: _Fold) -> int:
        """Replace messages about tickets that the last message of the time would not hold by one line for each cause.

        To a person, the rest of a day goes out tomorrow, unless it is more than one message could ever hold.
        """
        uow, to, now = self.uow, fold.to, self.now
        [items] = uow.outbox.pending([to], now, ITEMS_MAX + 1)
        most = (
            ITEMS_MAX
            if to.kind is RecipientKind.PERSON
            else min(self._fitting(name, to, items) for name in fold.channels)
        )
        if len(items) <= most:
            return 0
        causes = uow.deliveries.sum_up(to, now)
        if not causes:
            return 0
        teller = self.composing.teller
        link = teller.links.of_many(one.body.link for one in items) if teller.links else None
        body = replace(summary_paragraph(causes, teller.languages.of(to.language)), link=link)
        key = f"summary:{to.kind.value}:{to.address}:{'.'.join(to.via)}:{now.isoformat()}"
        uow.outbox.add([OutMessage(key, to, body.headline, body, is_urgent=True)], now)
        return sum(cause.count for cause in causes)

    def _fitting(self, channel: str, to: Recipient, items: Sequence[OutMessage]) -> int:
        return self.composing.fitting(channel, to, items, self.uow)


def _share_out(left: Mapping[_Reader, int], folds: Sequence[_Fold]) -> list[_Fold]:
    """Give what each reader may still get to what waits for them over different channels; return what may go now."""
    going = [fold for fold in folds if not fold.is_done]
    of = Counter(fold.reader for fold in going)
    before = Counter[_Reader]()
    for fold in going:
        each, more = divmod(left[fold.reader], of[fold.reader])
        fold.budget = each + (before[fold.reader] < more)
        before[fold.reader] += 1
    return [fold for fold in going if fold.budget > 0]
