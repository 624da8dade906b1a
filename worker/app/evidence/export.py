"""Audit: evidence packs about a person, a group, a period, or everything.

The chain is read once, page by page, each in its own transaction, up to a head that is read first. So no writer waits
for long, and memory use does not grow with the journal. Every entry is checked against the one before, and its line is
written at once. What needs all of them (the report, the tickets) is made after that, in temporary files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, BinaryIO, TypeAlias

from worker.app.evidence.report import EVENTS_MAX, Heading, report, with_rows
from worker.app.evidence.scope import Selection, scope_of
from worker.app.evidence.zip import REPORT, TICKETS, PackWriter, pieces_of, sum_of
from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.evidence.journal import GENESIS, EntryRow, Sealed, checked
from worker.domain.evidence.manifest import Manifest, digest_of, stated_event
from worker.domain.evidence.pack import JOURNAL, Covered, JournalSum, Scope, Tally, What
from worker.domain.evidence.pack_lines import lines_of, read_line
from worker.domain.kinds.keeps import KeptGroup
from worker.domain.model import AccountKey
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Ticket, TicketState, ticket_number
from worker.ports.state.journal import Head
from worker.ports.state.store import Store, UnitOfWork

PAGE = 5_000  # entries in one transaction: some tens of milliseconds, and a few megabytes
TICKETS_PAGE = 500
_TICKET = "ticket:"
SPOOL_MAX = 4 << 20  # bytes of a file of the pack in memory; more goes to a temporary file


@dataclass(frozen=True, slots=True)
class Exported:
    """What a pack covers, and what identifies it: the head of the chain, and the digest that seals the pack."""

    covered: Covered
    journal: JournalSum
    digest: str


Keeps: TypeAlias = Callable[[UnitOfWork, Sequence[AccountKey]], Sequence[KeptGroup]]


def nothing_kept(_uow: UnitOfWork, _accounts: Sequence[AccountKey]) -> Sequence[KeptGroup]:
    """For packs that don't say what people keep."""
    return ()


class Audit:
    """Makes evidence packs.

    `software` is the program with its version; `timezone` is the organisation's (IANA). `keeps` says what the person
    with these accounts keeps.
    """

    def __init__(
        self, store: Store, organisation: str, timezone: str, software: str, keeps: Keeps = nothing_kept
    ) -> None:
        self._keeps = keeps
        self._store = store
        self._organisation = organisation
        self._timezone = timezone
        self._software = software

    def export(
        self, selection: Selection, file: BinaryIO, by: Actor, now: datetime, reason: str = ""
    ) -> Exported:
        """Write a pack into `file` (which need not be seekable). Its last event, `audit.exported`, records this export.

        That event is committed before the journal's end is written, and before the other files are. What was written
        until then is no pack, so none goes unrecorded.
        Raises Refused for a selection that names nobody, a search that finds nothing, and a broken journal; the file
        is then no pack.
        """
        with self._store.reading() as uow:
            scope, name = scope_of(uow, selection, self._timezone)
            head = uow.journal.head()
            sources = tuple(uow.sources.all())
            kept = tuple(self._keeps(uow, _people(scope)))
        with (
            closing(PackWriter(file)) as pack,
            _temporary() as first,
            _temporary() as page,
            _temporary() as table,
        ):
            survey = _Survey(scope, first)
            with pack.member(JOURNAL) as write:
                for rows in _checked_pages(self._store, head):
                    write(survey.add(rows))
                if scope.covered.what is What.SEARCH and not survey.tally.full:
                    raise Refused(because("No event is like that, so there is no pack of it."))
                heading = Heading(
                    self._organisation, scope.covered, name, survey.tally.sum(), sources, by.name, now,
                    self._timezone, self._software, kept,
                )  # fmt: skip
                tickets = with_rows(self._tickets(survey.tickets), table)
                page.writelines(report(heading, tickets, survey.first()))
                manifest = Manifest(
                    now, by.name, self._software, self._organisation, self._timezone, scope.covered,
                    survey.tally.sum(), {REPORT: sum_of(page), TICKETS: sum_of(table)},
                )  # fmt: skip
                self._write_down(by, reason, manifest, survey, write)
            pack.write(REPORT, pieces_of(page))
            pack.write(TICKETS, pieces_of(table))
            manifest = replace(manifest, journal=survey.tally.sum(), files=pack.sums)
            pack.finish(manifest)
        return Exported(scope.covered, manifest.journal, digest_of(manifest))

    def _write_down(
        self, by: Actor, reason: str, manifest: Manifest, survey: _Survey, write: Callable[[bytes], None]
    ) -> None:
        """Write the lines of events that came meanwhile, then journal the export with the pack's contents.

        That event's own line, always in full, is the last.
        """
        tally = survey.tally
        with self._store.begin() as uow:
            while rows := uow.journal.written(tally.count, PAGE):
                write(survey.add(_checked(rows, tally.count, tally.previous)))
            so_far = tally.sum()
            data = stated_event(manifest, so_far.full, so_far.full_sha256)
            subject = _subject(survey.scope)
            uow.journal.append([acted(by, manifest.made_at, events.AUDIT_EXPORTED, subject, reason, data)])
            last = _checked(uow.journal.written(tally.count, 1), tally.count, tally.previous)
        tally.add_page(last, last)
        write(lines_of(last, last))

    def _tickets(self, numbers: TicketNumbers) -> Iterator[Ticket]:
        """The tickets that the pack's events are about, by id, as they are now."""
        for first, wanted in numbers.blocks():
            with self._store.reading() as uow:
                page = uow.tickets.page(list(TicketState), first - 1, TICKETS_PAGE)  # ids have no gaps
            yield from (ticket for ticket in page if ticket.id in wanted)


class TicketNumbers:
    """A set of numbers from 0, in the memory of a bit for each: a pack may be about millions of tickets."""

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}

    def add(self, number: int) -> None:
        block, bit = divmod(number, TICKETS_PAGE)
        self._blocks[block] = self._blocks.get(block, 0) | 1 << bit

    def blocks(self) -> Iterator[tuple[int, set[int]]]:
        """The numbers in blocks of `TICKETS_PAGE`, in order, each with the block's first number."""
        for block in sorted(self._blocks):
            bits, first = self._blocks[block], block * TICKETS_PAGE
            yield first, {first + bit for bit in range(TICKETS_PAGE) if bits >> bit & 1}


class _Survey:
    """What a pack has so far: sums of the chain, the first entries in full, and the tickets of all that are in full."""

    def __init__(self, scope: Scope, first: IO[bytes]) -> None:
        self.scope = scope
        self.tally = Tally()
        self.tickets = TicketNumbers()
        self._has = scope.test()
        self._first = first

    def add(self, page: Sequence[EntryRow]) -> bytes:
        """Add the next entries of the chain; return their lines."""
        full = list(filter(self._has, page))
        first = full[: max(0, EVENTS_MAX - self.tally.full)]
        self._first.write(lines_of(first, first))
        self.tally.add_page(page, full)
        for subject in {one.subject for one in full if one.subject.startswith(_TICKET)}:
            self.tickets.add(ticket_number(subject.removeprefix(_TICKET)))
        return lines_of(page, full)

    def first(self) -> Iterator[Sealed]:
        """The first `EVENTS_MAX` entries in full."""
        self._first.seek(0)
        return (one.sealed for one in map(read_line, self._first) if isinstance(one, EntryRow))


def _temporary() -> tempfile.SpooledTemporaryFile[bytes]:
    return tempfile.SpooledTemporaryFile(SPOOL_MAX)


def check_chain(store: Store) -> int:
    """Check each entry of the journal against the one before; return how many there are.

    Raises Refused if one does not fit.
    """
    with store.reading() as uow:
        head = uow.journal.head()
    return sum(map(len, _checked_pages(store, head)))


def _checked_pages(store: Store, head: Head) -> Iterator[list[EntryRow]]:
    """The entries up to the head, each checked against the one before. Raises Refused if one does not fit."""
    seq, previous = 0, GENESIS
    while seq < head.seq:
        with store.reading() as uow:
            rows = uow.journal.written(seq, min(PAGE, head.seq - seq))
        page = _checked(rows, seq, previous)
        yield page
        seq, previous = page[-1].seq, page[-1].hash
    if previous != head.hash:
        raise _broken(head.seq)


def _checked(rows: Sequence[EntryRow], seq: int, previous: str) -> list[EntryRow]:
    """The same entries; raises Refused unless there are some, and they follow the one with this number and hash."""
    page = []
    for row in rows:
        one = checked(row, seq + 1, previous)
        if one is None:
            raise _broken(seq + 1)
        page.append(one)
        seq, previous = one.seq, one.hash
    if not page:
        raise _broken(seq + 1)
    return page


def _subject(scope: Scope) -> str:
    """The journal's subject for an export: the person or group whose history the pack has, else the pack."""
    covered = scope.covered
    is_one = covered.what in {What.PERSON, What.GROUP}
    return f"{covered.what.value}:{covered.ids[0]}" if is_one else "audit:pack"


def _broken(seq: int) -> Refused:
    return Refused(
        f"The journal in the database is broken at event {seq}: it is not the one that was sealed. "
        "Find out who changed the database, and compare it with a backup and with earlier packs."
    )


def _people(scope: Scope) -> list[AccountKey]:
    """The accounts that a pack is about."""
    if scope.covered.what is not What.PERSON:
        return []
    return [AccountKey(*id_.split("/", 1)) for id_ in scope.covered.ids]
