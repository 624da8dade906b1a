"""A directory in a file, or in a folder of dated files that are replayed in order.

    files -> the next one after the cursor -> survey -> pages of PersonFacts -> PassEnd

Every file is a full pass. It is read twice, in pages, so that memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from connectors.directory.file.client import Export, ExportFile, digest_of, list_files, open_export
from connectors.directory.file.columns import AD_EXPORT, fold, resolve
from connectors.directory.file.config import FileConfig
from connectors.directory.file.csv_reader import EXPORT_AGAIN
from connectors.directory.file.cursor import Cursor
from connectors.directory.file.mapping import Mapped, Reading, is_person, map_record, person_id
from connectors.directory.file.records import RawRecord
from connectors.directory.file.survey import Survey, take
from connectors.directory.file.tally import Tally
from worker.domain.model import PersonFacts
from worker.ports import (
    BadConfig,
    CheckResult,
    ConnectorContext,
    ConnectorError,
    DirectoryPage,
    Incomplete,
    Malformed,
    PassEnd,
    Rejected,
)

PAGE_SIZE_MAX = 1000
_REMEDY = "See connectors/directory/file/README.md."


class FileDirectory:
    """The Directory port over export files; reads only, keeps nothing between calls."""

    can_look_up = False
    has_delta = False

    def __init__(self, config: FileConfig, context: ConnectorContext) -> None:
        self.name = context.name
        self._config = config
        self._path = context.base_dir / config.path
        self._zone = ZoneInfo(context.timezone)
        self._region = context.default_region

    def __repr__(self) -> str:
        return f"FileDirectory({self.name!r}, path={self._config.path!r})"

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        """Read the next file: see `Directory.changes`.

        Without a cursor a folder starts with its oldest file; `full` with a cursor reads the newest again.
        `taken_at` never goes back: a file that was restored with an older date is read, and is given
        the date of the one that it replaces.
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
        with open_export(file, self._config.format) as export:
            survey, reading = self._survey(export)
            yield from _pages(export, survey, reading)
            export.refuse_if_changed()
        taken_at = max(file.taken_at, before.taken_at) if before else file.taken_at
        after = Cursor(taken_at, file.name, export.size, export.digest)
        yield PassEnd(
            after.dump(), is_full=True, taken_at=taken_at, total=survey.total, has_more=has_more,
            unshown=survey.unshown(reading),
        )  # fmt: skip

    def look_up(self, person_id: str) -> PersonFacts | None:
        """Always raises Rejected: a file that lacks somebody does not say that they left."""
        raise Rejected(
            f"{self.name} is a file and cannot be asked about one person.",
            remedy="Absence counts after several complete exports (leaver.absent).",
        )

    def watermark(self) -> str | None:
        """The newest file's name, size and date; see `Directory.watermark`."""
        try:
            newest = list_files(self._path, self._zone)[-1]
            return f"{newest.name} {newest.path.stat().st_size} {newest.taken_at.isoformat()}"
        except (ConnectorError, OSError):
            return None

    def check(self) -> CheckResult:
        """Read the newest file to its end; see `Directory.check`."""
        try:
            file = list_files(self._path, self._zone)[-1]
            with open_export(file, self._config.format) as export:
                survey, reading = self._survey(export)
                tally = Tally()
                for page in _pages(export, survey, reading):
                    tally.add(page)
                export.refuse_if_changed()
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or _REMEDY)
        return replace(tally.result(export, survey.warnings), unshown=survey.unshown(reading))

    def _survey(self, export: Export) -> tuple[Survey, Reading]:
        columns = resolve(export.name, export.format, export.header, self._config)
        reading = Reading.of(export.name, columns, self._config, self._region, self._zone)
        survey = take(export.records(), reading)
        if not survey.total:
            raise Incomplete(
                f"{export.name}: the export lists nobody.",
                remedy="Look at the filter and the rights of the export, and export again.",
            )
        unread = {name for name in export.collections if columns.uses(fold(name))}
        if unread:
            names = ", ".join(sorted(unread))
            if {fold(name) for name in unread} & set(columns.of("id")):
                raise BadConfig(
                    f"{export.name}: the column {names} holds a PowerShell type's name in place of the id.",
                    remedy=f"Export again with Get-ADUser, not with a raw LDAP search: {AD_EXPORT}",
                )
            survey.warnings["columns without values"] = "; ".join(
                f"{name}: PowerShell wrote a type's name; export @{{n='{name}'; e={{$_.{name} -join ';'}}}}"
                for name in sorted(unread)
            )
        return survey, replace(reading, orders=survey.orders, ids_by_alias=survey.ids_by_alias)


def _last_read(files: tuple[ExportFile, ...], before: Cursor, *, is_folder: bool) -> ExportFile | None:
    """The file of the cursor; a single file is it under any name."""
    return next((file for file in files if not is_folder or file.name == before.name), None)


def _newer(files: tuple[ExportFile, ...], before: Cursor, last: ExportFile | None) -> ExportFile | None:
    position = (before.taken_at, before.name)
    return next((file for file in files if file != last and (file.taken_at, file.name) > position), None)


def _unchanged(before: Cursor, last: ExportFile | None) -> PassEnd:
    """Nothing new to say; but the same content under a newer date is news of its age."""
    taken_at = max(before.taken_at, last.taken_at) if last else before.taken_at
    after = replace(before, taken_at=taken_at, name=last.name if last else before.name)
    return PassEnd(after.dump(), is_full=True, taken_at=taken_at, is_unchanged=True)


def _pages(export: Export, survey: Survey, reading: Reading) -> Iterator[DirectoryPage]:
    """The second pass; raises Incomplete when not one record could be read."""
    page = _Page()
    first: Malformed | None = None
    people = 0
    for item in _people(export, survey, reading):
        if isinstance(item, Malformed):
            page.malformed.append(item)
            first = first or item
        else:
            page.records.append(item.facts)
            page.unreadable_phones += item.unreadable_phones
            people += 1
        if page.size == PAGE_SIZE_MAX:
            yield page.freeze()
            page = _Page()
    if not people:
        raise Incomplete(
            f"{export.name}: none of {survey.total} records can be read. {first.message if first else ''}",
            remedy=first.remedy if first else EXPORT_AGAIN,
            expected=survey.total,
            got=0,
        )
    if page.size:
        yield page.freeze()


def _people(export: Export, survey: Survey, reading: Reading) -> Iterator[Mapped | Malformed]:
    """Everybody once: somebody who stands in several rows comes with the last of them, if these agree."""
    waiting: dict[str, list[Mapped | Malformed]] = {}
    for raw in export.records():
        if isinstance(raw, Malformed):
            yield raw
            continue
        if not is_person(raw, reading.columns):
            continue
        mapped = map_record(raw, reading)
        own_id = mapped.facts.person_id if isinstance(mapped, Mapped) else _id_or_empty(raw, reading)
        lines = survey.repeats.get(own_id)
        if lines is None:
            yield mapped
            continue
        seen = waiting.setdefault(own_id, [])
        seen.append(mapped)
        if len(seen) == len(lines):
            yield _agreed(waiting.pop(own_id), lines, own_id, export.name)


def _id_or_empty(raw: RawRecord, reading: Reading) -> str:
    try:
        return person_id(raw, reading)
    except Malformed:
        return ""


def _agreed(seen: list[Mapped | Malformed], lines: list[int], own_id: str, name: str) -> Mapped | Malformed:
    last = seen[-1]
    unplaced = {replace(item.facts, location="") for item in seen if isinstance(item, Mapped)}
    if isinstance(last, Mapped) and len(unplaced) == 1 and all(isinstance(item, Mapped) for item in seen):
        return last
    where = " and ".join(str(line) for line in lines)
    return Malformed(
        f"{name} lines {where}: the id {own_id} stands in each of them, with different values.",
        record_id=own_id,
        remedy="Export again from one domain, without joining files by hand.",
    )


@dataclass(slots=True)
class _Page:
    records: list[PersonFacts] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    unreadable_phones: int = 0

    @property
    def size(self) -> int:
        return len(self.records) + len(self.malformed)

    def freeze(self) -> DirectoryPage:
        return DirectoryPage(tuple(self.records), tuple(self.malformed), self.unreadable_phones)
