"""Over which notifiers a recipient is reached."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from urllib.parse import quote

from worker.domain.messages.message import Recipient, RecipientKind
from worker.ports import Abilities


class Able(Protocol):
    """The part of a notifier that choosing one needs."""

    @property
    def name(self) -> str: ...

    @property
    def can(self) -> Abilities: ...


class Reaching:
    """Chooses notifiers by their abilities, in the order of the configuration."""

    def __init__(self, notifiers: Sequence[Able]) -> None:
        self._pages = {one.name: one.can.channel_page for one in notifiers}
        self._talking = [one for one in notifiers if not one.can.is_log and not one.can.events]
        self._feeds = [one for one in notifiers if one.can.events]
        self._logs = [one for one in notifiers if one.can.is_log]

    def onlookers(self, to: Recipient) -> tuple[str, ...]:
        """The logs that get a copy of what people are told: all, beside a notifier that talks."""
        is_told = self._talking and to.kind is not RecipientKind.FEED
        return tuple(one.name for one in self._logs) if is_told else ()

    def over(self, to: Recipient) -> list[str]:
        """Return the notifiers that reach a recipient, the first choice first: of those in `via`, or of all.

        A log is among them only if nothing else reaches the recipient. A channel that none of `via` has is written to
        by every notifier that has it, and a person by any if there is none of `via` any more.
        """
        if to.kind is RecipientKind.FEED:
            return [one.name for one in self._feeds if one.name == to.address and one.can.reach(to)]
        reaching = [one.name for one in self._talking if one.can.reach(to)]
        if not reaching and (to.kind is RecipientKind.CHANNEL or not self._talking):
            reaching = [one.name for one in self._logs if one.can.reach(to)]
        chosen = [name for name in to.via if name in reaching]
        is_bound = to.kind is RecipientKind.PERSON and any(name in self._pages for name in to.via)
        return chosen if chosen or is_bound else reaching

    def page_of(self, notifier: str, to: Recipient, reference: str) -> str:
        """Where a browser shows the channel that a message went to; empty for a person, and if it is nowhere."""
        page, channel = self._pages.get(notifier, ""), reference.partition("/")[0]
        is_shown = page and channel and to.kind is RecipientKind.CHANNEL
        return page.replace("{channel}", quote(channel, safe="")) if is_shown else ""

    def first_over(self, to: Recipient) -> list[str]:
        """The notifiers that a message goes out over first: one for a person, all that have it for a channel."""
        names = self.over(to)
        return names if to.kind is RecipientKind.CHANNEL else names[:1]

    def has(self, notifier: str) -> bool:
        """True if there is a notifier of this name."""
        return notifier in self._pages

    def next_over(self, to: Recipient, after: str, sent: Collection[str] = ()) -> str | None:
        """Return the notifier to try after this one. `sent`: those that were sent the message, too.

        None for a feed. For a channel the others that have it were sent the message as well: there is a next one only
        if this one has it no more, since it is called otherwise now, for instance.
        """
        if to.kind is RecipientKind.FEED:
            return None
        names = self.over(to)
        if to.kind is RecipientKind.CHANNEL:
            return None if after in names else next((name for name in names if name not in sent), None)
        later = names[names.index(after) + 1 :] if after in names else names
        return later[0] if later else None
