"""How people sign in to the desk's console: an Entra ID tenant, or another OpenID provider.

Nothing here uses the network. `worker.desk.sign_in` does, and cannot import the settings: `SignInSection` has the
attributes that its `Rules` name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema, field_validator, model_validator

from worker.settings.fields import Patterns, Text
from worker.settings.problems import Wrong, shown
from worker.settings.section import Section

_TENANT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")  # an id, or a domain
_NO_TENANTS = frozenset({"common", "organizations", "consumers"})  # they mean accounts of any tenant
_ID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ENTRA_CLAIMS = ("roles", "groups")
_ENTRA_KEYS = ("tenant_id", "cloud", "authority")


class SignInKind(StrEnum):
    """Whom the desk asks who somebody is."""

    ENTRA = "entra"
    OIDC = "oidc"


class Cloud(StrEnum):
    """Microsoft's clouds; accounts of one are unknown in the others."""

    GLOBAL = "global"
    USGOV = "usgov"
    USGOV_DOD = "usgov_dod"
    CHINA = "china"


_LOGIN = {  # Microsoft Graph: national cloud deployments
    Cloud.GLOBAL: "https://login.microsoftonline.com",
    Cloud.USGOV: "https://login.microsoftonline.us",
    Cloud.USGOV_DOD: "https://login.microsoftonline.us",
    Cloud.CHINA: "https://login.chinacloudapi.cn",
}


def _https(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        rest = value.partition("://")[2] or value
        near = f"https://{rest}" if re.fullmatch(r"[\w.-]+(?::\d+)?(?:/[\w./-]*)?", rest) else None
        example = near or "https://login.example.org/realms/staff"
        raise Wrong(f"{shown(value)} is no https address", f"Write it like {example}.")
    return value.rstrip("/")


HttpsAddress: TypeAlias = Annotated[
    str, AfterValidator(_https), WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https://"})
]
Values: TypeAlias = Patterns  # one text or several, compared as they are: no globs


class SignInTls(Section):
    """Whom to trust besides the public authorities."""

    ca_file: Text | None = Field(
        default=None, description="Certificates (PEM) of the company's own authority, or of a lab's."
    )


class SignInRoles(Section):
    """Which values of the claim give which of the desk's roles; one value may give several."""

    viewer: Values = Field(default=(), description="Sees everything.")
    operator: Values = Field(default=(), description="Acts on tickets, and answers who somebody is.")
    approver: Values = Field(default=(), description="An operator who releases and rejects held plans.")
    auditor: Values = Field(default=(), description="Sees everything, searches and exports the journal.")

    @classmethod
    def named_like_ours(cls) -> Self:
        return cls(**{name: (name,) for name in cls.model_fields})

    @model_validator(mode="after")
    def _lets_somebody_in(self) -> Self:
        if not any(getattr(self, name) for name in type(self).model_fields):
            raise Wrong("nobody could sign in", "Name values for at least one role, or delete the key.")
        return self


class SignInSection(Section):
    """One provider, the desk's registration there, and whose claims give which role."""

    kind: SignInKind = Field(description="entra, or oidc for any other OpenID provider.")
    tenant_id: Text | None = Field(default=None, description="For entra: the tenant's id or domain.")
    issuer: HttpsAddress | None = Field(default=None, description="For oidc: the provider's issuer.")
    client_id: Text = Field(description="The id of the desk's registration.")
    client_secret: SecretStr | None = Field(
        default=None, description="Its secret: ${file:…} or ${env:…}; or federated_token_file."
    )
    federated_token_file: Text | None = Field(
        default=None, description="A token that another issuer renews, as AKS workload identity does."
    )
    cloud: Cloud = Field(default=Cloud.GLOBAL, description="global, usgov, usgov_dod or china.")
    authority: HttpsAddress | None = Field(default=None, description="Another sign-in address, for labs.")
    tls: SignInTls = Field(default_factory=SignInTls)
    claim: Text = Field(
        default="roles",
        description="The ID token's claim that gives roles: with entra roles (app roles) or groups (object ids).",
    )
    roles: SignInRoles = Field(
        default_factory=SignInRoles.named_like_ours,
        description="Which values give which role; left out: app roles named viewer, operator, approver, auditor.",
    )

    @field_validator("tenant_id")
    @classmethod
    def _is_a_tenant(cls, tenant: str | None) -> str | None:
        if tenant is not None and tenant.casefold() in _NO_TENANTS:
            problem = f"{shown(tenant)} lets people of any company in"
            raise Wrong(problem, "Write your own tenant's id or domain.")
        if tenant is not None and not _TENANT.fullmatch(tenant):
            problem = f"{shown(tenant)} is neither a tenant's id nor a domain"
            raise Wrong(problem, "Copy the tenant's id from its overview in the portal.")
        return tenant

    @field_validator("client_secret")
    @classmethod
    def _is_not_empty(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not secret.get_secret_value().strip():
            raise Wrong("the secret is empty", "Write ${file:/path} or ${env:NAME}.")
        return secret

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.kind is SignInKind.ENTRA:
            self._is_entra()
        else:
            self._is_oidc()
        if (self.client_secret is None) is (self.federated_token_file is None):
            said = "are both given" if self.client_secret else "are both missing"
            problem = f"client_secret and federated_token_file {said}"
            raise Wrong(problem, "Give one of the two: it is how the desk proves who it is.")
        return self

    def _is_entra(self) -> None:
        if self.issuer is not None:
            raise Wrong("this belongs to kind: oidc", "Write tenant_id, or kind: oidc.", at=("issuer",))
        if self.tenant_id is None:
            raise Wrong("the key 'tenant_id' is missing", "Add 'tenant_id: …', or write kind: oidc.")
        if self.claim not in _ENTRA_CLAIMS:
            problem = f"{shown(self.claim)} is no claim that Entra ID gives roles by"
            raise Wrong(problem, "Write roles (app roles) or groups (object ids).", at=("claim",))
        if self.claim == "groups":
            self._names_groups_by_id()

    def _names_groups_by_id(self) -> None:
        """Require ids for groups: an owner can change a group's name, and another group may get it."""
        if "roles" not in self.model_fields_set:
            problem = "with claim: groups the key 'roles' is needed"
            raise Wrong(problem, "Write the object ids of the groups, such as roles: {viewer: [ID]}.")
        for name, values in self.role_values.items():
            for value in values:
                if not _ID.fullmatch(value):
                    problem = f"{shown(value)} is no object id of a group"
                    raise Wrong(
                        problem, "Copy it from the group's overview in the portal.", at=("roles", name)
                    )

    def _is_oidc(self) -> None:
        for key in _ENTRA_KEYS:
            if key in self.model_fields_set and getattr(self, key) is not None:
                raise Wrong("this belongs to kind: entra", "Delete it, or write kind: entra.", at=(key,))
        if self.issuer is None:
            raise Wrong("the key 'issuer' is missing", "Add 'issuer: https://…', or write kind: entra.")

    @property
    def is_entra(self) -> bool:
        """True if the provider is Entra ID, with its claims."""
        return self.kind is SignInKind.ENTRA

    @property
    def address(self) -> str:
        """The issuer, or the tenant's authority, which may end in the tenant; https, without a slash at the end."""
        if not self.is_entra:
            return self.issuer or ""
        authority, tenant = self.authority or _LOGIN[self.cloud], f"/{self.tenant_id}"
        return authority if authority.casefold().endswith(tenant.casefold()) else authority + tenant

    @property
    def secret(self) -> str | None:
        """The client secret in the clear, only for the provider."""
        return self.client_secret.get_secret_value() if self.client_secret else None

    @property
    def ca_file(self) -> str | None:
        """Certificates to trust besides the system's; relative to the configuration's folder."""
        return self.tls.ca_file

    @property
    def role_values(self) -> Mapping[str, tuple[str, ...]]:
        """The claim's values by the role that they give."""
        return {name: getattr(self.roles, name) for name in type(self.roles).model_fields}
