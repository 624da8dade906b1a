"""The keys of a `kind: kev` feed in the configuration file."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, field_validator

from connectors.kit.settings import Section, TlsConfig
from connectors.kit.urls import web_address

EVERY = timedelta(hours=4)  # it changes on working days of the United States
FILE_EVERY = timedelta(minutes=15)
ADDRESS = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"


class KevConfig(Section):
    """Where the catalogue is."""

    url: str = Field(default=ADDRESS, description="The catalogue's address, or a mirror's.")
    tls: TlsConfig = Field(default=TlsConfig())

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        return web_address(url, ADDRESS)
