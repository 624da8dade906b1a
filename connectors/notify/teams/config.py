"""The keys of a `kind: teams` notifier in the configuration file."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr, field_validator

from connectors.kit.settings import Section
from connectors.kit.urls import web_address
from worker.ports import Reach


class TeamsConfig(Section):
    """One channel."""

    reaching: ClassVar[frozenset[Reach]] = frozenset({Reach.CHANNEL})

    url: SecretStr = Field(
        description="The workflow's address, which is its credential: ${env:…} or ${file:…}."
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: SecretStr) -> SecretStr:
        # Any host: Microsoft has moved them twice
        return SecretStr(web_address(url.get_secret_value(), "https://….powerplatform.com/…&sig=…"))
