"""`SlackNotifier`: joins the Web API client and the rendering behind the Notifier port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.kit.slack_codes import scope_remedy
from connectors.notify.slack.client import Channel, ChannelPage, Identity, SlackClient
from connectors.notify.slack.config import CHANNEL_ID, SlackConfig
from connectors.notify.slack.errors import INVITE
from connectors.notify.slack.mapping import render, takes
from worker.domain.messages.message import Message, RecipientKind
from worker.ports import (
    Abilities,
    AuthFailed,
    BadConfig,
    CheckResult,
    ConnectorContext,
    ConnectorError,
    Passive,
    Permanent,
    Reach,
    Receipt,
    Unreachable,
)

PERSON_LIFE = timedelta(hours=1)
PEOPLE_MAX = 10_000  # entries of the cache; far above the people whom one process writes to in an hour
CHANNEL_PAGES_MAX = 50  # no app for this purpose is in 10,000 channels
SCOPES_PEOPLE = frozenset({"chat:write", "users:read.email", "im:write", "im:history"})
SCOPES_PUBLIC = frozenset({"channels:read", "channels:history"})
SCOPES_PRIVATE = frozenset({"groups:read", "groups:history"})


@dataclass(frozen=True, slots=True)
class _Found:
    user_id: str
    until: datetime


class SlackNotifier(Passive):
    """Posts to people and to one channel; a restart loses nothing."""

    def __init__(self, client: SlackClient, channel: str | None, context: ConnectorContext) -> None:
        self._client = client
        self._channel = channel
        self._context = context
        self._channel_id = channel if channel and CHANNEL_ID.fullmatch(channel) else ""
        self._people: dict[str, _Found] = {}

    @property
    def name(self) -> str:
        return self._context.name

    @property
    def can(self) -> Abilities:
        reaches = {Reach.EMAIL} if self._channel is None else {Reach.EMAIL, Reach.CHANNEL}
        return Abilities(frozenset(reaches), can_find=True)

    def takes(self, message: Message) -> int:
        """Return how many paragraphs fit into Slack's limits."""
        return takes(message)

    def send(self, message: Message) -> Receipt:
        """Post once, tagged with `message.key`; see `Notifier.send`. The receipt is "channel/ts"."""
        content = render(message)
        if message.to.kind is RecipientKind.CHANNEL:
            channel = self._configured_channel()
            posted = self._client.post(channel, channel, content, message.key, to_person=False)
            self._channel_id = posted.channel_id
        else:
            address = message.to.address
            user_id = self._user_id(address)
            try:
                posted = self._client.post(user_id, address, content, message.key, to_person=True)
            except Unreachable:
                self._people.pop(address.casefold(), None)  # a person may come back with another id
                raise
        return Receipt(f"{posted.channel_id}/{posted.ts}")

    def find(self, message: Message) -> Receipt | None:
        """Look for `message.key` among the newest 100 messages in the message's conversation.

        None also if the app may not read there. Raises Transient and AuthFailed: ask again later.
        """
        try:
            posts = self._client.history(self._conversation(message), message.to.label)
        except AuthFailed:
            raise
        except Permanent:
            return None
        for post in posts:
            if post.key == message.key:
                return Receipt(f"{post.channel_id}/{post.ts}")
        return None

    def check(self) -> CheckResult:
        """Check the token by auth.test, and the channel: it is known and open, and the app is in it with all rights."""
        try:
            identity = self._client.identity()
            if self._channel is None:
                return _verdict(identity, None)
            return _verdict(identity, self._client.channel(self._resolve_channel()))
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy)

    def _conversation(self, message: Message) -> str:
        if message.to.kind is RecipientKind.CHANNEL:
            return self._resolve_channel()
        return self._client.direct_channel(self._user_id(message.to.address))

    def _configured_channel(self) -> str:
        if self._channel is None:
            raise BadConfig(
                f"The Slack notifier {self.name} has no channel to post to.",
                remedy=f"Set `channel` of the notifier {self.name}, for instance to #leavers.",
            )
        return self._channel

    def _resolve_channel(self) -> str:
        """The channel's id. Only the app's own channels are searched, since it has to be in this one anyway."""
        channel = self._configured_channel()
        if self._channel_id:
            return self._channel_id
        cursor = ""
        for _ in range(CHANNEL_PAGES_MAX):
            page: ChannelPage = self._client.own_channels(cursor)
            if found := page.ids.get(channel.removeprefix("#")):
                self._channel_id = found
                return found
            if not (cursor := page.cursor):
                break
        raise BadConfig(f"Slack: the app is in no channel {channel}.", remedy=INVITE)

    def _user_id(self, address: str) -> str:
        """The person's id, cached for an hour; a missing id is not cached."""
        now = self._context.now()
        known = self._people.get(address.casefold())
        if known and now < known.until:
            return known.user_id
        user_id = self._client.user_id(address) if address else None
        if user_id is None:
            raise Unreachable(
                f"Slack: {address or 'a recipient without e-mail address'} is no active person there.",
                remedy="Check the person's e-mail address in the directory and in Slack.",
            )
        if len(self._people) >= PEOPLE_MAX:
            self._people.clear()
        self._people[address.casefold()] = _Found(user_id, now + PERSON_LIFE)
        return user_id


def build(config: SlackConfig, context: ConnectorContext) -> SlackNotifier:
    """Make the notifier; no I/O."""
    return SlackNotifier(SlackClient(config.token, config.api_url), config.channel, context)


def _verdict(identity: Identity, channel: Channel | None) -> CheckResult:
    where = f"posts to #{channel.name}" if channel else "writes to people only: no channel is set"
    who = f"as @{identity.user} in workspace {identity.workspace}"
    details = {"workspace": identity.workspace, "user": identity.user}
    if channel:
        details["channel"] = f"#{channel.name} ({channel.channel_id})"
    if identity.scopes is not None:
        details["scopes"] = ", ".join(sorted(identity.scopes))
    message, remedy = _trouble(identity, channel)
    if message:
        return CheckResult(ok=False, message=f"{who}: {message}", remedy=remedy, details=details)
    return CheckResult(ok=True, message=f"{who}, {where}", details=details)


def _trouble(identity: Identity, channel: Channel | None) -> tuple[str, str]:
    """The trouble that would make a send or a search fail, and its remedy; two empty strings if there is none."""
    if missing := _missing_scopes(identity, channel):
        return f"the app lacks the rights {missing}.", scope_remedy(missing)
    if channel and channel.is_archived:
        return f"#{channel.name} is archived.", "Unarchive it, or set `channel` to one that is in use."
    if channel and not channel.is_member:
        return f"the app is not in #{channel.name}.", f"In #{channel.name} write: /invite @{identity.user}"
    return "", ""


def _missing_scopes(identity: Identity, channel: Channel | None) -> str:
    if identity.scopes is None:
        return ""
    needed = SCOPES_PEOPLE
    if channel:
        needed |= SCOPES_PRIVATE if channel.is_private else SCOPES_PUBLIC
    return ", ".join(sorted(needed - identity.scopes))
