"""The keys of a `kind: evolution` inventory in the configuration file."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator

from connectors.kit.whatsapp import GatewayConfig

EVERY = timedelta(minutes=30)  # the default pace of reads: a linked phone that asks often is noticed


class EvolutionConfig(GatewayConfig):
    """What an inventory of Evolution API is configured with, besides `name` and `kind`."""

    api_key: SecretStr = Field(
        description="The key of the server or of the instance, sent as apikey: ${file:…} or ${env:…}."
    )
    instance: str = Field(min_length=1, description="The instance in Evolution that the phone is linked to.")

    @field_validator("api_key")
    @classmethod
    def _is_given(cls, api_key: SecretStr) -> SecretStr:
        key = api_key.get_secret_value()
        if not key.strip() or not key.isascii():
            raise ValueError("the key is empty, or no key that a header can have")
        return api_key
