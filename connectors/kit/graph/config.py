"""The keys of a tenant of Entra ID, which everything that reads it through Microsoft Graph has.

What AKS workload identity puts into the environment (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_AUTHORITY_HOST,
AZURE_FEDERATED_TOKEN_FILE) takes the place of keys that are left out; nothing else is read from there. The host of a
national cloud's sign-in tells the cloud where that is left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from connectors.kit.settings import Section, TlsConfig

_TENANT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")  # an id, or a domain
_NO_TENANTS = frozenset({"common", "organizations", "consumers"})  # they mean accounts of any tenant


class Cloud(StrEnum):
    """Microsoft's clouds; accounts and tokens of one are unknown in the others."""

    GLOBAL = "global"
    USGOV = "usgov"
    USGOV_DOD = "usgov_dod"
    CHINA = "china"


class Endpoints(NamedTuple):
    """Where a cloud signs in, and where its Graph and its mail are (Microsoft: national cloud deployments)."""

    login: str
    graph: str
    mail: str


ENDPOINTS = {
    Cloud.GLOBAL: Endpoints(
        "https://login.microsoftonline.com", "https://graph.microsoft.com", "https://outlook.office365.com"
    ),
    Cloud.USGOV: Endpoints(
        "https://login.microsoftonline.us", "https://graph.microsoft.us", "https://outlook.office365.us"
    ),
    Cloud.USGOV_DOD: Endpoints(
        "https://login.microsoftonline.us",
        "https://dod-graph.microsoft.us",
        "https://outlook-dod.office365.us",
    ),
    Cloud.CHINA: Endpoints(
        "https://login.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://partner.outlook.cn",
    ),
}
# By the host of the sign-in. The Department of Defense signs in as the rest of the US government does
_CLOUDS = {
    "login.microsoftonline.us": Cloud.USGOV,
    "login.chinacloudapi.cn": Cloud.CHINA,
    "login.partner.microsoftonline.cn": Cloud.CHINA,
}
_HOST = re.compile(r"https://([^/:]+)", re.IGNORECASE)


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


class AppConfig(Section):
    """An app that signs in to one tenant."""

    tenant_id: str = Field(default="", description="The tenant's id or domain; else AZURE_TENANT_ID.")
    client_id: str = Field(default="", description="The app registration's id; else AZURE_CLIENT_ID.")
    credential: CredentialConfig = Field(
        default=CredentialConfig(), description="One of four ways; none: AZURE_FEDERATED_TOKEN_FILE."
    )
    cloud: Cloud = Field(default=Cloud.GLOBAL, description="global, usgov, usgov_dod or china.")
    authority: str | None = Field(default=None, description="Another sign-in address, for labs.")
    tls: TlsConfig = Field(default=TlsConfig())

    @field_validator("tenant_id")
    @classmethod
    def _is_a_tenant(cls, tenant: str) -> str:
        if tenant.casefold() in _NO_TENANTS:
            raise ValueError(f"{tenant!r} is no tenant; an app signs in to one, by its id or domain")
        if tenant and not _TENANT.fullmatch(tenant):
            raise ValueError(f"{tenant!r} is neither a tenant's id nor a domain")
        return tenant

    @field_validator("authority", "graph_url", check_fields=False)
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

    @property
    def login(self) -> str:
        """The address that gives tokens, with the tenant; the authority may already end in it."""
        authority, tenant = self.authority or ENDPOINTS[self.cloud].login, f"/{self.tenant_id}"
        return authority if authority.casefold().endswith(tenant.casefold()) else authority + tenant

    def can_sign_in(self) -> None:
        """Raise ValueError if a key is missing."""
        if not self.credential.is_given:
            raise ValueError("credential is missing: give one of secret, certificate_file, federated_token_file, "
                             "managed_identity")  # fmt: skip
        if not self.tenant_id and not self.credential.managed_identity:
            raise ValueError("tenant_id is missing")
        if not self.client_id and not self.credential.managed_identity:
            raise ValueError("client_id is missing")


def with_environment(values: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of an app, with those of AKS workload identity in the place of what is left out."""
    found = dict(values)
    for key, name in (("tenant_id", "AZURE_TENANT_ID"), ("client_id", "AZURE_CLIENT_ID")):
        if not found.get(key) and os.environ.get(name):
            found[key] = os.environ[name]
    token_file = os.environ.get("AZURE_FEDERATED_TOKEN_FILE")
    if not found.get("credential") and token_file:
        found["credential"] = {"federated_token_file": token_file}
        if not found.get("authority") and os.environ.get("AZURE_AUTHORITY_HOST"):
            found["authority"] = os.environ["AZURE_AUTHORITY_HOST"]
    host = _HOST.match(str(found.get("authority")))
    if host and host[1].lower() in _CLOUDS and not found.get("graph_url"):
        found.setdefault("cloud", _CLOUDS[host[1].lower()])
    return found


class TenantConfig(AppConfig):
    """One tenant that is read through Graph, and the app that signs in to it."""

    graph_url: str | None = Field(default=None, description="Another address of Graph, for labs.")

    @model_validator(mode="before")
    @classmethod
    def _from_environment(cls, values: Any) -> Any:
        return with_environment(values) if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        self.can_sign_in()
        return self

    @property
    def graph(self) -> str:
        """Graph's address without a version."""
        return self.graph_url or ENDPOINTS[self.cloud].graph
