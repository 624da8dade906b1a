"""An open export -> survey -> pages of facts -> what is known at its end.

It is read twice, so that memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import BinaryIO
from zoneinfo import ZoneInfo

from connectors.directory.file.columns import AD_EXPORT, fold, joined, resolve
from connectors.directory.file.formats.csv import EXPORT_AGAIN
from connectors.directory.file.formats.export import Export
from connectors.directory.file.formats.records import RawRecord
from connectors.directory.file.formats.work import Asked, Page, SetAside, Told
from connectors.directory.file.mapping import Reading, is_person, map_record, person_id
from connectors.directory.file.survey import Survey, take
from connectors.kit.mapped import Mapped, page_of
from connectors.kit.text import listed
from worker.ports import BadConfig, Incomplete, Malformed

PAGE_SIZE_MAX = 1000


def read_file(file: BinaryIO, asked: Asked) -> Iterator[Page | Told]:
    """Read an open export; the last item proves that it is whole. Raises Transient, BadConfig or Incomplete."""
    export = Export(asked.name, file, asked.config.format)
    survey, reading = _surveyed(export, asked)
    yield from _pages(export, survey, reading)
    export.refuse_if_changed()
    yield Told(
        size=export.size,
        digest=export.digest,
        total=survey.total,
        format_label=export.format.label,
        encoding=export.encoding,
        delimiter=export.delimiter,
        warnings=survey.warnings,
        unshown=survey.unshown(reading),
    )


def _surveyed(export: Export, asked: Asked) -> tuple[Survey, Reading]:
    columns = resolve(export.name, export.format, export.header, asked.config)
    reading = Reading.of(export.name, columns, asked.config, asked.region, ZoneInfo(asked.timezone))
    survey = take(export.records(), reading)
    if not survey.total:
        raise Incomplete(
            f"{export.name}: the export lists nobody.",
            remedy="Look at the filter and the rights of the export, and export again.",
        )
    unread = {name for name in export.collections if columns.uses(fold(name))}
    if unread:
        names = listed(sorted(unread))
        if {fold(name) for name in unread} & set(columns.of("id")):
            raise BadConfig(
                f"{export.name}: the column {names} holds a PowerShell type's name in place of the id.",
                remedy=f"Export again with Get-ADUser, not with a raw LDAP search: {AD_EXPORT}",
            )
        survey.warnings["columns without values"] = "; ".join(
            f"{name}: PowerShell wrote a type's name; export {joined(name)}" for name in sorted(unread)
        )
    return survey, replace(
        reading, orders=survey.orders, ids_by_alias=survey.ids_by_alias, unshown=survey.unshown_facts
    )


def _pages(export: Export, survey: Survey, reading: Reading) -> Iterator[Page]:
    """Do the second pass; raises Incomplete if no record could be read."""
    first: Malformed | None = None
    people = 0
    waiting = _people(export, survey, reading)
    while chunk := tuple(islice(waiting, PAGE_SIZE_MAX)):
        page = page_of(chunk)
        first = first or next(iter(page.malformed), None)
        people += len(page.records)
        set_aside = tuple(SetAside(bad.message, bad.record_id, bad.remedy) for bad in page.malformed)
        shown = page.records, set_aside, page.unreadable_phones
        yield Page(*shown, survey.unshown_facts, survey.unsure_dates)
    if not people:
        raise Incomplete(
            f"{export.name}: none of {survey.total} records can be read. {first.message if first else ''}",
            remedy=first.remedy if first else EXPORT_AGAIN,
            expected=survey.total,
            got=0,
        )


def _people(export: Export, survey: Survey, reading: Reading) -> Iterator[Mapped | Malformed]:
    """Yield each person once. A person with several rows comes with the last one, if all can be read and agree."""
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
    if spoilt := [item for item in seen if isinstance(item, Malformed)]:
        return spoilt[0]
    if len({replace(item.facts, location="") for item in seen if isinstance(item, Mapped)}) == 1:
        return seen[-1]
    where = " and ".join(str(line) for line in lines)
    return Malformed(
        f"{name} lines {where}: the id {own_id} stands in each of them, with different values.",
        record_id=own_id,
        remedy="Export again from one domain, without joining files by hand.",
    )
