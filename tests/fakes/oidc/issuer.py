"""An OpenID provider on loopback (TLS) that says yes at once: whoever comes is the user a test has chosen.

    GET  {path}/.well-known/openid-configuration
    GET  {path}/authorize     -> 302 to redirect_uri with code and state, or with an error
    POST {path}/token         <- client_secret | client_assertion, code, code_verifier, redirect_uri -> id_token (RS256)
    GET  {path}/keys          the public key

A code is good once, for its redirect address, its verifier and one minute. `path` may be empty; `/TENANT/v2.0` makes
it look like Entra ID to a client whose authority is `url/TENANT`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from certificates import Pair
from fakes.graph.http import LoopbackServer, Reply, Request
from worker.ops.clock import system_now

Json = dict[str, Any]
CLIENT_ID = "7e570000-de5c-4000-8000-0000000000aa"
SECRET = "desk~s3cr3t.value+/="
TENANT = "0f0f0f0f-1111-4222-8333-444444444444"
REDIRECT_URI = "https://whosleft.example.org/login/callback"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CODE_LIFE = timedelta(minutes=1)
KEY_ID = "fake-1"


class Fault(StrEnum):
    """What goes wrong while it is in `faults`."""

    WRONG_NONCE = "the token has another nonce"
    NO_NONCE = "the token has no nonce"
    EXPIRED = "the token ended an hour ago"
    NOT_YET = "the token starts in an hour"
    WRONG_AUDIENCE = "the token is for another client"
    WRONG_ISSUER = "the token is another issuer's"
    OVERAGE = "groups are somewhere else, as Entra ID says it of more than 200"
    DENIED = "authorize sends back access_denied"
    NO_ID_TOKEN = "the answer has an access token alone"
    TORN_ID_TOKEN = "the ID token is no JWT"
    LIST_FOR_CLAIMS = "the ID token's claims are a list"
    NO_JSON = "the token endpoint answers a gateway's page"
    TOKEN_500 = "the token endpoint answers 500"
    TOKEN_429 = "the token endpoint has too much to do, for an hour"
    TOKEN_302 = "the token endpoint sends the client elsewhere"
    DISCOVERY_500 = "discovery answers 500"
    DISCOVERY_404 = "discovery answers 404"
    DISCOVERY_NO_JSON = "discovery answers a gateway's page"
    DISCOVERY_EMPTY = "discovery answers {}"
    OTHER_ISSUER = "discovery names another issuer on the same host"
    PLAIN_AUTHORIZE = "discovery names a sign-in page over http"
    TORN_AUTHORIZE = "discovery names a sign-in page whose address is none"
    PLAIN_TOKEN = "discovery names a token endpoint over http"


@dataclass(frozen=True, slots=True)
class User:
    """Whoever signs in: their claims, besides those of every token."""

    sub: str
    claims: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Code:
    asked: Mapping[str, str]
    user: User
    until: datetime
    is_used: bool = False


class _Refused(Exception):
    def __init__(self, error: str, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.error, self.words, self.status = error, words, status


class OidcIssuer(LoopbackServer):
    """Everything public may be set at any time; what was given out is kept for a test to look for."""

    def __init__(self, certificate: Pair, *, path: str = "/realms/staff") -> None:
        super().__init__(certificate)
        self.path = path
        self.user = User("u-1", {"name": "Ada Lovelace", "email": "ada@example.org", "roles": ["operator"]})
        self.secret = SECRET
        self.trusted_assertion: str | None = None
        self.redirect_uris = {REDIRECT_URI}
        self.faults: set[Fault] = set()
        self.token_error: Json | None = None  # what the token endpoint answers, with 400
        self.slow_s = 0.0
        self.drip_s = 0.0  # between two bytes of a body
        self.headers: dict[str, str] = {}  # of every answer
        self.clock: Callable[[], datetime] = system_now
        self.given_out: list[str] = [SECRET]  # codes, tokens and verifiers, which no text of ours may have
        self._codes: dict[str, _Code] = {}
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def issuer(self) -> str:
        return f"{self.url}{self.path}"

    def answer(self, request: Request) -> Reply:
        reply = self._answer(request)
        return Reply(
            reply.status,
            reply.body,
            reply.content_type,
            {**reply.headers, **self.headers, "Set-Cookie": "fpc=of-one-person; Path=/; Secure"},
            slow_s=self.slow_s,
            drip_s=self.drip_s,
        )

    def _answer(self, request: Request) -> Reply:
        match request.method, request.path.removeprefix(self.path):
            case "GET", "/.well-known/openid-configuration":
                return self._discovery()
            case "GET", "/keys":
                return _json({"keys": [self._public_key()]})
            case "GET", "/authorize":
                return self._authorize(request.query)
            case "POST", "/token":
                return self._token_reply(dict(parse_qsl(request.body.decode(), keep_blank_values=True)))
            case _:
                return Reply(404, b"<html>Not found</html>", "text/html")

    # --- Discovery --------------------------------------------------------------------------------------------------

    def _discovery(self) -> Reply:
        if Fault.DISCOVERY_500 in self.faults:
            return Reply(500, b"<html>Oops</html>", "text/html")
        if Fault.DISCOVERY_404 in self.faults:
            return _json({"error": "invalid_tenant"}, 404)
        if Fault.DISCOVERY_NO_JSON in self.faults:
            return Reply(200, b"<html>Log in to the hotel's network</html>", "text/html")
        if Fault.DISCOVERY_EMPTY in self.faults:
            return _json({})
        page = f"{self._page('http' if Fault.PLAIN_AUTHORIZE in self.faults else 'https')}/authorize"
        token = self._page("http" if Fault.PLAIN_TOKEN in self.faults else "https")
        return _json(
            {
                "issuer": f"{self.url}/realms/other" if Fault.OTHER_ISSUER in self.faults else self.issuer,
                "authorization_endpoint": "https://[" if Fault.TORN_AUTHORIZE in self.faults else page,
                "token_endpoint": f"{token}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _page(self, scheme: str) -> str:
        return urlsplit(self.issuer)._replace(scheme=scheme).geturl()

    def _public_key(self) -> Json:
        numbers = self._key.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        n, e = (_b64(number.to_bytes(length)) for number, length in ((numbers.n, size), (numbers.e, 3)))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, "n": n, "e": e}

    # --- The browser's part -----------------------------------------------------------------------------------------

    def _authorize(self, query: Mapping[str, str]) -> Reply:
        redirect_uri = query.get("redirect_uri", "")
        if query.get("client_id") != CLIENT_ID or redirect_uri not in self.redirect_uris:
            return Reply(400, b"<html>Unknown client or redirect address</html>", "text/html")
        sent = {"state": query["state"]} if "state" in query else {}
        if Fault.DENIED in self.faults:
            words = "AADSTS65004: User declined to consent to access the app."
            sent |= {"error": "access_denied", "error_description": words}
        elif why := _wrong_request(query):
            sent |= {"error": "invalid_request", "error_description": why}
        else:
            code = secrets.token_urlsafe(24)
            self._codes[code] = _Code(dict(query), self.user, self.clock() + CODE_LIFE)
            self.given_out.append(code)
            sent |= {"code": code}
        return Reply(302, b"", "", {"Location": f"{redirect_uri}?{urlencode(sent)}"})

    # --- The desk's part --------------------------------------------------------------------------------------------

    def _token_reply(self, form: Mapping[str, str]) -> Reply:
        if Fault.TOKEN_500 in self.faults:
            return Reply(500, b'{"error": "server_error"}')
        if Fault.TOKEN_429 in self.faults:
            return _json({"error": "temporarily_unavailable"}, 429, {"Retry-After": "3600"})
        if Fault.TOKEN_302 in self.faults:
            return Reply(307, b"", "text/html", {"Location": f"{self.url}/elsewhere"})
        if Fault.NO_JSON in self.faults:
            return Reply(403, f"<html>Blocked: {form.get('code')}</html>".encode(), "text/html")
        if self.token_error is not None:
            return _json(self.token_error, 400)
        try:
            self._check_client(form)
            code = self._redeemed(form)
        except _Refused as refused:
            words = f"{refused.words} (code {form.get('code')}, secret {form.get('client_secret')})"
            return _json({"error": refused.error, "error_description": words}, refused.status)
        return _json(self._tokens(code), headers={"Cache-Control": "no-store"})

    def _check_client(self, form: Mapping[str, str]) -> None:
        is_assertion = form.get("client_assertion_type") == ASSERTION_TYPE
        proof = form.get("client_assertion") if is_assertion else form.get("client_secret")
        wanted = self.trusted_assertion if is_assertion else self.secret
        if form.get("client_id") != CLIENT_ID or proof is None or proof != wanted:
            raise _Refused("invalid_client", "Invalid client credentials", 401)

    def _redeemed(self, form: Mapping[str, str]) -> _Code:
        if form.get("grant_type") != "authorization_code":
            raise _Refused("unsupported_grant_type", "Only authorization_code")
        code = self._codes.get(form.get("code", ""))
        if code is None or code.is_used or self.clock() > code.until:
            raise _Refused("invalid_grant", "Code not valid")
        code.is_used = True
        verifier = form.get("code_verifier", "")
        self.given_out.append(verifier)
        if _b64(hashlib.sha256(verifier.encode()).digest()) != code.asked["code_challenge"]:
            raise _Refused("invalid_grant", "PKCE verification failed")
        if form.get("redirect_uri") != code.asked["redirect_uri"]:
            raise _Refused("invalid_grant", "Incorrect redirect_uri")
        return code

    def _tokens(self, code: _Code) -> Json:
        access_token = secrets.token_urlsafe(32)
        answer = {"token_type": "Bearer", "expires_in": 300, "access_token": access_token}
        answer["scope"] = code.asked["scope"]
        if Fault.NO_ID_TOKEN not in self.faults:
            answer["id_token"] = self._id_token(code)
        self.given_out += [access_token, str(answer.get("id_token", access_token))]
        return answer

    def _id_token(self, code: _Code) -> str:
        if Fault.TORN_ID_TOKEN in self.faults:
            return secrets.token_urlsafe(40)
        claims: Any = [] if Fault.LIST_FOR_CLAIMS in self.faults else self._claims(code)
        return self.signed(claims)

    def signed(self, claims: Any) -> str:
        """Return a JWT (RS256) with these claims."""
        head = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
        bare = ".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
        return f"{bare}.{_b64(self._key.sign(bare.encode(), padding.PKCS1v15(), SHA256()))}"

    def _claims(self, code: _Code) -> Json:
        at_s = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": code.user.sub,
            "iat": at_s,
            "exp": at_s + 300,
            "nonce": code.asked.get("nonce"),
            **code.user.claims,
        }
        return {name: value for name, value in (claims | self._spoilt(claims)).items() if value is not None}

    def _spoilt(self, claims: Json) -> Json:
        hour_s = 3600
        wrong: dict[Fault, Json] = {
            Fault.WRONG_NONCE: {"nonce": "0" * 64},
            Fault.NO_NONCE: {"nonce": None},
            Fault.EXPIRED: {"iat": claims["iat"] - 2 * hour_s, "exp": claims["iat"] - hour_s},
            Fault.NOT_YET: {"nbf": claims["iat"] + hour_s},
            Fault.WRONG_AUDIENCE: {"aud": "7e570000-de5c-4000-8000-0000000000bb"},
            Fault.WRONG_ISSUER: {"iss": f"{self.url}/realms/other"},
            Fault.OVERAGE: {
                "groups": None,
                "_claim_names": {"groups": "src1"},
                "_claim_sources": {"src1": {"endpoint": f"{self.url}/users/getMemberObjects"}},
            },
        }
        return {name: value for fault in self.faults for name, value in wrong.get(fault, {}).items()}


def _wrong_request(query: Mapping[str, str]) -> str:
    if query.get("response_type") != "code":
        return "response_type must be code"
    if "openid" not in query.get("scope", "").split():
        return "scope must have openid"
    if not query.get("code_challenge") or query.get("code_challenge_method") != "S256":
        return "PKCE with S256 is required"
    return "" if query.get("nonce") and query.get("state") else "state and nonce are required"


def _json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(body).encode(), headers=headers or {})


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
