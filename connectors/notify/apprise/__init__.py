"""Apprise: text messages, push services and many others, through the library of that name (an extra)."""

from connectors.notify.apprise.config import AppriseConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="apprise",
    port=Port.NOTIFY,
    config=AppriseConfig,
    build=lazily("connectors.notify.apprise.connector:build"),
    summary="Text messages, push and others through Apprise",
)

__all__ = ["SPEC"]
