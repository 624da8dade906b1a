"""The cursor: the file that was read last, with its content's digest, as JSON text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from worker.ports import CursorExpired

_MARK = "whosleft-file-1"
_FOREIGN = "The stored position is not one of a file directory: everybody is read again."


@dataclass(frozen=True, slots=True)
class Cursor:
    """One file that was read: `taken_at` is aware UTC, `digest` is the SHA-256 of its bytes."""

    taken_at: datetime
    name: str
    size: int
    digest: str

    def dump(self) -> str:
        """Write it as text; the same file always gives the same text."""
        return json.dumps({"kind": _MARK, **asdict(self), "taken_at": self.taken_at.isoformat()})

    @classmethod
    def load(cls, text: str) -> Cursor:
        """Read what `dump` wrote; raises CursorExpired for anything else."""
        try:
            values = json.loads(text)
            taken_at = datetime.fromisoformat(values["taken_at"]).astimezone(UTC)
            is_ours = values.pop("kind") == _MARK
            cursor = cls(**{**values, "taken_at": taken_at})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CursorExpired(_FOREIGN) from error
        if not is_ours:
            raise CursorExpired(_FOREIGN)
        return cursor
