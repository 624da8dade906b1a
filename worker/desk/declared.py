"""The pages by which the admin of a group declares its roster: `/g/<token>`. Only the last button changes anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.app.acts.declared import FilledIn, GivenExport, KnownGroup, Outdated, TooMuch, Understood
from worker.app.refused import Refused
from worker.app.tell.signed_links import LinkDead
from worker.desk.assignee import SEE_OTHER
from worker.desk.calls import Call, Handler, Stale, route
from worker.desk.guarding import Attempts, answer_dead
from worker.desk.uploads import Uploads, given_file
from worker.domain.groups.declaring import MEMBERS_MAX, Added, folded
from worker.domain.groups.exported import Ticks, UnreadableExport
from worker.domain.identity.handles import shown_handle
from worker.domain.identity.phones import is_e164
from worker.domain.model import Member

LETTERS_MAX = 200_001  # one more than is read: what is longer is refused, and not cut
FIELDS_MAX = 2 * MEMBERS_MAX + 50  # a tick, and a new number, for each
NAME_MAX = 200
BETWEEN = "|"  # a number and what belongs to it


class GroupPages:
    """GET shows who is known to be in the group, POST what was understood, a second POST counts it."""

    def __init__(self, attempts: Attempts, uploads: Uploads) -> None:
        self._attempts = attempts
        self._uploads = uploads

    def routes(self) -> list[Route]:
        """The routes; all but the last button only read."""
        return [
            route("/g/{token}", self._opening(self.group)),
            route("/g/{token}/thanks", self._opening(self.thanks)),
            self._uploads.route(
                "/g/{token}/export", self._dead_link, self._opening(self._filled(self.export)), _busy
            ),
            route("/g/{token}/check", self._opening(self._filled(self.check)), ["POST"], FIELDS_MAX),
            route("/g/{token}/count", self._opening(self._filled(self.count)), ["POST"], FIELDS_MAX),
        ]

    def group(self, call: Call) -> Response:
        """Show the members, each to be ticked, and a place for a list."""
        token = call.path("token")
        known = call.services.declaring.look(token, call.now)
        call.language = known.language
        return call.page("declared.html", {**_form(call, known), **_ticked(known)})

    def export(self, call: Call) -> Response:
        """Show the members with the ticks that a chat's export changes; nothing counts yet, and nothing is kept."""
        token, file = call.path("token"), given_file(call, "export")
        if file is None:
            return _refused(token, "no_file")
        try:
            with self._uploads.reading():
                found = call.services.declaring.exported(
                    token, file.file, (file.filename or "")[:NAME_MAX], call.now
                )
        except UnreadableExport as error:
            return _refused(token, error.fault.value)
        call.language = found.known.language
        return call.page("declared.html", {**_form(call, found.known), **_ticked(found.known, found)})

    def check(self, call: Call) -> Response:
        """Show what was filled in as it is understood; nothing counts yet."""
        filled = _filled_in(call)
        understood = call.services.declaring.check(call.path("token"), filled, call.now)
        call.language = understood.known.language
        values = {**_form(call, understood.known), "filled": filled, "understood": understood}
        return call.page("declared_check.html", {**values, **_rows(understood)})

    def count(self, call: Call) -> Response:
        """Count what was shown, and go to a page that can be reloaded."""
        token = call.path("token")
        is_believed = call.services.declaring.declare(token, _filled_in(call), call.text("mark"), call.now)
        return RedirectResponse(f"/g/{token}/thanks" + ("" if is_believed else "?again=1"), SEE_OTHER)

    def thanks(self, call: Call) -> Response:
        """Say thank you."""
        known = call.services.declaring.look(call.path("token"), call.now)
        call.language = known.language
        values = {**_form(call, known), "is_asked_again": bool(call.query("again"))}
        return call.page("declared_thanks.html", values)

    # --- around them -----------------------------------------------------------------------------

    def _filled(self, act: Handler) -> Handler:
        """Act on a form of our own; else lead back to the page, which says why."""

        def acted(call: Call) -> Response:
            token = call.path("token")
            try:
                call.check_token(token)
                return act(call)
            except TooMuch:
                return _refused(token, "long")
            except (Stale, Outdated, Refused):
                return _refused(token, "changed")

        acted.__name__ = act.__name__
        return acted

    def _opening(self, show: Handler) -> Handler:
        def guarded(call: Call) -> Response:
            try:
                return show(call)
            except LinkDead as dead:
                return self._dead(call, dead)

        guarded.__name__ = f"group_{show.__name__}"
        return guarded

    def _dead_link(self, call: Call) -> Response | None:
        """The answer to a link that opens nothing; None for one that does."""
        try:
            call.services.declaring.look(call.path("token"), call.now)
        except LinkDead as dead:
            return self._dead(call, dead)
        return None

    def _dead(self, call: Call, dead: LinkDead) -> Response:
        return answer_dead(call, self._attempts, dead, is_list=False, is_group=True)


def _refused(token: str, why: str) -> Response:
    return RedirectResponse(f"/g/{token}?refused={why}", SEE_OTHER)


def _busy(call: Call) -> Response:
    return _refused(call.path("token"), "busy")


def _form(call: Call, known: KnownGroup) -> dict[str, object]:
    token = call.path("token")
    refused = call.query("refused")
    shared = {"token": token, "form_token": call.token_for(token), "refused": refused}
    return {**shared, "known": known, "group": known.group}


def _filled_in(call: Call) -> FilledIn:
    added, pasted = call.text("added"), call.text("pasted", LETTERS_MAX)
    came = tuple(Added(name, phone or None) for phone, name in _pairs(call, "came") if name or phone)
    numbers = {mark: phone for phone, mark in _pairs(call, "number") if phone}
    return FilledIn(call.text("known"), frozenset(call.texts("here")), added, pasted, came, numbers)


def _pairs(call: Call, field: str) -> Iterator[tuple[str, str]]:
    """The number (E.164, or empty) and the rest of each field of this name, as `_paired` wrote them."""
    for value in call.texts(field):
        phone, _, rest = value.partition(BETWEEN)
        yield phone if is_e164(phone) else "", " ".join(rest.split())[:NAME_MAX]


def _paired(phone: str | None, rest: str) -> str:
    return f"{phone or ''}{BETWEEN}{rest}"


def _ticked(known: KnownGroup, found: GivenExport | None = None) -> dict[str, object]:
    """The members with their ticks, as an export changes them where there is one, and what it says."""
    ticks = found.ticks if found else Ticks({}, {}, (), ())
    rows = [
        {
            "mark": mark,
            **_shown(member),
            "went": ticks.gone.get(member.handle),
            "new_number": (new := ticks.numbers.get(member.handle)),
            "renumbered": _paired(new, mark),
        }
        for mark, member in known.members
    ]
    came = [{**_shown(member), "value": _paired(member.phone, member.display_name)} for member in ticks.came]
    lost = [_shown(Member(one.handle, one.display_name, phone=one.phone)) for one in ticks.not_found]
    return {"members": rows, "found": found, "came": came, "lost": lost}


def _rows(understood: Understood) -> dict[str, object]:
    """The members as they would count, and those who would be gone, by name."""
    roster = understood.roster
    changed = {phone for _, phone in understood.changed}
    added = {member.handle for member in roster.added}
    rows = [
        {
            **_shown(member),
            "is_new": member.handle in added,
            "is_renumbered": member.phone in changed,
            "is_unknown": member.handle in understood.unknown,
            "has_left": member.handle in understood.left,
        }
        for member in sorted(roster.members, key=_by_name)
    ]
    return {"members": rows, "gone": [_shown(member) for member in sorted(roster.gone, key=_by_name)]}


def _by_name(member: Member) -> tuple[bool, str, str]:
    return not member.display_name, folded(member.display_name), member.handle


def _shown(member: Member) -> Mapping[str, object]:
    """A member's name and number, and an id that is no number where there is nothing else."""
    handle = None if member.phone else shown_handle(member.handle)
    name = member.display_name or (handle.text if handle else "" if member.phone else member.handle)
    return {"name": name, "number": member.phone or "", "is_admin": member.role.is_admin}
