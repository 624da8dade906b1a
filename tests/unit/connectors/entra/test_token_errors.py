"""What a refused token means: each code with its meaning and remedy, and what is only a matter of time."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.directory.entra.config import EntraConfig
from connectors.kit.graph.token_errors import OUTAGE_S, REFUSAL_S, outage, refusal
from worker.ports import AuthFailed, BadConfig, Transient

CLIENT = "c0ffee00-7e57-4000-8000-00000000bbbb"
MSAL_REPLAYS_S = 60.0  # a refusal, from its memory


def config(**changes: Any) -> EntraConfig:
    least = {"tenant_id": "corp.example", "client_id": CLIENT, "credential": {"secret": "s"}}
    return EntraConfig.model_validate(least | changes)


def machine() -> EntraConfig:
    return EntraConfig.model_validate({"credential": {"managed_identity": True}})


def answer(code: int, error: str = "invalid_client") -> dict[str, Any]:
    words = f"AADSTS{code}: words of Microsoft's."
    return {"error": error, "error_codes": [code], "error_description": words, "trace_id": "trace-1"}


@pytest.mark.parametrize(
    "code, meaning, remedy",
    [
        (7000215, "the client secret is wrong", "Put the secret's value, not its id, into the credential."),
        (7000222, "the client secret has expired", "Make a new one in the app registration."),
        (90002, "there is no such tenant", "Check tenant_id and cloud."),
        (700038, "client_id is no app's id", "Copy the Application (client) ID from the app registration."),
        (
            700213,
            "no federated credential fits the token's subject",
            "Compare namespace and service account.",
        ),
        (
            700016,
            "the app is not known in this tenant",
            "Check client_id and tenant_id, and that it was consented to.",
        ),
        (
            700027,
            "the certificate is not one of the app's, or has ended",
            "Upload it to the app registration, or give the right one.",
        ),
        (
            700024,
            "the assertion is not valid at this time",
            "Check this computer's clock, and what renews the token file.",
        ),
    ],
)
def test_a_code_is_shown_with_what_it_means_and_what_to_do(code: int, meaning: str, remedy: str) -> None:
    error = refusal("tenant", config(), answer(code))

    assert isinstance(error, AuthFailed)
    assert error.message == f"tenant: no token for {CLIENT}: {meaning} (AADSTS{code})."
    assert error.remedy == f"{remedy} For Microsoft's support: trace trace-1."


def test_the_same_trouble_has_the_same_message_each_time() -> None:
    first, second = (
        refusal("tenant", config(), answer(7000215) | {"trace_id": trace}) for trace in ("t1", "t2")
    )

    assert first.message == second.message
    assert first.remedy != second.remedy


def test_a_code_that_nobody_knows_can_be_looked_up() -> None:
    error = refusal("tenant", config(), answer(999999, "unauthorized_client"))

    assert str(error) == (
        f"tenant: no token for {CLIENT}: unauthorized_client (AADSTS999999). "
        "Look the code up at https://login.microsoftonline.com/error. For Microsoft's support: trace trace-1."
    )


@pytest.mark.parametrize(
    "code, word, remedy",
    [
        (500011, "invalid_resource", "Check cloud and graph_url: they have to belong together."),
        (90002, "invalid_tenant", "Check tenant_id and cloud."),
    ],
)
def test_what_the_tenant_does_not_know_is_a_matter_of_the_configuration(
    code: int, word: str, remedy: str
) -> None:
    error = refusal("tenant", config(), answer(code, word))

    assert isinstance(error, BadConfig)
    assert error.remedy.startswith(remedy)


@pytest.mark.parametrize("said", [{}, {"error": "x", "error_codes": None}, {"error_codes": ["7000215"]}])
def test_an_answer_without_anything_is_still_a_refusal(said: dict[str, Any]) -> None:
    assert isinstance(refusal("tenant", config(), said), AuthFailed)


@pytest.mark.parametrize("error", ["temporarily_unavailable", "server_error", "timeout"])
def test_a_busy_sign_in_is_asked_again_after_msal_has_forgotten(error: str) -> None:
    busy = refusal("tenant", config(), {"error": error})

    assert isinstance(busy, Transient)
    assert busy.message == (f"tenant: https://login.microsoftonline.com/corp.example is busy ({error}).")
    assert busy.retry_after_s == REFUSAL_S > MSAL_REPLAYS_S


@pytest.mark.parametrize("error", ["unknown", "not_found", "too_many_requests", "gone"])
def test_a_machine_s_endpoint_that_passes_through_an_upgrade_is_asked_again(error: str) -> None:
    busy = refusal("tenant", machine(), {"error": error})

    assert isinstance(busy, Transient)
    assert busy.message == f"tenant: the managed identity's endpoint is busy ({error})."


def test_a_machine_without_that_identity_is_a_refusal() -> None:
    error = refusal("tenant", machine(), {"error": "invalid_request", "error_description": "Not found"})

    assert isinstance(error, AuthFailed)
    assert error.message == "tenant: no token for the managed identity: invalid_request (invalid_request)."


@pytest.mark.parametrize(
    "asked, where",
    [
        (config(), "https://login.microsoftonline.com/corp.example"),
        (machine(), "the managed identity's endpoint"),
    ],
)
def test_an_outage_names_the_place_and_not_what_was_sent(asked: EntraConfig, where: str) -> None:
    error = outage("tenant", asked, ConnectionError("client_secret=s3cr3t"))

    assert isinstance(error, Transient)
    assert error.message == f"tenant: {where} can't be asked for a token (ConnectionError)."
    assert error.retry_after_s == OUTAGE_S
