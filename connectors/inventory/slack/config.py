"""The keys of a `kind: slack` inventory in the configuration file."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from connectors.kit.addresses import require_safe_literal
from connectors.kit.settings import Section, TlsConfig

_TOKEN = re.compile(r"[!-~]+")  # what may stand in an HTTP header
API_URL = "https://slack.com/api"


class SlackInventoryConfig(Section):
    """One workspace, as one app sees it."""

    token: SecretStr = Field(description="The app's bot token (xoxb-…), as ${env:…} or ${file:…}.")
    api_url: str | None = Field(default=None, description="Another address of the Web API, for tests.")
    user_groups: bool = Field(default=False, description="Read user groups (@nurses), too.")
    tls: TlsConfig = Field(default=TlsConfig())
    requests_per_minute: int = Field(
        default=90,
        ge=1,
        le=6000,
        description="At most; a tenth of it at once. Slack's own limits hold besides.",
    )

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr) -> SecretStr:
        value = token.get_secret_value().strip()
        if not _TOKEN.fullmatch(value):
            raise ValueError("is empty or has spaces or line breaks in it; give the bot token alone (xoxb-…)")
        return SecretStr(value)

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError(f"is no address of an API; it looks like {API_URL}")
        require_safe_literal(url)
        return url.rstrip("/")
