"""`AppriseNotifier`: messages to people or to one channel, through one service that Apprise knows."""

from __future__ import annotations

from connectors.notify.apprise.client import Service, version
from connectors.notify.apprise.config import AppriseConfig
from connectors.notify.apprise.mapping import render, takes
from worker.domain.messages.message import Message, Recipient, RecipientKind
from worker.ports import (
    Abilities,
    CheckResult,
    ConnectorContext,
    ConnectorError,
    Passive,
    Reach,
    Receipt,
    Unreachable,
)

_SAMPLE = Recipient(
    RecipientKind.PERSON, "somebody@example.org", phone="+447700900123"
)  # Ofcom's drama range


class AppriseNotifier(Passive):
    """One way, without a look at what arrived. Apprise's yes means that the service took it."""

    def __init__(self, config: AppriseConfig, context: ConnectorContext) -> None:
        self._config = config
        self._context = context

    @property
    def name(self) -> str:
        return self._context.name

    @property
    def can(self) -> Abilities:
        return Abilities(self._config.reaching)

    def takes(self, message: Message) -> int:
        """As many as fit; one, where the URL names the ticket."""
        return 1 if "{ticket}" in self._config.url else takes(message, self._config.text_max)

    def send(self, message: Message) -> Receipt:
        """Send once; see `Notifier.send`. No failure is surely not sent: Apprise does not tell them apart."""
        if not self.can.reach(message.to):
            raise Unreachable(
                f"{message.to.label} has no {self._config.reaches.value} that {self.name} could use.",
                remedy="Use another notifier.",
            )
        Service(self._url(message)).notify(render(message, self._config.text_max))
        return Receipt("taken by the service")

    def find(self, message: Message) -> Receipt | None:
        """Always None: Apprise can't look."""
        return None

    def check(self) -> CheckResult:
        """Check that Apprise is there and can use the URL; sends nothing."""
        try:
            service = Service(self._url(Message("", _SAMPLE, ""))).name
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy)
        to = "" if self._config.reaches is Reach.CHANNEL else " --to ADDRESS"
        return CheckResult(
            ok=True,
            message=f"reaches by {self._config.reaches.value} through {service} (Apprise {version()}); whether that "
            f"works can't be seen without sending: whosleft notify test {self.name}{to}",
        )

    def _url(self, message: Message) -> str:
        """The URL for one recipient."""
        ticket = next((paragraph.ticket for paragraph in message.paragraphs if paragraph.ticket), "")
        return self._config.url_for(message.to.number, message.to.email, ticket, message.key)


def build(config: AppriseConfig, context: ConnectorContext) -> AppriseNotifier:
    """Make the notifier; no I/O."""
    return AppriseNotifier(config, context)
