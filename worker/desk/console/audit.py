"""Audit: search the journal, and download evidence packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from starlette.responses import Response

from worker.app.evidence.scope import Selection
from worker.desk.calls import Call, number_in
from worker.desk.console.days import day_in, end_of, start_of
from worker.desk.console.frame import PAGE
from worker.desk.console.histories import KnownNames, names_in, who
from worker.desk.downloads import download
from worker.desk.sessions import Guest
from worker.desk.words import WORDS
from worker.domain.evidence.events import current
from worker.domain.evidence.pack import Sought
from worker.domain.tickets.ticket import ticket_label, ticket_number
from worker.ports.state.overview import JournalFilter

LAST_ENTRIES = (
    5000  # those who acted in them are offered: an hour of a large organisation, or months of a small one
)
FIELDS = ("actor", "kind", "subject", "from", "to")


def audit(call: Call, guest: Guest) -> Response:
    """A page of the journal, newest first. A search is posted, so that no address has names."""
    del guest
    fields = {name: call.text(name, 200) for name in FIELDS}
    fields["kind"], fields["subject"] = current(fields["kind"]), _subject_in(fields["subject"])
    wanted = JournalFilter(
        fields["actor"],
        fields["kind"],
        fields["subject"],
        start_of(call, day_in(fields["from"])),
        end_of(call, day_in(fields["to"])),
    )
    with call.services.store.reading() as uow:
        found = uow.overview.journal(wanted, number_in(call.text("before")), PAGE + 1)
        actors = uow.overview.actors(LAST_ENTRIES)
        sources = {name for name, _, _ in call.services.sources}
        names = names_in(uow, found[:PAGE], [*actors, fields["actor"]], sources)
    return call.page(
        "console/audit.html",
        {
            "entries": found[:PAGE],
            "names": names,
            "next": found[PAGE - 1].seq if len(found) > PAGE else None,
            "fields": fields,
            "actors": _named(actors, fields["actor"], names),
            "kinds": _kinds(),
        },
    )


def _subject_in(text: str) -> str:
    """The journal's subject that a text means: a ticket or a plan is found by its id alone, too."""
    if text[:2].upper() == "P-":
        return f"plan:{text.upper()}"
    try:
        return f"ticket:{ticket_label(ticket_number(text))}"
    except ValueError:
        return text


def _named(actors: Sequence[str], chosen: str, names: KnownNames) -> list[tuple[str, str]]:
    """Actors with their usual names, by these; the chosen one is there, too. An address stands beside its name."""
    everybody = dict.fromkeys([*actors, chosen] if chosen else actors)
    found = []
    for actor in everybody:
        name = who(actor, names).text
        found.append((actor, f"{name} ({actor})" if "@" in actor and name != actor else name))
    return sorted(found, key=lambda one: (one[1].casefold(), one[0]))


def _kinds() -> dict[str, list[str]]:
    """All events, by what they are about."""
    found: dict[str, list[str]] = {noun: [] for noun in WORDS["noun"]}
    for kind in WORDS["event"]:
        found[kind.partition(".")[0]].append(kind)
    return found


def export(call: Call, guest: Guest) -> Response:
    """A pack for a person, a group or what a search finds, as a download; of everything if the form is left blank."""
    selection = Selection(
        call.text("person", 400) or None,
        call.text("group", 400) or None,
        day_in(call.text("from")),
        day_in(call.text("to")),
        Sought(call.text("actor"), call.text("kind"), call.text("subject")),
    )

    def write(file: BinaryIO) -> None:
        call.services.audit.export(selection, file, guest.actor, call.now)

    return download(write, f"whosleft-{call.now:%Y%m%d-%H%M%S}.zip", "application/zip")
