"""E-mail: messages to people and to one common address, over the organisation's own mail server."""

from connectors.notify.email.config import EmailConfig
from connectors.notify.email.notes import NOTES
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="email",
    port=Port.NOTIFY,
    config=EmailConfig,
    build=lazily("connectors.notify.email.connector:build"),
    summary="E-mail over SMTP, to people and to one common address",
    notes=NOTES,
)

__all__ = ["SPEC"]
