"""The cursor: the file that was read last, with the digests of its content and of the settings, as JSON text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256

from connectors.directory.file.config import FileConfig
from worker.ports import CursorExpired

_MARK = "whosleft-file-1"
_FOREIGN = "The stored position is not one of a file directory: everybody is read again."


@dataclass(frozen=True, slots=True)
class Cursor:
    """One file that was read: `taken_at` is aware UTC, `digest` is the SHA-256 of its bytes.

    `reads` is the digest of the settings by which it was read; empty in a cursor of a release before.
    """

    taken_at: datetime
    name: str
    size: int
    digest: str
    reads: str = ""

    def dump(self) -> str:
        """Write it as text; the same file always gives the same text."""
        return json.dumps({"kind": _MARK, **asdict(self), "taken_at": self.taken_at.isoformat()})

    @classmethod
    def load(cls, text: str) -> Cursor:
        """Read what `dump` wrote, in a later release, too; raises CursorExpired for anything else."""
        try:
            values = json.loads(text)
            taken_at = datetime.fromisoformat(values["taken_at"]).astimezone(UTC)
            is_ours = values["kind"] == _MARK
            known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
            cursor = cls(**{**known, "taken_at": taken_at})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CursorExpired(_FOREIGN) from error
        if not is_ours:
            raise CursorExpired(_FOREIGN)
        return cursor


def digest_of_settings(config: FileConfig, region: str, timezone: str) -> str:
    """A digest of what says how a file is read; when it changes, the last one is read again."""
    text = config.model_dump_json(include={"format", "leavers_ou", "attributes", "scope"})
    return sha256(f"{text} {region} {timezone}".encode()).hexdigest()[:16]
