"""The worker's ports: what it asks of the outside, and the errors that it may get back.

Protocols and values only. Adapters live in `connectors/` and `worker/storage/`; fakes in `tests/fakes/`.
"""

from worker.ports.connectors.base import (
    Again,
    Call,
    Called,
    CheckResult,
    Commands,
    Connector,
    ConnectorContext,
    ConnectorSpec,
    Passive,
    Port,
    Unshown,
    lazily,
)
from worker.ports.connectors.directory import Directory, DirectoryPage, PassEnd
from worker.ports.connectors.inventory import Capabilities, Inventory, SnapshotEnd
from worker.ports.connectors.notifier import Notifier, Receipt
from worker.ports.errors import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    CursorExpired,
    Incomplete,
    Malformed,
    NotDone,
    Permanent,
    PermissionDenied,
    Rejected,
    Transient,
    Unreachable,
)
from worker.ports.notes import Count, Fact, Metric, Note, Noted

__all__ = [
    "Again",
    "AuthFailed",
    "BadConfig",
    "Call",
    "Called",
    "Capabilities",
    "CheckResult",
    "Commands",
    "Connector",
    "ConnectorContext",
    "ConnectorError",
    "ConnectorSpec",
    "Count",
    "CursorExpired",
    "Directory",
    "DirectoryPage",
    "Fact",
    "Incomplete",
    "Inventory",
    "Malformed",
    "Metric",
    "NotDone",
    "Note",
    "Noted",
    "Notifier",
    "PassEnd",
    "Passive",
    "Permanent",
    "PermissionDenied",
    "Port",
    "Receipt",
    "Rejected",
    "SnapshotEnd",
    "Transient",
    "Unreachable",
    "Unshown",
    "lazily",
]
