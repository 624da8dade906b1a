"""`WebhookNotifier`: sends the journal's events to one receiver, one a POST, each signed."""

from __future__ import annotations

from connectors.kit.signing import signatures
from connectors.notify.webhook.client import Receiver
from connectors.notify.webhook.config import WebhookConfig
from connectors.notify.webhook.mapping import CONTENT_TYPE, Rendered, render
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
            frozenset(),
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
        self._receiver.post(rendered.body, self._signed(rendered))
        return Receipt(rendered.id)

    def _signed(self, rendered: Rendered) -> dict[str, str]:
        """The headers of one attempt; its signature is of now."""
        at_s = int(self._context.now().timestamp())
        secrets = [secret.get_secret_value() for secret in self._config.secrets]
        return {
            "content-type": CONTENT_TYPE,
            "webhook-id": rendered.id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signatures(secrets, rendered.id, at_s, rendered.body),
        }

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
