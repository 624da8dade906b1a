"""Kind -> "module:SPEC" for every connector, imported on first use.

A new connector costs one line here and one subclass of its port's contract suite.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.ports import ConnectorSpec

DIRECTORIES = {
    "active_directory": "connectors.directory.active_directory:SPEC",
    "entra": "connectors.directory.entra:SPEC",
    "file": "connectors.directory.file:SPEC",
}
INVENTORIES = {
    "register": "connectors.inventory.register:SPEC",
}
NOTIFIERS = {
    "slack": "connectors.notify.slack:SPEC",
    "console": "connectors.notify.console:SPEC",
}


def load(place: str) -> ConnectorSpec:
    """Import the SPEC that a value of the tables above names."""
    module, _, attribute = place.partition(":")
    spec: ConnectorSpec = getattr(import_module(module), attribute)
    return spec
