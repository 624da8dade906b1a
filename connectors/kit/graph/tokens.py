"""Tokens for Graph and for Exchange Online, by msal.

There is one msal app for the life of the process, built for the first token (building it uses the network). msal
keeps and renews tokens. It also replays a refusal from memory for 60 s, so our waits are longer.

No exception of msal leaves this module: an odd answer can make it raise anything. msal's log is not shown: it
logs unreadable answers completely, with the token in them.
"""

from __future__ import annotations

import base64
import json
import logging
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import msal
import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from requests.adapters import HTTPAdapter

from connectors.kit import http as _http
from connectors.kit.graph.config import AppConfig
from connectors.kit.graph.token_errors import outage, refusal
from worker.ports import BadConfig, Concern, ConnectorError

TIMEOUT_S = 20
CAPABILITIES = ["CP1"]  # we understand claims challenges
DISCOVERY = "/.well-known/openid-configuration"

logging.getLogger("msal").setLevel(logging.CRITICAL + 1)


class Tokens:
    """Gives valid tokens for one resource, such as Graph's address. Threads may share it."""

    def __init__(self, config: AppConfig, resource: str, base_dir: Path, name: str) -> None:
        self._config = config
        self._base_dir = base_dir
        self._name = name
        self._resource = resource
        self._session: _Session | None = None
        self._app: Any = None
        self._lock = Lock()

    def get(self, claims: str | None = None) -> str:
        """A bearer token; `claims` (JSON) are those that Graph wants proven again. Raises ConnectorError."""
        with self._lock:
            try:
                answer = self._ask(claims)
            except ConnectorError:  # for one of our files
                raise
            except Exception as error:  # noqa: BLE001  see above
                raise outage(self._name, self._config, error) from None
        token = answer.get("access_token")
        if not token:
            raise refusal(self._name, self._config, answer)
        if not (isinstance(token, str) and token.isascii() and token.isprintable() and " " not in token):
            raise outage(self._name, self._config, ValueError("no token could be in a header like this"))
        return token

    def forget(self) -> None:
        """Drop a token that Graph has refused, so that the next one is new. Does not use the network.

        Drops the whole app, since an app for a machine's identity has no way to drop a token.
        """
        with self._lock:
            self._app = None

    def close(self) -> None:
        """End the connections. Idempotent."""
        if self._session is not None:
            self._session.close()

    def _ask(self, claims: str | None) -> Mapping[str, Any]:
        if self._app is None:
            self._app = self._new_app()
        wanted = (
            {"resource": self._resource}
            if self._config.credential.managed_identity
            else {"scopes": [f"{self._resource}/.default"]}
        )
        answer: Mapping[str, Any] = self._app.acquire_token_for_client(**wanted, claims_challenge=claims)
        if not isinstance(answer, dict):
            raise TypeError("no JSON object")
        return answer

    def _new_app(self) -> Any:
        if self._session is None:
            ca_file = self._config.tls.ca_file
            self._session = _Session(_http.trusting(self._base_dir / ca_file if ca_file else None))
        if self._config.credential.managed_identity:
            identity = (
                msal.UserAssignedManagedIdentity(client_id=self._config.client_id)
                if self._config.client_id
                else msal.SystemAssignedManagedIdentity()
            )
            return msal.ManagedIdentityClient(identity, http_client=self._session)
        return msal.ConfidentialClientApplication(
            self._config.client_id,
            client_credential=self._credential(),
            authority=self._config.login,
            client_capabilities=CAPABILITIES,
            http_client=self._session,
            # The address is ours or the operator's, so msal need not look up whether it is valid or has other names
            instance_discovery=False,
        )

    def _credential(self) -> Any:
        given = self._config.credential
        if given.secret is not None:
            return given.secret.get_secret_value()
        if given.certificate_file is not None and given.private_key_file is not None:
            passphrase = given.passphrase.get_secret_value() if given.passphrase is not None else None
            found = {
                "private_key": self._private_key(given.private_key_file, passphrase),
                "public_certificate": self._certificate(given.certificate_file),
            }
            return found if passphrase is None else found | {"passphrase": passphrase}
        file = given.federated_token_file or ""
        read: Callable[[], str] = lambda: self._read(file).strip()  # noqa: E731  read each time, since it is renewed
        return {"client_assertion": read}

    def _private_key(self, file: str, passphrase: str | None) -> str:
        text = self._read(file)
        try:
            key = load_pem_private_key(text.encode(), passphrase.encode() if passphrase is not None else None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: only one has a passphrase
            raise BadConfig(
                f"{self._name}: {file} can't be used as a private key ({type(error).__name__}).",
                remedy="Give it as a PEM file, with its passphrase if it has one, and without one if it has none.",
            ) from None
        if not isinstance(key, RSAPrivateKey):
            raise BadConfig(
                f"{self._name}: {file} holds a key that is not RSA.",
                remedy="Entra ID takes no other: make an RSA key, and a certificate for it.",
            )
        return text

    def _certificate(self, file: str) -> str:
        text = self._read(file)
        try:
            x509.load_pem_x509_certificate(text.encode())
        except (ValueError, x509.InvalidVersion):
            raise BadConfig(
                f"{self._name}: {file} holds no certificate that can be read.",
                remedy="Give it as a PEM file (BEGIN CERTIFICATE).",
            ) from None
        return text

    def _read(self, file: str) -> str:
        path = self._base_dir / file
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfig(
                f"{self._name}: {file} can't be read: {getattr(error, 'strerror', None) or error}.",
                remedy="Check the path, and that this process may read the file.",
            ) from None
        if not text.strip():
            raise BadConfig(f"{self._name}: {file} is empty.", remedy="Check what writes the file.")
        return text


class _Trusting(HTTPAdapter):
    """Trusts the same authorities as Graph's connections, and no others: not certifi's list or REQUESTS_CA_BUNDLE."""

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

    It raises an exception for each answer that does not concern our token: of a gateway, of a busy service, or for an
    unknown tenant. Only after an exception does msal use a token that is still valid, and it can't replay such an
    answer from memory.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__()
        self.mount("https://", _Trusting(tls))

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", TIMEOUT_S)
        response = super().request(*args, **{**kwargs, "allow_redirects": False})
        if not _is_a_word_on_our_token(response):
            raise requests.HTTPError(response=response)
        return response


def _is_a_word_on_our_token(response: requests.Response) -> bool:
    status = response.status_code
    if status < 300:  # noqa: PLR2004  the classes of HTTP
        return True
    is_refusal = 400 <= status < 500 and status not in {408, 429}  # noqa: PLR2004
    is_discovery = urlsplit(response.url).path.endswith(DISCOVERY)
    return is_refusal and not is_discovery and "Retry-After" not in response.headers


def roles_in(token: str) -> frozenset[str] | None:
    """The permissions that a token names: a hint, since Microsoft promises no format of Graph's tokens to apps."""
    try:
        body = token.split(".")[1]
        values = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        roles = values.get("roles", [])
    except (ValueError, IndexError, AttributeError, RecursionError):
        return None
    return frozenset(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else None


def certificate_ends_at(config: AppConfig, base_dir: Path) -> datetime | None:
    """When the app's certificate ends (aware UTC); None for another credential, or an unreadable certificate."""
    if config.credential.certificate_file is None:
        return None
    try:
        data = (base_dir / config.credential.certificate_file).read_bytes()
        return x509.load_pem_x509_certificate(data).not_valid_after_utc.astimezone(UTC)
    except (OSError, ValueError, x509.InvalidVersion):
        return None


def certificate_concerns(config: AppConfig, base_dir: Path) -> tuple[Concern, ...]:
    """The app's certificate, if it has one. When a secret ends, only the tenant's administrators see."""
    ends_at = certificate_ends_at(config, base_dir)
    if ends_at is None:
        return ()
    message = "The app signs in with this certificate."
    remedy = "Upload a new one to the app registration, and give it here."
    return (Concern("the app's certificate", message, remedy, ends_at),)
