"""Tokens for Graph, by msal as it is meant to be used.

One app for the life of the process, built when the first token is wanted (building it asks the network). msal
keeps and renews tokens; it also replays errors from memory (a refusal for 60 s, an outage for 5), which is why
our waits are longer.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import msal
import requests
from cryptography import x509

from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.token_errors import outage, refusal
from worker.ports import BadConfig

TIMEOUT_S = 20
FAILED = 500
CAPABILITIES = ["CP1"]  # we understand claims challenges


class Tokens:
    """Gives a token that is good now. Threads may share it."""

    def __init__(self, config: EntraConfig, base_dir: Path, name: str) -> None:
        self._config = config
        self._base_dir = base_dir
        self._name = name
        self._scope = f"{config.graph}/.default"
        ca_file = config.tls.ca_file
        self._session = _Session(str(base_dir / ca_file) if ca_file else None)
        self._app: Any = None
        self._lock = Lock()

    def get(self, claims: str | None = None) -> str:
        """A bearer token; `claims` (JSON) is what Graph wants proven anew. Raises ConnectorError."""
        with self._lock:
            try:
                answer = self._ask(claims)
            except (
                requests.RequestException,
                msal.exceptions.MsalServiceError,
                json.JSONDecodeError,  # a gateway's page for people
            ) as error:
                raise outage(self._name, self._config, error) from None
            except (ValueError, TypeError) as error:
                if isinstance(error.__context__, json.JSONDecodeError):  # half of a discovery document
                    raise outage(self._name, self._config, error.__context__) from None
                # TypeError: a key with a passphrase that was not given
                raise BadConfig(
                    f"{self._name}: sign-in can't be set up: {error}",
                    remedy="Check authority, tenant_id, and the private key with its passphrase.",
                ) from None
        token = answer.get("access_token")
        if not token:
            raise refusal(self._name, self._config, answer)
        return str(token)

    def forget(self) -> None:
        """Drop a token that Graph has refused, so that the next one is new."""
        with self._lock:
            if self._app is not None and not self._config.credential.managed_identity:
                self._app.remove_tokens_for_client()

    def close(self) -> None:
        """Let go of connections. Idempotent."""
        self._session.close()

    def _ask(self, claims: str | None) -> Mapping[str, Any]:
        if self._app is None:
            self._app = self._new_app()
        if self._config.credential.managed_identity:
            answer: Mapping[str, Any] = self._app.acquire_token_for_client(resource=self._config.graph)
        else:
            answer = self._app.acquire_token_for_client(scopes=[self._scope], claims_challenge=claims)
        return answer

    def _new_app(self) -> Any:
        if self._config.credential.managed_identity:
            identity = (
                msal.UserAssignedManagedIdentity(client_id=self._config.client_id)
                if self._config.client_id
                else msal.SystemAssignedManagedIdentity()
            )
            return msal.ManagedIdentityClient(identity, http_client=self._session)
        is_lab = self._config.authority is not None
        return msal.ConfidentialClientApplication(
            self._config.client_id,
            client_credential=self._credential(),
            authority=self._config.login,
            client_capabilities=CAPABILITIES,
            http_client=self._session,
            instance_discovery=False if is_lab else None,
        )

    def _credential(self) -> Any:
        given = self._config.credential
        if given.secret is not None:
            return given.secret.get_secret_value()
        if given.certificate_file is not None and given.private_key_file is not None:
            found: dict[str, Any] = {
                "private_key": self._read(given.private_key_file),
                "public_certificate": self._read(given.certificate_file),
            }
            if given.passphrase is not None:
                found["passphrase"] = given.passphrase.get_secret_value()
            return found
        file = given.federated_token_file or ""
        read: Callable[[], str] = lambda: self._read(file).strip()  # noqa: E731  each time: it is renewed under us
        return {"client_assertion": read}

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


class _Session(requests.Session):
    """With a time-out, which msal's own has not, and with our authorities: the environment's would go first."""

    def __init__(self, ca_file: str | None) -> None:
        super().__init__()
        self._ca_file = ca_file

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", TIMEOUT_S)
        if self._ca_file is not None:
            kwargs["verify"] = self._ca_file
        response = super().request(*args, **kwargs)
        if (
            response.status_code >= FAILED
        ):  # only for an exception msal falls back on a token that is still good
            response.raise_for_status()
        return response


def roles_in(token: str) -> frozenset[str] | None:
    """The permissions that a token names, for messages only: Graph's tokens are not ours to read."""
    try:
        body = token.split(".")[1]
        values = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return frozenset(values.get("roles", ()))
    except (ValueError, IndexError, AttributeError):
        return None


def certificate_ends_at(config: EntraConfig, base_dir: Path) -> datetime | None:
    """When the app's certificate ends (aware UTC); None for another credential, or one that can't be read."""
    if config.credential.certificate_file is None:
        return None
    try:
        data = (base_dir / config.credential.certificate_file).read_bytes()
        return x509.load_pem_x509_certificate(data).not_valid_after_utc.astimezone(UTC)
    except (OSError, ValueError):
        return None
