"""The keys of a `kind: waha` inventory in the configuration file."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator

from connectors.kit.whatsapp import GatewayConfig

EVERY = timedelta(minutes=30)  # the default pace of reads: a linked phone that asks often is noticed


class WahaConfig(GatewayConfig):
    """What an inventory of WAHA is configured with, besides `name` and `kind`."""

    api_key: SecretStr = Field(description="WAHA's key, sent as X-Api-Key: ${file:…} or ${env:…}.")
    session: str = Field(
        default="default", min_length=1, description="The session in WAHA that the phone is linked to."
    )

    @field_validator("api_key")
    @classmethod
    def _is_given(cls, api_key: SecretStr) -> SecretStr:
        key = api_key.get_secret_value()
        if not key.strip() or not key.isascii():
            raise ValueError("the key is empty, or no key that a header can have")
        return api_key
