"""`SlackNotifier`: joins the Web API client and the rendering behind the Notifier port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import partial

from connectors.kit.slack_codes import scope_remedy
from connectors.notify.slack.client import Below, Channel, Identity, Posted, SlackClient, posted_at
from connectors.notify.slack.config import SlackConfig
from connectors.notify.slack.errors import Gone
from connectors.notify.slack.mapping import render, takes
from connectors.notify.slack.places import Places
from connectors.notify.slack.reception import Reception
from connectors.notify.slack.talk import TalkClient
from worker.domain.messages.message import Message, RecipientKind
from worker.ports import (
    Abilities,
    AuthFailed,
    BadConfig,
    Called,
    CheckResult,
    Concern,
    ConnectorContext,
    ConnectorError,
    NotDone,
    Passive,
    Permanent,
    PermissionDenied,
    Reach,
    Receipt,
    Transient,
    Unreachable,
)
from worker.ports.connectors.conversing import Clicker, Form, Interaction, Keep

SCOPES_PEOPLE = frozenset({"chat:write", "users:read.email", "im:write", "im:history"})
# A link to one message takes chat.getPermalink for each: docs.slack.dev, Deep linking into Slack, read 2026-11
CHANNEL_PAGE = "https://slack.com/app_redirect?channel={channel}"
SCOPES_PUBLIC = frozenset({"channels:read", "channels:history"})
SCOPES_PRIVATE = frozenset({"groups:read", "groups:history"})


class SlackNotifier(Passive):
    """Posts to people and to channels; a restart loses nothing.

    `channels` are those besides the security team's, by name. Without a `reception`, nobody can act in it.
    """

    def __init__(
        self,
        client: SlackClient,
        channel: str | None,
        context: ConnectorContext,
        channels: Mapping[str, str] | None = None,
        *,
        can_update: bool = False,
        reception: Reception | None = None,
    ) -> None:
        self._client = client
        self._can_update = can_update
        self._reception = reception
        self.calls: Sequence[Called] = () if reception is None else reception.calls
        self._context = context
        self._places = Places(client, {**({"": channel} if channel else {}), **(channels or {})}, context.now)

    @property
    def name(self) -> str:
        return self._context.name

    @property
    def can(self) -> Abilities:
        named = frozenset(filter(None, self._places.channels))
        reaches = {Reach.EMAIL, Reach.CHANNEL} if "" in self._places.channels else {Reach.EMAIL}
        return Abilities(
            frozenset(reaches),
            named,
            can_find=True,
            can_update=self._can_update,
            is_two_way=self._reception is not None,
            knows_zones=True,
            channel_page=CHANNEL_PAGE,
        )

    def takes(self, message: Message) -> int:
        """Return how many paragraphs fit into Slack's limits."""
        return takes(message)

    def send(self, message: Message) -> Receipt:
        """Post once, tagged with a hash of `message.key`; see `Notifier.send`. The receipt is "channel/ts".

        What continues a message goes into its thread, and is shown in the channel, too, if it asks somebody to act.
        """
        try:
            posted = self._post(message, _below(message))
        except Gone:  # somebody deleted the message that this one continues
            posted = self._post(message, None)
        return Receipt(posted.reference)

    def _post(self, message: Message, below: Below | None) -> Posted:
        content, to = render(message), message.to
        if to.kind is RecipientKind.CHANNEL:
            channel = self._places.channel(to.address)
            posted = self._client.post(channel, channel, content, message.key, to_person=False, below=below)
            self._places.keep(to.address, posted.channel_id)
            return posted
        user_id = self._looked_up(to.email)
        try:
            return self._client.post(user_id, to.email, content, message.key, to_person=True, below=below)
        except Gone:
            raise
        except Unreachable:
            self._places.forget(to.email)  # a person may come back with another id
            raise

    def _looked_up(self, email: str) -> str:
        """The person's id. Raises NotDone where Slack can't be asked: nothing was posted."""
        try:
            return self._places.user_id(email)
        except Transient as trouble:
            unsent = NotDone(trouble.message, remedy=trouble.remedy, retry_after_s=trouble.retry_after_s)
        raise unsent  # out here, so that it has no context

    def zone_of(self, email: str) -> str | None:
        """The time zone of the person's profile: by the same look-up as that of a message to them."""
        with suppress(Unreachable):
            return self._places.member(email).timezone
        return None

    def find(self, message: Message) -> Receipt | None:
        """Look for `message.key` in the message's conversation, from just before it was tried for the first time.

        None also if its place can't be found. Raises PermissionDenied if the app may not read there; Transient and
        AuthFailed: ask again later.
        """
        try:
            found = self._found(message)
        except (AuthFailed, PermissionDenied):
            raise
        except Permanent:
            return None
        return None if found is None else Receipt(found.reference)

    def _found(self, message: Message) -> Posted | None:
        """The message, in the thread that it continues, or beside it."""
        conversation, below = self._places.conversation(message.to), _below(message)
        look = partial(self._client.find, conversation, message.to.label, message.key, message.tried_from)
        found = None
        with suppress(Gone):
            found = look(below.ts) if below else None
        return found or look()

    def update(self, reference: str, message: Message) -> None:
        """Change a message in place, which notifies nobody."""
        self._client.update(posted_at(reference), render(message))

    def reply(self, reference: str, message: Message) -> None:
        """Write into a message's thread."""
        place = posted_at(reference)
        label = message.to.label
        below, content = Below(place.ts), render(message)
        self._client.post(place.channel_id, label, content, message.key, to_person=True, below=below)

    def concerns(self) -> Sequence[Concern]:
        """That nothing people do in Slack is heard."""
        return () if self._reception is None else self._reception.concerns()

    def listen(self, keep: Keep) -> AbstractContextManager[None]:
        """Take clicks, forms, commands and openings of the Home."""
        return self._receiving.listen(keep)

    def prepare(self, asked: Interaction) -> Interaction:
        """Open a form's frame."""
        return self._receiving.prepare(asked)

    def who(self, user: str) -> Clicker:
        """Look a person up, anew each time."""
        return self._receiving.who(user)

    def ask(self, asked: Interaction, form: Form) -> None:
        """Show a form in its frame."""
        self._receiving.ask(asked, form)

    def answer(self, to: Interaction, message: Message) -> None:
        """Answer where only that person sees it."""
        self._receiving.answer(to, message)

    @property
    def _receiving(self) -> Reception:
        if self._reception is None:
            raise BadConfig(
                f"Nobody can act in {self.name}.", remedy="Set `interactive` of this notifier to take clicks."
            )
        return self._reception

    def check(self) -> CheckResult:
        """Check the token, and each channel: it is known and open, and the app is in it with all rights.

        Where people can act, the app-level token and the operators' user groups, too.
        """
        try:
            identity = self._client.identity()
            channels = [self._client.channel(self._places.channel_id(name)) for name in self._places.channels]
            result = _verdict(
                identity, channels, self._reception.scopes() if self._reception else frozenset()
            )
            if not result.ok or self._reception is None:
                return result
            return replace(result, details={**result.details, "clicks": self._reception.check()})
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy)


def _below(message: Message) -> Below | None:
    thread = message.paragraphs[0].thread if message.paragraphs else ""
    if not thread:
        return None
    is_loud = message.is_urgent or any(one.is_call for one in message.paragraphs)
    return Below(posted_at(thread).ts, is_loud=is_loud and message.to.kind is RecipientKind.CHANNEL)


def build(config: SlackConfig, context: ConnectorContext) -> SlackNotifier:
    """Make the notifier; no I/O."""
    client = SlackClient(config.token, config.api_url)
    reception = None
    if config.interactive is not None:
        talk = TalkClient(config.token, config.api_url)
        reception = Reception(talk, config, config.interactive, context)
    return SlackNotifier(
        client,
        config.channel,
        context,
        config.channels,
        can_update=config.update_in_place,
        reception=reception,
    )


def _verdict(identity: Identity, channels: Sequence[Channel], more: frozenset[str]) -> CheckResult:
    names = ", ".join(f"#{one.name}" for one in channels)
    where = f"posts to {names}" if channels else "writes to people only: no channel is set"
    who = f"as @{identity.user} in workspace {identity.workspace}"
    details = {"workspace": identity.workspace, "user": identity.user}
    if channels:
        details["channel"] = ", ".join(f"#{one.name} ({one.channel_id})" for one in channels)
    if identity.scopes is not None:
        details["scopes"] = ", ".join(sorted(identity.scopes))
    message, remedy = _trouble(identity, channels, more)
    if message:
        return CheckResult(ok=False, message=f"{who}: {message}", remedy=remedy, details=details)
    return CheckResult(ok=True, message=f"{who}, {where}", details=details)


def _trouble(identity: Identity, channels: Sequence[Channel], more: frozenset[str]) -> tuple[str, str]:
    """The trouble that would make a send or a search fail, and its remedy; two empty strings if there is none."""
    if missing := _missing_scopes(identity, channels, more):
        return f"the app lacks the rights {missing}.", scope_remedy(missing)
    for channel in channels:
        if channel.is_archived:
            return f"#{channel.name} is archived.", "Unarchive it, or set `channel` to one that is in use."
        if not channel.is_member:
            return (
                f"the app is not in #{channel.name}.",
                f"In #{channel.name} write: /invite @{identity.user}",
            )
    return "", ""


def _missing_scopes(identity: Identity, channels: Sequence[Channel], more: frozenset[str]) -> str:
    if identity.scopes is None:
        return ""
    needed = SCOPES_PEOPLE | more
    for channel in channels:
        needed |= SCOPES_PRIVATE if channel.is_private else SCOPES_PUBLIC
    return ", ".join(sorted(needed - identity.scopes))
