"""What `whosleft check` says about a domain: the account, the way changes are read, missing rights, people in scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.directory.active_directory.config import ActiveDirectoryConfig, Mode
from connectors.directory.active_directory.read.mapping import USER_ACCOUNT_CONTROL, Reading
from connectors.directory.active_directory.read.people import EXPIRES, People, places
from connectors.directory.active_directory.wire.client import Client
from connectors.directory.active_directory.wire.controller import (
    Choice,
    Controller,
    choose,
    look_at,
    sees_deleted,
)
from connectors.directory.active_directory.wire.rights import (
    DELETED_OBJECTS,
    REPLICATE,
    how_to_read,
    how_to_replicate,
    how_to_see_deleted,
    trustee,
)
from connectors.directory.active_directory.wire.transport import Certificate
from connectors.kit import dn as _dn
from worker.ports import CheckResult, Malformed

_CLOCK_MAX = timedelta(minutes=5)  # Kerberos's limit
_CERTIFICATE_DAYS_MIN = 14
_MODES = {Mode.DIRSYNC: "DirSync", Mode.USN: "update sequence numbers", Mode.FULL: "full passes alone"}


@dataclass(frozen=True, slots=True)
class _Fault:
    what: str
    remedy: str


def checked(client: Client, config: ActiveDirectoryConfig, reading: Reading, now: datetime) -> CheckResult:
    """Check everything over one connection; `now` is aware UTC. Raises ConnectorError."""
    account = client.who_am_i()
    controller = look_at(client, config)
    choice = choose(client, config, controller)
    deleted = controller.usn >= 0 and sees_deleted(client, controller)
    counts, found, stateless_in = _count(client, config, controller, reading)
    faults = [
        *_rights_faults(controller, trustee(account), is_deleted_seen=deleted),
        *_time_faults(client.certificate, controller, now),
        *_people_faults(counts),
        *_hidden_faults(config, counts, found, stateless_in, trustee(account)),
    ]
    details = {
        "server": client.url,
        "account": account,
        "tls": _tls(client.certificate, config, now),
        "changes_by": f"{_MODES[choice.mode]}: {choice.why}",
        **_optional_right(choice, controller, trustee(account)),
        "deleted_objects": "can be read" if deleted else "can't be read: deletions are not seen",
        "clock_difference": _clock(controller, now),
        **found,
    }
    message = f"{client.server}: {counts['people']} people in scope, {counts['disabled']} of them disabled"
    if faults:
        message = "; ".join([message, *(fault.what for fault in faults)])
    remedy = " ".join(fault.remedy for fault in faults)
    return CheckResult(ok=not faults, message=message, remedy=remedy, counts=counts, details=details)


def _count(
    client: Client, config: ActiveDirectoryConfig, controller: Controller, reading: Reading
) -> tuple[dict[str, int], dict[str, str], str]:
    """Counts, further details, and the place that all people lie in whose state can't be read ("" if none)."""
    found: Counter[str] = Counter()
    stateless_in = ""
    first: Malformed | None = None
    for page in People(client, config, controller, reading).everybody():
        found["expiry_shown"] += "expires_at" not in page.unshown
        first = first or next(iter(page.malformed), None)
        found["malformed"] += len(page.malformed)
        found["unreadable_phones"] += page.unreadable_phones
        for facts in page.records:
            if not facts.is_in_scope:
                found["out_of_scope"] += 1
                continue
            found["people"] += 1
            found["disabled"] += facts.enabled is False
            if facts.enabled is None:
                found["unknown_state"] += 1
                place = facts.org_unit or config.base
                stateless_in = _dn.above_both(stateless_in or place, place)
            found["moved_out"] += facts.is_moved_out
            found["with_phone"] += bool(facts.phones)
            found["with_leave_date"] += facts.leave_at is not None
            found["on_long_leave"] += facts.is_on_long_leave
    names = (
        "people",
        "disabled",
        "moved_out",
        "out_of_scope",
        "unknown_state",
        "malformed",
        "unreadable_phones",
    )
    people = found["people"]
    details = {"with_a_phone_number": f"{found['with_phone']} of {people}"}
    if first is not None:
        details["first record set aside"] = str(first)
    if people and not found["expiry_shown"]:
        details[EXPIRES] = "can't be read"
    if config.attributes.leave_date:
        details["with_a_leave_date"] = f"{found['with_leave_date']} of {people}"
    if config.attributes.long_leave:
        details["on_long_leave"] = f"{found['on_long_leave']} of {people}"
    return {name: found[name] for name in names}, details, stateless_in


def _rights_faults(controller: Controller, user: str, *, is_deleted_seen: bool) -> list[_Fault]:
    if is_deleted_seen or controller.usn < 0:
        return []
    remedy = how_to_see_deleted(controller.naming_context, user)
    return [_Fault(f"the account lacks {DELETED_OBJECTS}", remedy)]


def _time_faults(certificate: Certificate | None, controller: Controller, now: datetime) -> list[_Fault]:
    faults = []
    days = _days_left(certificate, now)
    if days is not None and days < _CERTIFICATE_DAYS_MIN:
        faults.append(
            _Fault(f"its certificate ends in {days} days", "Renew the domain controller's certificate.")
        )
    if controller.says_now and abs(controller.says_now - now) > _CLOCK_MAX:
        faults.append(_Fault(f"its clock is {_clock(controller, now)}", "Set both clocks by NTP."))
    return faults


def _people_faults(counts: Mapping[str, int]) -> list[_Fault]:
    faults = []
    if not counts["people"]:
        faults.append(
            _Fault("nobody is in scope", "Check base and scope, and that the account may list those OUs.")
        )
    return faults


def _hidden_faults(
    config: ActiveDirectoryConfig,
    counts: Mapping[str, int],
    details: Mapping[str, str],
    stateless_in: str,
    user: str,
) -> list[_Fault]:
    faults = []
    if stateless_in:
        what = f"{USER_ACCOUNT_CONTROL} of {counts['unknown_state']} people can't be read"
        how = how_to_read(USER_ACCOUNT_CONTROL, (stateless_in,), user)
        faults.append(_Fault(what, f"Without it nobody sees that they are disabled. {how}"))
    if EXPIRES in details:
        how = how_to_read(EXPIRES, places(config), user)
        faults.append(
            _Fault(f"{EXPIRES} of nobody can be read", f"Without it nobody is seen to leave by expiry. {how}")
        )
    return faults


def _optional_right(choice: Choice, controller: Controller, user: str) -> dict[str, str]:
    if choice.mode is not Mode.DIRSYNC or not choice.flags:
        return {}
    command = how_to_replicate(controller.naming_context, user)
    return {"not_granted_and_not_needed": f"{REPLICATE} ({command})"}


def _tls(certificate: Certificate | None, config: ActiveDirectoryConfig, now: datetime) -> str:
    if certificate is None:
        return "NONE: THE PASSWORD AND EVERYBODY'S DATA ARE READABLE ON THE NETWORK"
    if not config.tls.verify:
        return "NOT VERIFIED: ANYBODY ON THE NETWORK CAN POSE AS THIS SERVER (tls.verify is false)"
    days = _days_left(certificate, now)
    return f"issued by {certificate.issuer}" + (f", {days} days left" if days is not None else "")


def _days_left(certificate: Certificate | None, now: datetime) -> int | None:
    return (certificate.ends_at - now).days if certificate and certificate.ends_at else None


def _clock(controller: Controller, now: datetime) -> str:
    if controller.says_now is None:
        return "not told"
    seconds = round((controller.says_now - now).total_seconds())
    return f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} ours" if seconds else "none"
