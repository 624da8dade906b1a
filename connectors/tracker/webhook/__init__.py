"""A tracker of one's own behind signed webhooks: it is told of tickets, and calls back when one is closed there.

draft -> mapping (a CloudEvent) -> connector (the port) -> kit.receiver;  a call -> calls (what was told) -> keep
"""

from connectors.tracker.webhook.config import WebhookTrackerConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="webhook",
    port=Port.TRACKER,
    config=WebhookTrackerConfig,
    build=lazily("connectors.tracker.webhook.connector:WebhookTracker"),
    summary="Copies of tickets in a program of one's own, by signed CloudEvents both ways",
)
