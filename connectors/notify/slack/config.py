"""The keys of a `kind: slack` notifier in the configuration file."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.kit.calls import Listening
from connectors.kit.settings import Section
from worker.ports import Reach

CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{7,}")  # names are lower case, so the two cannot be mistaken
USER_GROUP = "user_group:"
_CHANNEL_NAME = re.compile(r"#?[^\s#@,<>A-Z]{1,80}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SECRET = re.compile(
    r"[!-~]+"
)  # what may stand in an HTTP header; a line feed in it would be echoed by errors


class Mode(StrEnum):
    """The way in which clicks come to us. An app has one of them, chosen in its settings at Slack."""

    SOCKET = "socket"
    HTTP = "http"


class InteractiveConfig(Section):
    """How clicks come to us: by a connection that we open (socket), or by calls to an address of ours (http)."""

    mode: Mode = Field(description="socket: we open a connection to Slack. http: Slack calls us.")
    app_token: SecretStr | None = Field(
        default=None, description="For socket: the app-level token (xapp-…) with connections:write."
    )
    signing_secret: SecretStr | None = Field(
        default=None, description="For http: the app's signing secret, which proves Slack's calls."
    )
    listen: str | None = Field(
        default=None, description="For http: where Slack's calls arrive, host:port, behind an ingress."
    )
    path: str = Field(default="/slack", pattern=r"^/\S*$", description="For http: the path of Slack's calls.")
    operators: list[str] = Field(
        default=[],
        description="Who may do everything: e-mail addresses, or user_group:NAME for a user group of Slack.",
    )

    @field_validator("app_token", "signing_secret")
    @classmethod
    def _secret_is_one(cls, secret: SecretStr | None) -> SecretStr | None:
        return None if secret is None else _secret(secret)

    @field_validator("operators")
    @classmethod
    def _operators_are_people(cls, operators: list[str]) -> list[str]:
        for one in operators:
            if "@" not in one and not one.removeprefix(USER_GROUP).strip(" @") != one:
                raise ValueError("names nobody; write an e-mail address, or user_group:NAME")
        return operators

    @model_validator(mode="after")
    def _has_what_its_mode_needs(self) -> InteractiveConfig:
        if self.mode is Mode.SOCKET and self.app_token is None:
            raise ValueError("mode socket needs app_token, the app-level token (xapp-…)")
        if self.mode is Mode.HTTP and (self.signing_secret is None or self.listen is None):
            raise ValueError("mode http needs signing_secret and listen")
        if self.listen is not None:
            Listening(listen=self.listen, path=self.path)
        return self


class SlackConfig(Section):
    """Where to post and with which token; nothing here is read from the environment."""

    token: SecretStr = Field(description="The app's bot token (xoxb-…), as ${env:…} or ${file:…}.")
    channel: str | None = Field(
        default=None, description="The security team's channel: #name, or better its id (C0123456789)."
    )
    channels: dict[str, str] = Field(
        default={}, description="More channels, by the name that a step uses: {wards: C0456789012}."
    )
    update_in_place: bool = Field(
        default=True,
        description="Keep messages true: one for each ticket and conversation, with its history below it.",
    )
    home: bool = Field(
        default=True, description="Show people their tickets on the app's Home; needs `interactive`."
    )
    interactive: InteractiveConfig | None = Field(
        default=None, description="How clicks come to us; null: no buttons, messages link to the desk."
    )
    api_url: str | None = Field(default=None, description="Another address of the Web API, for tests.")

    @field_validator("token")
    @classmethod
    def _token_fits_a_header(cls, token: SecretStr) -> SecretStr:
        return _secret(token)

    @field_validator("channel")
    @classmethod
    def _channel_is_a_name_or_id(cls, channel: str | None) -> str | None:
        return channel if channel is None else _channel(channel)

    @field_validator("channels")
    @classmethod
    def _channels_are_named(cls, channels: dict[str, str]) -> dict[str, str]:
        if not all(map(_NAME.fullmatch, channels)):
            raise ValueError("has a name that a step can't use; write letters, digits, '-' and '_' only")
        return {name: _channel(channel) for name, channel in channels.items()}

    @field_validator("api_url")
    @classmethod
    def _api_url_is_safe(cls, api_url: str | None) -> str | None:
        if api_url is None:
            return None
        parts = urlsplit(api_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("is no address of an API; it looks like https://slack.com/api/")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("would send the token in the clear; write https:, or http: to this machine only")
        return api_url

    @property
    def reaching(self) -> frozenset[Reach]:
        """By what it reaches somebody: people always, and the security team in its channel."""
        return frozenset({Reach.EMAIL, Reach.CHANNEL} if self.channel else {Reach.EMAIL})


def _secret(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value().strip()
    if not _SECRET.fullmatch(value):
        raise ValueError("is empty or has spaces or line breaks in it; give the token alone")
    return SecretStr(value)


def _channel(channel: str) -> str:
    if CHANNEL_ID.fullmatch(channel) or _CHANNEL_NAME.fullmatch(channel):
        return channel
    raise ValueError("is no channel; write it as #leavers, or as its id (C0123456789)")
