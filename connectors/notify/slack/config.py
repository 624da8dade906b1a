"""The keys of a `kind: slack` notifier in the configuration file."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{7,}")  # names are lower case, so the two cannot be mistaken
_CHANNEL_NAME = re.compile(r"#?[^\s#@,<>A-Z]{1,80}")
_TOKEN = re.compile(
    r"[!-~]+"
)  # what may stand in an HTTP header; a line feed in it would be echoed by errors


class SlackConfig(BaseModel):
    """Where to post and with which token; nothing here is read from the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token: SecretStr = Field(description="The app's bot token (xoxb-…), as ${env:…} or ${file:…}.")
    channel: str | None = Field(
        default=None, description="The security team's channel: #name, or better its id (C0123456789)."
    )
    api_url: str | None = Field(default=None, description="Another address of the Web API, for tests.")

    @field_validator("token")
    @classmethod
    def _token_fits_a_header(cls, token: SecretStr) -> SecretStr:
        value = token.get_secret_value().strip()
        if not _TOKEN.fullmatch(value):
            raise ValueError("is empty or has spaces or line breaks in it; give the bot token alone (xoxb-…)")
        return SecretStr(value)

    @field_validator("channel")
    @classmethod
    def _channel_is_a_name_or_id(cls, channel: str | None) -> str | None:
        if channel is None or CHANNEL_ID.fullmatch(channel) or _CHANNEL_NAME.fullmatch(channel):
            return channel
        raise ValueError("is no channel; write it as #leavers, or as its id (C0123456789)")

    @field_validator("api_url")
    @classmethod
    def _api_url_is_http(cls, api_url: str | None) -> str | None:
        if api_url is None:
            return None
        parts = urlsplit(api_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("is no address of an API; it looks like https://slack.com/api/")
        return api_url
