"""The keys of a `kind: apprise` notifier in the configuration file."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import quote

from pydantic import Field, field_validator, model_validator

from connectors.kit.settings import Section
from connectors.notify.apprise.client import unsafe
from worker.ports import Reach

PLACEHOLDERS = ("phone", "email", "ticket", "key")
_SCHEMA = re.compile(r"([a-z0-9]+)://", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class AppriseConfig(Section):
    """One service."""

    url: str = Field(
        repr=False,
        description="Apprise's URL of one service; {phone}, {email}, {ticket} and {key} are filled in.",
    )
    schemas: tuple[str, ...] = Field(
        min_length=1, description="The services that url may name, by their schemas: [twilio]."
    )
    reaches: Reach = Field(description="What a message is addressed to: email, phone, or channel.")
    text_max: int = Field(
        default=1000, ge=160, le=100_000, description="The longest message, title and text together."
    )

    @property
    def reaching(self) -> frozenset[Reach]:
        """By what it reaches somebody."""
        return frozenset({self.reaches})

    @property
    def schema_of_url(self) -> str:
        """The service that the URL names."""
        match = _SCHEMA.match(self.url)
        return match[1].casefold() if match else ""

    @field_validator("url")
    @classmethod
    def _is_one_url(cls, url: str) -> str:
        if not _SCHEMA.match(url) or url.split() != [url]:
            raise ValueError("is no URL of Apprise; it looks like twilio://SID:TOKEN@FROM/{phone}")
        if any(name not in PLACEHOLDERS for name in _PLACEHOLDER.findall(url)):
            raise ValueError(f"has an unknown placeholder; there are {', '.join(PLACEHOLDERS)}")
        return url

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.schema_of_url not in {schema.casefold() for schema in self.schemas}:
            raise ValueError(f"url names {self.schema_of_url}, which is not in schemas")
        wanted = {f"{{{self.reaches.value}}}"} & {"{phone}", "{email}"}
        found = {"{phone}", "{email}"} & {f"{{{name}}}" for name in _PLACEHOLDER.findall(self.url)}
        if wanted != found:
            needs = ", ".join(sorted(wanted)) or "neither {phone} nor {email}"
            raise ValueError(f"reaches: {self.reaches.value} needs {needs} in url")
        if problem := unsafe(self.url_for("+447700900123", "somebody@example.org", "T-000001", "key")):
            raise ValueError(problem)
        return self

    def url_for(self, phone: str, email: str, ticket: str, key: str) -> str:
        """The URL with its placeholders filled. Each value is percent-encoded, so that none can be more than that."""
        url = self.url
        for name, value in zip(PLACEHOLDERS, (phone, email, ticket, key), strict=True):
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        return url
