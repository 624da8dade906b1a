"""The keys of a `kind: entra` directory in the configuration file.

What AKS workload identity puts into the environment (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_AUTHORITY_HOST,
AZURE_FEDERATED_TOKEN_FILE) takes the place of keys that are left out; nothing else is read from there.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

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
_TENANT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")  # an id, or a domain
_NO_TENANTS = frozenset({"common", "organizations", "consumers"})  # they mean accounts of any tenant
_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class Cloud(StrEnum):
    """Microsoft's clouds; accounts and tokens of one are unknown in the others."""

    GLOBAL = "global"
    USGOV = "usgov"
    USGOV_DOD = "usgov_dod"
    CHINA = "china"


class Endpoints(NamedTuple):
    """Where a cloud signs in, and where its Graph is (Microsoft Graph: national cloud deployments)."""

    login: str
    graph: str


ENDPOINTS = {
    Cloud.GLOBAL: Endpoints("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    Cloud.USGOV: Endpoints("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    Cloud.USGOV_DOD: Endpoints("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    Cloud.CHINA: Endpoints("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}


class CredentialConfig(Section):
    """How the app proves who it is: exactly one of four ways."""

    secret: SecretStr | None = Field(default=None, description="A client secret: ${file:…} or ${env:…}.")
    certificate_file: str | None = Field(default=None, description="The certificate (PEM) of the app.")
    private_key_file: str | None = Field(default=None, description="Its private key (PEM).")
    passphrase: SecretStr | None = Field(default=None, description="Of the private key, if it has one.")
    federated_token_file: str | None = Field(
        default=None, description="A token that another issuer renews, as AKS workload identity does."
    )
    managed_identity: bool = Field(default=False, description="true: the identity of the Azure machine.")

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        ways = [self.secret, self.certificate_file, self.federated_token_file, self.managed_identity or None]
        if sum(way is not None for way in ways) > 1:
            raise ValueError("give one of secret, certificate_file, federated_token_file, managed_identity")
        if (self.certificate_file is None) is not (self.private_key_file is None):
            raise ValueError("certificate_file and private_key_file belong together")
        if self.secret is not None and not self.secret.get_secret_value().strip():
            raise ValueError("the secret is empty")
        return self

    @property
    def is_given(self) -> bool:
        """True if a credential is set."""
        return bool(
            self.secret or self.certificate_file or self.federated_token_file or self.managed_identity
        )


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


class TlsConfig(Section):
    """Whom to trust besides the public authorities."""

    ca_file: str | None = Field(
        default=None, description="Certificates (PEM) of a proxy that opens TLS, or a lab."
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


class EntraConfig(Section):
    """One tenant, read through Microsoft Graph."""

    tenant_id: str = Field(default="", description="The tenant's id or domain; else AZURE_TENANT_ID.")
    client_id: str = Field(default="", description="The app registration's id; else AZURE_CLIENT_ID.")
    credential: CredentialConfig = Field(
        default=CredentialConfig(), description="One of four ways; none: AZURE_FEDERATED_TOKEN_FILE."
    )
    cloud: Cloud = Field(default=Cloud.GLOBAL, description="global, usgov, usgov_dod or china.")
    authority: str | None = Field(default=None, description="Another sign-in address, for labs.")
    graph_url: str | None = Field(default=None, description="Another address of Graph, for labs.")
    scope: ScopeConfig = Field(default=ScopeConfig())
    attributes: AttributesConfig = Field(default=AttributesConfig())
    tls: TlsConfig = Field(default=TlsConfig())
    page_timeout: Period = Field(default=timedelta(seconds=30), description="For one answer.")
    notifications: NotificationsConfig | None = Field(
        default=None, description="Let Graph call when somebody changes; null: only polls."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_environment(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        found = dict(values)
        for key, name in (("tenant_id", "AZURE_TENANT_ID"), ("client_id", "AZURE_CLIENT_ID")):
            if not found.get(key) and os.environ.get(name):
                found[key] = os.environ[name]
        token_file = os.environ.get("AZURE_FEDERATED_TOKEN_FILE")
        if not found.get("credential") and token_file:
            found["credential"] = {"federated_token_file": token_file}
            if not found.get("authority") and os.environ.get("AZURE_AUTHORITY_HOST"):
                found["authority"] = os.environ["AZURE_AUTHORITY_HOST"]
        return found

    @field_validator("tenant_id")
    @classmethod
    def _is_a_tenant(cls, tenant: str) -> str:
        if tenant.casefold() in _NO_TENANTS:
            raise ValueError(f"{tenant!r} is no tenant; an app signs in to one, by its id or domain")
        if tenant and not _TENANT.fullmatch(tenant):
            raise ValueError(f"{tenant!r} is neither a tenant's id nor a domain")
        return tenant

    @field_validator("authority", "graph_url")
    @classmethod
    def _is_an_address(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is None:
            return None
        parts, is_graph = urlsplit(url), info.field_name == "graph_url"
        is_local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
        is_safe = parts.scheme == "https" or (is_local and is_graph)  # msal signs in over https alone
        if not is_safe or not parts.hostname or parts.username or parts.port == 0:
            raise ValueError(f"{url!r} is no https address")
        if is_graph and (parts.path.strip("/") or parts.query or parts.fragment):
            raise ValueError(f"{url!r} has a path; give the address alone: {parts.scheme}://{parts.netloc}")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.credential.is_given:
            raise ValueError("credential is missing: give one of secret, certificate_file, federated_token_file, "
                             "managed_identity")  # fmt: skip
        if not self.tenant_id and not self.credential.managed_identity:
            raise ValueError("tenant_id is missing")
        if not self.client_id and not self.credential.managed_identity:
            raise ValueError("client_id is missing")
        return self

    @property
    def login(self) -> str:
        """The address that gives tokens, with the tenant; the authority may already end in it."""
        authority, tenant = self.authority or ENDPOINTS[self.cloud].login, f"/{self.tenant_id}"
        return authority if authority.casefold().endswith(tenant.casefold()) else authority + tenant

    @property
    def graph(self) -> str:
        """Graph's address without a version."""
        return self.graph_url or ENDPOINTS[self.cloud].graph
