"""The keys of a `kind: active_directory` directory in the configuration file.

A setting that would send a password or trust a stranger has a name that says so.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from connectors.kit import dn as _dn
from connectors.kit.settings import DistinguishedName, Period, Section
from worker.ports import lazily

# A configuration without a filter needs no LDAP
_search_request = lazily("connectors.directory.active_directory.wire.ldap_controls:search_request")

PAGE_SIZE_MAX = 1000  # MaxPageSize of a domain controller, and what the worker stages at once
_ATTRIBUTE = r"^[A-Za-z][A-Za-z0-9-]*$"
_PORTS = {"ldaps": 636, "ldap": 389}

Attribute = Annotated[str, StringConstraints(pattern=_ATTRIBUTE)]


class Mode(StrEnum):
    """How changes are read between full passes; `auto` takes the best that the account may use."""

    AUTO = "auto"
    DIRSYNC = "dirsync"
    USN = "usn"
    FULL = "full"


class BindMethod(StrEnum):
    """How the account proves who it is."""

    SIMPLE = "simple"
    KERBEROS = "kerberos"


class BindConfig(Section):
    """The account that reads; an ordinary one is enough."""

    method: BindMethod = Field(default=BindMethod.SIMPLE, description="simple (a password) or kerberos.")
    user: str = Field(
        min_length=1, description="As svc@corp.example; with a keytab the principal, svc@CORP.EXAMPLE."
    )
    password: SecretStr | None = Field(default=None, description="For simple: ${file:…} or ${env:…}.")
    keytab: str | None = Field(default=None, description="For kerberos: the keytab file.")

    @model_validator(mode="after")
    def _has_its_credential(self) -> Self:
        if self.method is BindMethod.SIMPLE:
            # RFC 4513 5.1.2: an empty password is no bind at all, and servers answer "success" to it
            if self.password is None or not self.password.get_secret_value():
                raise ValueError("method simple needs a password that isn't empty")
            if self.keytab is not None:
                raise ValueError("a keytab is for method kerberos")
        elif self.keytab is None:
            raise ValueError("method kerberos needs a keytab")
        elif self.password is not None:
            raise ValueError("method kerberos takes a keytab, not a password")
        return self


class ScopeConfig(Section):
    """Which accounts are people at all."""

    filter: str | None = Field(
        default=None,
        description="An LDAP filter that people fit, such as (employeeID=*); computers never count.",
    )
    ous: tuple[DistinguishedName, ...] = Field(
        default=(), description="Only these OUs and what lies below them; empty: all of base."
    )
    exclude: tuple[str, ...] = Field(
        default=(), description="OUs, or patterns of user names (svc-*), of accounts that are no people."
    )

    @field_validator("filter")
    @classmethod
    def _can_be_parsed(cls, text: str | None) -> str | None:
        if text is None:
            return None
        text = text.strip()
        _search_request(1, "", "base", text, (), ())  # raises ValueError
        return text


class AttributesConfig(Section):
    """Attributes to read in place of the usual ones."""

    phones: tuple[Attribute, ...] = Field(
        default=("mobile", "otherMobile"), min_length=1, description="With phone numbers, the best first."
    )
    employee_id: Attribute = Field(default="employeeID", description="With the employee number.")
    leave_date: Attribute | None = Field(default=None, description="With the last working day.")
    long_leave: Attribute | None = Field(
        default=None, description="In which any value but false means long leave."
    )
    timezone: Attribute | None = Field(
        default=None, description="With the time zone that somebody lives by (IANA), for their quiet hours."
    )


class TlsConfig(Section):
    """How the domain controller proves who it is."""

    ca_file: str | None = Field(
        default=None, description="The certificates to trust (PEM); null: the system's own."
    )
    server_name: str | None = Field(
        default=None, description="The name in the certificate, where the address has another."
    )
    verify: bool = Field(
        default=True,
        description="false: ANYBODY ON THE NETWORK CAN POSE AS THE DIRECTORY AND GET THE PASSWORD.",
    )
    start_tls: bool = Field(default=False, description="For ldap:// servers: encrypt before the bind.")
    allow_plain_text_on_the_network: bool = Field(
        default=False,
        description="true: ldap:// without TLS, THE PASSWORD AND EVERYBODY'S DATA READABLE ON THE NETWORK.",
    )


class TimeoutsConfig(Section):
    """When a server is given up."""

    connect: Period = Field(default=timedelta(seconds=5), description="To be connected.")
    read: Period = Field(default=timedelta(seconds=30), description="For one page or answer.")
    whole: Period = Field(default=timedelta(minutes=30), alias="pass", description="For a whole pass.")


class ActiveDirectoryConfig(Section):
    """One domain, read through the first of its controllers that answers."""

    servers: tuple[str, ...] = Field(
        min_length=1, description="ldaps://host:636, tried in order; ldap:// needs tls.start_tls."
    )
    bind: BindConfig
    base: DistinguishedName = Field(description="Where people lie: DC=corp,DC=example, or an OU.")
    scope: ScopeConfig = Field(default=ScopeConfig())
    leavers_ou: DistinguishedName | None = Field(
        default=None, description="The OU that leavers are moved to; it may lie outside of base."
    )
    attributes: AttributesConfig = Field(default=AttributesConfig())
    tls: TlsConfig = Field(default=TlsConfig())
    timeouts: TimeoutsConfig = Field(default=TimeoutsConfig())
    page_size: int = Field(default=1000, ge=1, le=PAGE_SIZE_MAX, description="People asked for at once.")
    mode: Mode = Field(default=Mode.AUTO, description="How changes are read: auto, dirsync, usn or full.")

    @property
    def phone_attributes(self) -> tuple[str, ...]:
        """Where phone numbers are read from, so that `controls.consent.private` names one of them."""
        return self.attributes.phones

    @field_validator("servers")
    @classmethod
    def _are_addresses(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_tidy_url(url) for url in servers)

    @model_validator(mode="after")
    def _lies_within(self) -> Self:
        for ou in self.scope.ous:
            if not _dn.is_at_or_under(ou, _dn.parts(self.base)):
                raise ValueError(f"scope.ous: {ou} does not lie in base ({self.base})")
        read = [self.base, *([self.leavers_ou] if self.leavers_ou else [])]
        for unit in (entry for entry in self.scope.exclude if "=" in entry):
            if not any(_dn.is_at_or_under(unit, _dn.parts(place)) for place in read):
                raise ValueError(
                    f"scope.exclude: {unit} lies neither in base ({self.base}) nor in leavers_ou"
                )
        return self

    @model_validator(mode="after")
    def _has_people_who_are_no_leavers(self) -> Self:
        places = self.scope.ous or (self.base,)
        if self.leavers_ou and all(_dn.is_at_or_under(one, _dn.parts(self.leavers_ou)) for one in places):
            raise ValueError(
                f"leavers_ou: everybody in scope lies in {self.leavers_ou}, and would be a leaver"
            )
        return self

    @model_validator(mode="after")
    def _is_encrypted(self) -> Self:
        plain = [url for url in self.servers if url.startswith("ldap:")]
        if plain and not self.tls.start_tls and not self.tls.allow_plain_text_on_the_network:
            raise ValueError(
                f"{plain[0]} would send the password readable over the network; write ldaps://, or set "
                "tls.start_tls (tls.allow_plain_text_on_the_network: true if that is really wanted)"
            )
        if self.tls.start_tls and len(plain) < len(self.servers):
            raise ValueError("tls.start_tls is for ldap:// servers; ldaps:// is encrypted from the start")
        return self


def _tidy_url(url: str) -> str:
    if "@" in url:  # not repeated: what stands before it may be a password
        raise ValueError("an account does not stand in a server's address; it belongs in bind.user")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"{url!r} is no server; it looks like ldaps://dc1.corp.example:636")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port or _PORTS[parts.scheme]}"
