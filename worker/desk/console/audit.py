"""Audit: search the journal, and download evidence packs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from starlette.responses import Response, StreamingResponse

from worker.app.evidence.scope import Selection
from worker.desk.calls import Call, number_in
from worker.desk.console.days import day_in, end_of, start_of
from worker.desk.console.frame import PAGE
from worker.desk.sessions import Guest
from worker.ports.state.overview import JournalFilter

SPOOL_MAX = 4 << 20
CHUNK = 1 << 16


def audit(call: Call, guest: Guest) -> Response:
    """A page of the journal, newest first. A search is posted, so that no address has names."""
    del guest
    fields = {name: call.text(name, 200) for name in ("actor", "kind", "subject", "from", "to", "before")}
    wanted = JournalFilter(
        fields["actor"],
        fields["kind"],
        fields["subject"],
        start_of(call, day_in(fields["from"])),
        end_of(call, day_in(fields["to"])),
    )
    before = number_in(fields["before"])
    with call.services.store.reading() as uow:
        found = uow.overview.journal(wanted, before, PAGE + 1)
    return call.page(
        "console/audit.html",
        {
            "entries": found[:PAGE],
            "next": found[PAGE - 1].seq if len(found) > PAGE else None,
            "fields": fields,
        },
    )


def export(call: Call, guest: Guest) -> Response:
    """A pack for a person, a group or a period, as a download."""
    selection = Selection(
        call.text("person", 400), call.text("group", 400), day_in(call.text("from")), day_in(call.text("to"))
    )
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_MAX)  # noqa: SIM115  closed when it was sent
    try:
        call.services.audit.export(selection, cast("BinaryIO", file), guest.actor, call.now)
    except BaseException:
        file.close()
        raise
    name = f"whosleft-{call.now:%Y%m%d-%H%M%S}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece
