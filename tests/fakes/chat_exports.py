"""Chat exports as WhatsApp writes them on Android and on iOS. All names are invented."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.kit.whatsapp_export.events import Asked, Event, Export
from connectors.kit.whatsapp_export.reading import read_file
from worker.domain.model import Roster

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
MARK = "\u200e"
NOTICE = "Messages and calls are end-to-end encrypted. Only people in this chat can read, listen to, or share them."


def android(*lines: str, at: str = "13/03/2026, 10:15") -> str:
    """Lines without a head get that of `at`; a line that begins with a digit has its own."""
    return "".join(line + "\n" if line[:1].isdigit() else f"{at} - {line}\n" for line in lines)


def ios(*lines: str, at: str = "[13/03/2026, 10:15:02]") -> str:
    """As `android`; a line that begins with a bracket has its own head."""
    return "".join(line + "\r\n" if "[" in line[:2] else f"{at} {line}\r\n" for line in lines)


def system(group: str, text: str) -> str:
    """A system line of iOS."""
    return f"{group}: {MARK}{text}"


def read(text: str | bytes, name: str = "WhatsApp Chat with Ward 7.txt", **bounds: int) -> Export:
    """Read an export in the test's own process."""
    data = text.encode() if isinstance(text, str) else text
    (export,) = read_file(io.BytesIO(data), Asked(name, "Europe/London", NOW, **bounds))
    return export


def brief(events: Iterable[Event]) -> list[str]:
    """Each event in one line: "removed Amina: Bob, +447700900101"."""
    return [
        f"{event.kind} {_of(event.actor)}: {', '.join(map(_of, event.subjects))}{event.text}".strip(" :")
        for event in events
    ]


def _of(person: object) -> str:
    if person is None:
        return ""
    name, phone, is_exporter = (getattr(person, key) for key in ("name", "phone", "is_exporter"))
    return "<exporter>" if is_exporter else " ".join(part for part in (name, phone) if part)


def zipped(texts: dict[str, str | bytes], path: Path | None = None) -> bytes:
    """An archive of these files; written to `path` too."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    if path:
        path.write_bytes(data.getvalue())
    return data.getvalue()


def export_of(roster: Roster, taken_at: datetime, *, is_ios: bool) -> tuple[str, bytes]:
    """A file's name and bytes: somebody made the group, added each member by number, and wrote at last."""
    group, at = roster.group.name, taken_at.astimezone(LONDON)
    said = [f"Rita created group “{group}”", *(f"Rita added {member.phone}" for member in roster.members)]
    if is_ios:
        head = f"[{at:%d.%m.%y, %H:%M:%S}]"
        lines = [system(group, NOTICE), *(system(group, text) for text in said), "Rita: hello"]
        return f"WhatsApp Chat - {group}.zip", zipped({"_chat.txt": ios(*lines, at=head)})
    text = android(NOTICE, *said, "Rita: hello", at=f"{at:%d/%m/%Y, %H:%M}")
    return f"WhatsApp Chat with {group}.txt", text.encode()
