"""The OpenID provider, through msal's client: discovered once, asked with time-outs; no token is kept.

msal can raise any exception, with a code or a token in its text: none leaves this module, not even as the context
of another. msal's log is not shown: it logs unreadable answers completely.
"""

from __future__ import annotations

import logging
import ssl
import warnings
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import msal
import requests
from requests.adapters import HTTPAdapter

from worker.desk.refusals import SignInRefused, failed, misconfigured, odd, told

DISCOVERY = "/.well-known/openid-configuration"
CONNECT_S = 5.0
_BUSY = frozenset({408, 429})
_TENANT_FREE = "{tenantid}"  # in the issuer of addresses that accept any tenant
_ONE_AT_A_TIME = Lock()
_Answer = TypeVar("_Answer")

logging.getLogger("msal").setLevel(logging.CRITICAL + 1)


class Registration(Protocol):
    """The provider, and our registration there; see `worker.desk.sign_in.Rules`."""

    @property
    def is_entra(self) -> bool: ...

    @property
    def address(self) -> str: ...

    @property
    def client_id(self) -> str: ...

    @property
    def secret(self) -> str | None: ...

    @property
    def federated_token_file(self) -> str | None: ...

    @property
    def ca_file(self) -> str | None: ...


def host_of(address: str) -> str:
    """The provider's name in messages."""
    return urlsplit(address).hostname or "the identity provider"


class Provider:
    """One discovered provider; making it asks the provider. Threads may share it. Raises SignInRefused."""

    def __init__(self, registration: Registration, base_dir: Path, read_s: float) -> None:
        self.host = host_of(registration.address)
        self._registration = registration
        self._base_dir = base_dir
        self.has_failed = False  # since its discovery: it may have moved, or have another certificate
        self._session = _Session(_trusting(registration, base_dir), read_s)
        try:
            self.issuer = self._find()
            self._app = self._guarded(self._new_app)
        except SignInRefused:
            self.close()
            raise

    def close(self) -> None:
        """End the connections. Idempotent."""
        self._session.close()

    def begin(self, redirect_uri: str) -> dict[str, Any]:
        """Start a flow: it has the browser's next address (`auth_uri`), and the data for `redeem`. No network."""
        return self._guarded(lambda: self._new_flow(redirect_uri))

    def redeem(self, flow: Mapping[str, Any], code: str) -> Mapping[str, Any]:
        """Exchange the code for an ID token; return its claims. msal has only compared the nonce.

        The provider accepts a code only once, so a second call is refused.
        """
        # A copy, since msal removes parts of the flow. It gets only the necessary part of the browser's query.
        given, query = dict(flow), {"state": flow["state"], "code": code}
        answer = self._guarded(lambda: self._app.acquire_token_by_auth_code_flow(given, query))
        if "error" in answer:
            raise told(self.host, answer)
        claims = answer.get("id_token_claims")
        if not isinstance(claims, dict):
            raise odd(self.host, "no ID token")
        return claims

    def _new_flow(self, redirect_uri: str) -> dict[str, Any]:
        # Entra ID's profile already has an address; more scopes would need an administrator's or user's consent
        scopes = [] if self._registration.is_entra else ["email"]
        # The answer comes as a query. msal warns about that (RFC 9700 4.3.1: the code stays in the browser's history),
        # but PKCE and codes for one use prevent misuse. A form posted by the provider would come without our cookies,
        # which are SameSite.
        with (
            _ONE_AT_A_TIME,
            warnings.catch_warnings(),
        ):  # this changes the warnings of the whole process
            warnings.filterwarnings("ignore", "response_mode=", UserWarning)
            flow: dict[str, Any] = self._app.initiate_auth_code_flow(scopes=scopes, redirect_uri=redirect_uri)
        return flow

    def _guarded(self, call: Callable[[], _Answer]) -> _Answer:
        """Call msal; raise a refusal instead of any exception of msal's."""
        try:
            return call()
        except SignInRefused:  # for one of our files
            raise
        except Exception as error:  # noqa: BLE001  see above
            self.has_failed = True
            refused = failed(self.host, error)
        raise refused

    def _find(self) -> str:
        """Discover the issuer's own name, which its tokens have. msal checks less, and for Entra ID nothing."""
        address = self._registration.address
        found = self._guarded(
            lambda: self._discovery(f"{address}/v2.0" if self._registration.is_entra else address)
        )
        issuer = found.get("issuer")
        if not isinstance(issuer, str) or not issuer or _TENANT_FREE in issuer:
            raise odd(self.host, "it names no issuer")
        if not self._registration.is_entra and issuer.rstrip("/") != address:
            raise misconfigured(
                f"{self.host} calls itself another issuer than the configuration does.",
                f"desk.sign_in.issuer has to be what {address}{DISCOVERY} says.",
            )
        return issuer

    def _discovery(self, address: str) -> Mapping[str, Any]:
        response = self._session.get(f"{address}{DISCOVERY}")
        status = response.status_code
        if status != 200:  # noqa: PLR2004
            keys = "tenant_id, cloud and authority" if self._registration.is_entra else "issuer"
            raise misconfigured(
                f"{self.host} has no OpenID configuration at the address that is configured (it answered {status}).",
                f"check {keys} of desk.sign_in.",
            )
        found = response.json()
        if not isinstance(found, dict):
            raise odd(self.host, "its OpenID configuration is none")
        return found

    def _new_app(self) -> Any:
        address = self._registration.address
        if self._registration.is_entra:
            where = {"authority": address}
        else:
            # msal refuses an issuer without a path, such as Google's. This path means the same: requests removes
            # the dot (RFC 3986 5.2.4), and we have compared the issuer ourselves.
            where = {"oidc_authority": address if urlsplit(address).path else f"{address}/."}
        app = msal.ConfidentialClientApplication(
            self._registration.client_id,
            client_credential=self._credential(),
            **where,
            http_client=self._session,
            token_cache=_Forgetful(),
            exclude_scopes=["offline_access"],  # we need no refresh token
            # The operator has set the address, so msal need not look up whether it is valid or has other names
            instance_discovery=False,
            azure_region=False,  # else MSAL_FORCE_REGION, which is for other programs, would lead to another host
        )
        # msal has refused a token endpoint without https; the keys are not fetched
        if urlsplit(app.authority.authorization_endpoint).scheme != "https":
            raise odd(self.host, "its sign-in page has no https address")
        return app

    def _credential(self) -> Any:
        secret = self._registration.secret
        if secret is not None:
            return secret
        return {"client_assertion": self._token}

    def _token(self) -> str:
        """The federated token; it is read at each use, since it is renewed meanwhile."""
        file = self._registration.federated_token_file or ""
        try:
            token = (self._base_dir / file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            message = f"This desk can't prove to {self.host} who it is: its token file can't be read ({why})."
            refused = misconfigured(message, "check desk.sign_in.federated_token_file, and who may read it.")
        else:
            if token:
                return token
            message = f"This desk can't prove to {self.host} who it is: its token file is empty."
            refused = misconfigured(message, "check what writes desk.sign_in.federated_token_file.")
        raise refused


class _Forgetful(msal.TokenCache):  # type: ignore[misc]  # msal publishes no types
    """A cache that keeps no tokens: we only need to know who a person is, not to act in their name."""

    def add(self, event: Mapping[str, Any], now: float | None = None) -> None:
        """Keep nothing."""


def _trusting(registration: Registration, base_dir: Path) -> ssl.SSLContext:
    """A context that trusts the system's authorities, and those of the file."""
    context = ssl.create_default_context()
    if registration.ca_file is None:
        return context
    try:
        context.load_verify_locations(base_dir / registration.ca_file)
    except OSError as error:  # ssl.SSLError is one
        why = getattr(error, "strerror", None) or type(error).__name__
    else:
        return context
    raise misconfigured(
        f"The certificates for {host_of(registration.address)} can't be read ({why}).",
        "desk.sign_in.tls.ca_file has to be a PEM file (BEGIN CERTIFICATE).",
    )


class _Trusting(HTTPAdapter):
    """Trusts the context's authorities, and no others: not certifi's list or REQUESTS_CA_BUNDLE."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._tls)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._tls)

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(*args, **{**kwargs, "verify": True})

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the context verifies, and authorities loaded here would be trusted, too."""


class _Session(requests.Session):
    """A session with a time-out, which msal's own lacks. It follows no redirect, which could take a secret along.

    It keeps no cookies, since it is shared by everybody who signs in. msal must not cache answers either: it would
    repeat a "busy" one, or any with Retry-After, to everybody else who signs in within that time.
    """

    def __init__(self, tls: ssl.SSLContext, read_s: float) -> None:
        super().__init__()
        self._timeout = (CONNECT_S, read_s)
        self.mount("https://", _Trusting(tls))
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        ours = {"timeout": self._timeout, "allow_redirects": False, "stream": True}
        response = super().request(*args, **{**kwargs, **ours})
        response._content = self._whole(response)  # noqa: SLF001  requests knows a time-out of silence alone
        if response.status_code in _BUSY or response.status_code >= 500:  # noqa: PLR2004  the classes of HTTP
            raise requests.HTTPError(response=response)
        response.headers.pop("Retry-After", None)
        return response

    def _whole(self, response: requests.Response) -> bytes:
        """The body, which has to come within the time in which a silent provider is given up."""
        until_s, body = monotonic() + self._timeout[1], bytearray()
        with response:
            for piece in response.iter_content(1):  # a larger piece would be waited for
                body += piece
                if monotonic() > until_s:
                    raise requests.ReadTimeout
        return bytes(body)
