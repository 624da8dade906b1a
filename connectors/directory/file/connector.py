"""A directory in a file, or in a folder of dated files that are replayed in order.

    files -> the next one after the cursor -> pages of AccountFacts -> PassEnd

Every file is a full pass, which a separate process reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO
from zoneinfo import ZoneInfo

from connectors.directory.file.client import ExportFile, digest_of, list_files, open_export
from connectors.directory.file.config import FileConfig
from connectors.directory.file.cursor import Cursor
from connectors.directory.file.formats.work import WORK, Asked, Page, Told
from connectors.directory.file.tally import Tally
from connectors.kit.child import Apart, apart_for, plain
from worker.domain.model import AccountFacts
from worker.ports import (
    CheckResult,
    ConnectorContext,
    ConnectorError,
    DirectoryPage,
    Malformed,
    PassEnd,
    Passive,
    Rejected,
)

_REMEDY = "See connectors/directory/file/README.md."


class FileDirectory(Passive):
    """The Directory port over export files; reads only, keeps nothing between calls."""

    can_look_up = False
    can_tell_away = False
    has_delta = False

    def __init__(self, config: FileConfig, context: ConnectorContext, apart: Apart | None = None) -> None:
        self.name = context.name
        self._config = config
        self._path = context.base_dir / config.path
        self._zone = ZoneInfo(context.timezone)
        self._region = context.default_region
        self._apart = apart or apart_for(context)

    def __repr__(self) -> str:
        return f"FileDirectory({self.name!r}, path={self._config.path!r})"

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        """Read the next file: see `Directory.changes`.

        Without a cursor a folder starts with its oldest file; `full` with a cursor reads the newest again.
        `taken_at` never goes back: a restored file with an older date is read, and gets the date of the file that
        it replaces.
        """
        before = Cursor.load(cursor) if cursor is not None else None
        files = list_files(self._path, self._zone)
        if before is not None and not full:
            last = _last_read(files, before, is_folder=self._path.is_dir())
            is_rewritten = last is not None and digest_of(last) != before.digest
            file = last if is_rewritten else _newer(files, before, last)
            if file is None:
                yield _unchanged(before, last)
                return
        else:
            file = files[0] if before is None else files[-1]
        yield from self._read(file, before, has_more=file != files[-1])

    def _read(
        self, file: ExportFile, before: Cursor | None, *, has_more: bool
    ) -> Iterator[DirectoryPage | PassEnd]:
        taken_at = max(file.taken_at, before.taken_at) if before else file.taken_at
        with open_export(file) as raw:
            for part in self._parts(file, raw):
                if isinstance(part, Page):
                    yield _page(part)
                else:
                    after = Cursor(taken_at, file.name, part.size, part.digest)
                    yield PassEnd(
                        after.dump(), is_full=True, taken_at=taken_at, total=part.total, has_more=has_more,
                        unshown=part.unshown,
                    )  # fmt: skip

    def _parts(self, file: ExportFile, raw: BinaryIO) -> Iterator[Page | Told]:
        asked = Asked(file.name, self._config, self._region, self._zone.key)
        return self._apart(WORK, raw, file.name, asked)

    def look_up(self, person_id: str) -> AccountFacts | None:
        """Always raise Rejected: a file that lacks a person does not prove that they left."""
        raise Rejected(
            f"{self.name} is a file and cannot be asked about one person.",
            remedy="Absence counts after several complete exports (leaver.absent).",
        )

    def watermark(self) -> str | None:
        """The newest file's name, size and date; see `Connector.watermark`."""
        try:
            newest = list_files(self._path, self._zone)[-1]
            return f"{newest.name} {newest.path.stat().st_size} {newest.taken_at.isoformat()}"
        except (ConnectorError, OSError):
            return None

    def check(self) -> CheckResult:
        """Read the newest file to its end; see `Connector.check`."""
        tally = Tally()
        try:
            file = list_files(self._path, self._zone)[-1]
            with open_export(file) as raw:
                for part in self._parts(file, raw):
                    if isinstance(part, Page):
                        tally.add(_page(part))
                    else:
                        return tally.result(file, part)
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or _REMEDY)
        raise AssertionError("a reading ends with what is known of the file")


def _page(page: Page) -> DirectoryPage:
    malformed = (
        Malformed(plain(m.message), record_id=plain(m.record_id), remedy=plain(m.remedy))
        for m in page.set_aside
    )
    return DirectoryPage(page.records, tuple(malformed), page.unreadable_phones, page.unshown)


def _last_read(files: tuple[ExportFile, ...], before: Cursor, *, is_folder: bool) -> ExportFile | None:
    """The file of the cursor; a configured single file matches under any name."""
    return next((file for file in files if not is_folder or file.name == before.name), None)


def _newer(files: tuple[ExportFile, ...], before: Cursor, last: ExportFile | None) -> ExportFile | None:
    position = (before.taken_at, before.name)
    return next((file for file in files if file != last and (file.taken_at, file.name) > position), None)


def _unchanged(before: Cursor, last: ExportFile | None) -> PassEnd:
    """The end of a pass without news; the same content with a newer date renews the date."""
    taken_at = max(before.taken_at, last.taken_at) if last else before.taken_at
    after = replace(before, taken_at=taken_at, name=last.name if last else before.name)
    return PassEnd(after.dump(), is_full=True, taken_at=taken_at, is_unchanged=True)
