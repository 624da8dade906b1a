"""The keys of a `kind: webhook` tracker in the configuration file."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator

from connectors.kit.calls import Listening
from connectors.kit.receiver_keys import ReceiverUrl, Secrets, Timeout
from connectors.kit.settings import Section, TlsConfig
from connectors.kit.signing import SHARED
from connectors.kit.trackers import PER_MINUTE_MAX


class SignedCallsConfig(Listening):
    """Where the program may call us, and what proves its calls."""

    secrets: Secrets = Field(
        description="What its calls are signed with: whsec_…, each as ${env:…} or ${file:…}; one that fits is enough, "
        "so that one can take another's place."
    )

    @field_validator("secrets")
    @classmethod
    def _are_shared(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for at, secret in enumerate(secrets, 1):
            if not secret.get_secret_value().startswith(SHARED):
                raise ValueError(
                    f"secret {at} is no shared one ({SHARED}…): with a key of our own it proves nothing"
                )
        return secrets


class WebhookTrackerConfig(Section):
    """Where tickets are told, how that is signed, and where the answers come."""

    url: ReceiverUrl = Field(
        repr=False, description="The receiver's address: https://desk.example.org/hooks/whosleft."
    )
    secrets: Secrets = Field(
        description="What signs: whsec_… (shared) or whsk_… (Ed25519), each as ${env:…} or ${file:…}; "
        "all of them sign, so that one can take another's place."
    )
    allow_private: bool = Field(default=False, description="The receiver may be at a private address.")
    timeout: Timeout = Field(
        default=timedelta(seconds=15), description="How long one answer may take; at most 60s."
    )
    tls: TlsConfig = Field(default_factory=TlsConfig, description="Whom to trust.")
    requests_per_minute: int = Field(
        default=60, ge=1, le=PER_MINUTE_MAX, description="At most; a tenth of it at once."
    )
    calls: SignedCallsConfig | None = Field(
        default=None, description="Where it may call us; null: it is told, and never heard."
    )
