"""The keys of a `kind: gowa` inventory in the configuration file."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator

from connectors.kit.calls import CallsConfig
from connectors.kit.whatsapp import GatewayConfig

EVERY = timedelta(minutes=30)  # the default pace of reads: a linked phone that asks often is noticed
DEFAULT_SECRET = "secret"  # noqa: S105  what GOWA signs with until somebody changes it: everybody knows it


class GowaConfig(GatewayConfig):
    """What an inventory of GOWA is configured with, besides `name` and `kind`."""

    user: str = Field(
        min_length=1, pattern=r"^[^:\r\n]+$", description="The user of GOWA's basic authentication."
    )
    password: SecretStr = Field(description="Their password: ${file:…} or ${env:…}.")
    device: str | None = Field(
        default=None,
        min_length=1,
        pattern=r"^[!-~]+$",
        description="The device in GOWA that the phone is linked to; needed where it has several.",
    )

    @field_validator("password")
    @classmethod
    def _is_given(cls, password: SecretStr) -> SecretStr:
        if not password.get_secret_value():
            raise ValueError("the password is empty")
        return password

    @field_validator("calls")
    @classmethod
    def _has_a_secret_of_its_own(cls, calls: CallsConfig | None) -> CallsConfig | None:
        if calls is not None and calls.secret.get_secret_value() == DEFAULT_SECRET:
            raise ValueError(
                f'the secret is "{DEFAULT_SECRET}", which everybody knows since GOWA has it by default; '
                "set another one there, with --webhook-secret, and here"
            )
        return calls
