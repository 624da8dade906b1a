"""Groups: a searchable list, trouble first, and one group with what is wrong in it, its roster and tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from starlette.responses import Response

from worker.app.reads.group import shown_facts, whole_group
from worker.desk.calls import Call
from worker.desk.console.frame import PAGE, back_to, group_in, missing
from worker.desk.console.paging import after_of, next_of
from worker.desk.sessions import Guest
from worker.desk.words import WORDS
from worker.domain.controls.control import CheckValue
from worker.domain.controls.examining import Examined
from worker.domain.controls.group.complete import COLUMNS
from worker.domain.controls.state import CENSUS_SOURCE, GroupState, RegisterRow
from worker.domain.kinds.controlled import fails
from worker.domain.messages.sentences import ticket_title
from worker.domain.model import GroupKey, RegisterStatus
from worker.ports.state.overview import GroupHealth, GroupPlace

TICKETS_MAX = 200


def groups(call: Call, guest: Guest) -> Response:
    """A page of the list, those with the most leavers first."""
    del guest
    text, after = call.text("text", 200), after_of(call, GroupKey)
    with call.services.store.reading() as uow:
        found = uow.overview.groups_by_trouble(text, _place(after), PAGE + 1)
    shown = found[:PAGE]
    last = shown[-1].place if len(found) > PAGE else None
    following = next_of(call, f"{last.leavers} {last.others} {last.name}", last.key) if last else None
    return call.page("console/groups.html", {"groups": shown, "text": text, "next": following})


def _place(after: tuple[str, GroupKey] | None) -> GroupPlace | None:
    """Where a page begins; None for the first, and for a bookmark of a release that sorted by name."""
    if after is None:
        return None
    leavers, _, rest = after[0].partition(" ")
    others, _, name = rest.partition(" ")
    if not (leavers.isdecimal() and others.isdecimal()):
        return None
    return GroupPlace(int(leavers), int(others), name, after[1])


def group(call: Call, guest: Guest) -> Response:
    del guest
    key = group_in(call)
    if key.source == CENSUS_SOURCE:
        return back_to(f"/census#{key.group_id}")
    with call.services.store.reading() as uow:
        one = uow.rosters.group(key)
        if one is None:
            return missing(call)
        whole = whole_group(uow, one, call.services.witnesses)
        history = uow.journal.of(f"group:{key.source}/{key.group_id}")
        health = uow.overview.health(key)
        checked = call.services.controls.of(uow, [key], call.now).get(key)
        since = {one.control: one.since_at for one in uow.controls.failures_of(*key)}
    tickets = whole.tickets[-TICKETS_MAX:][::-1]
    report_url = call.services.reporting.url(key, call.now)
    is_fresh = call.services.fresh_inventories.is_fresh(key.source, one.taken_at, call.now)
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
            "report_url": report_url,
            "in_sources": whole.in_sources,
            "shown": shown_facts(one.facts),
            "wrong": _wrong(call, health, is_fresh=is_fresh) if health else [],
            **_checked(call, checked, since),
        },
    )


def _checked(
    call: Call, checked: tuple[GroupState, Sequence[Examined]] | None, since: Mapping[str, datetime | None]
) -> dict[str, object]:
    """What controls say of a group now, what fails first, and what the register says of it."""
    state, examined = checked or (None, ())
    order = [CheckValue.FAIL, CheckValue.WAIVED, CheckValue.UNKNOWN]
    told = sorted(
        (one for one in examined if one.result.value in order), key=lambda one: order.index(one.result.value)
    )
    return {
        "checks": [
            {
                "control": one.control,
                "value": one.result.value.value,
                "said": _said(call, one),
                "since": since.get(one.control.id),
            }
            for one in told
        ],
        "passes": len(examined) - len(told),
        "register": _register(call, state.row) if state is not None and state.row is not None else [],
    }


def _said(call: Call, one: Examined) -> str:
    if one.result.unknown is not None:
        return call.tongue.say(one.result.unknown.value)
    fault = {"control": one.control.id, "found": one.result.found, "wanted": one.result.wanted}
    return fails(fault).say(call.tongue)


def _register(call: Call, row: RegisterRow) -> list[tuple[str, str]]:
    """What the register's columns say, in words; empty ones are left out."""
    values = {name: getattr(row.facts, name) for name in COLUMNS if name != "owner_email"}
    return [
        (call.tongue.say(COLUMNS[name]), _value(call, value))
        for name, value in values.items()
        if value is not None and value != ""
    ]


def _value(call: Call, value: object) -> str:
    if isinstance(value, bool):
        return call.tongue.say("yes") if value else call.tongue.say("no")
    if isinstance(value, date):
        return call.tongue.day(value)
    if isinstance(value, RegisterStatus):
        status = WORDS["register_status"]
        return call.tongue.say(status[value])
    return str(value)


def _wrong(call: Call, health: GroupHealth, *, is_fresh: bool) -> list[str]:
    """What is wrong in a group, the worst first."""
    tongue, found = call.tongue, []
    if health.group.is_gone:
        return [tongue.say("the inventory does not list it any more")]
    if health.leavers:
        found.append(
            tongue.count(
                "one person who has left is still in it",
                "{n} people who have left are still in it",
                health.leavers,
            )
        )
    if health.lacks_admin:
        found.append(tongue.say("it has no active admin"))
    if health.unmatched:
        found.append(
            tongue.count(
                "one member is not matched with a person",
                "{n} members are not matched with a person",
                health.unmatched,
            )
        )
    if not is_fresh:
        found.append(tongue.say("its roster is too old to prove anything"))
    return found
