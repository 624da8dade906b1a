"""The caller, by their token, and the actor of the caller's acts.

An act's actor is `api:<token id>`, followed by a name if the call states one. A stated name proves nothing, so it
cannot stand for another person. If a second person counts (to confirm a claim, or to decide a plan that needs two),
only the token is the actor, and it counts as the person who made it; the name goes into the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, get_origin

from fastapi import Depends, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from worker.app.acts.access import grants
from worker.app.acts.rights import has_lost_rights
from worker.desk.api.errors import Code, Problem
from worker.desk.api.parts import Parts, parts_of
from worker.desk.services import Services, as_of_now
from worker.domain.evidence.actor import Actor, Via
from worker.domain.text.reason import because
from worker.ports.state.access import ApiToken

BEARER = HTTPBearer(
    scheme_name="token", description="A token of `whosleft desk token`: `wl_…`.", auto_error=False
)
REMEDY = "Make one with: whosleft desk token --scope SCOPE"


@dataclass(frozen=True, slots=True)
class Caller:
    """A call with a valid token, and everything that an endpoint uses."""

    services: Services
    token: ApiToken
    now: datetime

    @property
    def alone(self) -> Actor:
        """The actor of an act for which a second person counts."""
        maker = frozenset({self.token.created_by.casefold()})
        return Actor(f"api:{self.token.id}", self.token.maker, Via.API, known_as=maker)

    def named(self, by: str) -> Actor:
        """The actor of any other act."""
        return replace(self.alone, name=f"{self.alone.name}:{by}") if by else self.alone


def said_by(by: str, reason: str) -> str:
    """The reason of an act, with the name in it because the actor has none."""
    if by and not reason:
        return because("said by {name}", name=by)
    return f"{by}: {reason}" if by else reason


def caller(
    request: Request,
    asked: SecurityScopes,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
) -> Caller:
    """Let a call in if its token has the scope. A caller who sends one wrong token after another has to wait."""
    parts = parts_of(request)
    if given is None:
        raise _unauthenticated("This needs a token: Authorization: Bearer wl_…")
    now = parts.services.clock()
    address = request.client.host if request.client else "unknown"
    token = _good_token(parts, given.credentials, address, now)
    missing = [scope for scope in asked.scopes if not grants(token.scopes, scope)]
    if missing:
        message = f"The token {token.id} lacks the scope {missing[0]}."
        headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{missing[0]}"'}
        raise Problem(403, Code.SCOPE_MISSING, message, f"{REMEDY}, here {missing[0]}.", headers)
    _check_parameters(request)
    return Caller(as_of_now(parts.services), token, now)


def _check_parameters(request: Request) -> None:
    """Refuse a parameter that the address does not have, or that is given twice where one value counts.

    Otherwise the call would do, or list, something else than its parameters say.
    """
    models = [one.field_info.annotation for one in request.scope["route"].dependant.query_params]
    known = {
        field.alias or name: field.annotation for one in models for name, field in one.model_fields.items()
    }
    given = request.query_params
    wrong = {name: "There is no such parameter" for name in given if name not in known}
    wrong |= {
        name: "Give it once"
        for name, kind in known.items()
        if get_origin(kind) is not list and len(given.getlist(name)) > 1
    }
    if wrong:
        raise RequestValidationError([{"loc": ("query", name), "msg": said} for name, said in wrong.items()])


def _good_token(parts: Parts, text: str, address: str, now: datetime) -> ApiToken:
    token = parts.access.token(text)
    if token is None:
        wait_s = parts.attempts.wrong(address)
        if wait_s:
            raise _too_many(wait_s)
        raise _unauthenticated("There is no such token.")
    with parts.services.store.reading() as uow:
        if has_lost_rights(uow, Actor(token.created_by, token.maker)):
            raise _unauthenticated(f"Whoever made the token {token.id} has left.")
    if token.revoked_at is not None:
        raise _unauthenticated(f"The token {token.id} is revoked.")
    if not token.is_good(now):
        raise _unauthenticated(f"The token {token.id} has expired.")
    return token


def _too_many(wait_s: int) -> Problem:
    message = "Too many wrong tokens came from this address."
    headers = {"Retry-After": str(wait_s)}
    return Problem(429, Code.TOO_MANY_ATTEMPTS, message, f"Wait {wait_s} s, then send a good one.", headers)


def _unauthenticated(message: str) -> Problem:
    return Problem(401, Code.UNAUTHENTICATED, message, f"{REMEDY}.", {"WWW-Authenticate": "Bearer"})


TicketsRead = Annotated[Caller, Security(caller, scopes=["tickets:read"])]
TicketsWrite = Annotated[Caller, Security(caller, scopes=["tickets:write"])]
PlansRead = Annotated[Caller, Security(caller, scopes=["plans:read"])]
PlansWrite = Annotated[Caller, Security(caller, scopes=["plans:write"])]
PeopleRead = Annotated[Caller, Security(caller, scopes=["people:read"])]
PeopleWrite = Annotated[Caller, Security(caller, scopes=["people:write"])]
GroupsRead = Annotated[Caller, Security(caller, scopes=["groups:read"])]
SourcesRead = Annotated[Caller, Security(caller, scopes=["sources:read"])]
SourcesWrite = Annotated[Caller, Security(caller, scopes=["sources:write"])]
ControlsRead = Annotated[Caller, Security(caller, scopes=["controls:read"])]
AttestationsRead = Annotated[Caller, Security(caller, scopes=["attestations:read"])]
ReportsRead = Annotated[Caller, Security(caller, scopes=["reports:read"])]
MessagesRead = Annotated[Caller, Security(caller, scopes=["messages:read"])]
MessagesWrite = Annotated[Caller, Security(caller, scopes=["messages:write"])]
AdvisoriesRead = Annotated[Caller, Security(caller, scopes=["advisories:read"])]
AdvisoriesWrite = Annotated[Caller, Security(caller, scopes=["advisories:write"])]
EventsRead = Annotated[Caller, Security(caller, scopes=["events:read"])]
AuditRead = Annotated[Caller, Security(caller, scopes=["audit:read"])]
AuditWrite = Annotated[Caller, Security(caller, scopes=["audit:write"])]
