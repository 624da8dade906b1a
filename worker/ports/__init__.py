"""The worker's ports: what it asks of the outside, and the errors that it may get back.

Protocols and values only. Adapters live in `connectors/` and `worker/storage/`; fakes in `tests/fakes/`.
"""

from worker.ports.connectors.base import (
    Again,
    Called,
    CheckResult,
    Commands,
    Connector,
    ConnectorContext,
    ConnectorSpec,
    InboundCall,
    Passive,
    Port,
    Takes,
    Unshown,
    lazily,
    takes_all,
)
from worker.ports.connectors.directory import Directory, DirectoryPage, PassEnd
from worker.ports.connectors.inventory import Capabilities, Inventory, SnapshotEnd
from worker.ports.connectors.notifier import Abilities, Notifier, Reach, Receipt
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
    "Abilities",
    "Again",
    "AuthFailed",
    "BadConfig",
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
    "InboundCall",
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
    "Reach",
    "Receipt",
    "Rejected",
    "SnapshotEnd",
    "Takes",
    "Transient",
    "Unreachable",
    "Unshown",
    "lazily",
    "takes_all",
]
