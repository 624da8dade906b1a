"""The keys of a `kind: nvd` feed in the configuration file."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator

from connectors.kit.settings import Section, TlsConfig
from connectors.kit.urls import web_address

EVERY = timedelta(hours=2)  # more often is not wanted: nvd.nist.gov/developers/start-here, read 2026-11
FILE_EVERY = timedelta(minutes=15)
ADDRESS = "https://services.nvd.nist.gov/rest/json/cves/2.0"


class NvdConfig(Section):
    """Where the database is, and who asks."""

    url: str = Field(default=ADDRESS, description="The API's address.")
    api_key: SecretStr | None = Field(
        default=None, description="A key of NVD, for ten times as many requests: ${env:…} or ${file:…}."
    )
    tls: TlsConfig = Field(default=TlsConfig())

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        return web_address(url, ADDRESS)

    @field_validator("api_key")
    @classmethod
    def _is_given(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not key.get_secret_value().strip():
            raise ValueError("the key is empty")
        return key
