"""Questions to people: who an unmatched member is, and whether two sources show one group; and the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from worker.app.refused import Refused, answered_already
from worker.desk.calls import Call
from worker.desk.console.frame import PAGE, back_to, group_in, group_of, handle_in, handle_of, handle_ref
from worker.desk.console.histories import names_in
from worker.desk.console.paging import after_of, next_of
from worker.desk.refs import REFERENCE_MAX
from worker.desk.sessions import Guest
from worker.domain.groups.pairing import Pair
from worker.domain.identity.matching import QUESTIONS, Identity, IdentityState
from worker.domain.identity.names import Suggestion
from worker.domain.model import Account, AccountKey, HandleKey
from worker.domain.text.reason import because
from worker.domain.text.tongue import N_
from worker.ports.state.groups import GroupRow
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.overview import Sighting
from worker.ports.state.store import UnitOfWork

PAIRS_MAX = 20
GROUPS_SHOWN = 3  # of one member
FOUND_MAX = 8
VIEWS: Mapping[str, tuple[tuple[IdentityState, ...], bool | None]] = {
    "open": (QUESTIONS, None),
    "answered": ((IdentityState.LINKED, IdentityState.NOBODY), True),
    "matched": ((IdentityState.LINKED,), False),
}


@dataclass(frozen=True, slots=True)
class AskedMember:
    """A member who is or was a question: where they are seen, whom to ask, and who they may be."""

    key: HandleKey
    link: Identity
    person: Account | None
    seen: Sequence[Sighting]
    admins: Sequence[Account]
    suggestions: Sequence[tuple[Suggestion[AccountKey], Account | None]]

    @property
    def shown_as(self) -> str:
        """The first name that a group shows."""
        return next((one.shown_as for one in self.seen if one.shown_as), "")


def questions(call: Call, guest: Guest) -> Response:
    """A page of open questions, of answers, or of automatic matches; with people found by name for one of them."""
    del guest
    wanted = call.query("view") or call.text("view")
    view = wanted if wanted in VIEWS else "open"
    states, by_people = VIEWS[view]
    after = after_of(call, HandleKey)
    about, text = call.text("about", REFERENCE_MAX), call.text("text", 200)
    with call.services.store.reading() as uow:
        page = uow.identities.page(states, after[1] if after else None, PAGE + 1, by_people=by_people)
        rows = _asked(uow, page[:PAGE])
        pairs = _pairs(uow) if view == "open" and after is None else []
        found = uow.overview.people(text, None, FOUND_MAX) if text else []
        names = names_in(uow, (), [row.link.decided_by for row in rows if row.link.decided_by])
    return call.page(
        "console/questions.html",
        {
            "rows": sorted(rows, key=lambda row: handle_ref(call, row.key) != about),
            "view": view,
            "next": next_of(call, "", page[PAGE - 1].key) if len(page) > PAGE else None,
            "after": call.text("after", REFERENCE_MAX),
            "about": about,
            "text": text,
            "found": found,
            "pairs": pairs,
            "names": names,
        },
    )


def _asked(uow: UnitOfWork, page: Sequence[HandleIdentity]) -> list[AskedMember]:
    """What is known about these members, read together."""
    named = {one.key for _, link in page for one in link.suggestions}
    people = uow.overview.named([*named, *(link.person for _, link in page if link.person)])
    seen = uow.overview.sightings([key for key, _ in page])
    groups = {key: [one.place.key for one in seen.get(key, ())[:GROUPS_SHOWN]] for key, _ in page}
    admins = uow.overview.admins_of({group for those in groups.values() for group in those})
    return [
        AskedMember(
            key,
            link,
            people.get(link.person) if link.person else None,
            seen.get(key, ()),
            list({one.key: one for group in groups[key] for one in admins.get(group, ())}.values()),
            [(one, people.get(one.key)) for one in link.suggestions],
        )
        for key, link in page
    ]


def _pairs(uow: UnitOfWork) -> list[tuple[Pair, GroupRow, GroupRow]]:
    """The first pairs that wait for an answer, each with its groups."""
    found = [
        (pair, uow.rosters.group(pair.a), uow.rosters.group(pair.b))
        for pair in uow.pairs.suggested(PAIRS_MAX)
    ]
    return [(pair, a, b) for pair, a, b in found if a and b]


def answer(call: Call, guest: Guest) -> Response:
    """Confirm a person, reject one, say that it is nobody (from outside, a shared phone), or ask again."""
    key = handle_in(call)
    handle = "/".join(key)
    acts, reason, person = call.services.identifying, call.text("reason"), call.text("person")
    match call.text("answer"):
        case "person":
            if not person:
                raise Refused(because("Say who it is: an id, e-mail address or employee id."))
            acts.confirm(handle, person, guest.actor, call.now, reason, is_asked=True)
        case "reject":
            acts.reject(handle, guest.actor, reason, call.now, call.text("shown", REFERENCE_MAX))
        case "ask":
            acts.ask_again(handle, guest.actor, reason, call.now)
        case _:
            _say_nobody(call, guest, [key])
    return back_to("/questions")


def answer_together(call: Call, guest: Guest) -> Response:
    """Give one answer to all questions that are ticked: a shared phone, or somebody from outside."""
    keys = [handle_of(call, ref) for ref in call.texts("question")]
    if not keys:
        raise Refused(because("Tick the members whom the answer is about."))
    _say_nobody(call, guest, keys)
    return back_to("/questions")


def _say_nobody(call: Call, guest: Guest, keys: Sequence[HandleKey]) -> None:
    said = NOBODY.get(call.text("answer"))
    if said is None:
        raise Refused(because("Choose an answer."))
    if not call.services.identifying.say_nobody(
        keys, guest.actor, call.text("reason") or because(said), call.now
    ):
        raise answered_already()


NOBODY = {"shared": N_("a phone that several people use"), "nobody": N_("somebody from outside")}


def pair(call: Call, guest: Guest) -> Response:
    """Say that two groups of two sources are one, or two."""
    one, other = "/".join(group_in(call)), "/".join(group_of(call, call.text("other")))
    pairs, reason = call.services.pairs, call.text("reason")
    match call.text("answer"):
        case "one":
            pairs.pair(
                one,
                other,
                guest.actor,
                reason or because("one group, in two sources"),
                call.now,
                is_asked=True,
            )
        case "two":
            pairs.unpair(one, other, guest.actor, reason or because("two groups"), call.now, is_asked=True)
        case _:
            raise Refused(because("Choose an answer."))
    return back_to("/questions")
