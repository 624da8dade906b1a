"""Turn one record into one person's facts. Pure: RawRecord + Reading -> Mapped | Malformed.

Nothing here decides who left: a field that is missing or not understood becomes None ("the directory does not
say"), and an unreadable date is named as well, unless the account is put away. Lock-outs and expired passwords
(lockoutTime, pwdLastSet, PasswordExpired) are not read: they are not leaving.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from connectors.directory.file.columns import Columns, joined
from connectors.directory.file.config import FileConfig, Format
from connectors.directory.file.formats.records import RawRecord
from connectors.kit import dates as _dates
from connectors.kit import dn
from connectors.kit.guids import guid
from connectors.kit.mapped import Mapped
from connectors.kit.phones import Numbers, read_numbers
from connectors.kit.places import country_of, places
from connectors.kit.text import quoted
from connectors.kit.unread import Dates
from connectors.kit.words import read_bool
from worker.domain.model import AccountFacts
from worker.domain.text.globs import fits
from worker.domain.text.mail_domains import foldable
from worker.ports import Malformed

_PEOPLE = frozenset({"user", "inetorgperson"})
_NOT_PEOPLE = frozenset({"computer", "contact", "group"})
_ACCOUNT_DISABLED = 0x2  # userAccountControl, MS-ADTS 2.2.16


@dataclass(frozen=True, slots=True)
class Reading:
    """How one file is read, by the configuration, the organisation and the survey.

    `orders`: column -> how it writes day and month. `ids_by_alias`: folded DN or user name ->
    person_id, for managers. `excluded_ous` are DNs as `dn.parts` gives them. `unshown`: see `Survey.unshown_facts`.
    """

    name: str
    columns: Columns
    region: str
    zone: tzinfo
    orders: Mapping[str, _dates.DateOrder] = field(default_factory=dict)
    ids_by_alias: Mapping[str, str] = field(default_factory=dict)
    leavers_ou: tuple[str, ...] | None = None
    excluded_ous: tuple[tuple[str, ...], ...] = ()
    excluded_names: tuple[str, ...] = ()
    unshown: frozenset[str] = frozenset()

    @classmethod
    def of(cls, name: str, columns: Columns, config: FileConfig, region: str, zone: tzinfo) -> Reading:
        """The part that is known before the survey of the file."""
        exclude = config.scope.exclude
        return cls(
            name=name,
            columns=columns,
            region=region,
            zone=zone,
            leavers_ou=dn.parts(config.leavers_ou) if config.leavers_ou else None,
            excluded_ous=tuple(dn.parts(entry) for entry in exclude if "=" in entry),
            excluded_names=tuple(entry for entry in exclude if "=" not in entry),
        )

    def place(self, raw: RawRecord) -> str:
        return f"{self.name} line {raw.line}"


def is_person(raw: RawRecord, columns: Columns) -> bool:
    """True if the record is a user account, and not a contact, a group or a computer.

    True also without an object class (as in most CSV exports): a computer among them is only out of scope.
    """
    texts = (value for column in columns.of("object_class") for value in raw.values.get(column, ()))
    classes = {word.strip().casefold() for text in texts for word in text.split(";")}
    return not classes or bool(classes & _PEOPLE and not classes & _NOT_PEOPLE)


def person_id(raw: RawRecord, reading: Reading) -> str:
    """The immutable id as a GUID in lower case; raises Malformed if there is none, or if it is no GUID."""
    text = raw.first(reading.columns.of("id"))
    found = guid(text)
    if found is None:
        column = "id" if reading.columns.format is Format.ENTRA_CSV else "ObjectGUID"
        what = f"{column} {quoted(text)} is not a GUID" if text else f"it has no {column}"
        raise _malformed(reading, raw, what, "Export again without opening the file in another program.")
    return found


def map_record(raw: RawRecord, reading: Reading) -> Mapped | Malformed:
    """The facts of one record, or the record set aside with its place, the reason and the remedy."""
    if raw.spoilt:
        return raw.spoilt
    try:
        return _mapped(raw, reading)
    except Malformed as malformed:
        return malformed


def _mapped(raw: RawRecord, reading: Reading) -> Mapped:
    columns = reading.columns
    own_id = person_id(raw, reading)

    def text(name: str) -> str | None:
        return " ".join(raw.first(columns.of(name)).split()) or None

    place = raw.first(columns.of("dn"))
    numbers = _phones(raw, reading)
    is_deleted = _is_deleted(raw, columns, place)
    dates = Dates()
    expires_at = dates.read("expires_at", lambda: _expires_at(raw, reading))
    leave_at = dates.read("leave_at", lambda: _leave_at(raw, reading))
    facts = AccountFacts(
        person_id=own_id,
        display_name=_display_name(raw, columns) or own_id,
        email=_email(raw, columns),
        username=text("upn") or text("account"),
        employee_id=text("employee_id"),
        phones=numbers.phones,
        phones_in=numbers.attributes,
        department=text("department"),
        title=text("title"),
        office=text("office"),
        company=text("company"),
        manager_id=_manager(raw, reading),
        language=text("language"),
        immutable_id=_immutable_id(raw, columns, own_id),
        org_unit=dn.parent(place) or None,
        enabled=_enabled(raw, columns),
        is_deleted=is_deleted,
        expires_at=expires_at,
        leave_at=leave_at,
        is_moved_out=reading.leavers_ou is not None and dn.is_under(place, reading.leavers_ou),
        is_on_long_leave=_is_on_long_leave(raw, columns),
        is_in_scope=_is_in_scope(raw, reading, place, is_deleted=is_deleted),
        attributes=_places(text("region"), text("timezone"), reading),
        unread=dates.unread,
        location=reading.place(raw),
    )
    return Mapped(facts, numbers.unreadable, dates.malformed_of(facts))


def _malformed(reading: Reading, raw: RawRecord, what: str, remedy: str, own_id: str = "") -> Malformed:
    place = reading.place(raw)
    return Malformed(f"{place}: {what}.", record_id=own_id or place, remedy=remedy)


def _places(region: str | None, timezone: str | None, reading: Reading) -> tuple[tuple[str, str], ...]:
    """Of one that the file does not show of everybody, nothing: what was known is added, and nobody has two."""
    return tuple(one for one in places(region, timezone) if one[0] not in reading.unshown)


def _display_name(raw: RawRecord, columns: Columns) -> str:
    whole = " ".join((raw.first(columns.of("given_name")), raw.first(columns.of("surname")))).strip()
    names = (
        raw.first(columns.of("display_name")),
        whole,
        raw.first(columns.of("common_name")),
        raw.first(columns.of("upn")),
        raw.first(columns.of("account")),
    )
    best = next((name for name in names if name), "")
    return " ".join(re.split(r"\n(?:DEL|CNF):", best)[0].split())


def _email(raw: RawRecord, columns: Columns) -> str | None:
    text = raw.first(columns.of("email"))
    return foldable(text) or None if "@" in text and not re.search(r"\s", text) else None


def _immutable_id(raw: RawRecord, columns: Columns, own_id: str) -> str | None:
    text = raw.first(columns.of("immutable_id"))
    return guid(text) or (own_id if columns.format is not Format.ENTRA_CSV else text or None)


def _manager(raw: RawRecord, reading: Reading) -> str | None:
    text = raw.first(reading.columns.of("manager"))
    if not text:
        return None
    return reading.ids_by_alias.get(alias(text)) or guid(text)


def alias(text: str) -> str:
    """A value of a manager column, folded: a DN, or a user name."""
    return dn.key(text) if "=" in text else text.casefold()


def _enabled(raw: RawRecord, columns: Columns) -> bool | None:
    said = read_bool(raw.first(columns.of("enabled")))
    if said is not None:
        return said
    blocked = read_bool(raw.first(columns.of("blocked")))
    if blocked is not None:
        return not blocked
    try:
        return not int(raw.first(columns.of("account_control")), 0) & _ACCOUNT_DISABLED
    except ValueError:
        return None


def _is_deleted(raw: RawRecord, columns: Columns, place: str) -> bool:
    return (
        read_bool(raw.first(columns.of("deleted"))) is True
        or bool(raw.first(columns.of("deleted_at")))
        or dn.is_tombstone(place)
    )


def _expires_at(raw: RawRecord, reading: Reading) -> datetime | None:
    # Both hold the exclusive end: ADUC's "end of the 24th" is the 25th, 00:00.
    for name in ("expires", "expires_filetime"):
        for stamp in _stamps(raw, reading, name):
            return stamp.at
    return None


def _leave_at(raw: RawRecord, reading: Reading) -> datetime | None:
    for stamp in _stamps(raw, reading, "leave_date"):
        return stamp.last_day_end_at
    return None


def _stamps(raw: RawRecord, reading: Reading, name: str) -> tuple[_dates.Stamp, ...]:
    for column in reading.columns.of(name):
        if raw.hides((column,)):
            raise _malformed(
                reading,
                raw,
                f"in the column {reading.columns.label(column)}, PowerShell wrote a type's name in place of a date",
                f"Export {joined(reading.columns.label(column))}.",
                person_id(raw, reading),
            )
        if not (text := raw.first((column,))):
            continue
        order = reading.orders.get(column, _dates.DateOrder.DAY_FIRST)
        try:
            stamp = _dates.parse(text, reading.zone, order)
        except _dates.Unreadable as error:
            raise _malformed(
                reading,
                raw,
                f"in the column {reading.columns.label(column)}, {error}",
                "Write dates like 2026-11-24.",
                person_id(raw, reading),
            ) from error
        if stamp is not None:
            return (stamp,)
    return ()


def _is_on_long_leave(raw: RawRecord, columns: Columns) -> bool:
    text = raw.first(columns.of("long_leave"))
    return bool(text) and read_bool(text) is not False


def _is_in_scope(raw: RawRecord, reading: Reading, place: str, *, is_deleted: bool) -> bool:
    columns = reading.columns
    account, upn = raw.first(columns.of("account")), raw.first(columns.of("upn"))
    names = [name for name in (account, upn) if name]
    is_guest = raw.first(columns.of("user_type")).casefold() == "guest" or "#EXT#" in upn
    if account.endswith("$") or is_guest:
        return False
    if not is_deleted and any(not raw.values.get(column) for column in columns.required):
        return False  # a deleted account has lost its attributes, and must still be seen
    if any(dn.is_under(place, ou) for ou in reading.excluded_ous):
        return False
    return not any(fits(name, reading.excluded_names) for name in names)


def _phones(raw: RawRecord, reading: Reading) -> Numbers:
    columns = reading.columns
    cells = (
        (columns.label(column), cell)
        for column in columns.of("phones")
        for cell in raw.values.get(column, ())
    )
    return read_numbers(cells, _region(raw, reading), reading.region)


def _region(raw: RawRecord, reading: Reading) -> str:
    return country_of(raw.first(reading.columns.of("region"))) or reading.region
