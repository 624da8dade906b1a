"""CloudEvents 1.0 in structured JSON, and the ids that receivers of webhooks drop repeats by. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

CONTENT_TYPE = "application/cloudevents+json"
ID_LENGTH = 32


def event_id(*parts: str) -> str:
    """Return an id that is the same for the same parts. It has no full stop, which Standard Webhooks forbids in it."""
    return f"msg_{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:ID_LENGTH]}"


def cloud_event(
    id_: str, source: str, kind: str, subject: str, at: datetime, data: Mapping[str, Any]
) -> bytes:
    """Return the bytes to sign and to send. `at` is aware."""
    envelope = {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": kind,
        "subject": subject,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": dict(data),
    }
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
