"""The frame of every page of the console: session, permission, menu, and the form's token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.app.refused import Refused
from worker.desk.calls import FIELDS_MAX, Call, Stale, route
from worker.desk.console.histories import NO_NAMES, line_of, who
from worker.desk.console.searching import asked, posted, search_path
from worker.desk.refs import NoSuchReference, reference, resolve
from worker.desk.roles import Permission
from worker.desk.sessions import LINK_COOKIE, Guest, guest_of, remember_way, session_over
from worker.domain.model import AccountKey, GroupKey, HandleKey
from worker.domain.text.tongue import N_

OK, NO_CONTENT = 200, 204
SEE_OTHER, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT = 303, 401, 403, 404, 409
PAGE = 50

Show = Callable[[Call, Guest], Response]
MENU = (
    ("/", N_("Now"), Permission.SEE),
    ("/tickets", N_("Tickets"), Permission.SEE),
    ("/groups", N_("Groups"), Permission.SEE),
    ("/controls", N_("Controls"), Permission.SEE),
    ("/people", N_("People"), Permission.SEE),
    ("/questions", N_("Unknown members"), Permission.SEE),
    ("/plans", N_("Approvals"), Permission.SEE),
    ("/sources", N_("Sources"), Permission.SEE),
    ("/policies", N_("Escalation"), Permission.SEE),
    ("/what-if", N_("What if"), Permission.SEE),
    ("/messages", N_("Messages"), Permission.SEE),
    ("/silences", N_("Silences"), Permission.SEE),
    ("/charts", N_("Charts"), Permission.SEE),
    ("/audit", N_("Audit"), Permission.AUDIT),
)


def screen(
    path: str,
    show: Show,
    permission: Permission = Permission.SEE,
    methods: Sequence[str] = ("GET",),
    fields_max: int = FIELDS_MAX,
) -> Route:
    """A route of the console. A posted form needs the session's token, else all of it is refused.

    What takes GET and POST is a list with a search: the form leads to an address that has its fields, encrypted.
    """
    is_list = len(methods) > 1

    def guarded(call: Call) -> Response:
        guest = admitted(call, permission)
        if isinstance(guest, Response):
            return guest
        try:
            if call.request.method == "POST":
                call.check_token(guest.session)
                if is_list:
                    return back_to(search_path(call, call.request.url.path, posted(call)))
            elif is_list:
                call.form = asked(call)
            return _unless_same(call, show(call, guest))
        except Stale:
            return call.page("console/refused.html", {"why": "stale"}, status=FORBIDDEN)
        except NoSuchReference:
            return call.page("console/refused.html", {"why": "missing"}, status=NOT_FOUND)
        except Refused as refused:
            return call.page("console/refused.html", {"why": "refused", "refused": refused}, status=CONFLICT)

    guarded.__name__ = getattr(show, "__name__", "screen")
    return route(path, guarded, methods, fields_max)


def admitted(call: Call, permission: Permission) -> Guest | Response:
    """Whoever is signed in and may do this, with the frame of the call's pages; else the answer to them."""
    guest = guest_of(call)
    if guest is None:
        return _to_login(call)
    call.values = _around(call, guest)
    if not guest.may(permission):
        return call.page("console/refused.html", {"why": "role"}, status=FORBIDDEN)
    return guest


def _unless_same(call: Call, response: Response) -> Response:
    """The response, or an empty one if the page polls itself and already shows this content, by its ETag."""
    if not call.request.headers.get("hx-request") or response.status_code != OK:
        return response
    body = bytes(response.body).replace(str(call.values["form_token"]).encode(), b"")  # it differs each time
    tag = f'"{sha256(body).hexdigest()[:16]}"'
    if call.request.headers.get("if-none-match") == tag:
        return Response(status_code=NO_CONTENT, headers={"ETag": tag}, background=response.background)
    response.headers["ETag"] = tag
    return response


def back_to(path: str) -> Response:
    """Redirect after an act to the page that shows its result and can be reloaded."""
    return RedirectResponse(path, SEE_OTHER)


def missing(call: Call) -> Response:
    """The page for a thing that doesn't exist."""
    return call.page("console/refused.html", {"why": "missing"}, status=NOT_FOUND)


def lost(call: Call) -> Response | None:
    """The same for an address that nothing has, with the menu; None if nobody is signed in."""
    guest = guest_of(call)
    if guest is None:
        return None
    call.values = _around(call, guest)
    return missing(call)


def person_path(call: Call, key: AccountKey) -> str:
    """The path of a person's page, with an encrypted id."""
    return f"/people/{reference(call.services.key, 'person', tuple(key))}"


def group_path(call: Call, key: GroupKey) -> str:
    """The path of a group's page, with an encrypted id."""
    return f"/groups/{group_ref(call, key)}"


def person_in(call: Call) -> AccountKey:
    """The person whom the address means. Raises NoSuchReference."""
    return AccountKey(*resolve(call.services.key, "person", call.path("ref")))


def group_in(call: Call) -> GroupKey:
    """The group that the address means. Raises NoSuchReference."""
    return group_of(call, call.path("ref"))


def group_ref(call: Call, key: GroupKey) -> str:
    """The reference to a group in an address or a form."""
    return reference(call.services.key, "group", tuple(key))


def group_of(call: Call, ref: str) -> GroupKey:
    """The group that a reference means. Raises NoSuchReference."""
    return GroupKey(*resolve(call.services.key, "group", ref))


def handle_ref(call: Call, key: HandleKey) -> str:
    """The reference to a member's handle in an address."""
    return reference(call.services.key, "handle", tuple(key))


def handle_in(call: Call) -> HandleKey:
    """The handle that the address means. Raises NoSuchReference."""
    return handle_of(call, call.path("ref"))


def handle_of(call: Call, ref: str) -> HandleKey:
    """The handle that a reference means. Raises NoSuchReference."""
    return HandleKey(*resolve(call.services.key, "handle", ref))


def _around(call: Call, guest: Guest) -> dict[str, object]:
    path, tongue = call.request.url.path, call.tongue
    menu = [
        {"path": to, "label": label, "is_here": path == to or (to != "/" and path.startswith(to))}
        for to, label, permission in MENU
        if guest.may(permission)
    ]
    return {
        "guest": guest,
        "menu": menu,
        "live": _own_address(call),
        "search_path": partial(search_path, call),
        "may_act": guest.may(Permission.ACT),
        "may_release": guest.may(Permission.RELEASE),
        "may_audit": guest.may(Permission.AUDIT),
        "form_token": call.token_for(guest.session),
        "person_path": lambda key: person_path(call, key),
        "group_ref": lambda key: group_ref(call, key),
        "group_path": lambda key: group_path(call, key),
        "handle_ref": lambda key: handle_ref(call, key),
        "no_names": NO_NAMES,
        "line_of": lambda entry, names: line_of(entry, names, tongue),
        "who": who,
    }


def _own_address(call: Call) -> str:
    """Where a page polls itself."""
    url = call.request.url
    return f"{url.path}?{url.query}" if url.query else url.path


def _to_login(call: Call) -> Response:
    """Redirect to the sign-in page. A request for a part (htmx) sends the whole page there, since it is outdated.

    Whoever opens the start in a browser that has opened a ticket's link is told that there is nothing to sign in to.
    """
    if call.request.url.path == "/" and call.cookie(LINK_COOKIE):
        return call.page("start.html")
    if call.request.headers.get("hx-request"):
        response = Response(status_code=UNAUTHORIZED, headers={"HX-Redirect": "/login"})
    elif call.request.method == "GET":
        response = RedirectResponse("/login", SEE_OTHER)
    else:
        return session_over(call)
    remember_way(call, response)
    return response
