"""A directory in a file, or in a folder of dated files that are replayed in order.

    files -> the next one after the cursor -> pages of AccountFacts -> PassEnd

Every file is a full pass, which a separate process reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO
from zoneinfo import ZoneInfo

from connectors.directory.file.client import ExportFile, digest_of, list_files, open_export
from connectors.directory.file.config import FileConfig
from connectors.directory.file.cursor import Cursor, digest_of_settings
from connectors.directory.file.formats.work import WORK, Asked, Page, Told
from connectors.directory.file.tally import Tally
from connectors.kit.child import Apart, apart_for, plain
from worker.domain.instants import APART_MAX
from worker.domain.model import AccountFacts
from worker.ports import (
    CheckResult,
    ConnectorContext,
    ConnectorError,
    CursorExpired,
    DirectoryPage,
    Incomplete,
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
        self._now = context.now
        self._region = context.default_region
        self._reads = digest_of_settings(config, context.default_region, context.timezone)
        self._apart = apart or apart_for(context)

    def __repr__(self) -> str:
        return f"FileDirectory({self.name!r}, path={self._config.path!r})"

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        """Read the next file: see `Directory.changes`.

        Without a cursor a folder starts with its oldest file; `full` with a cursor reads the newest again, and so does
        `full` with one that is none of ours, since what older files say was known before.
        `taken_at` never goes back: a restored file with an older date is read, and gets the date of the file that
        it replaces. Nor is it ahead of now: new content with such a date is of now.
        """
        before = _known(cursor, full=full)
        now = self._now()
        files, ahead = self._ready(now)
        if before is not None and not full:
            last = _last_read(files, before, is_folder=self._path.is_dir())
            is_as_read = last is None or (before.reads == self._reads and digest_of(last) == before.digest)
            file = _newer(files, before, last, now) if is_as_read else last
            if file is None:
                _refuse_dates(ahead, now)
                yield _unchanged(before, last, now)
                return
        else:
            # An older one would take the place of the last one, which is ahead of a clock that is behind
            was = [one for one in ahead if before is not None and one.name == before.name]
            _refuse_dates(was, now, longest=timedelta())
            file = files[0] if cursor is None else files[-1]
        yield from self._read(file, before, now, has_more=file != files[-1])

    def _ready(self, now: datetime) -> tuple[tuple[ExportFile, ...], tuple[ExportFile, ...]]:
        """The files to read, and those of a folder whose time has not come. Raises Incomplete if all are such."""
        files = list_files(self._path, self._zone, now)
        if not self._path.is_dir():
            return files, ()
        ready = tuple(file for file in files if file.taken_at <= now)
        ahead = files[len(ready) :]
        if not ready:
            _refuse_dates(ahead, now, longest=timedelta())
        return ready, ahead

    def _read(
        self, file: ExportFile, before: Cursor | None, now: datetime, *, has_more: bool
    ) -> Iterator[DirectoryPage | PassEnd]:
        with open_export(file) as raw:
            for part in self._parts(file, raw):
                if isinstance(part, Page):
                    yield _page(part)
                else:
                    is_new = before is None or part.digest != before.digest
                    taken_at = now if is_new and file.taken_at > now else _latest(now, file, before)
                    after = Cursor(taken_at, file.name, part.size, part.digest, self._reads)
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
            newest = list_files(self._path, self._zone, self._now())[-1]
            return f"{newest.name} {newest.path.stat().st_size} {newest.taken_at.isoformat()}"
        except (ConnectorError, OSError):
            return None

    def check(self) -> CheckResult:
        """Read the newest file to its end; see `Connector.check`."""
        tally = Tally()
        try:
            file = self._ready(self._now())[0][-1]
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
    return DirectoryPage(page.records, tuple(malformed), page.unreadable_phones, page.unshown, page.unsure)


def _known(cursor: str | None, *, full: bool) -> Cursor | None:
    try:
        return Cursor.load(cursor) if cursor is not None else None
    except CursorExpired:
        if full:
            return None
        raise


def _last_read(files: tuple[ExportFile, ...], before: Cursor, *, is_folder: bool) -> ExportFile | None:
    """The file of the cursor; a configured single file matches under any name."""
    return next((file for file in files if not is_folder or file.name == before.name), None)


def _newer(
    files: tuple[ExportFile, ...], before: Cursor, last: ExportFile | None, now: datetime
) -> ExportFile | None:
    was_at = before.taken_at if before.taken_at <= now or last is None else last.taken_at
    position = (was_at, before.name)
    return next((file for file in files if file != last and (file.taken_at, file.name) > position), None)


def _latest(now: datetime, *dated: ExportFile | Cursor | None) -> datetime:
    """The latest of these dates; one that is ahead of now is none, so that it does not renew what is old."""
    known = [one.taken_at for one in dated if one is not None]
    return max((at for at in known if at <= now), default=now)


def _refuse_dates(ahead: Iterable[ExportFile], now: datetime, longest: timedelta = APART_MAX) -> None:
    """Raise Incomplete for a file of a folder that is dated further ahead than clocks differ."""
    for file in ahead:
        if file.taken_at > now + longest:
            raise Incomplete(
                f"{file.name} is dated {file.taken_at:%Y-%m-%d %H:%M} UTC, which has not come: it is not read before.",
                remedy="Set the clock of the machine that writes it, or put the right date into its name.",
            )


def _unchanged(before: Cursor, last: ExportFile | None, now: datetime) -> PassEnd:
    """The end of a pass without news; the same content with a newer date renews the date."""
    taken_at = _latest(now, last, before)
    after = replace(before, taken_at=taken_at, name=last.name if last else before.name)
    return PassEnd(after.dump(), is_full=True, taken_at=taken_at, is_unchanged=True)
