"""`EmailNotifier`: joins the mail server and the rendering behind the Notifier port."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from connectors.kit.graph.tokens import Tokens
from connectors.notify.email.bounces import Bounces
from connectors.notify.email.client import TIMEOUT_S, Mail, Server, SmtpClient
from connectors.notify.email.config import AuthConfig, EmailConfig, Method
from connectors.notify.email.layout import takes
from connectors.notify.email.mailbox import Mailbox, mailbox
from connectors.notify.email.mapping import composed, message_id
from worker.domain.messages.message import Message, Recipient, RecipientKind
from worker.ports import (
    Abilities,
    BadConfig,
    CheckResult,
    ConnectorContext,
    ConnectorError,
    Passive,
    Receipt,
    Returned,
    Unreachable,
)

UNSEEN = "bounces that come later are not read"


class EmailNotifier(Passive):
    """Writes to people and to one common address, one mail to each."""

    def __init__(
        self, config: EmailConfig, context: ConnectorContext, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._config = config
        self._context = context
        self._sender = mailbox(config.sender)
        self._channel = mailbox(config.channel) if config.channel else None
        self._envelope = mailbox(config.envelope_from) if config.envelope_from else self._sender
        tokens = _tokens(config.auth, context)
        self._bounces = None
        if config.bounces is not None:
            its_tokens = tokens if config.bounces.auth is None else _tokens(config.bounces.auth, context)
            channel = self._channel.address if self._channel else ""
            self._bounces = Bounces(
                config, config.bounces, context, its_tokens, self._sender.domain, channel, timeout_s=timeout_s
            )
        self._client = SmtpClient(config, context.base_dir, self._sender.domain, tokens, timeout_s=timeout_s)

    @property
    def name(self) -> str:
        return self._context.name

    @property
    def can(self) -> Abilities:
        by_password = self._config.auth.method is Method.PASSWORD
        hears_returns = self._bounces is not None
        return Abilities(self._config.reaching, hears_returns=hears_returns, by_password=by_password)

    def takes(self, message: Message) -> int:
        """Return how many paragraphs fit into a mail that no mail program cuts off."""
        return takes(message)

    def send(self, message: Message) -> Receipt:
        """Hand over one mail to one recipient; see `Notifier.send`. The receipt is its Message-ID."""
        to = self._mailbox(message.to)
        language = message.to.language or self._context.language
        content = composed(message, self._sender, to, language, self._context.now())
        needs_utf8 = self._sender.needs_utf8
        self._client.send(Mail(self._envelope, to, content, message.key, needs_utf8=needs_utf8))
        return Receipt(message_id(message, self._sender.domain))

    def find(self, message: Message) -> Receipt | None:
        """Always None: a mail server does not say what it has taken. A repeat has the same Message-ID."""
        return None

    def returned(self) -> Generator[Returned]:
        """What the mailbox of reports says came back; nothing if none is configured."""
        if self._bounces is not None:
            yield from self._bounces.returned()

    def check(self) -> CheckResult:
        """Sign in and name the sender, and open the mailbox of reports; nothing is sent, and nothing marked."""
        try:
            server = self._client.probe(self._envelope)
            if self._bounces is not None:
                self._bounces.probe()
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy)
        return self._verdict(server)

    def close(self) -> None:
        self._client.close()
        if self._bounces is not None:
            self._bounces.close()

    def _verdict(self, server: Server) -> CheckResult:
        who = f" as {self._config.auth.user}" if self._config.auth.user else ", without signing in"
        whom = f"people and {self._channel.address}" if self._channel else "people only: no channel is set"
        bounces = f"bounces are read in {self._bounces.where}" if self._bounces else UNSEEN
        details = {
            "tls": server.tls or "none",
            "reports of non-delivery": "asked for" if server.has_dsn else "as the server likes",
        }
        return CheckResult(
            ok=True,
            message=f"{self._client.where}{who}, from {self._sender.address} to {whom}; {bounces}",
            details=details,
        )

    def _mailbox(self, to: Recipient) -> Mailbox:
        if to.kind is RecipientKind.CHANNEL:
            if self._channel is None:
                raise BadConfig(
                    f"The e-mail notifier {self.name} has no common address to write to.",
                    remedy=f"Set `channel` of the notifier {self.name}.",
                )
            return self._channel
        try:
            found = mailbox(to.email)
        except ValueError as error:
            raise Unreachable(
                f"E-mail: {to.label!r} can't be written to: their address {error}.",
                remedy="Check the person's e-mail address in the directory.",
            ) from None
        return replace(found, name=to.name)


def _tokens(auth: AuthConfig, context: ConnectorContext) -> Tokens | None:
    if auth.method is not Method.XOAUTH2:
        return None
    return Tokens(auth, auth.resource, context.base_dir, context.name)


def build(config: EmailConfig, context: ConnectorContext) -> EmailNotifier:
    """Make the notifier; no I/O."""
    return EmailNotifier(config, context)
