"""The keys of a `kind: whatsapp_cloud` inventory in the configuration file."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from connectors.kit.addresses import require_safe_literal
from connectors.kit.calls import Listening
from connectors.kit.settings import Section, TlsConfig

GRAPH_URL = "https://graph.facebook.com"


def _given(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.strip() or not (text.isascii() and text.isprintable()):
        raise ValueError("it is empty, or no text that a header can have")
    return secret


class CloudCallsConfig(Listening):
    """Where Meta may call us. Meta asks once whether the address is ours, and signs each call after that."""

    verify_token: SecretStr = Field(description="What Meta's dialogue calls Verify token.")
    app_secret: SecretStr = Field(description="The app's secret, which signs the calls.")

    _are_given = field_validator("verify_token", "app_secret")(_given)


class WhatsappCloudConfig(Section):
    """What an inventory of a business number is configured with, besides `name` and `kind`."""

    phone_number_id: str = Field(
        pattern=r"^[0-9]{5,25}$", description="Meta's id of the number, which is not the number itself."
    )
    token: SecretStr = Field(
        description="A system user's token with whatsapp_business_messaging: ${file:…} or ${env:…}."
    )
    version: str = Field(
        default="v23.0", pattern=r"^v[0-9]{1,3}\.[0-9]$", description="The version of Graph."
    )
    graph_url: str | None = Field(
        default=None, description="Another address of Graph. Plain http only to this machine."
    )
    requests_per_minute: int = Field(
        default=60, ge=1, le=6000, description="At most so many requests a minute."
    )
    tls: TlsConfig = TlsConfig()
    calls: CloudCallsConfig | None = Field(
        default=None, description="Where Meta may call us; without it, it is only read."
    )

    _is_given = field_validator("token")(_given)

    @field_validator("graph_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        parts = urlsplit(url or GRAPH_URL)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError('write the address with https:, such as "https://graph.facebook.com"')
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("write the address alone, without a password, ? or #")
        require_safe_literal(url or GRAPH_URL)
        return url

    @property
    def url(self) -> str:
        """Graph's address with the version."""
        return f"{(self.graph_url or GRAPH_URL).rstrip('/')}/{self.version}"
