"""Audit: evidence packs of what happened to a person, a group, in a period, or at all.

The chain is read in pages of a transaction each, up to a head that is read first: no writer waits for long, and
what is in memory does not grow with the journal.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import BinaryIO

from worker.app.approvals import Refused
from worker.app.audit_report import Heading, report, with_rows
from worker.app.audit_scope import Selection, scope_of
from worker.app.audit_zip import CHUNK, REPORT, TICKETS, PackWriter
from worker.domain.journal import GENESIS, Entry, Sealed, seal
from worker.domain.manifest import Manifest, digest_of
from worker.domain.pack import JOURNAL, Hidden, JournalSum, Scope, Tally, What, line_of
from worker.domain.ticket import Ticket, TicketState, ticket_number
from worker.ports.store import Store

PAGE = 500  # rows in one transaction
_TICKET = "ticket:"
SPOOL_MAX = 4 << 20  # bytes of tickets.csv in memory; more goes to a temporary file


@dataclass(frozen=True, slots=True)
class Exported:
    """What a pack is known by: the head of the chain, and the digest that seals the pack."""

    journal: JournalSum
    digest: str


class Audit:
    """Makes evidence packs. `software` is the program with its version; `timezone` is the organisation's (IANA)."""

    def __init__(self, store: Store, organisation: str, timezone: str, software: str) -> None:
        self._store = store
        self._organisation = organisation
        self._timezone = timezone
        self._software = software

    def export(self, selection: Selection, file: BinaryIO, by: str, now: datetime) -> Exported:
        """Write a pack into `file` (which need not be seekable), then journal `audit.exported` with its digest.

        Raises Refused for a selection that names nobody, and for a journal that is broken; what was written by
        then is no pack.
        """
        with self._store.reading() as uow:
            scope, name = scope_of(uow, selection, self._timezone)
            head = uow.journal.head()
            sources = tuple(uow.sources.all())
        tally, numbers = Tally(), set[int]()
        with closing(PackWriter(file)) as pack, tempfile.SpooledTemporaryFile(SPOOL_MAX) as table:
            pack.write(JOURNAL, self._lines(scope, head, tally, numbers))
            heading = Heading(
                self._organisation,
                scope.covered,
                name,
                tally.sum(),
                sources,
                by,
                now,
                self._timezone,
                self._software,
            )
            tickets = with_rows(self._tickets(numbers), table)
            events = (sealed for sealed in self._chain(head) if scope.has(sealed.entry))
            pack.write(REPORT, report(heading, tickets, events))
            table.seek(0)
            pack.write(TICKETS, iter(partial(table.read, CHUNK), b""))
            manifest = Manifest(
                now,
                by,
                self._software,
                self._organisation,
                self._timezone,
                scope.covered,
                tally.sum(),
                pack.sums,
            )
            pack.finish(manifest)
        exported = Exported(tally.sum(), digest_of(manifest))
        with self._store.begin() as uow:
            uow.journal.append([_entry(scope, exported, by, now)])
        return exported

    def _lines(self, scope: Scope, head: tuple[int, str], tally: Tally, numbers: set[int]) -> Iterator[bytes]:
        """The lines of the journal; what they come to is put into `tally`, tickets they name into `numbers`."""
        for sealed in self._chain(head):
            is_full = scope.has(sealed.entry)
            shown = sealed if is_full else Hidden(sealed.seq, sealed.hash)
            tally.add(shown)
            if is_full and sealed.entry.subject.startswith(_TICKET):
                numbers.add(ticket_number(sealed.entry.subject.removeprefix(_TICKET)))
            yield line_of(shown)

    def _chain(self, head: tuple[int, str]) -> Iterator[Sealed]:
        """The entries up to the head, each checked against the one before. Raises Refused for one that does not fit."""
        seq, previous = 0, GENESIS
        while seq < head[0]:
            with self._store.reading() as uow:
                page = uow.journal.page(seq, min(PAGE, head[0] - seq))
            for sealed in page:
                if sealed != seal(sealed.entry, seq + 1, previous):
                    break
                seq, previous = sealed.seq, sealed.hash
                yield sealed
            if not page or seq != page[-1].seq:
                raise _broken(seq + 1)
        if previous != head[1]:
            raise _broken(seq)

    def _tickets(self, numbers: set[int]) -> Iterator[Ticket]:
        """The tickets that the pack's events are about, by id, as they stand now."""
        waiting = deque(sorted(numbers))
        while waiting:
            first = last = waiting[0]
            while waiting and waiting[0] < first + PAGE:
                last = waiting.popleft()
            with self._store.reading() as uow:
                page = uow.tickets.page(list(TicketState), first - 1, last - first + 1)  # ids have no gaps
            yield from (ticket for ticket in page if ticket.id in numbers)


def _entry(scope: Scope, exported: Exported, by: str, now: datetime) -> Entry:
    """Who took what out, under the subject whose history it belongs to."""
    covered, journal = scope.covered, exported.journal
    is_one = covered.what in {What.PERSON, What.GROUP}
    subject = f"{covered.what.value}:{covered.ids[0]}" if is_one else "audit:pack"
    data = {
        "covers": covered.title,
        "head": journal.count,
        "head_hash": journal.hash,
        "events": journal.full,
        "digest": exported.digest,
    }
    return Entry(now, by, "audit.exported", subject, data=data)


def _broken(seq: int) -> Refused:
    return Refused(
        f"The journal in the database is broken at event {seq}: it is not the one that was sealed. No pack was made. "
        "Find out who changed the database, and compare it with a backup and with earlier packs."
    )
