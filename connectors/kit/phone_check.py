"""What `check` says of a linked phone's groups."""

from __future__ import annotations

from collections import Counter

from connectors.kit.whatsapp import TERMS_RISK
from worker.domain.model import Coverage, Role, Roster

CHECKED_MAX = 20  # groups whose members `check` reads: at 30 requests a minute, all would take long


def counts_of(rosters: list[Roster]) -> dict[str, int]:
    """Return how many members, admins and members without a number the rosters have."""
    members = [member for roster in rosters for member in roster.members]
    counted = Counter(member.role for member in members)
    return {
        "members": len(members),
        "admins": counted[Role.ADMIN] + counted[Role.CREATOR],
        "without_phone": sum(member.phone is None for member in members),
    }


def inside_of(listed: int, rosters: list[Roster]) -> str:
    """Return in how many of the listed groups the phone is, as a text; of those without a roster, it is taken to be."""
    stale = sum(roster.coverage is Coverage.STALE for roster in rosters)
    return f"{f'{listed - stale} of ' if stale else ''}{listed} group{'s' * (listed != 1)}"


def details_of(listed: int, rosters: list[Roster]) -> dict[str, str]:
    """Return what `check` says beside its counts. `rosters` may be those of the first of the listed groups alone."""
    details = {"terms": TERMS_RISK.partition(";")[0]}
    counts = counts_of(rosters)
    if CHECKED_MAX <= len(rosters) < listed:
        details["members"] = f"counted in the first {len(rosters)} groups only"
    if counts["without_phone"]:
        details["numbers"] = (
            f"not shown for {counts['without_phone']} of {counts['members']} members: make the linked phone an "
            "admin of their groups"
        )
    if told := sorted({warning for roster in rosters for warning in roster.warnings}):
        details["warnings"] = "; ".join(told)
    return details
