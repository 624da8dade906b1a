"""Signed webhooks: the journal's events to a program, as CloudEvents with the signatures of Standard Webhooks."""

from connectors.notify.webhook.config import WebhookConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="webhook",
    port=Port.NOTIFY,
    config=WebhookConfig,
    build=lazily("connectors.notify.webhook.connector:build"),
    summary="Events to a program, as signed CloudEvents",
)

__all__ = ["SPEC"]
