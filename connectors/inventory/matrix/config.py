"""The keys of a `kind: matrix` inventory in the configuration file."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from connectors.kit.addresses import require_safe_literal
from connectors.kit.settings import Section, TlsConfig

_TOKEN = re.compile(r"[!-~]+")  # what may stand in an HTTP header


class MatrixConfig(Section):
    """One homeserver, and the account that reads it."""

    url: str = Field(description="The homeserver's address: https://matrix.example.org.")
    token: SecretStr = Field(description="An access token of a server administrator: ${file:…} or ${env:…}.")
    tls: TlsConfig = Field(default=TlsConfig())
    requests_per_minute: int = Field(
        default=300, ge=1, le=6000, description="At most; a tenth of it at once."
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("is no address of a homeserver; it looks like https://matrix.example.org")
        require_safe_literal(url)
        return url.rstrip("/")

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr) -> SecretStr:
        value = token.get_secret_value().strip()
        if not _TOKEN.fullmatch(value):
            raise ValueError("is empty or has spaces or line breaks in it; give the access token alone")
        return SecretStr(value)
