"""What `whosleft check` says about a tenant: the app, its permissions, and the people in scope."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

from connectors.directory.entra.config import LEAVE_DATE, EntraConfig
from connectors.directory.entra.read.mapping import Reading, map_user
from connectors.directory.entra.read.users import READ_GROUPS, Users
from connectors.kit.graph.client import READ_USERS
from connectors.kit.graph.tokens import Tokens, certificate_ends_at, roles_in
from connectors.kit.mapped import Mapped
from worker.ports import CheckResult, Malformed

READ_LEAVE_DATE = "User-LifeCycleInfo.Read.All"
# Wider permissions that include the needed one
_WIDER = {
    READ_USERS: {"User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
    READ_LEAVE_DATE: {"User-LifeCycleInfo.ReadWrite.All"},
    READ_GROUPS: {"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
}
_CERTIFICATE_DAYS_MIN = 14


def checked(
    users: Users,
    tokens: Tokens,
    config: EntraConfig,
    base_dir: Path,
    reading: Reading,
    now: datetime,
    *,
    sees_leave_date: bool | None,
) -> CheckResult:
    """Check everything; `now` is aware UTC. Raises ConnectorError if the users can't be read."""
    token = tokens.get()
    roles = roles_in(token)
    if lacks_leave_dates(token):
        sees_leave_date = False
    counts, types, aside = _count(users, reading)
    faults = _faults(config, base_dir, now, counts)
    lacking = _lacking(config, roles, sees_leave_date=sees_leave_date)
    faults += [(f"the permission {role} is missing", how_to_grant(role, config)) for role in lacking]
    details = {
        "tenant": config.tenant_id or "of the managed identity",
        "app": config.client_id or "managed identity",
        "cloud": f"{config.cloud.value} ({config.graph})",
        "credential": _credential(config, base_dir, now),
        "permissions": ", ".join(sorted(roles)) if roles is not None else "can't be told from the token",
        "leave_dates": _leave_dates(config, sees_leave_date=sees_leave_date),
        "user_types": ", ".join(f"{count} {kind}" for kind, count in sorted(types.items())) or "none",
        "with_a_phone_number": f"{counts['with_phone']} of {counts['people']}",
        **({"first record set aside": str(aside)} if aside else {}),
    }
    message = f"{config.graph}: {counts['people']} people in scope, {counts['disabled']} of them disabled"
    message = "; ".join([message, *(what for what, _ in faults)])
    shown = {
        name: counts[name]
        for name in ("people", "disabled", "out_of_scope", "malformed", "unreadable_phones")
    }
    remedy = " ".join(dict.fromkeys(remedy for _, remedy in faults))
    return CheckResult(ok=not faults, message=message, remedy=remedy, counts=shown, details=details)


def lacks_leave_dates(token: str) -> bool:
    """True if a token names permissions, and none to read leave dates: Graph may show a null for them, or nothing."""
    roles = roles_in(token)
    return roles is not None and len(roles) > 0 and not roles & (_WIDER[READ_LEAVE_DATE] | {READ_LEAVE_DATE})


def _count(users: Users, reading: Reading) -> tuple[Counter[str], Counter[str], Malformed | None]:
    """The numbers of what is read, the people by their type, and the first record that was set aside."""
    first: Malformed | None = None
    found: Counter[str] = Counter()
    types: Counter[str] = Counter()
    for page in users.everybody():
        for user in page.users:
            mapped = map_user(user, reading)
            bad = mapped.malformed if isinstance(mapped, Mapped) else mapped
            first = first or bad
            found["malformed"] += bad is not None
            if not isinstance(mapped, Mapped):
                continue
            found["unreadable_phones"] += mapped.unreadable_phones
            if not mapped.facts.is_in_scope:
                found["out_of_scope"] += 1
                continue
            types[str(user.get("userType") or "no type")] += 1
            found["people"] += 1
            found["disabled"] += mapped.facts.enabled is False
            found["unknown_state"] += mapped.facts.enabled is None
            found["with_phone"] += bool(mapped.facts.phones)
    return found, types, first


def _lacking(config: EntraConfig, roles: frozenset[str] | None, *, sees_leave_date: bool | None) -> list[str]:
    """Permissions that are certainly missing: Graph refused them, or the token lacks them."""
    needed = [READ_USERS] + ([READ_GROUPS] if config.scope.groups else [])
    lacking = [
        role for role in needed if roles is not None and role not in roles and not roles & _WIDER[role]
    ]
    if config.attributes.leave_date == LEAVE_DATE and sees_leave_date is False:
        lacking.append(READ_LEAVE_DATE)
    return lacking


def _faults(
    config: EntraConfig, base_dir: Path, now: datetime, counts: Counter[str]
) -> list[tuple[str, str]]:
    faults = []
    if not counts["people"]:
        faults.append(("nobody is in scope", "Check scope.user_types, scope.require and scope.groups."))
    if counts["unknown_state"]:
        what = f"of {counts['unknown_state']} people it is not said whether the account is enabled"
        faults.append((what, f"Grant the application permission {READ_USERS}."))
    ends_at = certificate_ends_at(config, base_dir)
    if ends_at is not None and (ends_at - now).days < _CERTIFICATE_DAYS_MIN:
        faults.append((f"the app's certificate {_end(ends_at, now)}", "Upload a new one, and give it here."))
    return faults


def how_to_grant(role: str, config: EntraConfig) -> str:
    """Say what an administrator has to do for a permission."""
    if role == READ_LEAVE_DATE:
        return (
            f"Grant the application permission {role} and consent to it, or set attributes.leave_date: null. "
            "Until then no leave date is read."
        )
    return (
        f"Grant the application permission {role} to {config.client_id or 'the identity'} and consent to it."
    )


def _leave_dates(config: EntraConfig, *, sees_leave_date: bool | None) -> str:
    name = config.attributes.leave_date
    if name is None:
        return "not read, as configured"
    if name != LEAVE_DATE:
        return f"read from {name}"
    return f"can't be read: {READ_LEAVE_DATE} is missing" if sees_leave_date is False else "can be read"


def _credential(config: EntraConfig, base_dir: Path, now: datetime) -> str:
    given = config.credential
    if given.managed_identity:
        return "managed identity"
    if given.federated_token_file:
        return f"federated token in {given.federated_token_file}"
    if given.secret:
        return "a client secret, of which only the tenant knows the end"
    ends_at = certificate_ends_at(config, base_dir)
    return "a certificate" + (f", which {_end(ends_at, now)}" if ends_at is not None else "")


def _end(at: datetime, now: datetime) -> str:
    return f"ended {(now - at).days} days ago" if at <= now else f"ends in {(at - now).days} days"
