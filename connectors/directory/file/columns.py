"""The names of an export's columns, in the spellings of all tools.

Names are compared folded (`fold`): in lower case, without spaces and punctuation, so that
`User principal name`, `userPrincipalName` and `USERPRINCIPALNAME` are one. LDAP attributes of an
LDIF file are columns here, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.directory.file.config import USUAL_PHONES, FileConfig, Format
from connectors.kit.text import listed
from worker.domain.model import COUNTRY, TIMEZONE
from worker.ports import BadConfig

# Field -> folded names, the best first. Sources: Get-ADUser's and the LDAP schema's names; "Download users"
# of the Entra portal, Get-MgUser, and the Microsoft 365 admin centre's export (Object Id, Block credential).
NAMES: Mapping[str, tuple[str, ...]] = {
    "display_name": ("displayname",),
    "common_name": ("name", "cn"),
    "given_name": ("givenname", "firstname"),
    "surname": ("surname", "sn", "lastname"),
    "email": ("mail", "emailaddress", "email", "primarysmtpaddress"),
    "upn": ("userprincipalname", "upn"),
    "account": ("samaccountname",),
    "dn": ("distinguishedname", "dn"),
    "employee_id": ("employeeid", "employeenumber"),
    "phones": USUAL_PHONES,
    "department": ("department",),
    "title": ("title", "jobtitle"),
    "office": ("office", "physicaldeliveryofficename", "officelocation"),
    "company": ("company", "companyname"),
    "manager": ("manager", "managerid"),
    "language": ("preferredlanguage", "language"),
    "region": ("usagelocation", "c", "country"),
    "enabled": ("enabled", "accountenabled"),
    "blocked": ("blockcredential",),
    "account_control": ("useraccountcontrol",),
    "expires": ("accountexpirationdate",),
    "expires_filetime": ("accountexpires",),
    "leave_date": ("employeeleavedatetime",),
    "deleted": ("deleted", "isdeleted"),
    "deleted_at": ("deleteddatetime", "softdeletiontimestamp"),
    "object_class": ("objectclass",),
    "user_type": ("usertype",),
    "immutable_id": ("onpremisesimmutableid", "immutableid", "msdsconsistencyguid"),
    "long_leave": (),
    "timezone": (),
}
ID_NAMES: Mapping[Format, tuple[str, ...]] = {
    Format.AD_CSV: ("objectguid",),
    Format.LDIF: ("objectguid",),
    Format.ENTRA_CSV: ("id", "objectid"),
}
# The columns that show who is disabled, by the names that the exporting tools give them
ENABLED_FIELDS = ("enabled", "blocked", "account_control")
ENABLED_NAMES: Mapping[Format, str] = {
    Format.AD_CSV: "Enabled or userAccountControl",
    Format.LDIF: "userAccountControl",
    Format.ENTRA_CSV: "accountEnabled or Block credential",
}
# What a directory says of somebody's place and last day -> the fields that show it. An export that lacks all columns of
# one of these says nothing of it
SHOWN_BY: Mapping[str, tuple[str, ...]] = {
    "department": ("department",),
    "title": ("title",),
    "office": ("office",),
    "company": ("company",),
    "org_unit": ("dn",),
    COUNTRY: ("region",),
    TIMEZONE: ("timezone",),
    "expires_at": ("expires", "expires_filetime"),
    "leave_at": ("leave_date",),
}
DATES = frozenset({"expires_at", "leave_at"})
# Other columns with dates: they show whether the day comes first if the interesting columns do not.
DATE_WITNESSES = (
    "whencreated",
    "created",
    "whenchanged",
    "modified",
    "passwordlastset",
    "lastlogondate",
    "createddatetime",
)

AD_EXPORT = (
    "Get-ADUser -Filter * -Properties DisplayName,mail,mobile,otherMobile,telephoneNumber,Department,Title,Office,"
    "Company,Manager,EmployeeID,AccountExpirationDate,whenCreated,preferredLanguage | "
    "Select-Object *, @{n='otherMobile'; e={$_.otherMobile -join ';'}} -ExcludeProperty otherMobile | "
    "Export-Csv people.csv -NoTypeInformation -Encoding UTF8"
)
ENTRA_EXPORT = 'In the Entra admin centre, Users > All users > "Download users"'
_AD_ONLY = frozenset({"objectguid", "samaccountname", "distinguishedname", "dn", "useraccountcontrol"})
_ENTRA_ONLY = frozenset(
    {
        "accountenabled",
        "usertype",
        "usagelocation",
        "objectid",
        "onpremisesimmutableid",
        "blockcredential",
        "id",
    }
)


def fold(name: str) -> str:
    """A column name in the form for comparing."""
    return re.sub(r"[\W_]+", "", name).lower()


@dataclass(frozen=True, slots=True)
class Columns:
    """The folded columns that one file has for each field, the best first, and for the id."""

    format: Format
    by_field: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> tuple[str, ...]:
        return self.by_field.get(name, ())

    def all_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """The columns for any of these fields."""
        return tuple(column for name in names for column in self.of(name))

    @property
    def has_header(self) -> bool:
        """False for LDIF, where a value that is taken away takes its attribute along."""
        return self.format is not Format.LDIF

    def has(self, names: Iterable[str]) -> bool:
        """True if the header names a column for one of these fields."""
        return self.has_header and bool(self.all_of(names))

    def uses(self, column: str) -> bool:
        return any(column in names for names in self.by_field.values())

    def label(self, column: str) -> str:
        """The file's own spelling of a column, for messages."""
        return self.labels.get(column, column)


def known(names: Iterable[str]) -> int:
    """The number of known names among these columns."""
    ours = {name for names_of_field in NAMES.values() for name in names_of_field}
    ours |= {name for ids in ID_NAMES.values() for name in ids}
    return len(ours & {fold(name) for name in names})


def joined(name: str) -> str:
    """How PowerShell exports a property with several values as text."""
    return f"@{{n='{name}'; e={{$_.{name} -join ';'}}}}"


def csv_format(header: Iterable[str]) -> Format | None:
    """Active Directory or Entra, by the columns; None if it is neither."""
    found = {fold(name) for name in header}
    if found & _AD_ONLY:
        return Format.AD_CSV
    if found & _ENTRA_ONLY or "userprincipalname" in found:
        return Format.ENTRA_CSV
    return None


def resolve(place: str, format_: Format, header: tuple[str, ...] | None, config: FileConfig) -> Columns:
    """Choose the column for each field.

    `header` is None for LDIF, where a column exists only in the records that have it.
    Raises BadConfig if there is no id, or if a configured column is missing.
    """
    chosen = {**NAMES, "id": ID_NAMES[format_], **_overrides(config)}
    folded = {key: tuple(fold(name) for name in names) for key, names in chosen.items()}
    required = tuple(fold(name) for name in config.scope.require)
    if header is not None:
        present = {fold(name) for name in header}
        if not present & set(folded["id"]):
            raise _no_id(place, format_, header)
        _must_have(place, config, present, header)
        folded = {key: tuple(name for name in names if name in present) for key, names in folded.items()}
    labels = {fold(name): name for name in header or ()}
    return Columns(format=format_, by_field=folded, required=required, labels=labels)


def _overrides(config: FileConfig) -> dict[str, tuple[str, ...]]:
    attributes = config.attributes
    return {
        **({"phones": attributes.phones} if attributes.phones else {}),
        **({"employee_id": (attributes.employee_id,)} if attributes.employee_id else {}),
        **({"leave_date": (attributes.leave_date,)} if attributes.leave_date else {}),
        **({"long_leave": (attributes.long_leave,)} if attributes.long_leave else {}),
        **({"timezone": (attributes.timezone,)} if attributes.timezone else {}),
    }


def _must_have(place: str, config: FileConfig, present: set[str], header: tuple[str, ...]) -> None:
    asked = [(key, name) for key, names in _overrides(config).items() for name in names]
    settings = [(f"attributes.{key}", name) for key, name in asked]
    settings += [("scope.require", name) for name in config.scope.require]
    for setting, name in settings:
        if fold(name) not in present:
            raise BadConfig(
                f"{place} has no column {name!r}, which {setting} asks for. It has: {listed(header)}.",
                remedy=f"Export the column as well, or correct {setting}.",
            )
    needs_dn = config.leavers_ou or any("=" in entry for entry in config.scope.exclude)
    if needs_dn and not present & set(NAMES["dn"]):
        setting = "leavers_ou" if config.leavers_ou else "scope.exclude"
        raise BadConfig(
            f"{place} has no column DistinguishedName, which {setting} needs. It has: {listed(header)}.",
            remedy=f"Export DistinguishedName as well, or remove {setting}.",
        )


def _no_id(place: str, format_: Format, header: tuple[str, ...]) -> BadConfig:
    column = "id" if format_ is Format.ENTRA_CSV else "ObjectGUID"
    way = ENTRA_EXPORT if format_ is Format.ENTRA_CSV else AD_EXPORT
    return BadConfig(
        f"{place} has no column {column}, so people cannot be told apart once a name changes. {_shown(header)}.",
        remedy=f"Export again with it: {way}",
    )


def _shown(header: tuple[str, ...]) -> str:
    """What the first row has. Without any known heading it may be a person, who is nobody's business."""
    return (
        f"It has: {listed(header)}" if known(header) else "It has no heading that is known in its first row"
    )


def unknown_csv(place: str, header: tuple[str, ...]) -> BadConfig:
    """The error for a header of an unknown kind of export."""
    return BadConfig(
        f"{place} is neither an Active Directory nor an Entra export: there is no column ObjectGUID or id. "
        f"{_shown(header)}.",
        remedy=f"For Active Directory: {AD_EXPORT}. For Entra: {ENTRA_EXPORT}.",
    )
