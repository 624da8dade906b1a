"""One ticket: who has it, what is known, the one form for all acts on it, its messages, and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from worker.app.acts.holds import can_be_held
from worker.app.reads.ticket import WholeTicket, whole_ticket
from worker.app.refused import Refused
from worker.app.tell.helping import help_for
from worker.desk.calls import Call, number_in
from worker.desk.console.days import day_in, end_of
from worker.desk.console.frame import CONFLICT, OK, back_to, missing
from worker.desk.console.histories import names_in, told_at, who
from worker.desk.console.messages import why_not_sent
from worker.desk.console.told import shown_steps, taken_steps
from worker.desk.sessions import Guest
from worker.domain.controls.seals import Seal
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry, Sealed
from worker.domain.kinds import kind_of, proof_source
from worker.domain.kinds.controlled import pasted
from worker.domain.kinds.kind import OWN_PAGE
from worker.domain.messages.sentences import ticket_steps, ticket_title, why_assigned, why_line
from worker.domain.model import Account
from worker.domain.text.mail_domains import is_address
from worker.domain.text.reason import Reason, because
from worker.domain.tickets.ticket import Ticket, TicketState, ticket_number
from worker.ports.state.store import UnitOfWork

SNOOZE_HOURS = (1, 4)
MORNING = time(9)
MESSAGES_MAX = 50
FIELDS = ("act", "reason", "admin", "email", "until", "span")
_OF_ACT = {"span": "snooze", "email": "assign", "until": "waive"}  # fields that only one act has
_ENDED = ("reopen",)
ACTS: Mapping[TicketState, Sequence[str]] = {
    TicketState.OPEN: ("done", "acknowledge", "snooze", "assign", "waive"),
    TicketState.BLOCKED: ("assign", "waive"),
    TicketState.DONE: ("done", "assign", "waive", "reopen"),
    TicketState.VERIFIED: _ENDED,
    TicketState.CANCELLED: _ENDED,
    TicketState.WAIVED: _ENDED,
}
_NEEDS_REASON = frozenset({"waive", "reopen"})


class Misfilled(Refused):
    """A field of the form can't be used."""

    def __init__(self, field: str, why: Reason) -> None:
        super().__init__(why)
        self.field = field


def acts_on(one: Ticket) -> Sequence[str]:
    """What the page offers: what whoever is asked has to answer themself is nobody else's to mark as done."""
    is_own = kind_of(one).choice in OWN_PAGE
    return [name for name in ACTS[one.state] if not (is_own and name == "done")]


def ticket(call: Call, guest: Guest) -> Response:
    """Everything about one ticket."""
    del guest
    return _shown(call)


def act(call: Call, guest: Guest) -> Response:
    """Act on a ticket as the command line does. What is refused is said on its page, with what was typed."""
    try:
        act_on(call, guest, call.text("act"), number_in_path(call))
    except Refused as refused:
        return _shown(call, refused)
    return back_to(f"/tickets/{call.path('label')}")


def act_on(call: Call, guest: Guest, what: str, number: int) -> None:
    """Do one act on one ticket, with the form's reason and details. Raises Refused."""
    desk, by, reason = call.services.desk, guest.actor, call.text("reason")
    if what in _NEEDS_REASON and not reason:
        raise Misfilled("reason", because("Say why: a reason is required."))
    match what:
        case "done":
            desk.done(number, by, call.now, reason)
        case "reopen":
            desk.reopen(number, by, reason, call.now)
        case "waive":
            desk.waive(number, by, reason, call.now, _until(call))
        case "assign":
            desk.assign(number, _email(call), by, call.now, reason)
        case "acknowledge":
            desk.acknowledge(number, by, call.now, reason)
        case "snooze":
            desk.snooze(number, by, _span(call), call.now, reason)
        case "revoke":
            call.services.assigned.revoke(number, by, call.now, reason)
        case _:
            raise Misfilled("act", because("Choose what is to be done."))


def link(call: Call, guest: Guest) -> Response:
    """Show the assignee's link on request, and journal it: a person who has it can act in the assignee's name."""
    url = call.services.assigned.show_link(number_in_path(call), guest.actor, call.now, call.text("reason"))
    return call.page("console/link.html", {"url": url, "label": call.path("label")})


def shown_refused(call: Call, refused: Refused) -> Response:
    """The ticket's page with why a file was not sealed."""
    return _shown(call, sealing=refused)


def hold(call: Call, guest: Guest) -> Response:
    """Hold the removal for some hours, or end its hold. What is refused is said on the ticket's page."""
    number, reason, holds = number_in_path(call), call.text("reason"), call.services.holds
    try:
        if call.text("act") == "end":
            holds.end(number, guest.actor, reason, call.now)
        else:
            hours = number_in(call.text("hours"))
            if hours not in holds.hours():
                raise Misfilled("hold", because("Say for how long."))
            holds.hold(number, guest.actor, reason, call.now + timedelta(hours=hours), call.now)
    except Refused as refused:
        return _shown(call, refused, "hold")
    return back_to(f"/tickets/{call.path('label')}")


def _shown(
    call: Call, refused: Refused | None = None, form: str = "act", sealing: Refused | None = None
) -> Response:
    with call.services.store.reading() as uow:
        one = uow.tickets.get(number_in_path(call))
        if one is None:
            return missing(call)
        whole = whole_ticket(
            uow, one, call.now, call.services.explainer.holding, call.services.assigned.links
        )
        values = _facts(call, uow, whole) | _history(call, uow, whole) | _form(call, uow, one)
    values["live"] = f"/tickets/{one.label}"  # where it renews itself, after a refusal, too
    values["proof_source"] = proof_source(one)
    values["refused"] = refused
    values["refused_at"] = refused and (form if form == "hold" else _place_of(refused, acts_on(one)))
    values["unsealed"] = sealing
    return call.page("console/ticket.html", values, status=CONFLICT if refused or sealing else OK)


def _place_of(refused: Refused, acts: Sequence[str]) -> str:
    """The field beside which a refusal is said; that of the acts for one about all of the form."""
    field = refused.field if isinstance(refused, Misfilled) else "act"
    return field if _OF_ACT.get(field, acts[0]) in acts else "act"


def _facts(call: Call, uow: UnitOfWork, whole: WholeTicket) -> dict[str, object]:
    one, tongue = whole.ticket, call.tongue
    aid = help_for(uow, one, call.services.languages)
    return {
        "ticket": one,
        "title": ticket_title(one, tongue),
        "why": why_line(one, call.services.place.timezone, tongue),
        "why_theirs": why_assigned(one.assignee, tongue) if one.assignee else "",
        "how": ticket_steps(one, tongue, aid),
        "pasted": pasted(one),
        "plea": aid.text if aid else "",
        "link_known_to": whole.link_known_to,
        "silenced_by": whole.silenced_by,
        "copies": whole.copies,
        "taken": taken_steps(whole.steps, tongue),
        "policy": call.services.rules.policy(one).name,
        "to_come": shown_steps(call, call.services.explainer.to_come(uow, one)),
        "blocks": _blocked_by(uow, one),
        "accounts": whole.accounts,
        "seals": [_sealed(uow, seal) for seal in whole.seals],
        "unsealed_why": call.query("refused"),
    }


def _sealed(uow: UnitOfWork, seal: Seal) -> dict[str, object]:
    """A seal, and whoever sealed the file and had it, by name."""
    names = names_in(uow, (), [seal.made_by, *(one.giver for one in seal.custody)])
    custody = [(one, who(one.giver, names)) for one in seal.custody]
    return {"seal": seal, "by": who(seal.made_by, names), "custody": custody}


def _history(call: Call, uow: UnitOfWork, whole: WholeTicket) -> dict[str, object]:
    posts = uow.deliveries.about(whole.ticket.id, call.now, MESSAGES_MAX)
    return {
        "history": whole.history,
        "names": names_in(uow, whole.history, filter(None, [whole.ticket.done_by])),
        "told": told_at(whole.history, posts, call.tongue),
        "posts": [
            (
                one,
                why_not_sent(call, one.post),
                call.services.reaching.page_of(one.post.over, one.post.to, one.reference),
            )
            for one in posts
        ],
        "on_it": _last(whole.history, events.TICKET_ACKNOWLEDGED),
        "snoozed": _last(whole.history, events.TICKET_SNOOZED),
    }


def _form(call: Call, uow: UnitOfWork, one: Ticket) -> dict[str, object]:
    policy, acts = call.services.rules.policy(one), acts_on(one)
    tomorrow = _tomorrow(call)
    return {
        "acts": acts,
        "can_hold": can_be_held(one),
        "hold_hours": call.services.holds.hours(),
        "admins": _admins(uow, one),
        "typed": {"act": acts[0] if len(acts) == 1 else "", **_typed(call)},
        "acknowledge_for": call.tongue.span(policy.acknowledge_for),
        "acknowledge_hours": _whole_hours(policy.acknowledge_for),
        "snooze_hours": [hours for hours in SNOOZE_HOURS if timedelta(hours=hours) <= policy.snooze_max],
        "tomorrow": tomorrow if tomorrow - call.now <= policy.snooze_max else None,
    }


def _typed(call: Call) -> dict[str, str]:
    """What the refused form held; a page that is only looked at has no such fields."""
    given = {name: call.text(name) for name in FIELDS}
    return given if given["act"] else {name: text for name, text in given.items() if name != "act"}


def _admins(uow: UnitOfWork, one: Ticket) -> list[Account]:
    """The group's active admins who can be given the ticket: with an address, without its person and its assignee."""
    has_it = one.assignee.email.casefold() if one.assignee else ""
    found = uow.rosters.active_admins(one.group) if one.group else []
    return [
        admin
        for admin in found
        if admin.facts.email and admin.key != one.person and admin.facts.email.casefold() != has_it
    ]


def number_in_path(call: Call) -> int:
    """The number of the ticket that the address means. Raises Refused."""
    try:
        return ticket_number(call.path("label"))
    except ValueError as error:
        raise Refused(str(error)) from None


def _email(call: Call) -> str:
    """The address of the admin who was chosen, or the one that was typed."""
    admin, email = call.text("admin"), call.text("email")
    if admin and email:
        raise Misfilled("email", because("Choose somebody, or type an address: not both."))
    if not admin and not email:
        raise Misfilled("email", because("Choose somebody, or type an e-mail address."))
    if not is_address(admin or email):
        raise Misfilled("email", because("{given} is no e-mail address.", given=f"'{admin or email}'"))
    return admin or email


def _until(call: Call) -> datetime | None:
    """The end of the organisation's day that the form names."""
    text = call.text("until")
    try:
        until = end_of(call, day_in(text))
    except Refused:
        raise Misfilled("until", because("{given} is no date.", given=f"'{text}'")) from None
    if until is not None and until <= call.now:
        raise Misfilled("until", because("That day is over: choose a later one."))
    return until


def _span(call: Call) -> timedelta:
    """How long the form wants it to be quiet."""
    if call.text("span") == "tomorrow":
        return _tomorrow(call) - call.now
    hours = number_in(call.text("span"))
    if hours not in SNOOZE_HOURS:
        raise Misfilled("span", because("Say for how long."))
    return timedelta(hours=hours)


def _whole_hours(span: timedelta) -> int | None:
    """A time span in hours, which every language has words for; None if it is not whole hours."""
    hours, rest = divmod(span, timedelta(hours=1))
    return None if rest else hours


def _tomorrow(call: Call) -> datetime:
    """Tomorrow morning in the organisation's time zone."""
    zone = ZoneInfo(call.services.place.timezone)
    on = call.now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(on, MORNING, zone).astimezone(UTC)


def _last(history: Sequence[Sealed], event: str) -> list[Entry]:
    """The last entry of a ticket's history with this event, if there is one."""
    return [sealed.entry for sealed in history if sealed.entry.event == event][-1:]


def _blocked_by(uow: UnitOfWork, ticket: Ticket) -> list[Ticket]:
    around = uow.tickets.of_group(ticket.group) if ticket.group else []
    return [one for one in around if one.blocked_by == ticket.id]
