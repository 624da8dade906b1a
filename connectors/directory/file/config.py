"""The keys of a `kind: file` directory in the configuration file."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Format(StrEnum):
    """What kind of export a file is; `auto` decides by its first lines."""

    AUTO = "auto"
    AD_CSV = "ad_csv"
    LDIF = "ldif"
    ENTRA_CSV = "entra_csv"

    @property
    def label(self) -> str:
        """How people call it."""
        return _LABELS[self]


_LABELS = {
    Format.AUTO: "not known yet",
    Format.AD_CSV: "Active Directory CSV",
    Format.LDIF: "LDIF",
    Format.ENTRA_CSV: "Entra CSV",
}


USUAL_PHONES = (
    "mobile",
    "mobilephone",
    "mobilenumber",
    "othermobile",
    "telephonenumber",
    "officephone",
    "businessphones",
    "phonenumber",
)


class Section(BaseModel):
    """Settings do not change, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AttributesConfig(Section):
    """Columns to use instead of the usual ones."""

    phones: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Columns with phone numbers, the best first."
    )
    employee_id: str | None = Field(default=None, description="Column with the employee number.")
    leave_date: str | None = Field(default=None, description="Column with the last working day.")
    long_leave: str | None = Field(
        default=None, description="Column in which any value but false means long leave."
    )
    timezone: str | None = Field(
        default=None,
        description="Column with the time zone that somebody lives by (IANA), for their quiet hours.",
    )


class ScopeConfig(Section):
    """Which accounts are people at all; the others are read, counted and left alone."""

    require: tuple[str, ...] = Field(
        default=(), description="Columns that must have a value, such as EmployeeID."
    )
    exclude: tuple[str, ...] = Field(
        default=(),
        description="OUs (OU=Service Accounts,DC=corp,DC=example) or patterns of user names (svc-*).",
    )


class FileConfig(Section):
    """A file, or a folder of dated files that are read one after another."""

    path: str = Field(min_length=1, description="The export file, or a folder of dated export files.")
    format: Format = Field(default=Format.AUTO, description="What kind of export it is.")
    leavers_ou: str | None = Field(
        default=None, description="The OU that leavers are moved to, as a distinguished name."
    )
    attributes: AttributesConfig = Field(default=AttributesConfig())
    scope: ScopeConfig = Field(default=ScopeConfig())

    @property
    def phone_attributes(self) -> tuple[str, ...]:
        """Where phone numbers are read from, so that `controls.consent.private` names one of them."""
        return self.attributes.phones or USUAL_PHONES

    @field_validator("leavers_ou")
    @classmethod
    def _is_a_distinguished_name(cls, value: str | None) -> str | None:
        if value is not None and "=" not in value:
            msg = f"{value!r} is not a distinguished name; write it like OU=Leavers,DC=corp,DC=example"
            raise ValueError(msg)
        return value
