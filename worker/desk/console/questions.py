"""Questions to people: who an unmatched member is, and whether two sources show one group; and the answers."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.refused import Refused
from worker.desk.calls import Call
from worker.desk.console.frame import PAGE, back_to, group_in, group_of, handle_in
from worker.desk.console.paging import after_of, next_of
from worker.desk.sessions import Guest
from worker.domain.groups.pairing import Pair
from worker.domain.identity.matching import IdentityState
from worker.domain.model import HandleKey
from worker.ports.state.groups import GroupRow
from worker.ports.state.store import UnitOfWork

OPEN = (IdentityState.AMBIGUOUS, IdentityState.UNMATCHED)
PAIRS_MAX = 20
ANSWERED = (IdentityState.LINKED, IdentityState.NOBODY)


def questions(call: Call, guest: Guest) -> Response:
    """A page of open questions, or of answers."""
    del guest
    view = "answered" if "answered" in {call.query("view"), call.text("view")} else "open"
    after = after_of(call, HandleKey)
    with call.services.store.reading() as uow:
        page = uow.identities.page(
            ANSWERED if view == "answered" else OPEN, after[1] if after else None, PAGE + 1
        )
        pairs = _pairs(uow) if view == "open" and after is None else []
        people = uow.overview.named([link.person for _, link in page[:PAGE] if link.person])
    rows = [
        {"key": key, "link": link, "person": people.get(link.person) if link.person else None}
        for key, link in page[:PAGE]
    ]
    following = next_of(call, "", page[PAGE - 1].key) if len(page) > PAGE else None
    return call.page(
        "console/questions.html", {"rows": rows, "view": view, "next": following, "pairs": pairs}
    )


def _pairs(uow: UnitOfWork) -> list[tuple[Pair, GroupRow, GroupRow]]:
    """The first pairs that wait for an answer, each with its groups."""
    found = [
        (pair, uow.rosters.group(pair.a), uow.rosters.group(pair.b))
        for pair in uow.pairs.suggested(PAIRS_MAX)
    ]
    return [(pair, a, b) for pair, a, b in found if a and b]


def answer(call: Call, guest: Guest) -> Response:
    """Confirm a person, reject one, or say that it is nobody in the directory (from outside, a shared phone)."""
    key = handle_in(call)
    handle = "/".join(key)
    desk, reason, person = call.services.desk, call.text("reason"), call.text("person")
    match call.text("answer"):
        case "person":
            if not person:
                raise Refused("Say who it is: an id, e-mail address or employee id.")
            desk.confirm_link(handle, person, guest.actor, call.now, reason)
        case "shared":
            desk.reject_link(handle, guest.actor, reason or "a phone that several people use", call.now)
        case "nobody":
            desk.reject_link(handle, guest.actor, reason or "somebody from outside", call.now)
        case "reject":
            desk.reject_link(handle, guest.actor, reason, call.now)
        case _:
            raise Refused("Choose an answer.")
    return back_to("/questions")


def pair(call: Call, guest: Guest) -> Response:
    """Say that two groups of two sources are one, or two."""
    one, other = "/".join(group_in(call)), "/".join(group_of(call, call.text("other")))
    pairs, reason = call.services.pairs, call.text("reason")
    match call.text("answer"):
        case "one":
            pairs.pair(one, other, guest.actor, reason or "one group, in two sources", call.now)
        case "two":
            pairs.unpair(one, other, guest.actor, reason or "two groups", call.now)
        case _:
            raise Refused("Choose an answer.")
    return back_to("/questions")
