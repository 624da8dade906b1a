"""Sign in to the console through an OpenID provider: Entra ID, or any other.

    begin(redirect_uri, now) -> Started     send the browser to `url`, keep `flow`
    finish(flow, query, now) -> SignedIn    the browser is back: the person, and their roles

msal does the authorization-code flow with state, nonce and PKCE; `id_token` has the checks that msal leaves to us.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any, Protocol

from worker.desk.id_token import RoleRules, SignedIn, check, identity
from worker.desk.provider import Provider, Registration, host_of
from worker.desk.refusals import AGAIN, SignInRefused, busy, odd, told, words
from worker.domain.text.tongue import N_

__all__ = ["Rules", "SignIn", "SignInRefused", "SignedIn", "Started"]

FLOW_LIFE = timedelta(minutes=15)  # to type a password, find the phone, and read a message on it
FOUND_FOR = timedelta(hours=1)  # then the provider is discovered again: its sign-in page may have moved
READ_S = 10.0  # of silence, or for a whole body, before the provider counts as unreachable
ASKING_MAX = 16  # threads that may wait for the provider, of the desk's 40
_KEPT = ("state", "nonce", "code_verifier", "redirect_uri", "scope")  # of msal's flow


class Rules(Registration, RoleRules, Protocol):
    """The configuration of signing in (`desk.sign_in`), by attribute.

    is_entra        Entra ID, or another OpenID provider
    address         https, without a slash at the end: the tenant's authority, or the issuer
    client_id       of the desk's registration, which proves itself by one of
    secret          the client secret, in the clear
    federated_token_file
    ca_file         certificates to trust besides the system's; both files start from the configuration's folder
    claim           which claim of the ID token gives roles
    role_values     the claim's values by the name of the role that they give
    """


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in that has begun. `flow` is JSON of less than 1 kB, and works for one `finish` within FLOW_LIFE.

    It belongs only to this browser: keep it in a signed cookie (HttpOnly, SameSite=Lax), or on our side with its key
    in one. Forget it after `finish`, even if that failed.
    """

    url: str = field(repr=False)
    flow: dict[str, Any] = field(repr=False)


class SignIn:
    """Signs people in at one provider. Making it uses no network; threads may share it."""

    def __init__(self, rules: Rules, base_dir: Path, *, read_s: float = READ_S) -> None:
        self._rules = rules
        self._base_dir = base_dir
        self._read_s = read_s
        self._host = host_of(rules.address)
        self._known: Provider | None = None
        self._found_at = datetime.min.replace(tzinfo=UTC)
        self._finding = Lock()
        self._turns = BoundedSemaphore(ASKING_MAX)

    def begin(self, redirect_uri: str, now: datetime) -> Started:
        """Begin a sign-in. `redirect_uri` is ours, as registered at the provider.

        The first call discovers the provider, and the first one of each hour since; if that fails, the next one tries
        again. Raises SignInRefused.
        """
        with self._turn():
            if not timedelta() <= now - self._found_at < FOUND_FOR:
                self.close()
            flow = self._provider(now).begin(redirect_uri)
        kept = {name: flow[name] for name in _KEPT}
        return Started(flow["auth_uri"], {**kept, "begun_s": int(now.timestamp())})

    def finish(self, flow: Mapping[str, Any], query: Mapping[str, str], now: datetime) -> SignedIn:
        """The person who came back with this query; `flow` is from `begin`, for the same browser.

        Raises SignInRefused for anything else, including a second call with the same flow.
        """
        _check_flow(flow, now)
        if not _are_equal(flow["state"], query.get("state", "")):
            raise SignInRefused(
                words(N_("This is the answer to another sign-in than the one begun here.")), AGAIN
            )
        with self._turn():
            provider = self._provider(now)
        # RFC 9207: if a provider names itself in the answer, it must be the one that was asked
        if query.get("iss", provider.issuer) != provider.issuer:
            raise odd(self._host, "another provider sent it")
        if "error" in query:
            raise told(self._host, query)
        if not query.get("code"):
            raise odd(self._host, "no code")
        claims = self._redeemed(provider, flow, query["code"])
        check(claims, issuer=provider.issuer, client_id=self._rules.client_id, host=self._host, now=now)
        return identity(claims, self._rules, self._host)

    def close(self) -> None:
        """End the connections; the next call discovers the provider again. Idempotent."""
        known, self._known = self._known, None
        if known is not None:
            known.close()

    def _redeemed(self, provider: Provider, flow: Mapping[str, Any], code: str) -> Mapping[str, Any]:
        try:
            with self._turn():
                return provider.redeem(flow, code)
        finally:
            if provider.has_failed:
                self.close()  # so that the next call discovers it again

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Limit the threads that ask the provider, so that forged codes can't block the desk's other pages."""
        if not self._turns.acquire(blocking=False):
            raise busy(self._host)
        try:
            yield
        finally:
            self._turns.release()

    def _provider(self, now: datetime) -> Provider:
        """The provider, discovered by the first caller; other callers wait for that only for a limited time."""
        known = self._known
        if known is not None:
            return known
        if not self._finding.acquire(timeout=self._read_s):
            raise busy(self._host)
        try:
            if self._known is None:
                self._known, self._found_at = Provider(self._rules, self._base_dir, self._read_s), now
            return self._known
        finally:
            self._finding.release()


def _check_flow(flow: Mapping[str, Any], now: datetime) -> None:
    texts = [flow.get(name) for name in ("state", "nonce", "code_verifier", "redirect_uri")]
    begun_s, scope = flow.get("begun_s"), flow.get("scope")
    is_ours = all(isinstance(text, str) and text for text in texts) and isinstance(scope, list)
    if not is_ours or not isinstance(begun_s, int):
        message = N_("No sign-in was begun in this browser, or its cookies are blocked.")
        raise SignInRefused(words(message), AGAIN)
    if now.timestamp() - begun_s > FLOW_LIFE.total_seconds():
        raise SignInRefused(words(N_("This sign-in took too long.")), AGAIN)


def _are_equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
