"""`WebhookNotifier`: sends the journal's events to one receiver, one a POST, each signed."""

from __future__ import annotations

from connectors.kit.cloud_events import CONTENT_TYPE
from connectors.kit.receiver import Receiver
from connectors.notify.webhook.config import WebhookConfig
from connectors.notify.webhook.mapping import render
from worker.domain.messages.message import Message
from worker.ports import Abilities, CheckResult, ConnectorContext, ConnectorError, Passive, Receipt


class WebhookNotifier(Passive):
    """A feed: it reaches no person and no channel. A receiver drops an id that it knows."""

    def __init__(self, config: WebhookConfig, context: ConnectorContext) -> None:
        self._config = config
        self._context = context
        self._receiver = Receiver(config, context)

    @property
    def name(self) -> str:
        return self._context.name

    @property
    def can(self) -> Abilities:
        return Abilities(
            self._config.reaching,
            has_key=True,
            events=self._config.events,
            wants_names=self._config.include == "names",
        )

    def takes(self, message: Message) -> int:
        """One event a POST."""
        return 1

    def send(self, message: Message) -> Receipt:
        """Send the message's event once; the receipt is its `webhook-id`, the same at each attempt."""
        rendered = render(message)
        self._receiver.post(rendered.id, rendered.body, CONTENT_TYPE)
        return Receipt(rendered.id)

    def find(self, message: Message) -> Receipt | None:
        """Always None: a receiver can't be asked. It may be sent the same id again."""
        return None

    def check(self) -> CheckResult:
        """Check where events would go; sends nothing."""
        try:
            count = len(self._receiver.addresses())
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy)
        return CheckResult(
            ok=True,
            message=f"sends {', '.join(self._config.events)} to {self._receiver.host} (addresses: {count}, "
            f"signing secrets: {len(self._config.secrets)}); to try it: whosleft notify test {self.name}",
        )

    def close(self) -> None:
        self._receiver.close()


def build(config: WebhookConfig, context: ConnectorContext) -> WebhookNotifier:
    """Make the notifier; no I/O."""
    return WebhookNotifier(config, context)
