"""The keys of a `kind: email` notifier in the configuration file."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.kit.graph.config import ENDPOINTS, AppConfig, with_environment
from connectors.kit.settings import Section
from connectors.notify.email.mailbox import mailbox
from worker.ports import Reach

_APP_KEYS = frozenset(AppConfig.model_fields)


class Tls(StrEnum):
    """How the connection is encrypted; the certificate is always verified."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


IMAP_PORTS = {Tls.IMPLICIT: 993, Tls.STARTTLS: 143, Tls.NONE: 143}
PORTS = {Tls.STARTTLS: 587, Tls.IMPLICIT: 465, Tls.NONE: 25}


class Method(StrEnum):
    """How the worker signs in to the mail server."""

    NONE = "none"
    PASSWORD = "password"  # noqa: S105  a name
    XOAUTH2 = "xoauth2"


class AuthConfig(AppConfig):
    """Signing in to the mail server; the keys of an app are for xoauth2 (Exchange Online), as for `kind: entra`."""

    method: Method = Field(default=Method.NONE, description="none, password or xoauth2 (Microsoft 365).")
    user: str | None = Field(default=None, description="The account, or for xoauth2 the mailbox.")
    password: SecretStr | None = Field(default=None, description="For password: ${file:…} or ${env:…}.")

    @field_validator("user")
    @classmethod
    def _is_ascii(cls, user: str | None) -> str | None:
        if user is not None and not _is_plain(user):
            raise ValueError("is empty, or has characters that can't be sent when signing in")
        return user

    @field_validator("password")
    @classmethod
    def _can_be_sent(cls, password: SecretStr | None) -> SecretStr | None:
        if password is not None and not _is_plain(password.get_secret_value()):
            raise ValueError("is empty, or has characters outside ASCII, which can't be sent when signing in")
        return password

    @model_validator(mode="before")
    @classmethod
    def _from_environment(cls, values: Any) -> Any:
        is_app = isinstance(values, dict) and values.get("method") == Method.XOAUTH2
        return with_environment(values) if is_app else values

    @model_validator(mode="after")
    def _fits_its_method(self) -> Self:
        needs_user = self.method is not Method.NONE
        if needs_user is (self.user is None):
            raise ValueError(
                f"method {self.method} needs user" if needs_user else "user is for a method other than none"
            )
        needs_password = self.method is Method.PASSWORD
        if needs_password is (self.password is None):
            raise ValueError(
                "method password needs password" if needs_password else "password is for method password"
            )
        if self.method is Method.XOAUTH2:
            self.can_sign_in()
        elif given := sorted(self.model_fields_set & _APP_KEYS):
            raise ValueError(f"{given[0]} is for method xoauth2")
        return self

    @property
    def resource(self) -> str:
        """What a token for SMTP is asked for."""
        return ENDPOINTS[self.cloud].mail


def _is_plain(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


class BouncesConfig(Section):
    """The mailbox, read by IMAP, in which reports of non-delivery arrive."""

    server: str = Field(
        pattern=r"^[A-Za-z0-9._:-]+$", description="The IMAP server's name, as in its certificate."
    )
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Its port; null: 993, with starttls or none 143."
    )
    tls: Tls = Field(default=Tls.IMPLICIT, description="implicit, starttls, or none (to this machine only).")
    ca_file: str | None = Field(
        default=None, description="Certificates (PEM) of the organisation's own authority."
    )
    folder: str = Field(
        default="INBOX", pattern=r"^[ -!#-\[\]-~]{1,200}$", description="The folder that reports arrive in."
    )
    auth: AuthConfig | None = Field(default=None, description="As the sender's; null: the same.")

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        _refuse_unencrypted(self.tls, self.server)
        return self

    @property
    def used_port(self) -> int:
        """The port to connect to."""
        return self.port or IMAP_PORTS[self.tls]


class EmailConfig(Section):
    """The mail server, and who writes to whom."""

    server: str = Field(
        pattern=r"^[A-Za-z0-9._:-]+$", description="The mail server's name, as in its certificate."
    )
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Its port; null: 587, with implicit 465, with none 25."
    )
    tls: Tls = Field(default=Tls.STARTTLS, description="starttls, implicit, or none (to this machine only).")
    ca_file: str | None = Field(
        default=None, description="Certificates (PEM) of the organisation's own authority."
    )
    sender: str = Field(alias="from", description="Whom the mail is from: a mailbox that somebody reads.")
    channel: str | None = Field(default=None, description="The security team's address; null: people only.")
    auth: AuthConfig = Field(default=AuthConfig())
    envelope_from: str | None = Field(
        default=None, description="Where reports of non-delivery go; null: to the address in from."
    )
    bounces: BouncesConfig | None = Field(
        default=None, description="The mailbox of envelope_from; null: what bounces later is not seen."
    )

    @field_validator("sender", "channel", "envelope_from")
    @classmethod
    def _is_an_address(cls, text: str | None) -> str | None:
        if text is not None:
            mailbox(text)
        return text

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        _refuse_unencrypted(self.tls, self.server)
        if self.bounces is not None and self.auth_of_bounces.method is Method.NONE:
            raise ValueError(
                "bounces needs auth, as a mailbox is read only by who signs in; give it method password or xoauth2"
            )
        return self

    @property
    def reaching(self) -> frozenset[Reach]:
        """By what it reaches somebody: people always, and the security team by its address."""
        return frozenset({Reach.EMAIL, Reach.CHANNEL} if self.channel else {Reach.EMAIL})

    @property
    def auth_of_bounces(self) -> AuthConfig:
        """How to sign in to the mailbox of reports."""
        return (self.bounces and self.bounces.auth) or self.auth

    @property
    def used_port(self) -> int:
        """The port to connect to."""
        return self.port or PORTS[self.tls]


def _refuse_unencrypted(tls: Tls, server: str) -> None:
    if tls is Tls.NONE and not _is_loopback(server):
        raise ValueError(
            "tls: none sends everything readable; it is for a server on this machine (127.0.0.1), "
            "so use starttls or implicit"
        )


def _is_loopback(server: str) -> bool:
    try:
        return ip_address(server).is_loopback
    except ValueError:
        return server == "localhost"
