"""Microsoft Graph on loopback: rights, faults, headers and batches around the routes.

    request -> fault? -> token and rights -> route -> Reads | UserDelta | Subscriptions -> JSON with Graph's headers

Everything is under /v1.0.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from certificates import Pair
from fakes.graph.calls import ANY, Call, Route, page
from fakes.graph.delta import UserDelta
from fakes.graph.faults import Fault, Faults, claims_header, limited_info
from fakes.graph.http import LoopbackServer, Reply, Request
from fakes.graph.reads import Allowed
from fakes.graph.routes import Routes
from fakes.graph.shapes import Refused, bad_request, encode, error_body
from fakes.graph.subscriptions import Subscriptions
from fakes.graph.teams import Teams
from fakes.graph.tenant import FakeTenant
from fakes.graph.tokens import CLIENT_ID, LEAVE_DATE_ROLE, TokenServer

Json = dict[str, Any]
VERSION = "/v1.0"
BATCH_MAX = 20
TOO_MANY = 429
LEAVE_DATE_ROLES = frozenset({LEAVE_DATE_ROLE, "User-LifeCycleInfo.ReadWrite.All"})
DIAGNOSTIC = (
    '{"ServerInfo":{"DataCenter":"UK South","Slice":"E","Ring":"5","ScaleUnit":"000","RoleInstance":"LN2PE"}}'
)
TOLD_FROM = 0.8  # of the limit


class GraphServer(LoopbackServer):
    """One tenant's Graph. Tests set `delta.settings`, `faults`, `leave_date` and what is in `tenant`.

    leave_date  what $select=employeeLeaveDateTime does without its permission: `refused` (403), `absent` or `null`
    clock_ahead_s  how far the Date header is ahead of the tenant's clock
    units       resource units that were spent
    limit_share  the share of the app's limit that is used, as good answers tell above 0.8
    """

    def __init__(self, tenant: FakeTenant, tokens: TokenServer, certificate: Pair | None = None) -> None:
        super().__init__(certificate)
        self.tenant = tenant
        self.tokens = tokens
        self.faults = Faults()
        self.delta = UserDelta(tenant, self.root)
        self.subscriptions = Subscriptions(tenant)
        self.leave_date: Literal["refused", "absent", "null"] = "refused"
        self.clock_ahead_s = 0.0
        self.units = 0
        self.limit_share = 0.0
        self.teams = Teams(tenant, self.root)
        routes = Routes(
            tenant,
            self.root,
            delta=self.delta,
            subscriptions=self.subscriptions,
            teams=self.teams,
            allowed=self._allowed,
        )
        self._routes = (*routes.table(), Route.of("POST", r"/\$batch", self._batch, ANY))
        tokens.graphs.add(self.url)

    def root(self) -> str:
        """Where links and contexts start: the address and the version."""
        return self.url + VERSION

    def answer(self, request: Request) -> Reply:
        fault = self.faults.take(request)
        client_id = request.headers.get("client-request-id", "")
        if fault and fault.status:
            reply = fault.spoil(self._fault(fault, client_id))
        else:
            reply = self._answer(request, client_id)
            reply = fault.spoil(reply) if fault else reply
        return self._with_headers(reply, client_id)

    # --- one request ----------------------------------------------------------------------------------------

    def _answer(self, request: Request, client_id: str) -> Reply:
        try:
            claims = self._claims(request)
            return self._routed(request, claims)
        except Refused as refused:
            return self._refusal(refused, client_id)

    def _routed(self, request: Request, claims: Json) -> Reply:
        path = request.path.removeprefix(VERSION)
        if path == request.path:
            raise bad_request("Invalid version.", "BadRequest")
        for route in self._routes:
            found = route.pattern.fullmatch(path)
            if found and route.method == request.method:
                parts = found.groupdict()
                call = Call(request, claims, parts.get("key") or "", parts)
                if route.roles and route.roles.isdisjoint(call.roles):
                    raise Refused(
                        403,
                        "Authorization_RequestDenied",
                        "Insufficient privileges to complete the operation.",
                    )
                told = self._spent(route, request)
                reply = route.answer(call)
                if self.leave_date == "null" and LEAVE_DATE_ROLES.isdisjoint(call.roles):
                    reply = limited_info("employeeLeaveDateTime").spoil(reply)
                return reply.with_headers(**told)
        name = path.strip("/").split("/")[0]
        raise bad_request(f"Resource not found for the segment '{name}'.", "BadRequest")

    def _spent(self, route: Route, request: Request) -> dict[str, str]:
        """What a good answer tells of the limits of identity and access; subscriptions have others."""
        if not route.units:
            return {}
        units = _units(route.units, request)
        self.units += units
        told = {"x-ms-resource-unit": str(units)}
        if self.limit_share > TOLD_FROM:
            told["x-ms-throttle-limit-percentage"] = str(self.limit_share)
        return told

    def _claims(self, request: Request) -> Json:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if not token or kind.lower() != "bearer":
            raise _unauthorized("Access token is empty.")
        claims = self.tokens.claims_of(token)
        if claims is None:
            raise _unauthorized("IDX14100: JWT is not well formed, there are no dots (.).")
        if claims["exp"] <= self.tokens.clock().timestamp():
            raise _unauthorized("Lifetime validation failed, the token is expired.")
        if claims["tid"] != self.tenant.id:
            raise Refused(404, "Request_ResourceNotFound", "The tenant was not found.")
        if self.tokens.is_revoked(claims):
            if "cp1" not in {each.lower() for each in claims["xms_cc"]}:
                raise _unauthorized("Access token has expired or is not yet valid.")
            wanted = {"access_token": {"nbf": {"essential": True, "value": str(claims["iat"])}}}
            raise Refused(
                401,
                "InvalidAuthenticationToken",
                "Continuous access evaluation resulted in challenge with result: InteractionRequired.",
                WWW_Authenticate=claims_header(json.dumps(wanted)),
            )
        return claims

    def _refusal(self, refused: Refused, client_id: str) -> Reply:
        body = error_body(refused.code, refused.message, str(uuid.uuid4()), client_id, self.tenant.now)
        return Reply(refused.status, encode(body), headers=refused.headers)

    def _fault(self, fault: Fault, client_id: str) -> Reply:
        body = fault.body
        if body is None:
            body = encode(
                error_body(fault.code, fault.message, str(uuid.uuid4()), client_id, self.tenant.now)
            )
        told = {}
        if fault.status == TOO_MANY:
            told["x-ms-throttle-scope"] = f"Tenant_Application/ReadWrite/{CLIENT_ID}/{self.tenant.id}"
            told["x-ms-throttle-information"] = "ResourceUnitLimitExceeded"
        return Reply(fault.status or 500, body, fault.content_type, told)

    def _with_headers(self, reply: Reply, client_id: str) -> Reply:
        request_id = str(uuid.uuid4())
        if reply.body.startswith(b'{"error"'):
            found = re.search(rb'"request-id":\s?"([^"]+)"', reply.body)
            request_id = found[1].decode() if found else request_id
        return reply.with_headers(
            **{
                "request-id": request_id,
                "client-request-id": client_id or request_id,
                "x-ms-ags-diagnostic": DIAGNOSTIC,
                "Date": format_datetime(self.tenant.now + timedelta(seconds=self.clock_ahead_s), usegmt=True),
                "Strict-Transport-Security": "max-age=31536000",
                "Cache-Control": "no-cache",
            }
        )

    # --- rights ---------------------------------------------------------------------------------------------

    def _allowed(self, call: Call) -> Allowed:
        """A check of selected names: the leave date needs a permission of its own, and so do sign-ins."""

        def check(names: tuple[str, ...]) -> tuple[str, ...]:
            if "signInActivity" in names and "AuditLog.Read.All" not in call.roles:
                raise Refused(
                    403,
                    "Authentication_MSGraphPermissionMissing",
                    "The principal does not have required Microsoft Graph permission(s): AuditLog.Read.All to call "
                    "this API.",
                )
            if "employeeLeaveDateTime" in names and LEAVE_DATE_ROLES.isdisjoint(call.roles):
                if self.leave_date == "refused":
                    raise Refused(
                        403,
                        "Authorization_RequestDenied",
                        "Insufficient privileges to complete the operation.",
                    )
                if self.leave_date == "absent":
                    return tuple(name for name in names if name != "employeeLeaveDateTime")
            return names

        return check

    # --- batches --------------------------------------------------------------------------------------------

    def _batch(self, call: Call) -> Reply:
        requests = call.body.get("requests")
        if not isinstance(requests, list) or not requests:
            raise bad_request("Invalid batch payload format.", "BadRequest")
        if len(requests) > BATCH_MAX:
            raise bad_request(
                f"Number of batch request steps exceeds the maximum value of {BATCH_MAX}.", "BadRequest"
            )
        if len({each.get("id") for each in requests}) < len(requests):
            raise bad_request("Request Id has to be unique in a batch.", "BadRequest")
        return page({"responses": [self._one_of_batch(call.request, each) for each in requests]})

    def _one_of_batch(self, outer: Request, one: Json) -> Json:
        parts = urlsplit(one["url"])
        query = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        inner = {name.lower(): value for name, value in one.get("headers", {}).items()}
        request = Request(
            one["method"],
            VERSION + "/" + unquote(parts.path).lstrip("/"),
            query,
            {"authorization": outer.headers.get("authorization", ""), **inner},
            encode(one["body"]) if "body" in one else b"",
            VERSION + "/" + one["url"].lstrip("/"),
        )
        reply = self.answer(request)
        answer = {"id": one["id"], "status": reply.status, "headers": {"Content-Type": reply.content_type}}
        if "Retry-After" in reply.headers:
            answer["headers"]["Retry-After"] = reply.headers["Retry-After"]
        if reply.body:
            is_json = reply.content_type.startswith("application/json")
            answer["body"] = json.loads(reply.body) if is_json else reply.body.decode()
        return answer


def _unauthorized(message: str) -> Refused:
    return Refused(
        401,
        "InvalidAuthenticationToken",
        message,
        WWW_Authenticate='Bearer realm="", authorization_uri="https://login.example.org/common/oauth2/authorize"',
    )


def _units(base: int, request: Request) -> int:
    """Resource units as "Microsoft Graph service-specific throttling limits" counts them."""
    top = request.query.get("$top", "")
    units = base - ("$select" in request.query) + ("$expand" in request.query)
    return max(1, units - (top.isdecimal() and int(top) < 20))
