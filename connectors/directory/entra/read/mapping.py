"""Turn a user of Graph into one person's facts. Pure: JSON object + Reading -> Mapped | Malformed.

Absent and null are the same: Graph does not say, and that never makes a leaver. `@removed` is a deletion; its reason
"changed" means that the user can be restored for 30 days, "deleted" that they are gone for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from connectors.directory.entra.config import LEAVE_DATE, EntraConfig
from connectors.kit import dates as _dates
from connectors.kit.guids import guid
from connectors.kit.mapped import Mapped
from connectors.kit.phones import Numbers, read_numbers
from connectors.kit.places import country_of, places
from connectors.kit.unread import Dates
from connectors.kit.words import read_bool
from worker.domain.model import AccountFacts
from worker.domain.text.globs import fits
from worker.domain.text.mail_domains import foldable
from worker.ports import Malformed

_USUAL = (
    "id", "accountEnabled", "userType", "userPrincipalName", "mail", "displayName", "givenName", "surname",
    "department", "jobTitle", "companyName", "officeLocation", "preferredLanguage", "usageLocation",
    "onPremisesImmutableId", "deletedDateTime",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """How users are read, by the configuration and the organisation."""

    config: EntraConfig
    region: str
    zone: tzinfo
    members: frozenset[str] | None = None  # of scope.groups, by id; None: everybody


def selected(config: EntraConfig, *, with_leave_date: bool = True) -> tuple[str, ...]:
    """The properties to select; a delta tracks exactly these."""
    names = config.attributes
    wanted = [
        *names.phones,
        names.employee_id,
        names.leave_date,
        names.long_leave,
        names.timezone,
        *config.scope.require,
    ]
    tops = [name.partition(".")[0] for name in wanted if name and (with_leave_date or name != LEAVE_DATE)]
    return tuple(dict.fromkeys((*_USUAL, *tops)))


def map_user(user: Mapping[str, Any], reading: Reading) -> Mapped | Malformed:
    """The facts of one user, or the user set aside."""
    try:
        return _mapped(user, reading)
    except Malformed as malformed:
        return malformed


def _mapped(user: Mapping[str, Any], reading: Reading) -> Mapped:
    own_id = guid(str(user.get("id") or ""))
    if own_id is None:
        raise Malformed(
            "Graph gave a user without an id.", record_id=str(user.get("id")), remedy="It is read again."
        )
    is_deleted = "@removed" in user or bool(user.get("deletedDateTime"))
    upn = _text(user, "userPrincipalName")
    if is_deleted and upn is not None:  # deletion puts the id before it
        upn = upn.removeprefix(own_id.replace("-", ""))
        user = {**user, "userPrincipalName": upn}
    names = reading.config.attributes
    numbers = _phones(user, reading)
    immutable = _text(user, "onPremisesImmutableId")
    dates = Dates()
    leave_at = dates.read("leave_at", lambda: _leave_at(user, names.leave_date, reading, own_id))
    facts = AccountFacts(
        person_id=own_id,
        display_name=_text(user, "displayName") or _whole_name(user) or upn or own_id,
        email=_email(_text(user, "mail")),
        username=upn,
        employee_id=_text(user, names.employee_id),
        phones=numbers.phones,
        phones_in=numbers.attributes,
        department=_text(user, "department"),
        title=_text(user, "jobTitle"),
        office=_text(user, "officeLocation"),
        company=_text(user, "companyName"),
        manager_id=_manager(user),
        language=_text(user, "preferredLanguage"),
        immutable_id=guid(immutable) or immutable if immutable else None,
        enabled=_enabled(user),
        is_deleted=is_deleted,
        leave_at=leave_at,
        is_on_long_leave=_is_on_long_leave(user, names.long_leave),
        is_in_scope=_is_in_scope(user, own_id, reading, is_deleted=is_deleted),
        attributes=places(
            _text(user, "usageLocation"), _text(user, names.timezone) if names.timezone else None
        ),
        unread=dates.unread,
        location=upn or own_id,
    )
    return Mapped(facts, numbers.unreadable, dates.malformed_of(facts))


def _value(user: Mapping[str, Any], name: str) -> Any:
    """A property; `a.b` is the property `b` of the object `a`."""
    top, _, inner = name.partition(".")
    found = user.get(top)
    return found.get(inner) if inner and isinstance(found, dict) else None if inner else found


def _first(user: Mapping[str, Any], name: str) -> str | bool | None:
    """The first value of a property that is not empty: extensions may be numbers, and have several values."""
    found = _value(user, name)
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, bool):
            return one
        if isinstance(one, str | int) and (text := " ".join(str(one).split())):
            return text
    return None


def _text(user: Mapping[str, Any], name: str) -> str | None:
    found = _first(user, name)
    return found if isinstance(found, str) else None


def _whole_name(user: Mapping[str, Any]) -> str:
    return " ".join(part for name in ("givenName", "surname") if (part := _text(user, name)))


def _email(text: str | None) -> str | None:
    return foldable(text) or None if text and "@" in text and " " not in text else None


def _enabled(user: Mapping[str, Any]) -> bool | None:
    found = user.get("accountEnabled")
    return found if isinstance(found, bool) else None


def _manager(user: Mapping[str, Any]) -> str | None:
    """The manager's id: from `manager` of a single user, or the last one in `manager@delta` that is not removed."""
    alone = user.get("manager")
    if isinstance(alone, dict):
        return guid(str(alone.get("id") or ""))
    listed = user.get("manager@delta")
    known = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    here = [guid(str(one.get("id") or "")) for one in known if "@removed" not in one]
    return here[-1] if here else None


def _leave_at(user: Mapping[str, Any], name: str | None, reading: Reading, own_id: str) -> datetime | None:
    text = _text(user, name) if name else None
    if text is None:
        return None
    try:
        stamp = _dates.parse(text, reading.zone, _dates.DateOrder.MIXED)
    except _dates.Unreadable as error:
        raise Malformed(
            f"{own_id}: {name}: {error}.", record_id=own_id, remedy="Write dates like 2026-11-24."
        ) from error
    return stamp.last_day_end_at if stamp else None


def _is_on_long_leave(user: Mapping[str, Any], name: str | None) -> bool:
    found = _first(user, name) if name else None
    return found is not None and (found if isinstance(found, bool) else read_bool(found) is not False)


def _phones(user: Mapping[str, Any], reading: Reading) -> Numbers:
    cells: list[tuple[str, str]] = []
    for name in reading.config.attributes.phones:
        found = _value(user, name)
        several = found if isinstance(found, list) else [found]
        cells += [(name, one) for one in several if isinstance(one, str)]
    return read_numbers(cells, country_of(_text(user, "usageLocation")) or reading.region, reading.region)


def _is_in_scope(user: Mapping[str, Any], own_id: str, reading: Reading, *, is_deleted: bool) -> bool:
    """True if the user is in scope. A deleted user is in no group any more, which never excludes them.

    Nor do missing properties, if not even the user name is left.
    """
    upn = _text(user, "userPrincipalName")
    if is_deleted and upn is None:
        return True
    scope = reading.config.scope
    kind = _text(user, "userType") or ("Guest" if "#EXT#" in (upn or "") else "Member")
    if kind.casefold() not in {one.casefold() for one in scope.user_types}:
        return False
    if reading.members is not None and not is_deleted and own_id not in reading.members:
        return False
    return all(_fits(_value(user, name), globs) for name, globs in scope.require.items())


def _fits(value: Any, globs: tuple[str, ...]) -> bool:
    texts = value if isinstance(value, list) else [value]
    return any(fits(str(one), globs) for one in texts if one not in (None, ""))
