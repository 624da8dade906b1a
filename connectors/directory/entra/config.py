"""The keys of a `kind: entra` directory in the configuration file, besides those of a tenant."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
    field_validator,
)

from connectors.kit.graph.config import TenantConfig
from connectors.kit.settings import Period, Section

LEAVE_DATE = "employeeLeaveDateTime"
# Graph's documented properties of a user that may be configured here; extensions have names of their own
PROPERTIES = (
    "accountEnabled", "ageGroup", "businessPhones", "city", "companyName", "consentProvidedForMinor", "country",
    "createdDateTime", "creationType", "deletedDateTime", "department", "displayName", "employeeHireDate",
    "employeeId", "employeeLeaveDateTime", "employeeOrgData", "employeeType", "externalUserState", "faxNumber",
    "givenName", "id", "imAddresses", "jobTitle", "mail", "mailNickname", "mobilePhone", "officeLocation",
    "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesExtensionAttributes",
    "onPremisesImmutableId", "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName", "otherMails", "postalCode", "preferredLanguage", "proxyAddresses", "state",
    "streetAddress", "surname", "usageLocation", "userPrincipalName", "userType",
)  # fmt: skip
_INNER = ("division", "costCenter", *(f"extensionAttribute{number}" for number in range(1, 16)))
_SPELLING = {name.casefold(): name for name in (*PROPERTIES, *_INNER)}


def _spelt(name: str) -> str:
    """Graph's spelling: it selects a property in any spelling, but answers in its own."""
    return ".".join(_SPELLING.get(part.casefold(), part) for part in name.split("."))


# A property of a user, one of onPremisesExtensionAttributes, or one of an extension's
Property = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$"),
    AfterValidator(_spelt),
]
_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _capitalised(value: Any) -> Any:
    return value.capitalize() if isinstance(value, str) else value


UserType = Annotated[Literal["Member", "Guest"], BeforeValidator(_capitalised)]
_TEXT = {"type": "string"}
Globs = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}),
]


class ScopeConfig(Section):
    """Which accounts are people at all; the others are read, counted and left alone."""

    user_types: tuple[UserType, ...] = Field(default=("Member",), description="Member, Guest or both.")
    require: dict[Property, Globs] = Field(
        default_factory=dict, description='Properties that must fit a glob: {employeeId: "*"}.'
    )
    groups: tuple[str, ...] = Field(
        default=(), description="Ids of groups; only their members, nested ones too. Empty: everybody."
    )

    @field_validator("user_types")
    @classmethod
    def _are_some(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        if not types:
            raise ValueError("nobody would be in scope; give Member, Guest or both")
        return types

    @field_validator("groups")
    @classmethod
    def _are_ids(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        for group in groups:
            if not _ID.fullmatch(group):
                raise ValueError(
                    f"{group!r} is no object id; copy it from the group's overview in the portal"
                )
        return groups


class AttributesConfig(Section):
    """Properties to read in place of the usual ones."""

    phones: tuple[Property, ...] = Field(
        default=("mobilePhone", "businessPhones"),
        min_length=1,
        description="With phone numbers, the best first.",
    )
    employee_id: Property = Field(default="employeeId", description="With the employee number.")
    leave_date: Property | None = Field(
        default=LEAVE_DATE, description="With the last working day; null: none is read."
    )
    long_leave: Property | None = Field(
        default=None, description="In which any value but false means long leave."
    )
    timezone: Property | None = Field(
        default=None, description="With the time zone that somebody lives by (IANA), for their quiet hours."
    )


class NotificationsConfig(Section):
    """Graph calls us when somebody changes; only makes the next round due."""

    url: str = Field(description="The public https address under which Graph reaches this process.")
    listen: str = Field(default="127.0.0.1:8070", description="Where this process listens for it.")
    client_state: SecretStr = Field(description="A long random text that Graph sends along: ${file:…}.")

    @field_validator("url")
    @classmethod
    def _is_https(cls, url: str) -> str:
        if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
            raise ValueError(f"{url!r} is no https address; Graph calls no other")
        return url.rstrip("/")

    @field_validator("listen")
    @classmethod
    def _is_host_and_port(cls, listen: str) -> str:
        host, _, port = listen.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004  the highest port
            raise ValueError(f"{listen!r} is no host and port; write it like 127.0.0.1:8070")
        return listen

    @field_validator("client_state")
    @classmethod
    def _is_long_enough(cls, value: SecretStr) -> SecretStr:
        if not 16 <= len(value.get_secret_value()) <= 128:  # noqa: PLR2004  Graph takes 128 characters at most
            raise ValueError("client_state must have 16 to 128 characters")
        return value


class EntraConfig(TenantConfig):
    """One tenant, read through Microsoft Graph."""

    has_mailboxes: ClassVar[bool] = True  # so absences.automatic_replies may name it

    scope: ScopeConfig = Field(default=ScopeConfig())
    attributes: AttributesConfig = Field(default=AttributesConfig())
    page_timeout: Period = Field(default=timedelta(seconds=30), description="For one answer.")
    notifications: NotificationsConfig | None = Field(
        default=None, description="Let Graph call when somebody changes; null: only polls."
    )

    @property
    def phone_attributes(self) -> tuple[str, ...]:
        """Where phone numbers are read from, so that `controls.consent.private` names one of them."""
        return self.attributes.phones
