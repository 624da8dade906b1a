"""How far a round got: Graph's own link, when it was given, under which configuration, and whom to look at again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from connectors.directory.entra.config import EntraConfig
from worker.ports import CursorExpired


@dataclass(frozen=True, slots=True)
class Cursor:
    """`link` is replayed whole. `removed`: who was deleted, by id, with the instant; each for 30 days at most.

    Instants are aware UTC. `reads` says what was selected, and where.
    """

    link: str
    taken_at: datetime
    reads: str
    removed: Mapping[str, datetime] = field(default_factory=dict)
    looked_at: datetime | None = None

    def dump(self) -> str:
        values = {
            "link": self.link,
            "taken_at": self.taken_at.isoformat(),
            "reads": self.reads,
            "removed": {key: at.isoformat() for key, at in self.removed.items()},
            "looked_at": self.looked_at.isoformat() if self.looked_at else None,
        }
        return json.dumps(values, separators=(",", ":"), sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Cursor:
        """Raises CursorExpired for what `dump` did not write."""
        try:
            values = json.loads(text)
            return cls(
                str(values["link"]),
                datetime.fromisoformat(values["taken_at"]),
                str(values["reads"]),
                {key: datetime.fromisoformat(at) for key, at in values["removed"].items()},
                datetime.fromisoformat(values["looked_at"]) if values["looked_at"] else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CursorExpired("The cursor was not written by this connector.") from error


def digest_of(config: EntraConfig, properties: tuple[str, ...]) -> str:
    """A short name for what is read: another tenant, cloud, scope or selection takes a full round."""
    scope = config.model_dump_json(include={"tenant_id", "scope", "attributes"})
    return sha256(f"{config.graph} {scope} {','.join(properties)}".encode()).hexdigest()[:16]
