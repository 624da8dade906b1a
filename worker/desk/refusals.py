"""Reasons why a sign-in is refused, in words that the person or the people who run Whosleft can act on.

Data from a provider or a browser may hold codes and tokens, or be forged. Only known words of it, the numbers of
Entra's errors, and the provider's host are shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from worker.domain.text.tongue import ENGLISH, N_, Tongue

# Error codes of OAuth 2.0, OpenID Connect Core and their registry, by their meaning for the person who signs in
_DENIED = frozenset({"access_denied"})
_BUSY = frozenset({"server_error", "temporarily_unavailable", "slow_down"})
_WANTS_MORE = frozenset({
    "login_required", "interaction_required", "consent_required", "account_selection_required",
})  # fmt: skip
_OVER = frozenset({"invalid_grant"})
_CREDENTIAL = frozenset({"invalid_client"})
_REQUEST = frozenset({
    "invalid_request", "invalid_request_object", "invalid_request_uri", "invalid_scope", "invalid_resource",
    "invalid_tenant", "unauthorized_client", "unsupported_grant_type", "unsupported_response_type",
    "request_not_supported", "request_uri_not_supported", "registration_not_supported",
})  # fmt: skip
_KNOWN = frozenset().union(_DENIED, _BUSY, _WANTS_MORE, _OVER, _CREDENTIAL, _REQUEST)
# Microsoft's "authentication and authorization error codes": those with a remedy of their own
_AADSTS = {
    50011: "add this desk's address to the registration's redirect addresses (platform: Web).",
    50105: "assign this account, or a group of it, to the app under Enterprise applications.",
    53003: "a conditional access policy keeps this account or place out of the app.",
    65001: "an administrator of the tenant has to consent to the app.",
    700016: "client_id or tenant_id of desk.sign_in is wrong.",
    7000215: "the client secret is wrong; give its value, not its id.",
    7000222: "the client secret has expired; make a new one in the app registration.",
    700024: "the federated token is not valid at this time; check what renews its file, and the clock.",
    70021: "no federated credential of the app fits the token; compare issuer and subject.",
    700211: "no federated credential of the app fits the token's issuer.",
    700212: "the federated token's audience has to be api://AzureADTokenExchange.",
    700213: "no federated credential of the app fits the token's subject.",
}
_NUMBER = re.compile(r"AADSTS([0-9]{4,8})\b")


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence to say later in the reader's language: its English text, and the values for its {places}."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)

    def said(self, tongue: Tongue) -> str:
        """The sentence; a text without a translation stays English."""
        return tongue.say(self.text, **self.values)


def words(text: str, **values: str) -> Words:
    """A sentence with its values."""
    return Words(text, values)


AGAIN = words(N_("Sign in again."))
LATER = words(N_("Try again in a few minutes; if it stays, tell the people who run Whosleft."))
_AGAIN_OR_TELL = words(N_("Sign in again. If it stays, tell the people who run Whosleft."))


class SignInRefused(Exception):
    """The sign-in is refused. Both texts are whole sentences and may be shown to anybody."""

    def __init__(self, message: Words, remedy: Words) -> None:
        self._words = (message, remedy)
        super().__init__(self.said(ENGLISH))

    @property
    def message(self) -> str:
        """What happened, in English."""
        return self._words[0].said(ENGLISH)

    @property
    def remedy(self) -> str:
        """What helps, in English."""
        return self._words[1].said(ENGLISH)

    def said(self, tongue: Tongue) -> str:
        """Both in the reader's language. A text for the people who run Whosleft stays English, like their manual."""
        return " ".join(part.said(tongue) for part in self._words)


def told(host: str, answer: Mapping[str, Any]) -> SignInRefused:
    """The refusal for an error that the provider states, in the browser's query or in its answer."""
    error = answer.get("error")
    word = error if isinstance(error, str) and error in _KNOWN else "an unknown error"
    number = _number(answer)
    shown = f"{word}, AADSTS{number}" if number else word
    if number in _AADSTS:
        return SignInRefused(
            words(N_("{host} did not sign you in ({shown})."), host=host, shown=shown), _tell(_AADSTS[number])
        )
    if word in _DENIED:
        message = N_("Signing in was cancelled, or {host} keeps this account out ({shown}).")
        remedy = N_("Sign in again. If it stays, ask for access to Whosleft.")
        return SignInRefused(words(message, host=host, shown=shown), words(remedy))
    if word in _BUSY:
        return SignInRefused(_cannot_now(host, shown), LATER)
    if word in _WANTS_MORE:
        message = N_("{host} wants something from you first ({shown}).")
        return SignInRefused(words(message, host=host, shown=shown), AGAIN)
    if word in _OVER:
        message = N_("This sign-in was used already, or took too long ({shown}).")
        return SignInRefused(words(message, shown=shown), AGAIN)
    if word in _CREDENTIAL:
        return misconfigured(
            f"{host} does not accept this desk's credential ({shown}).",
            "check client_id and the secret or token file of desk.sign_in.",
        )
    return misconfigured(
        f"{host} refuses this desk's request ({shown}).",
        "check the desk's registration there, its redirect address and its scopes.",
    )


def failed(host: str, error: Exception) -> SignInRefused:
    """The refusal for an exception; only its name is shown, since its text may hold a token."""
    name = type(error).__name__
    if isinstance(error, requests.exceptions.SSLError):
        return misconfigured(
            f"The certificate of {host} is not trusted ({name}).",
            f"if {host} has a certificate of your own authority, name it in desk.sign_in.tls.ca_file.",
        )
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return SignInRefused(_cannot_now(host, f"it answered {error.response.status_code}"), LATER)
    if isinstance(error, OSError) and not isinstance(error, requests.exceptions.InvalidJSONError):
        message = N_("{host} can't be reached ({shown}).")
        return SignInRefused(words(message, host=host, shown=name), LATER)
    return odd(host, name)


def odd(host: str, what: str) -> SignInRefused:
    """The refusal for an answer that does not prove an identity; `what` is our own word for it."""
    message = N_("What {host} answered proves nothing about you ({shown}).")
    return SignInRefused(words(message, host=host, shown=what), _AGAIN_OR_TELL)


def busy(host: str) -> SignInRefused:
    """The refusal for people who queue behind others for a provider that does not answer."""
    return SignInRefused(words(N_("{host} has not answered yet."), host=host), LATER)


def misconfigured(message: str, remedy: str) -> SignInRefused:
    """The refusal for an error that only the people who run Whosleft can mend; the remedy follows a colon."""
    return SignInRefused(words("{message}", message=message), _tell(remedy))


def _tell(remedy: str) -> Words:
    return words(N_("Tell the people who run Whosleft: {remedy}"), remedy=remedy)


def _cannot_now(host: str, shown: str) -> Words:
    return words(N_("{host} can't sign anybody in now ({shown})."), host=host, shown=shown)


def _number(answer: Mapping[str, Any]) -> int | None:
    """Entra's error number, from its own list or from the description."""
    codes = answer.get("error_codes")
    if isinstance(codes, list) and codes and type(codes[0]) is int:
        return codes[0]
    described = answer.get("error_description")
    found = _NUMBER.search(described) if isinstance(described, str) else None
    return int(found[1]) if found else None
