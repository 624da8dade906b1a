"""People: a search, and one person with all accounts, groups, tickets and history."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.reads.person import life_of, whole_person
from worker.desk.calls import Call
from worker.desk.console.frame import PAGE, missing, person_in
from worker.desk.console.histories import names_in
from worker.desk.console.paging import after_of, next_of
from worker.desk.sessions import Guest
from worker.domain.messages.sentences import ticket_title
from worker.domain.model import AccountKey

HISTORY_MAX = 500


def people(call: Call, guest: Guest) -> Response:
    """A page of the list, by name."""
    del guest
    text, after = call.text("text", 200), after_of(call, AccountKey)
    with call.services.store.reading() as uow:
        found = uow.overview.people(text, after, PAGE + 1)
    shown = found[:PAGE]
    following = next_of(call, shown[-1].facts.display_name, shown[-1].key) if len(found) > PAGE else None
    return call.page("console/people.html", {"people": shown, "text": text, "next": following})


def person(call: Call, guest: Guest) -> Response:
    """One person, by any of their accounts."""
    del guest
    with call.services.store.reading() as uow:
        one = uow.people.get(person_in(call))
        if one is None:
            return missing(call)
        whole = whole_person(uow, one)
        timeline = life_of(uow, whole, HISTORY_MAX)
        names = names_in(uow, (), [one.by for one in timeline])
        keeps = call.services.keeps.of(uow, whole.keys)
    return call.page(
        "console/person.html",
        {
            "person": whole.human.person,
            "accounts": whole.human.accounts,
            "groups": whole.groups,
            "tickets": whole.tickets,
            "titles": {ticket.id: ticket_title(ticket, call.tongue) for ticket in whole.tickets},
            "timeline": timeline,
            "names": names,
            "keeps": keeps,
            "sources": whole.directories,
        },
    )
