"""The pages by which the admin of a group declares its roster: `/g/<token>`. Only the last button changes anything."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.app.acts.declared import FilledIn, KnownGroup, Outdated, TooMuch, Understood
from worker.app.refused import Refused
from worker.app.tell.signed_links import Dead, LinkDead
from worker.desk.assignee import GONE, NOT_FOUND, SEE_OTHER
from worker.desk.calls import Call, Handler, Stale, route, too_many
from worker.desk.guarding import Attempts
from worker.domain.groups.declaring import MEMBERS_MAX, folded
from worker.domain.identity.handles import shown_handle
from worker.domain.model import Member

LETTERS_MAX = 200_001  # one more than is read: what is longer is refused, and not cut
FIELDS_MAX = MEMBERS_MAX + 50


class GroupPages:
    """GET shows who is known to be in the group, POST what was understood, a second POST counts it."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts

    def routes(self) -> list[Route]:
        """The routes; all but the last button only read."""
        return [
            route("/g/{token}", self._opening(self.group)),
            route("/g/{token}/thanks", self._opening(self.thanks)),
            route("/g/{token}/check", self._opening(self._filled(self.check)), ["POST"], FIELDS_MAX),
            route("/g/{token}/count", self._opening(self._filled(self.count)), ["POST"], FIELDS_MAX),
        ]

    def group(self, call: Call) -> Response:
        """Show the members, each to be ticked, and a place for a list."""
        token = call.path("token")
        known = call.services.declaring.look(token, call.now)
        call.language = known.language
        shown = [{"mark": mark, **_shown(member)} for mark, member in known.members]
        values = {**_form(call, known), "members": shown, "refused": call.query("refused")}
        return call.page("declared.html", values)

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
                why = "long"
            except (Stale, Outdated, Refused):
                why = "changed"
            return RedirectResponse(f"/g/{token}?refused={why}", SEE_OTHER)

        acted.__name__ = act.__name__
        return acted

    def _opening(self, show: Handler) -> Handler:
        def guarded(call: Call) -> Response:
            try:
                return show(call)
            except LinkDead as dead:
                call.language = dead.language
                wait_s = self._attempts.wrong(call.address) if dead.why is Dead.FORGED else 0
                if wait_s:
                    return too_many(call, wait_s)
                status = NOT_FOUND if dead.why is Dead.FORGED else GONE
                values = {"why": dead.why.value, "is_list": False, "is_group": True}
                return call.page("dead.html", values, status=status)

        guarded.__name__ = f"group_{show.__name__}"
        return guarded


def _form(call: Call, known: KnownGroup) -> dict[str, object]:
    token = call.path("token")
    return {"token": token, "form_token": call.token_for(token), "known": known, "group": known.group}


def _filled_in(call: Call) -> FilledIn:
    kept = frozenset(value for value in call.form.getlist("here") if isinstance(value, str))
    added, pasted = call.text("added"), call.text("pasted", LETTERS_MAX)
    return FilledIn(call.text("known"), kept, added, pasted)


def _rows(understood: Understood) -> dict[str, object]:
    """The members as they would count, and those who would be gone, by name."""
    roster = understood.roster
    added = {member.handle for member in roster.added}
    rows = [
        {
            **_shown(member),
            "is_new": member.handle in added,
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
