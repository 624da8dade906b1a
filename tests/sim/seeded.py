"""What a world's seed chooses: its configuration, and what follows from it."""

from __future__ import annotations

from typing import Any

from sim.company import FILE, LIVE, LOOKED_UP, REGISTER
from sim.controls import SECTION
from sim.tracker import has_tracker, trackers_of
from worker.domain.people.persons import AccountsRule
from worker.settings import Settings

MACHINES = 3  # in every fourth world, from this seed on, machines act


def settings_of(seed: int, **changes: Any) -> Settings:
    """Every third world escalates in business time, every fourth has machines that act. Every second one has joiner
    rules, and wants every directory to say that somebody left. Half of them have a tracker. `changes`: sections.
    """
    steps = [
        {"after": "50%", "to": ["assignee"]},
        {"after": "due", "to": ["assignee", "admins", "accountable"]},
        {"after": "due+4h", "to": ["channel"], "repeat": "24h"},
    ]
    clock: Any = (
        {"business": {"hours": "09:00-17:30", "days": "mon-fri", "timezone": "Europe/London"}}
        if is_business(seed)
        else "calendar"
    )
    rule = {
        "name": "live",
        "when": {"inventories": [LIVE], "kinds": ["remove_member", "reassign_admin"]},
        "per_hour": 20,
    }
    joiners = [{"when": {"department": d}, "groups": [g]} for d, g in placed_by(seed).items()]
    return Settings.model_validate(
        {
            "organisation": {"timezone": "Europe/London"},
            "directories": [
                {"name": LOOKED_UP, "kind": "entra"},
                {"name": FILE, "kind": "file", "stale_after": "48h"},
            ],
            "inventories": [{"name": REGISTER, "kind": "register"}, {"name": LIVE, "kind": "register"}],
            "notify": [{"name": "chat", "kind": "console"}, {"name": "mail", "kind": "console"}],
            "groups": {"sensitive": ["Group 3"]},
            "tickets": {"accountable": "it-security@corp.example" if seed % 2 else None},
            "guard": {"leavers_max": 12},
            "leaver": {"accounts": rule_of(seed).value},
            "joiners": joiners,
            "remediate": [rule] if seed % 4 == MACHINES else [],
            "controls": SECTION if has_controls(seed) else {},
            "trackers": trackers_of(seed) if has_tracker(seed) else [],
            "escalation": {"policies": [{"name": "world", "clock": clock, "steps": steps}]},
            **changes,
        }
    )


def rule_of(seed: int) -> AccountsRule:
    """Whether one directory's word is enough."""
    return AccountsRule.ALL if seed % 2 else AccountsRule.EITHER


def has_controls(seed: int) -> bool:
    """Every second world, among them those with machines."""
    return seed % 4 in {0, MACHINES}


def is_business(seed: int) -> bool:
    return seed % 3 == 1


def placed_by(seed: int) -> dict[str, str]:
    """Which department belongs in which group."""
    return {"Pharmacy": "Group 4", "Estates": "Group 5"} if seed % 2 else {}
