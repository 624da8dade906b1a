"""What a refused token means: mend the configuration, try later, or ask the tenant's administrator.

Codes: Microsoft's "Microsoft Entra authentication and authorization error codes" (AADSTS…), and recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.directory.entra.config import EntraConfig
from worker.ports import AuthFailed, BadConfig, ConnectorError, Transient

# msal answers from memory for so long after an outage; asking sooner asks nobody
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
        "the certificate is not one of the app's",
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
    500011: ("Graph is not known in this tenant", "Check cloud and graph_url: they have to belong together."),
    53003: (
        "a conditional access policy refuses the app",
        "Exclude the app, or let it in from this network.",
    ),
    7000112: ("the app is disabled", "Enable it under Enterprise applications."),
}
_BUSY = frozenset({"temporarily_unavailable", "server_error", "timeout"})
# What the machine's own endpoint says of a mistake of ours; whatever else it says passes (404, 410, 429 and 5xx)
_MACHINE_REFUSES = frozenset({
    "invalid_request", "invalid_resource", "unauthorized_client", "access_denied", "unknown_source",
    "bad_request_102", "unsupported_response_type", "invalid_scope",
})  # fmt: skip


def refusal(name: str, config: EntraConfig, answer: Mapping[str, Any]) -> ConnectorError:
    """The error for an answer without a token; msal gives it as a dictionary."""
    codes = [code for code in answer.get("error_codes") or () if isinstance(code, int)]
    error = str(answer.get("error", "no token"))
    is_machine = config.credential.managed_identity
    if error in _BUSY or (is_machine and error not in _MACHINE_REFUSES):
        where = "the managed identity's endpoint" if is_machine else config.login
        return Transient(
            f"{name}: {where} is busy ({error}).",
            remedy="It is tried again by itself.",
            retry_after_s=OUTAGE_S,
        )
    meaning, remedy = next((_MEANINGS[code] for code in codes if code in _MEANINGS), ("", ""))
    shown = f"AADSTS{codes[0]}" if codes else error
    trace = answer.get("trace_id")
    detail = f"{shown}, trace {trace}" if trace else shown
    message = (
        f"{name}: no token for {config.client_id or 'the managed identity'}: {meaning or error} ({detail})."
    )
    if error == "invalid_resource":
        return BadConfig(message, remedy=remedy or "Check cloud and graph_url.")
    return AuthFailed(
        message, remedy=remedy or "Look the code up at https://login.microsoftonline.com/error."
    )


def outage(name: str, config: EntraConfig, error: Exception) -> Transient:
    """The error for a sign-in service that can't be reached or fails itself."""
    where = "the managed identity's endpoint" if config.credential.managed_identity else config.login
    return Transient(
        f"{name}: {where} can't be asked for a token ({type(error).__name__}).",
        remedy="Check the network, the proxy and its certificates; it is tried again by itself.",
        retry_after_s=OUTAGE_S,
    )
