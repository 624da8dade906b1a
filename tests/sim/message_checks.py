"""Invariant 6, that each notification has one effect: checks over the log of effects."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sim.effects import Effect, EffectLog, Queued, Seen, Withdrawn
from worker.domain.messages.message import Paragraph
from worker.ports.state.outbox import OutMessage


class MessageChecks:
    """Hears all effects. `fail` is told the invariant's number and what is wrong."""

    def __init__(self, log: EffectLog, fail: Callable[[int, str], None]) -> None:
        self._log = log
        self._fail = fail
        self._shown: Counter[str] = Counter()
        self._appeared: Counter[tuple[str, Paragraph]] = Counter()
        self._maybe_again: Counter[tuple[str, Paragraph]] = Counter()
        self._not_again: set[str] = set()
        self._queued: dict[tuple[str, Paragraph], list[Queued]] = defaultdict(list)
        self._followed: set[str] = set()  # what was queued before its words were seen

    def hear(self, effect: Effect) -> None:
        if isinstance(effect, Seen):
            self._visible_once(effect)
        elif isinstance(effect, Queued):
            self._queued[effect.message.to.address, effect.message.body].append(effect)
        elif isinstance(effect, Withdrawn):
            self._forget(effect.key)

    def _forget(self, key: str) -> None:
        """What is taken back before its time must not be seen: the check at the end counts what is queued.

        What was seen once, without an answer, is not sent again.
        """
        for shown, queued in self._queued.items():
            if self._appeared[shown] or self._maybe_again[shown]:
                self._not_again.add(key)
            else:
                queued[:] = [one for one in queued if one.message.key != key]

    def _visible_once(self, seen: Seen) -> None:
        message = seen.message
        self._shown[message.key] += 1
        if self._shown[message.key] > 1:
            if seen.can_find:
                self._fail(6, f"{message.key} is shown again on {seen.notifier}, which could have told")
            elif not message.may_be_repeat:
                self._fail(6, f"{message.key} is shown again and does not say that it may be a repeat")
            return
        # a larger channel may have shown the same in another message; one that says so is no second effect
        counter = self._maybe_again if message.may_be_repeat else self._appeared
        for paragraph in message.paragraphs:
            shown = message.to.address, replace(paragraph, ticket="")  # delivering names the ticket
            counter[shown] += 1
            self._followed |= {one.message.key for one in self._queued[shown]}

    def nothing_is_lost(self, until: datetime) -> None:
        """At the end: what was queued before `until` was seen, as often as it was queued.

        What steps of one ticket say in the same words is shown once in a message: then it was seen after each of them.
        But for a ticket's message that no channel would take: its next step told somebody else.
        """
        for (address, body), queued in self._queued.items():
            due = [
                one.message for one in queued if one.at <= until and one.message.key not in self._not_again
            ]
            news = [one for one in due if one.ticket is None]
            count = self._appeared[address, body]
            seen = count + self._maybe_again[address, body]
            is_lost = seen < len(news) or any(
                one.key not in self._followed for one in due if one.ticket is not None
            )
            if is_lost and not all(self._is_answered(one) for one in due):
                self._fail(
                    6, f"{body.headline!r} to {address or 'the channel'}: queued {len(due)}, seen {seen}"
                )
            if count > len(queued):
                self._fail(6, f"{body.headline!r} to {address}: queued {len(queued)}, seen {count} times")

    def _is_answered(self, message: OutMessage) -> bool:
        """Whether no channel would take it: the ticket's next step told somebody else, or it can only be left."""
        log = self._log
        return (
            message.ticket in log.unreached if message.ticket else message.to.address in log.unreached_people
        )
