"""The meaning of a refused token: mend the configuration, try later, or ask the tenant's administrator.

Codes: Microsoft's "Microsoft Entra authentication and authorization error codes" (AADSTS…), and recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from connectors.kit.graph.answers import for_support
from connectors.kit.graph.config import AppConfig
from connectors.kit.http import WAIT_MAX_S
from worker.ports import AuthFailed, BadConfig, ConnectorError, Transient

# After a refusal msal answers from memory for this time, so asking sooner does not reach anybody
REFUSAL_S = 61.0
OUTAGE_S = 6.0
# code -> (what it means, what to do)
_MEANINGS = {
    7000215: ("the client secret is wrong", "Put the secret's value, not its id, into the credential."),
    7000222: ("the client secret has expired", "Make a new one in the app registration."),
    700016: (
        "the app is not known in this tenant",
        "Check client_id and tenant_id, and that it was consented to.",
    ),
    90002: ("there is no such tenant", "Check tenant_id and cloud."),
    900023: ("there is no such tenant", "Check tenant_id and cloud."),
    700027: (
        "the certificate is not one of the app's, or has ended",
        "Upload it to the app registration, or give the right one.",
    ),
    700024: (
        "the assertion is not valid at this time",
        "Check this computer's clock, and what renews the token file.",
    ),
    70021: ("no federated credential fits the token", "Compare its issuer and subject with the app's."),
    700211: ("no federated credential fits the token's issuer", "Compare the issuer with the app's."),
    700212: ("no federated credential fits the token's audience", "It has to be api://AzureADTokenExchange."),
    700213: ("no federated credential fits the token's subject", "Compare namespace and service account."),
    700038: ("client_id is no app's id", "Copy the Application (client) ID from the app registration."),
    500011: (
        "what the token is for is not known in this tenant",
        "Check cloud and graph_url: they have to belong together.",
    ),
    53003: (
        "a conditional access policy refuses the app",
        "Exclude the app, or let it in from this network.",
    ),
    7000112: ("the app is disabled", "Enable it under Enterprise applications."),
}
_BUSY = frozenset({"temporarily_unavailable", "server_error", "timeout"})
# Statuses of the machine's own endpoint for a mistake of ours; all others are temporary (404, 410, 429 and 5xx)
_MACHINE_REFUSES = frozenset({
    "invalid_request", "invalid_resource", "unauthorized_client", "access_denied", "unknown_source",
    "bad_request_102", "unsupported_response_type", "invalid_scope",
})  # fmt: skip
_OURS = frozenset({"invalid_resource", "invalid_tenant"})  # codes for errors in the configuration
_GATEWAY = frozenset({403, 407, 408, 429})  # statuses below 500 that a proxy in between may give for a while
_AGAIN = "Check the network, the proxy and its certificates; it is tried again by itself."
_TEXT_MAX = 100


def refusal(name: str, config: AppConfig, answer: Mapping[str, Any]) -> ConnectorError:
    """The error for an answer without a token; msal gives it as a dictionary.

    The trace id is in the remedy, since it differs each time: the message has to stay the same while the trouble does.
    """
    codes = _codes(answer)
    error = _short(answer.get("error")) or "no token"
    is_machine = config.credential.managed_identity
    if error in _BUSY or (is_machine and error not in _MACHINE_REFUSES):
        return Transient(
            f"{name}: {_where(config)} is busy ({error}).",
            remedy="It is tried again by itself.",
            retry_after_s=OUTAGE_S if is_machine else REFUSAL_S,
        )
    meaning, remedy = next((_MEANINGS[code] for code in codes if code in _MEANINGS), ("", ""))
    shown = f"AADSTS{codes[0]}" if codes else error
    message = (
        f"{name}: no token for {config.client_id or 'the managed identity'}: {meaning or error} ({shown})."
    )
    trace = for_support("trace", _short(answer.get("trace_id")))
    if error in _OURS:
        return BadConfig(message, remedy=(remedy or "Check cloud and graph_url.") + trace)
    remedy = remedy or "Look the code up at https://login.microsoftonline.com/error."
    return AuthFailed(message, remedy=remedy + trace)


def outage(name: str, config: AppConfig, error: Exception) -> ConnectorError:
    """The error for a sign-in service that can't be reached, fails, or gives an answer that can't be understood.

    Only the exception's name is shown: its text may hold a part of a token.
    """
    response = error.response if isinstance(error, requests.RequestException) else None
    if response is not None:
        return _unusable(name, config, response)
    return Transient(
        f"{name}: {_where(config)} can't be asked for a token ({type(error).__name__}).",
        remedy=_AGAIN,
        retry_after_s=OUTAGE_S,
    )


def _unusable(name: str, config: AppConfig, response: requests.Response) -> ConnectorError:
    """The error for an answer that does not concern our token: from a gateway, or for an unknown tenant."""
    status, asked_s = response.status_code, _asked_s(response)
    is_refusal = 400 <= status < 500 and status not in _GATEWAY  # noqa: PLR2004  the classes of HTTP
    said = _json(response)
    if is_refusal and _codes(said):
        return refusal(name, config, said)
    word = f" ({word})" if (word := _short(said.get("error"))) else ""
    message = f"{name}: {_where(config)} answered {status}{word} when it was asked for a token."
    if is_refusal and asked_s is None:
        return BadConfig(message, remedy="Check tenant_id, cloud and authority.")
    return Transient(message, remedy=_AGAIN, retry_after_s=max(OUTAGE_S, (asked_s or 0) + 1))


def _asked_s(response: requests.Response) -> float | None:
    """The wait that the sign-in service asks for; it is in seconds."""
    text = response.headers.get("Retry-After", "").strip()
    return min(float(text), WAIT_MAX_S) if text.isascii() and text.isdecimal() else None


def _json(response: requests.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _codes(answer: Mapping[str, Any]) -> list[int]:
    given = answer.get("error_codes")
    return [code for code in given if type(code) is int] if isinstance(given, list) else []


def _short(said: Any) -> str:
    return " ".join(said.split())[:_TEXT_MAX] if isinstance(said, str) else ""


def _where(config: AppConfig) -> str:
    return "the managed identity's endpoint" if config.credential.managed_identity else config.login
