"""Groups: a searchable list, and one group with its roster, admins, coverage, age and tickets."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.reads.group import whole_group
from worker.desk.calls import Call
from worker.desk.console.frame import PAGE, group_in, missing
from worker.desk.console.paging import after_of, next_of
from worker.desk.sessions import Guest
from worker.domain.messages.sentences import ticket_title
from worker.domain.model import GroupKey

TICKETS_MAX = 200


def groups(call: Call, guest: Guest) -> Response:
    """A page of the list, by name."""
    del guest
    text, after = call.text("text", 200), after_of(call, GroupKey)
    with call.services.store.reading() as uow:
        found = uow.overview.groups(text, after, PAGE + 1)
    shown = found[:PAGE]
    following = next_of(call, shown[-1].name, shown[-1].key) if len(found) > PAGE else None
    return call.page("console/groups.html", {"groups": shown, "text": text, "next": following})


def group(call: Call, guest: Guest) -> Response:
    del guest
    key = group_in(call)
    with call.services.store.reading() as uow:
        one = uow.rosters.group(key)
        if one is None:
            return missing(call)
        whole = whole_group(uow, one, call.services.witnesses)
        history = uow.journal.of(f"group:{key.source}/{key.group_id}")
    tickets = whole.tickets[-TICKETS_MAX:][::-1]
    fresh = call.services.fresh_inventories
    return call.page(
        "console/group.html",
        {
            "group": one,
            "members": sorted(
                whole.members,
                key=lambda row: (not row.member.role.is_admin, row.member.display_name, row.member.handle),
            ),
            "tickets": tickets,
            "titles": {ticket.id: ticket_title(ticket, call.tongue) for ticket in tickets},
            "history": history,
            "differences": whole.differences,
            "in_sources": whole.in_sources,
            "is_fresh": fresh.is_fresh(key.source, one.taken_at, call.now),
        },
    )
