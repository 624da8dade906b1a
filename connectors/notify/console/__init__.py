"""The console: messages written to the terminal, for trials, demonstrations and the log of a container."""

from connectors.notify.console.config import ConsoleConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="console",
    port=Port.NOTIFY,
    config=ConsoleConfig,
    build=lazily("connectors.notify.console.connector:build"),
    summary="Writes messages to the terminal (standard error)",
)

__all__ = ["SPEC"]
