"""People who act in Slack: how their clicks come in, who they are, and how they are answered.

click -> stored -> acknowledged -> (who is it? may they?) -> a form, or an answer that only they see
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from connectors.notify.slack.config import InteractiveConfig, Mode, SlackConfig
from connectors.notify.slack.incoming import Incoming
from connectors.notify.slack.mapping import render
from connectors.notify.slack.people import Clickers
from connectors.notify.slack.signed import SignedCalls
from connectors.notify.slack.sockets import Sockets
from connectors.notify.slack.talk import SocketOpener, TalkClient
from connectors.notify.slack.views import Place, form_view, home_view, text_view, waiting_view
from worker.domain.messages.message import Message
from worker.ports import Called, Concern, ConnectorContext, Rejected
from worker.ports.connectors.conversing import Clicker, Form, Interaction, Keep

HOOKS = "hooks.slack.com"
DEAF_S = 60.0  # without a connection: longer than any renewal
SCOPES_COMMANDS, SCOPES_GROUPS = frozenset({"commands"}), frozenset({"usergroups:read"})


class Reception:
    """One notifier's side of what people do; see `worker.ports.connectors.conversing.TwoWay`."""

    def __init__(
        self, talk: TalkClient, config: SlackConfig, interactive: InteractiveConfig, context: ConnectorContext
    ) -> None:
        self._talk = talk
        self._interactive = interactive
        self._api_host = urlsplit(config.api_url).netloc if config.api_url else ""
        self._note = context.note
        self._clickers = Clickers(talk, interactive.operators)
        self._incoming = Incoming(context.now, has_home=config.home)
        self._opener: SocketOpener | None = None
        self._sockets: Sockets | None = None  # while it listens
        self.calls: Sequence[Called] = ()
        if interactive.mode is Mode.SOCKET and interactive.app_token is not None:
            self._opener = SocketOpener(interactive.app_token, config.api_url)
        if interactive.mode is Mode.HTTP and interactive.signing_secret is not None:
            place = (interactive.listen or "", interactive.path)
            secret, now_s = interactive.signing_secret, lambda: context.now().timestamp()
            self.calls = [SignedCalls(context.name, place, secret, self._incoming, context.note, now_s)]

    @contextmanager
    def listen(self, keep: Keep) -> Iterator[None]:
        """Take what people do, until the end of the context."""
        self._incoming.begin(keep)
        sockets = None if self._opener is None else Sockets(self._opener, self._incoming, self._note)
        try:
            if sockets is not None:
                sockets.begin()
                self._sockets = sockets
            yield
        finally:
            self._sockets = None
            if sockets is not None:
                sockets.end()
            self._incoming.end()

    def concerns(self) -> Sequence[Concern]:
        """That clicks have not come in for a while. A renewed connection is back within seconds."""
        sockets = self._sockets
        if sockets is None or sockets.deaf_s < DEAF_S:
            return ()
        return (
            Concern(
                "socket",
                f"Slack: no click has been heard for {sockets.deaf_s:.0f} s, as no connection is open.",
                "Check the app-level token, whether Socket Mode is switched on in the app's settings, and the network.",
            ),
        )

    def check(self) -> str:
        """Prove what clicks need; return what was proved. Raises ConnectorError."""
        for name in self._clickers.missing_groups():
            raise Rejected(
                f"Slack: there is no user group {name}.",
                remedy="Check `operators`, or create the group in Slack.",
            )
        if self._opener is None:
            return f"clicks come to {self._interactive.listen}{self._interactive.path}"
        self._opener.url()
        return "clicks come over Socket Mode"

    def scopes(self) -> frozenset[str]:
        """The rights that clicks need, besides those for sending."""
        has_groups = any("@" not in one for one in self._interactive.operators)
        return SCOPES_COMMANDS | (SCOPES_GROUPS if has_groups else frozenset())

    def who(self, user: str) -> Clicker:
        """Look a person up."""
        return self._clickers.who(user)

    def prepare(self, asked: Interaction) -> Interaction:
        """Open the form's frame, since Slack gives three seconds for that."""
        place = Place.of(asked.place)
        view = self._talk.open_view(place.trigger, waiting_view())
        return replace(asked, place=replace(place, view=view).text())

    def ask(self, asked: Interaction, form: Form) -> None:
        """Fill the form in its frame."""
        if asked.act is not None:
            self._talk.update_view(Place.of(asked.place).view, form_view(form, asked, asked.act))

    def answer(self, to: Interaction, message: Message) -> None:
        """Answer where only the person sees it."""
        place = Place.of(to.place)
        if place.view:
            self._talk.update_view(place.view, text_view(message))
        elif place.home:
            self._talk.publish_home(to.user, home_view(message))
        elif place.response_url and self._is_slack_s(place.response_url):
            self._talk.respond(place.response_url, render(message))
        elif place.channel:
            self._talk.whisper(place.channel, to.user, render(message), place.thread)
        else:
            self._talk.tell(to.user, render(message))

    def _is_slack_s(self, url: str) -> bool:
        """Whether a command's own address is Slack's: who sends a message there tells it what the message says."""
        parts = urlsplit(url)
        is_hook = parts.scheme == "https" and parts.netloc == HOOKS
        return is_hook or (bool(self._api_host) and parts.netloc == self._api_host)
