"""How far a round got: Graph's own link, its time, the configuration, and the users to look at again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.read.doubts import Doubt
from worker.ports import CursorExpired


@dataclass(frozen=True, slots=True)
class Cursor:
    """`link` is replayed as a whole. `removed`: deleted users by id, with the instant; each for 30 days at most.
    `purged`: those of them who can't be restored any more. `doubts`: those whom a single answer showed otherwise than
    a round. `shows_dates`: the last full pass, or a round since, showed somebody's leave date. `lacks_deleted`: those
    who were deleted before the first pass are not read yet. `seen`: those who were read singly within the last hour.

    Instants are aware UTC. `reads` is the digest of what was read.
    """

    link: str
    taken_at: datetime
    reads: str
    removed: Mapping[str, datetime] = field(default_factory=dict)
    looked_at: datetime | None = None
    doubts: Mapping[str, Doubt] = field(default_factory=dict)
    shows_dates: bool = True
    purged: frozenset[str] = frozenset()
    lacks_deleted: bool = False
    seen: Mapping[str, Doubt] = field(default_factory=dict)

    def dump(self) -> str:
        values = {
            "link": self.link,
            "taken_at": self.taken_at.isoformat(),
            "reads": self.reads,
            "removed": {key: at.isoformat() for key, at in self.removed.items()},
            "looked_at": self.looked_at.isoformat() if self.looked_at else None,
            "doubts": _dumped(self.doubts),
            "shows_dates": self.shows_dates,
            "purged": sorted(self.purged),
            "lacks_deleted": self.lacks_deleted,
            "seen": _dumped(self.seen),
        }
        return json.dumps(values, separators=(",", ":"), sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Cursor:
        """Read what `dump` wrote; raises CursorExpired for other texts."""
        try:
            values = json.loads(text)
            return cls(
                str(values["link"]),
                datetime.fromisoformat(values["taken_at"]),
                str(values["reads"]),
                {key: datetime.fromisoformat(at) for key, at in values["removed"].items()},
                datetime.fromisoformat(values["looked_at"]) if values["looked_at"] else None,
                _loaded(values.get("doubts", {})),
                bool(values.get("shows_dates", True)),
                frozenset(values.get("purged", ())),
                bool(values.get("lacks_deleted", False)),
                _loaded(values.get("seen", {})),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CursorExpired("The cursor was not written by this connector.") from error


def _dumped(those: Mapping[str, Doubt]) -> dict[str, list[str | bool | None]]:
    return {key: [one.since.isoformat(), one.is_enabled] for key, one in those.items()}


def _loaded(values: Mapping[str, tuple[str, bool | None]]) -> dict[str, Doubt]:
    return {
        key: Doubt(datetime.fromisoformat(since), is_enabled) for key, (since, is_enabled) in values.items()
    }


def digest_of(config: EntraConfig, properties: tuple[str, ...]) -> str:
    """A digest of what is read; when it changes (tenant, cloud, scope or selection), a full round is due."""
    scope = config.model_dump_json(include={"tenant_id", "scope", "attributes"})
    return sha256(f"{config.graph} {scope} {','.join(properties)}".encode()).hexdigest()[:16]
