"""How far a pass got: with which controller, up to which of its changes, and under which configuration.

Each controller counts its own update sequence numbers (USNs), so a USN is never sent to another controller.
`invocation` identifies a controller's database, and changes when it is properly restored.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from connectors.directory.active_directory.config import ActiveDirectoryConfig, Mode
from worker.ports import CursorExpired

_FOREIGN = "The cursor was not written by this connector."
_WHAT_IS_READ = {"base", "scope", "leavers_ou", "attributes"}


@dataclass(frozen=True, slots=True)
class Cursor:
    """`flags` and `cookie` are DirSync's; `taken_at` is aware UTC; `reads` says what was read.

    `behind_at` is when this database was read after another one whose changes it may not have heard of yet. `hides` are
    the facts of a place that the last full pass saw of nobody.
    """

    mode: Mode
    server: str
    invocation: str
    usn: int
    taken_at: datetime
    reads: str
    flags: int = 0
    cookie: bytes = b""
    behind_at: datetime | None = None
    hides: frozenset[str] = frozenset()

    def dump(self) -> str:
        values = asdict(self)
        values |= {"taken_at": self.taken_at.isoformat(), "cookie": _text(self.cookie)}
        values |= {"behind_at": self.behind_at and self.behind_at.isoformat(), "hides": sorted(self.hides)}
        return json.dumps(values, separators=(",", ":"), sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Cursor:
        """Read what `dump` wrote; raises CursorExpired for other texts."""
        try:
            values: dict[str, Any] = json.loads(text)
            taken_at = datetime.fromisoformat(values["taken_at"])
            behind = values.get("behind_at")  # earlier releases wrote none
            behind_at = None if behind is None else datetime.fromisoformat(behind)
            texts = {name: values[name] for name in ("server", "invocation", "reads")}
            numbers = {name: values[name] for name in ("usn", "flags")}
            loaded = cls(
                mode=Mode(values["mode"]),
                taken_at=taken_at,
                cookie=base64.b64decode(values["cookie"], validate=True),
                behind_at=behind_at,
                hides=frozenset(values.get("hides", ())),
                **texts,
                **numbers,
            )
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
            raise CursorExpired(_FOREIGN) from error
        kinds = [{type(each) for each in of_one_kind.values()} for of_one_kind in (texts, numbers)]
        if None in {taken_at.tzinfo, (behind_at or taken_at).tzinfo} or kinds != [{str}, {int}]:
            raise CursorExpired(_FOREIGN)
        return loaded


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def digest_of(config: ActiveDirectoryConfig) -> str:
    """A digest of what the configuration reads; when it changes (another attribute or scope), a full pass is due."""
    text = config.model_dump_json(include=_WHAT_IS_READ)
    return sha256(text.encode()).hexdigest()[:16]
