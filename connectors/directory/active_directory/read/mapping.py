"""Turn one entry into one person's facts. Pure: Entry + Reading -> Mapped | Malformed.

Nothing here decides who left. Only bit 2 of userAccountControl is read: lock-out, expired passwords and the like
are not leaving. A missing attribute gives None: the directory does not say, or we may not read it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

from connectors.directory.active_directory.config import ActiveDirectoryConfig
from connectors.directory.active_directory.wire.ber import Entry
from connectors.kit import dates as _dates
from connectors.kit import dn as _dn
from connectors.kit.mapped import Mapped
from connectors.kit.phones import Numbers, read_numbers
from connectors.kit.places import country_of, places
from connectors.kit.unread import Dates
from connectors.kit.words import read_bool
from worker.domain.model import AccountFacts
from worker.domain.text.globs import fits
from worker.domain.text.mail_domains import foldable
from worker.ports import Malformed

USER_ACCOUNT_CONTROL = "userAccountControl"
_DISABLED = 0x2  # ADS_UF_ACCOUNTDISABLE, MS-ADTS 2.2.16
_GUID_BYTES = 16
_TICKS = re.compile(r"[0-9]{1,19}")
_EXTENDED = re.compile(
    r"(?:<GUID=(?P<guid>[0-9a-f-]{36})>;)?(?:<SID=[^>]*>;)?(?P<dn>.*)", re.IGNORECASE | re.DOTALL
)
_USUAL = (
    "objectGUID", "displayName", "givenName", "sn", "cn", "mail", "userPrincipalName", "sAMAccountName",
    "department", "title", "physicalDeliveryOfficeName", "company", "manager", "preferredLanguage", "c",
    "mS-DS-ConsistencyGuid", USER_ACCOUNT_CONTROL, "accountExpires", "isDeleted", "lastKnownParent",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """How entries are read, by the configuration and the organisation. DNs are as `dn.parts` gives them."""

    phones: tuple[str, ...]
    employee_id: str
    leave_date: str | None
    long_leave: str | None
    timezone: str | None
    places: tuple[tuple[str, ...], ...]
    leavers_ou: tuple[str, ...] | None
    excluded_ous: tuple[tuple[str, ...], ...]
    excluded_names: tuple[str, ...]
    region: str
    zone: tzinfo

    @classmethod
    def of(cls, config: ActiveDirectoryConfig, region: str, zone: tzinfo) -> Reading:
        names = config.attributes
        exclude = config.scope.exclude
        return cls(
            phones=names.phones,
            employee_id=names.employee_id.lower(),
            leave_date=names.leave_date.lower() if names.leave_date else None,
            long_leave=names.long_leave.lower() if names.long_leave else None,
            timezone=names.timezone.lower() if names.timezone else None,
            places=tuple(map(_dn.parts, config.scope.ous or (config.base,))),
            leavers_ou=_dn.parts(config.leavers_ou) if config.leavers_ou else None,
            excluded_ous=tuple(_dn.parts(entry) for entry in exclude if "=" in entry),
            excluded_names=tuple(entry for entry in exclude if "=" not in entry),
            region=region,
            zone=zone,
        )


def attributes_of(config: ActiveDirectoryConfig) -> tuple[str, ...]:
    """Every attribute that `map_entry` uses, by its name in requests."""
    names = config.attributes
    further = (*names.phones, names.employee_id, names.leave_date, names.long_leave, names.timezone)
    return tuple(dict.fromkeys((*_USUAL, *(name for name in further if name))))


def id_of(entry: Entry) -> bytes | None:
    """objectGUID: the only value of an account that never changes and is never reused."""
    found = entry.values.get("objectguid")
    return found[0] if found and len(found[0]) == _GUID_BYTES else None


def plain_dn(text: str) -> str:
    """A DN without the prefix of the extended form."""
    match = _EXTENDED.fullmatch(text)
    return match["dn"] if match else text


def is_deleted(entry: Entry) -> bool:
    """True if it is a tombstone, or an object in the recycle bin."""
    return entry.values.get("isdeleted") == [b"TRUE"]


def map_entry(entry: Entry, reading: Reading, *, fits: bool = True) -> Mapped | Malformed:
    """The facts of one entry, or the entry set aside. `fits`: whether it fits the filter of the scope.

    A tombstone has lost what a filter asks for, and fits.
    """
    try:
        return _mapped(entry, reading, fits=fits)
    except Malformed as malformed:
        return malformed


def _mapped(entry: Entry, reading: Reading, *, fits: bool) -> Mapped:
    values = entry.values
    own_id = id_of(entry)
    place = plain_dn(entry.dn)
    if own_id is None:
        raise Malformed(
            f"{place}: it has no objectGUID.", record_id=place, remedy="Let the account read objectGUID."
        )

    def text(name: str) -> str | None:
        found = values.get(name)
        return (" ".join(found[0].decode("utf-8", "replace").split()) or None) if found else None

    person_id = str(uuid.UUID(bytes_le=own_id))
    where = (place, person_id)
    deleted = is_deleted(entry)
    parent = plain_dn(text("lastknownparent") or "") if deleted else _dn.parent(place)
    numbers = _phones(entry, reading, text("c"))
    upn, account = text("userprincipalname"), text("samaccountname")
    email, employee_id = _email(text("mail")), text(reading.employee_id)
    is_stripped = deleted and not (numbers.phones or email or employee_id)
    consistency = values.get("ms-ds-consistencyguid")
    dates = Dates()
    expires_at = dates.read("expires_at", lambda: _expires_at(text("accountexpires"), reading, where))
    leave_at = dates.read("leave_at", lambda: _leave_at(text(reading.leave_date or ""), reading, where))
    facts = AccountFacts(
        person_id=person_id,
        display_name=_display_name(entry, (text("displayname"), upn, account)) or person_id,
        email=email,
        username=upn or account,
        employee_id=employee_id,
        phones=numbers.phones,
        phones_in=numbers.attributes,
        department=text("department"),
        title=text("title"),
        office=text("physicaldeliveryofficename"),
        company=text("company"),
        manager_id=_manager(text("manager")),
        language=text("preferredlanguage"),
        immutable_id=_guid(consistency[0] if consistency else b"") or person_id,
        org_unit=parent or None,
        enabled=_enabled(text("useraccountcontrol")),
        is_deleted=deleted,
        expires_at=expires_at,
        leave_at=leave_at,
        is_moved_out=_lies_in(parent, (reading.leavers_ou,)) if reading.leavers_ou else False,
        is_on_long_leave=_is_on_long_leave(text(reading.long_leave) if reading.long_leave else None),
        is_in_scope=(fits or is_stripped) and _is_in_scope(parent, (account, upn), reading),
        attributes=places(text("c"), text(reading.timezone) if reading.timezone else None),
        unread=dates.unread,
        location=place,
    )
    return Mapped(facts, numbers.unreadable, dates.malformed_of(facts))


def _display_name(entry: Entry, names: tuple[str | None, ...]) -> str:
    if names[0]:
        return names[0]
    whole = " ".join(_first(entry, name) for name in ("givenname", "sn")).strip()
    best = whole or _first(entry, "cn") or next((name for name in names[1:] if name), "")
    return " ".join(re.split(r"\n(?:DEL|CNF):", best)[0].split())  # suffixes of deleted or duplicate objects


def _first(entry: Entry, name: str) -> str:
    found = entry.values.get(name)
    return found[0].decode("utf-8", "replace") if found else ""


def _email(text: str | None) -> str | None:
    return foldable(text) or None if text and "@" in text and " " not in text else None


def _guid(data: bytes) -> str | None:
    return str(uuid.UUID(bytes_le=data)) if len(data) == _GUID_BYTES else None


def _manager(text: str | None) -> str | None:
    match = _EXTENDED.fullmatch(text) if text else None
    return match["guid"].lower() if match and match["guid"] else None


def _enabled(text: str | None) -> bool | None:
    try:
        return None if text is None else not int(text) & _DISABLED
    except ValueError:
        return None


def _expires_at(text: str | None, reading: Reading, where: tuple[str, str]) -> datetime | None:
    if text is not None and _TICKS.fullmatch(text):  # in exports short numbers may be something else
        stamp = _dates.filetime(int(text), reading.zone)
    else:
        stamp = _stamp(text, reading, "accountExpires", where)
    return stamp.at if stamp else None


def _leave_at(text: str | None, reading: Reading, where: tuple[str, str]) -> datetime | None:
    stamp = _stamp(text, reading, reading.leave_date or "", where)
    return stamp.last_day_end_at if stamp else None


def _stamp(text: str | None, reading: Reading, name: str, where: tuple[str, str]) -> _dates.Stamp | None:
    if text is None:
        return None
    try:
        return _parsed_date(text, reading.zone)
    except _dates.Unreadable as error:
        place, person_id = where
        raise Malformed(
            f"{place}: {name}: {error}.", record_id=person_id, remedy="Write dates like 2026-11-24."
        ) from error


@lru_cache(maxsize=4096)  # nearly all accounts never expire, and reading "never" takes as long as a date
def _parsed_date(text: str, zone: tzinfo) -> _dates.Stamp | None:
    return _dates.parse(text, zone, _dates.DateOrder.MIXED)


def _is_on_long_leave(text: str | None) -> bool:
    return text is not None and read_bool(text) is not False


def _phones(entry: Entry, reading: Reading, region: str | None) -> Numbers:
    cells = [
        (name, value.decode("utf-8", "replace"))
        for name in reading.phones
        for value in entry.values.get(name.lower(), ())
    ]
    return read_numbers(cells, country_of(region) or reading.region, reading.region)


def _is_in_scope(parent: str, names: Iterable[str | None], reading: Reading) -> bool:
    known = [name for name in names if name]
    if any(name.endswith("$") for name in known) or _lies_in(parent, reading.excluded_ous):
        return False
    if any(fits(name, reading.excluded_names) for name in known):
        return False
    if not parent or _dn.is_tombstone(parent):
        return True  # deleted together with its OU, so the name no longer shows where the OU was
    leavers = (reading.leavers_ou,) if reading.leavers_ou else ()
    return _lies_in(parent, (*reading.places, *leavers))


@lru_cache(maxsize=4096)
def _lies_in(parent: str, places: tuple[tuple[str, ...], ...]) -> bool:
    return any(_dn.is_at_or_under(parent, place) for place in places)
