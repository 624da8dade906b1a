"""People: a search, and one human with every account, their groups, tickets and history."""

from __future__ import annotations

from starlette.responses import Response

from worker.desk.calls import Call
from worker.desk.console.frame import PAGE, missing, person_in
from worker.desk.console.paging import after_of, next_of
from worker.desk.sessions import Guest
from worker.domain.messages.sentences import ticket_title
from worker.domain.model import PersonKey
from worker.domain.people.persons import Human

HISTORY_MAX = 500


def people(call: Call, guest: Guest) -> Response:
    """A page of the list, by name."""
    del guest
    text, after = call.text("text", 200), after_of(call, PersonKey)
    with call.services.store.reading() as uow:
        found = uow.overview.people(text, after, PAGE + 1)
    shown = found[:PAGE]
    following = next_of(call, shown[-1].facts.display_name, shown[-1].key) if len(found) > PAGE else None
    return call.page("console/people.html", {"people": shown, "text": text, "next": following})


def person(call: Call, guest: Guest) -> Response:
    """One human, by any of their accounts."""
    del guest
    key = person_in(call)
    with call.services.store.reading() as uow:
        one = uow.people.get(key)
        if one is None:
            return missing(call)
        human = uow.people.human(key) or Human(one, None, (one,))
        accounts = human.accounts
        groups = [found for account in accounts for found in uow.rosters.groups_of(account.key)]
        tickets = [ticket for account in accounts for ticket in uow.tickets.of_person(account.key)]
        subjects = [f"person:{'/'.join(account.key)}" for account in accounts]
        subjects += [f"ticket:{ticket.label}" for ticket in tickets]
        entries = uow.overview.history(subjects, HISTORY_MAX)
        sources = {one.key.source: uow.sources.get(one.key.source, "directory") for one in accounts}
    return call.page(
        "console/person.html",
        {
            "person": human.person,
            "accounts": accounts,
            "groups": groups,
            "tickets": tickets,
            "titles": {ticket.id: ticket_title(ticket, call.tongue) for ticket in tickets},
            "timeline": entries,
            "sources": sources,
        },
    )
