"""The keys of a `kind: webhook` notifier in the configuration file."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator

from connectors.kit.settings import Period, Section, TlsConfig
from connectors.kit.signing import problem_with
from connectors.kit.urls import web_address
from worker.domain.evidence import events as journal

KINDS = tuple(kind for name, kind in vars(journal).items() if name[0].isupper() and isinstance(kind, str))
TIMEOUT_MAX = timedelta(seconds=60)  # longer than that, a claim on the message would expire meanwhile


def _is_short(value: timedelta) -> timedelta:
    if value > TIMEOUT_MAX:
        raise ValueError("is too long; write 60s or less")
    return value


class WebhookConfig(Section):
    """Where events go, and how they are signed."""

    url: str = Field(
        repr=False, description="The receiver's address: https://siem.example.org/hooks/whosleft."
    )
    secrets: tuple[SecretStr, ...] = Field(
        min_length=1,
        description="What signs: whsec_… (shared) or whsk_… (Ed25519), each as ${env:…} or ${file:…}; "
        "all of them sign, so that one can take another's place.",
    )
    events: tuple[str, ...] = Field(
        default=("ticket.*",), min_length=1, description="The journal's events to send: globs."
    )
    include: Literal["ids", "names"] = Field(
        default="ids", description="ids only, or the names of a ticket's group and person, too."
    )
    allow_private: bool = Field(default=False, description="The receiver may be at a private address.")
    timeout: Annotated[Period, AfterValidator(_is_short)] = Field(
        default=timedelta(seconds=15), description="How long one answer may take; at most 60s."
    )
    tls: TlsConfig = Field(default=TlsConfig())

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        return web_address(url, "https://siem.example.org/hooks/whosleft")

    @field_validator("secrets")
    @classmethod
    def _can_sign(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for at, secret in enumerate(secrets, 1):
            if problem := problem_with(secret.get_secret_value()):
                raise ValueError(f"secret {at} {problem}")
        return secrets

    @field_validator("events")
    @classmethod
    def _are_globs(cls, events: tuple[str, ...]) -> tuple[str, ...]:
        for glob in events:
            if not any(fnmatchcase(kind, glob) for kind in KINDS):
                raise ValueError(f"{glob!r} fits no event; write ticket.* for every event of tickets")
        return events
