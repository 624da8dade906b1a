"""Audit: evidence packs about a person, a group, a period, or everything.

The chain is read page by page, each in its own transaction, up to a head that is read first. So no writer waits for
long, and memory use does not grow with the journal. Every entry is checked once, against the one before. After that,
only pages with entries in full are read again; of the others only the hashes. Sums show if anything changed meanwhile.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import BinaryIO, TypeAlias

from worker.app.evidence.report import EVENTS_MAX, Heading, report, with_rows
from worker.app.evidence.scope import Selection, scope_of
from worker.app.evidence.zip import CHUNK, REPORT, TICKETS, PackWriter
from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.evidence.journal import GENESIS, EntryRow, Sealed, checked
from worker.domain.evidence.manifest import Manifest, digest_of, stated_event
from worker.domain.evidence.pack import JOURNAL, JournalSum, Scope, Tally, What
from worker.domain.evidence.pack_lines import Hidden, hidden_line, line_of
from worker.domain.kinds.keeps import KeptGroup
from worker.domain.model import AccountKey
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Ticket, TicketState, ticket_number
from worker.ports.state.journal import Head
from worker.ports.state.store import Store, UnitOfWork

PAGE = 5_000  # entries in one transaction: some tens of milliseconds, and a few megabytes
TICKETS_PAGE = 500
_TICKET = "ticket:"
SPOOL_MAX = 4 << 20  # bytes of tickets.csv in memory; more goes to a temporary file


@dataclass(frozen=True, slots=True)
class Exported:
    """What identifies a pack: the head of the chain, and the digest that seals the pack."""

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

    def export(self, selection: Selection, file: BinaryIO, by: Actor, now: datetime) -> Exported:
        """Write a pack into `file` (which need not be seekable). Its last event, `audit.exported`, records this export.

        That event is committed before the journal is written, and after everything else: so no export goes unrecorded.
        Raises Refused for a selection that names nobody, a search that finds nothing, and a broken journal; the file
        is then no pack.
        """
        with self._store.reading() as uow:
            scope, name = scope_of(uow, selection, self._timezone)
            head = uow.journal.head()
            sources = tuple(uow.sources.all())
            kept = tuple(self._keeps(uow, _people(scope)))
        survey = _Survey(scope)
        for page in _checked_pages(self._store, head):
            survey.add(page)
        if scope.covered.what is What.SEARCH and not survey.tally.full:  # nor is what was typed journalled
            raise Refused(because("No event is like that, so there is no pack of it."))
        heading = Heading(
            self._organisation, scope.covered, name, survey.tally.sum(), sources, by.name, now, self._timezone,
            self._software,
            kept,
        )  # fmt: skip
        with closing(PackWriter(file)) as pack, tempfile.SpooledTemporaryFile(SPOOL_MAX) as table:
            tickets = with_rows(self._tickets(survey.tickets), table)
            pack.write(REPORT, report(heading, tickets, self._for_report(survey, head)))
            table.seek(0)
            pack.write(TICKETS, iter(partial(table.read, CHUNK), b""))
            manifest = Manifest(
                now, by.name, self._software, self._organisation, self._timezone, scope.covered,
                survey.tally.sum(), pack.sums,
            )  # fmt: skip
            end = self._written_down(by, manifest, survey)
            pack.write(JOURNAL, self._lines(survey, end))
            manifest = replace(manifest, journal=survey.tally.sum())
            pack.finish(manifest)
        return Exported(manifest.journal, digest_of(manifest))

    def _for_report(self, survey: _Survey, head: Head) -> Iterator[Sealed]:
        """The first entries in full up to the head. Raises Refused unless they are those that were surveyed."""
        hashes = hashlib.sha256()
        for one in islice(self._in_full(survey, head), EVENTS_MAX):
            hashes.update(one.hash.encode())
            yield one.sealed
        if hashes.digest() != survey.for_report.digest():
            raise _broken(head.seq)

    def _in_full(self, survey: _Survey, head: Head) -> Iterator[EntryRow]:
        for number in sorted(survey.pages):
            yield from filter(survey.has, self._page(number, head))

    def _page(self, number: int, end: Head) -> list[EntryRow]:
        """A page of entries up to the end, each checked by its own hash. Raises Refused if one does not fit."""
        after = number * PAGE
        with self._store.reading() as uow:
            rows = uow.journal.written(after, min(PAGE, end.seq - after))
        return _checked(rows, after, rows[0].previous if rows else "")

    def _written_down(self, by: Actor, manifest: Manifest, survey: _Survey) -> Head:
        """Journal the export with the pack's contents, including events that came meanwhile; return the new head."""
        tally = survey.tally
        with self._store.begin() as uow:
            while rows := uow.journal.written(tally.count, PAGE):
                survey.add(_checked(rows, tally.count, tally.previous))
            so_far = tally.sum()
            data = stated_event(manifest, so_far.full, so_far.full_sha256)
            uow.journal.append(
                [acted(by, manifest.made_at, events.AUDIT_EXPORTED, _subject(survey.scope), data=data)]
            )
            last = uow.journal.written(tally.count, 1)
            tally.add_page(last, last)
            return uow.journal.head()

    def _lines(self, survey: _Survey, end: Head) -> Iterator[bytes]:
        """The lines of the journal, a page at a time; the last line, the export itself, is always in full.

        Raises Refused unless the entries are those that were surveyed.
        """
        tally = Tally()
        for number in range(-(-end.seq // PAGE)):
            if number in survey.pages or (number + 1) * PAGE >= end.seq:
                page = self._page(number, end)
                full = [one for one in page if one.seq == end.seq or survey.has(one)]
                seqs = {one.seq for one in full}
                lines = [line_of(one if one.seq in seqs else Hidden(one.seq, one.hash)) for one in page]
                tally.add_page(page, full)
                yield b"".join(lines)
            else:
                hidden = self._hidden(number)
                tally.add_page(hidden, ())
                yield "".join([hidden_line(one.seq, one.hash) for one in hidden]).encode()
        if tally.sum() != survey.tally.sum():
            raise _broken(end.seq)

    def _hidden(self, number: int) -> list[Hidden]:
        """A page of entries of which nothing is in full. Raises Refused if one is missing."""
        after = number * PAGE
        with self._store.reading() as uow:
            hidden = [Hidden(*row) for row in uow.journal.hashes(after, PAGE)]
        wanted = range(after + 1, after + PAGE + 1)
        if [one.seq for one in hidden] != list(wanted):
            raise _broken(min({*wanted} - {one.seq for one in hidden}))
        return hidden

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
    """What a pack will have: sums of the chain, which pages have entries in full, and the tickets of these."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.has = scope.test()
        self.tally = Tally()
        self.for_report = hashlib.sha256()  # of the hashes of the first entries in full
        self.pages: set[int] = set()
        self.tickets = TicketNumbers()

    def add(self, page: Sequence[EntryRow]) -> None:
        """Add the next entries of the chain."""
        full = list(filter(self.has, page))
        room = max(0, EVENTS_MAX - self.tally.full)
        self.for_report.update("".join([one.hash for one in full[:room]]).encode())
        self.tally.add_page(page, full)
        self.pages.update({(one.seq - 1) // PAGE for one in full})
        for subject in {one.subject for one in full if one.subject.startswith(_TICKET)}:
            self.tickets.add(ticket_number(subject.removeprefix(_TICKET)))


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
