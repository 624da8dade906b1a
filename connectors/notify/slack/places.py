"""Where a message goes: the configured channels' ids, and people's, by their addresses.

Ids that Slack gave are remembered: a channel's for as long as this process lives, a person's, with their time zone, for
an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.notify.slack.client import Member, SlackClient
from connectors.notify.slack.config import CHANNEL_ID
from connectors.notify.slack.errors import INVITE
from worker.domain.messages.message import Recipient, RecipientKind
from worker.ports import BadConfig, Unreachable

PERSON_LIFE = timedelta(hours=1)
PEOPLE_MAX = 10_000  # entries of the cache; far above the people whom one process writes to in an hour
CHANNEL_PAGES_MAX = 50  # no app for this purpose is in 10,000 channels


@dataclass(frozen=True, slots=True)
class _Found:
    member: Member
    until: datetime


class Places:
    """`channels`: each channel's id or #name by the name that escalation has for it; "" is the security team's."""

    def __init__(self, client: SlackClient, channels: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._client = client
        self._channels = dict(channels)
        self._now = now
        self._ids = {name: value for name, value in channels.items() if CHANNEL_ID.fullmatch(value)}
        self._people: dict[str, _Found] = {}

    @property
    def channels(self) -> Mapping[str, str]:
        """Each channel as it is configured, by its name."""
        return self._channels

    def channel(self, name: str) -> str:
        """The configured channel, as its id or its #name. Raises BadConfig if there is none of this name."""
        if name not in self._channels:
            key = "channel" if not name else f"channels.{name}"
            raise BadConfig(
                f"Slack: there is no channel {name or 'for the security team'} to post to.",
                remedy=f"Set `{key}` of this notifier, for instance to C0123456789.",
            )
        return self._ids.get(name) or self._channels[name]

    def channel_id(self, name: str) -> str:
        """The channel's id. Only the app's own channels are searched, since it has to be in this one anyway."""
        channel = self.channel(name)
        if name in self._ids:
            return self._ids[name]
        cursor = ""
        for _ in range(CHANNEL_PAGES_MAX):
            page = self._client.own_channels(cursor)
            if found := page.ids.get(channel.removeprefix("#")):
                self.keep(name, found)
                return found
            if not (cursor := page.cursor):
                break
        raise BadConfig(f"Slack: the app is in no channel {channel}.", remedy=INVITE)

    def keep(self, name: str, channel_id: str) -> None:
        """Remember the id of a channel."""
        self._ids[name] = channel_id

    def conversation(self, to: Recipient) -> str:
        """The id of the conversation with a recipient."""
        if to.kind is RecipientKind.CHANNEL:
            return self.channel_id(to.address)
        return self._client.direct_channel(self.user_id(to.email))

    def user_id(self, address: str) -> str:
        """The person's id. Raises Unreachable."""
        return self.member(address).user_id

    def member(self, address: str) -> Member:
        """The person; a missing one is not remembered. Raises Unreachable."""
        now = self._now()
        known = self._people.get(address.casefold())
        if known and now < known.until:
            return known.member
        found = self._client.member(address) if address else None
        if found is None:
            raise Unreachable(
                f"Slack: {address or 'a recipient without e-mail address'} is no active person there.",
                remedy="Check the person's e-mail address in the directory and in Slack.",
            )
        if len(self._people) >= PEOPLE_MAX:
            self._people.clear()
        self._people[address.casefold()] = _Found(found, now + PERSON_LIFE)
        return found

    def forget(self, address: str) -> None:
        """Look a person up again the next time: they may come back with another id."""
        self._people.pop(address.casefold(), None)
