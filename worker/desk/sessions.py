"""Sessions of the console: people sign in by an OpenID provider, or by a link that works once.

The database has only the hash of each secret (cookie, link). What the provider says of a visitor besides name and id
is a part of the cookie's secret, so nobody can change it.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.app.acts.access import hashed
from worker.app.acts.rights import has_lost_rights
from worker.desk.calls import Call, Stale, drop_cookie, error_page, is_own_path, route, set_cookie, too_many
from worker.desk.guarding import Attempts
from worker.desk.id_token import SignedIn
from worker.desk.roles import DeskRole, Permission, allows
from worker.desk.sign_in import FLOW_LIFE, SignInRefused
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, acted, is_signed_in, signed_in
from worker.domain.evidence.journal import stamp
from worker.ports.state.access import Visitor

SESSION_LIFE = timedelta(hours=12)  # a shift, with its handover
SEE_OTHER, FORBIDDEN, CONFLICT = 303, 403, 409
CALLBACK = "/login/callback"
SIGN_IN_FORM = "sign-in"
SESSION_COOKIE, WAY_COOKIE, FLOW_COOKIE = "whosleft", "whosleft-way", "whosleft-sign-in"
LINK_COOKIE = "whosleft-link"  # says only that this browser has opened an assignee's link
WAY_MAX = 2000  # browsers take cookies of 4 KiB


@dataclass(frozen=True, slots=True)
class Guest:
    """A person who is signed in. `session` is the hash under which their session is stored."""

    name: str
    roles: frozenset[DeskRole]
    session: str
    id: str = ""
    known_as: frozenset[str] = frozenset()
    lacks_address: bool = False

    @property
    def actor(self) -> Actor:
        """The actor of their acts."""
        return Actor(
            self.name, self.id, Via.CONSOLE, known_as=self.known_as, lacks_address=self.lacks_address
        )

    @property
    def account(self) -> str:
        """What is kept for them is kept under this: their id; for whoever came by a login link, which has its maker's
        id, the name.
        """
        return self.id if is_signed_in(self.id) else self.name

    def may(self, permission: Permission) -> bool:
        """True if one of their roles allows it."""
        return allows(self.roles, permission)


def guest_of(call: Call) -> Guest | None:
    """The signed-in person who calls; None if nobody is signed in, or if they have left."""
    secret = call.cookie(SESSION_COOKIE)
    if not secret:
        return None
    session = hashed(secret)
    with call.services.store.reading() as uow:
        visitor = uow.access.session(session, call.now)
        if visitor is None:
            return None
        guest = _guest(visitor, secret)
        if not has_lost_rights(uow, guest.actor):
            return guest
    with call.services.store.begin() as uow:  # for good: by what the cookie alone says, nobody else ends it
        uow.access.end_session(session)
    return None


def _guest(visitor: Visitor, secret: str) -> Guest:
    known_as, lacks_address = _said_in(secret)
    return Guest(visitor.name, _roles(visitor.roles), hashed(secret), visitor.id, known_as, lacks_address)


def _secret_of(identity: SignedIn) -> str:
    """A new secret, with what the provider says of the visitor."""
    said = json.dumps([identity.email is None, *sorted(identity.known_as)])
    return f"{_secret()}.{urlsafe_b64encode(said.encode()).decode().rstrip('=')}"


def _said_in(secret: str) -> tuple[frozenset[str], bool]:
    """What a visitor is known as by their provider, and whether it vouches for no address of theirs."""
    said = secret.partition(".")[2]
    if not said:  # they came by a login link, or the session began under an earlier release
        return frozenset(), False
    lacks_address, *known_as = json.loads(urlsafe_b64decode(f"{said}=="))
    return frozenset(known_as), lacks_address


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _roles(names: tuple[str, ...]) -> frozenset[DeskRole]:
    return frozenset(DeskRole(name) for name in names if name in set(DeskRole))


class SignInPages:
    """`/login…` and `/logout`. `attempts` counts links that don't sign anybody in."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts

    def routes(self) -> list[Route]:
        return [
            route("/login", self.login),
            route("/login/start", self.start),
            route(CALLBACK, self.finish),
            route("/login/{secret}", self.link),
            route("/login/{secret}", self.use_link, ["POST"]),
            route("/logout", self.logout, ["POST"]),
        ]

    def login(self, call: Call) -> Response:
        """Show the ways to sign in."""
        return call.page("login.html", _login_values(call))

    def link(self, call: Call) -> Response:
        """Ask before the link is used up, because mail scanners open links."""
        return call.page(
            "login_link.html", {"secret": call.path("secret"), "form_token": call.token_for(SIGN_IN_FORM)}
        )

    def use_link(self, call: Call) -> Response:
        try:
            call.check_token(SIGN_IN_FORM)
        except Stale:
            return RedirectResponse("/login?trouble=again", SEE_OTHER)
        with call.services.store.begin() as uow:
            visitor = uow.access.use_login_link(hashed(call.path("secret")), call.now)
        if visitor is None:
            wait_s = self._attempts.wrong(call.address)
            if wait_s:
                return too_many(call, wait_s)
            return call.page("login.html", {**_login_values(call), "trouble": "used"}, status=FORBIDDEN)
        return self._signed_in(call, visitor, _secret())

    def start(self, call: Call) -> Response:
        """Redirect to the provider. The data of this sign-in is kept in a signed cookie of this browser.

        It is a link and not a form, since `form-action 'self'` does not let a form end at the provider.
        """
        sign_in = call.services.sign_in
        if sign_in is None:
            return RedirectResponse("/login", SEE_OTHER)
        try:
            started = sign_in.begin(f"{call.services.place.url}{CALLBACK}", call.now)
        except SignInRefused as refused:
            return self._refused(call, refused)
        response = RedirectResponse(started.url, SEE_OTHER)
        flow = _signer(call).dumps(started.flow)
        set_cookie(call, response, FLOW_COOKIE, str(flow), FLOW_LIFE)
        return response

    def finish(self, call: Call) -> Response:
        sign_in = call.services.sign_in
        try:
            flow: Any = _signer(call).loads(call.cookie(FLOW_COOKIE))
        except BadSignature:
            flow = None
        if sign_in is None or flow is None:
            return RedirectResponse("/login?trouble=again", SEE_OTHER)
        try:
            identity = sign_in.finish(flow, dict(call.request.query_params), call.now)
        except SignInRefused as refused:
            response = self._refused(call, refused)
            if flow["state"] == call.query("state"):  # else it is a later sign-in's, begun in another tab
                drop_cookie(call, response, FLOW_COOKIE)
            return response
        name = identity.email or identity.name
        roles = tuple(sorted(role.value for role in identity.roles))
        visitor = Visitor(name, roles, signed_in(identity.issuer, identity.subject))
        response = self._signed_in(call, visitor, _secret_of(identity))
        drop_cookie(call, response, FLOW_COOKIE)
        return response

    def logout(self, call: Call) -> Response:
        guest = guest_of(call)
        if guest is not None:
            try:
                call.check_token(guest.session)
            except Stale:  # a page of an earlier session
                return error_page(call.request, call.services, CONFLICT)
            with call.services.store.begin() as uow:
                uow.access.end_session(guest.session)
        response = RedirectResponse("/login", SEE_OTHER)
        drop_cookie(call, response, SESSION_COOKIE)
        return response

    def _signed_in(self, call: Call, visitor: Visitor, secret: str) -> Response:
        now = call.now  # one, or the check of the journal finds two
        until = now + SESSION_LIFE
        with call.services.store.begin() as uow:
            if has_lost_rights(uow, _guest(visitor, secret).actor):
                said = call.tongue.say("Your account in the directory is not active.")
                values = {**_login_values(call), "trouble": "refused", "said": said}
                return call.page("login.html", values, status=FORBIDDEN)
            uow.access.add_session(hashed(secret), visitor, now, until)
            data = {"roles": list(visitor.roles), "expires_at": stamp(until), "secret": hashed(secret)}
            who = Actor(visitor.name, visitor.id, Via.CONSOLE)
            uow.journal.append([acted(who, now, events.DESK_SIGNED_IN, "desk:console", data=data)])
        response = RedirectResponse(_way(call), SEE_OTHER)
        set_cookie(call, response, SESSION_COOKIE, secret, SESSION_LIFE)
        drop_cookie(call, response, WAY_COOKIE)
        return response

    def _refused(self, call: Call, refused: SignInRefused) -> Response:
        values = {**_login_values(call), "trouble": "refused", "said": refused.said(call.tongue)}
        return call.page("login.html", values, status=FORBIDDEN)


def remember_way(call: Call, response: Response) -> None:
    """Remember the page that a person wanted before they had to sign in. Cookies are ASCII."""
    url = call.request.url
    way = quote(url.path, safe="/") + (f"?{url.query}" if url.query else "")
    if way.isascii() and len(way) <= WAY_MAX:
        set_cookie(call, response, WAY_COOKIE, way, FLOW_LIFE)


def _way(call: Call) -> str:
    path = call.cookie(WAY_COOKIE)
    return path if is_own_path(path) else "/"


def session_over(call: Call) -> Response:
    """The answer to a form after its session is over: nothing was done, and the person can copy what they wrote."""
    values = {**_login_values(call), "trouble": "over", "written": call.text("reason")}
    return call.page("login.html", values, status=FORBIDDEN)


def _login_values(call: Call) -> dict[str, Any]:
    return {
        "has_provider": call.services.sign_in is not None,
        "form_token": call.token_for(SIGN_IN_FORM),
        "trouble": call.query("trouble"),
        "said": "",
        "written": "",
    }


def _signer(call: Call) -> URLSafeSerializer:
    return URLSafeSerializer(call.services.key, salt=SIGN_IN_FORM)
