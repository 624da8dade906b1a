"""Entra's token endpoint on loopback (TLS): discovery, and tokens for an app that proves itself.

    POST /{tenant}/oauth2/v2.0/token  <- secret | certificate's assertion | federated token  -> bearer token, or AADSTS…

Errors have the bodies that were recorded from a real tenant (August 2026). A token is shaped as a JWT; the fake Graph
asks `claims_of` whether it is one of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from certificates import Pair
from fakes.graph.assertions import App, Unproved, check, decoded, unsigned
from fakes.graph.faults import Fault, Faults
from fakes.graph.http import LoopbackServer, Reply, Request
from fakes.graph.shapes import encode
from fakes.graph.tenant import TENANT_ID
from worker.ops.clock import system_now

Json = dict[str, Any]
CLIENT_ID = "c0ffee00-7e57-4000-8000-00000000bbbb"
SECRET = "whosleft~s3cr3t.value"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRAPHS = frozenset(
    f"https://{host}"
    for host in (
        *("graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us"),
        "microsoftgraph.chinacloudapi.cn",
    )
)
LEAVE_DATE_ROLE = "User-LifeCycleInfo.Read.All"
ROLES = frozenset({"User.Read.All", LEAVE_DATE_ROLE, "GroupMember.Read.All"})


@dataclass(frozen=True, slots=True)
class Issued:
    """One token that was given out, and for what: `how` is secret, certificate, federated, managed or minted."""

    client_id: str
    how: str
    scope: str
    claims: Json | None
    token: str


class TokenServer(LoopbackServer):
    """One tenant's token endpoint. Everything public may be set at any time.

    apps        by client id; one app with a secret and ROLES is there
    lifetime_s  of a token; refresh_in_s is told to the client where it is set
    clock       the present, real by default: MSAL's assertions carry real time; set a shifted one for skew
    graphs      the resources that tokens can be had for
    faults      see graph_faults: 429, 5xx, broken bodies
    """

    def __init__(
        self, certificate: Pair, *, tenant_id: str = TENANT_ID, domain: str = "corp.example"
    ) -> None:
        super().__init__(certificate)
        self.tenant_id = tenant_id
        self.domain = domain
        self.apps = {CLIENT_ID: App(CLIENT_ID, set(ROLES), {SECRET: None})}
        self.lifetime_s = 3599
        self.refresh_in_s: int | None = None
        self.clock: Callable[[], datetime] = system_now
        self.graphs = set(GRAPHS)
        self.faults = Faults()
        self.issued: list[Issued] = []
        self._key = os.urandom(32)
        self._generation = 0

    @property
    def app(self) -> App:
        """The app that is there from the start."""
        return self.apps[CLIENT_ID]

    @property
    def authority(self) -> str:
        """What MSAL takes as `authority`."""
        return f"{self.url}/{self.tenant_id}"

    @property
    def endpoint(self) -> str:
        return f"{self.authority}/oauth2/v2.0/token"

    @property
    def token_requests(self) -> int:
        return len(self.seen("/oauth2/v2.0/token"))

    def revoke(self) -> None:
        """Make every token given out so far useless; a client that can do so is asked for new claims (CAE)."""
        self._generation += 1

    def mint(
        self, *roles: str, how: str = "minted", claims: Json | None = None, client_id: str = CLIENT_ID
    ) -> str:
        """Return a token with these roles, as if the app had been given it."""
        at = self.clock()
        payload = {
            "aud": "https://graph.microsoft.com",
            "iss": f"https://sts.windows.net/{self.tenant_id}/",
            "iat": int(at.timestamp()),
            "nbf": int(at.timestamp()),
            "exp": int((at + timedelta(seconds=self.lifetime_s)).timestamp()),
            "appid": client_id,
            "idtyp": "app",
            "oid": str(uuid.uuid5(uuid.NAMESPACE_URL, client_id)),
            "roles": sorted(roles),
            "tid": self.tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
            "xms_cc": _capabilities(claims),
            "generation": self._generation,
        }
        bare = unsigned({"typ": "JWT", "alg": "RS256", "kid": "fake"}, payload).rpartition(".")[0]
        token = unsigned({"typ": "JWT", "alg": "RS256", "kid": "fake"}, payload, self._signature(bare))
        self.issued.append(Issued(client_id, how, "", claims, token))
        return token

    def claims_of(self, token: str) -> Json | None:
        """Return what a token says, or None for one that isn't ours."""
        bare, _, signature = token.rpartition(".")
        try:
            if not hmac.compare_digest(decoded(signature), self._signature(bare)):
                return None
            claims: Json = json.loads(decoded(bare.split(".")[1]))
        except (ValueError, IndexError):
            return None
        return claims

    def is_revoked(self, claims: Json) -> bool:
        return int(claims["generation"]) < self._generation

    def answer(self, request: Request) -> Reply:
        fault = self.faults.take(request)
        if fault and fault.status:
            return fault.spoil(_oauth_fault(fault))
        reply = self._answer(request)
        return fault.spoil(reply) if fault else reply

    def _answer(self, request: Request) -> Reply:
        tenant, _, rest = request.path.lstrip("/").partition("/")
        try:
            self._check_tenant(tenant)
            if rest == "v2.0/.well-known/openid-configuration":
                return Reply(body=encode(self._discovery()))
            if rest == "oauth2/v2.0/token" and request.method == "POST":
                return Reply(
                    body=encode(self._token(request)), headers={"Cache-Control": "no-store, no-cache"}
                )
        except Unproved as refusal:
            return self._refused(refusal, request.headers.get("client-request-id", ""))
        return Reply(404, b"", "text/html")

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() not in {self.tenant_id, self.domain}:
            raise Unproved(
                90002,
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into "
                "the correct cloud. Check with your subscription administrator, this may happen if there are no active "
                "subscriptions for the tenant.",
                error="invalid_tenant",
                status=400,
            )

    def _discovery(self) -> Json:
        return {
            "token_endpoint": self.endpoint,
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "issuer": f"{self.authority}/v2.0",
            "authorization_endpoint": f"{self.authority}/oauth2/v2.0/authorize",
            "jwks_uri": f"{self.authority}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "tenant_region_scope": "EU",
        }

    def _token(self, request: Request) -> Json:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        grant = form.get("grant_type", "")
        if grant != "client_credentials":
            words = f"The app requested an unsupported grant type '{grant}'."
            raise Unproved(70003, words, error="unsupported_grant_type", status=400)
        app = self._app(form.get("client_id", ""))
        how = self._proof(app, form)
        self._check_scope(form.get("scope", ""))
        claims = json.loads(form["claims"]) if form.get("claims") else None
        token = self.mint(*app.roles, how=how, claims=claims, client_id=app.client_id)
        life = {"expires_in": self.lifetime_s, "ext_expires_in": self.lifetime_s}
        refresh = {} if self.refresh_in_s is None else {"refresh_in": self.refresh_in_s}
        return {"token_type": "Bearer", **life, **refresh, "access_token": token}

    def _app(self, client_id: str) -> App:
        app = self.apps.get(client_id)
        if app:
            return app
        try:
            is_id = uuid.UUID(client_id).int != 0
        except ValueError:
            is_id = False
        if not is_id:
            words = f"{client_id} is not a valid application identifier."
            raise Unproved(700038, words, error="unauthorized_client", status=400)
        raise Unproved(
            700016,
            f"Application with identifier '{client_id}' was not found in the directory '{self.tenant_id}'. This can "
            "happen if the application has not been installed by the administrator of the tenant or consented to by "
            "any user in the tenant. You may have sent your authentication request to the wrong tenant.",
            error="unauthorized_client",
            status=400,
        )

    def _proof(self, app: App, form: dict[str, str]) -> str:
        if "client_assertion" in form:
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                raise Unproved(
                    50027, "JWT token is invalid or malformed.", error="invalid_request", status=400
                )
            return check(app, form["client_assertion"], self.endpoint, self.clock())
        secret = form.get("client_secret", "")
        if not secret:
            words = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise Unproved(7000218, words)
        if secret not in app.secrets:
            raise Unproved(
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                f"value, not the client secret ID, for a secret added to app '{app.client_id}'.",
            )
        ends_at = app.secrets[secret]
        if ends_at and ends_at <= self.clock():
            raise Unproved(
                7000222,
                f"The provided client secret keys for app '{app.client_id}' are expired. Visit the Azure portal to "
                "create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate "
                "credentials for added security: https://aka.ms/certCreds.",
            )
        return "secret"

    def _check_scope(self, scope: str) -> None:
        resource, dot, rest = scope.rpartition("/.default")
        if not dot or rest:
            words = (
                f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value "
                "with /.default suffixed to the resource identifier (application ID URI)."
            )
            raise Unproved(1002012, words, error="invalid_scope", status=400)
        if resource not in self.graphs:
            raise Unproved(
                500011,
                f"The resource principal named {resource} was not found in the tenant named {self.tenant_id}. This can "
                "happen if the application has not been installed by the administrator of the tenant or consented to "
                "by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
                error="invalid_resource",
                status=400,
            )

    def _refused(self, refusal: Unproved, correlation_id: str) -> Reply:
        trace_id, correlation = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
        at = self.clock().strftime("%Y-%m-%d %H:%M:%SZ")
        body: Json = {
            "error": refusal.error,
            "error_description": f"AADSTS{refusal.number}: {refusal.words} Trace ID: {trace_id} "
            f"Correlation ID: {correlation} Timestamp: {at}",
            "error_codes": [refusal.number],
            "timestamp": at,
            "trace_id": trace_id,
            "correlation_id": correlation,
        }
        if refusal.number in {7000215, 7000222, 500011, 90002, 70021, 700016}:
            body["error_uri"] = f"https://{_host(self.url)}/error?code={refusal.number}"
        return Reply(refusal.status, encode(body))

    def _signature(self, bare: str) -> bytes:
        return hmac.digest(self._key, bare.encode(), hashlib.sha256)


def _capabilities(claims: Json | None) -> list[str]:
    found = ((claims or {}).get("access_token") or {}).get("xms_cc") or {}
    return list(found.get("values", []))


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _oauth_fault(fault: Fault) -> Reply:
    body = fault.body
    if body is None:
        body = encode({"error": fault.code or "temporarily_unavailable", "error_description": fault.message})
    return Reply(fault.status or 500, body, fault.content_type)
