"""A group that passes every control, the rules that it passes, and what makes each control fail or unsure of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from builders import DAY, HOUR, NOW, WARD, person
from worker.domain.controls.policy import (
    AdminsRule,
    ClassRule,
    ControlPolicy,
    DescriptionRule,
    DormantRule,
    HandOverRule,
    JoinRule,
    NameRule,
    PictureRule,
    ProfileRule,
    RegisterRule,
    ReviewSection,
    RightsRule,
)
from worker.domain.controls.state import AdminState, GroupState, RegisterRow
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.model import (
    Allowed,
    Coverage,
    Evidence,
    GroupFacts,
    RegisterFacts,
    RegisterStatus,
    Standing,
)
from worker.domain.tickets.ticket import Grade

ASKS = ControlSwitch(Mode.TICKET)
RULES = "Be kind. Leavers are removed."
PICTURE, OTHER = "a" * 64, "b" * 64
READ_AT = NOW - HOUR


def policy(switch: ControlSwitch = ASKS, **changes: Any) -> ControlPolicy:
    """Every rule of groups, with this switch."""
    stated: dict[str, Any] = {
        "register": (RegisterRule(switch),),
        "classes": (ClassRule(switch, "patient", ("teams",), move_to="teams"),),
        "dormant": (DormantRule(switch),),
        "review": (ReviewSection(switch),),
        "hand_over": (HandOverRule(switch),),
        "admins": (AdminsRule(switch, 2, 2, ("Nursing",)),),
        "profile": (
            ProfileRule(
                switch,
                DescriptionRule({"en": RULES, "de": "Seid nett."}),
                NameRule("Ward .+", "Ward 7 nights"),
                PictureRule(standard=(PICTURE,)),
                JoinRule(has_approval=True, has_new_link=True),
                RightsRule(Allowed.ADMINS, Allowed.MEMBERS, Allowed.ADMINS),
            ),
        ),
    }
    return ControlPolicy(**(stated | changes))


def admin(name: str, **changes: Any) -> AdminState:
    stated: dict[str, Any] = {"department": "Nursing"}
    return AdminState(f"+{name}", name.capitalize(), person(name, **(stated | changes)))


SHOWN = GroupFacts(
    description=f"Ward 7.\n  {RULES.upper()}",
    picture_sha256=PICTURE,
    link_sha256=PICTURE,
    approval=True,
    edit=Allowed.ADMINS,
    write=Allowed.MEMBERS,
    add=Allowed.ADMINS,
    last_activity_at=NOW - DAY,
    is_archived=False,
    read_at=READ_AT,
    link_changed_at=NOW - DAY,
    link_before_at=NOW - 3 * DAY,
)
ROW = RegisterRow(
    "dee@corp.example",
    RegisterFacts(purpose="rotas", data_class="patient", owner_department="Nursing"),
    READ_AT,
    "list",
)
GOOD = GroupState(
    key=WARD,
    name="Ward 7 nights",
    messenger="teams",
    size=9,
    coverage=Coverage.FULL,
    taken_at=READ_AT,
    is_fresh=True,
    grade=Grade.A,
    first_seen_at=NOW - 90 * DAY,
    facts=SHOWN,
    row=ROW,
    register_at=READ_AT,
    admins=(admin("dee"), admin("eve")),
    removed_at=NOW - 2 * DAY,
    reviewed_at=READ_AT,
    reviewed_grade=Grade.B,
)
Changes: TypeAlias = dict[str, Any]


def shown(**changes: Any) -> Changes:
    return {"facts": replace(SHOWN, **changes)}


def said(**changes: Any) -> Changes:
    return {"row": replace(ROW, facts=replace(ROW.facts, **changes))}


DEE, EVE = admin("dee"), admin("eve")
_LEAVES = person("fay", Standing.LEAVING, leave_at=NOW + DAY, department="Nursing")
GOING = AdminState("+fay", "Fay", replace(_LEAVES, evidence=Evidence.LEAVE_DATE))
STRANGER = AdminState("+x", "X")
NOBODY = AdminState("+x", "X", is_nobody=True)
FAILS: Mapping[str, tuple[Changes, ...]] = {
    "group.registered": ({"row": None},),
    "group.complete": (said(purpose=""), {"row": replace(ROW, owner_email=None)}),
    "group.roster_fresh": ({"taken_at": NOW - 91 * DAY}, {"coverage": Coverage.PARTIAL}),
    "group.dormant": (
        shown(last_activity_at=NOW - 180 * DAY),
        said(status=RegisterStatus.CLOSED),
        said(closed_on=(NOW - DAY).date()),
        said(ends_on=(NOW - DAY).date()),
        {"size": 1},
    ),
    "group.review": ({"reviewed_at": None}, {"reviewed_at": NOW - 90 * DAY}),
    "group.class_fits": ({"messenger": "whatsapp"},),
    "group.admins_few": (
        {"admins": (DEE,)},
        {"admins": (DEE, NOBODY)},
    ),
    "group.admins_many": ({"admins": (DEE, EVE, admin("fay"))},),
    "group.admins_fit": (
        {"admins": (DEE, EVE, NOBODY)},
        {"admins": (DEE, admin("eve", department="Stores"))},
        {"admins": (DEE, admin("eve", is_in_scope=False))},
        {"admins": (DEE, GOING)},
    ),
    "leaving.hand_over": ({"admins": (GOING,)},),
    "profile.description": (shown(description="hello"), shown(description="")),
    "profile.name": ({"name": "Party"}, {"is_alike": True}, {"name": "Ward " + 96 * "x"}),
    "profile.picture": (shown(picture_sha256=OTHER), shown(picture_sha256="")),
    "profile.join": (shown(approval=False), shown(link_changed_at=NOW - 3 * DAY)),
    "profile.rights": (shown(edit=Allowed.MEMBERS), shown(write=Allowed.ADMINS, add=None)),
}
# What has to be so that a control asks something of a group
ASKED: Mapping[str, Changes] = {"leaving.hand_over": {"admins": (DEE, EVE, GOING)}}
# What a source does not show; of the other controls, everything is always shown, or nothing is asked without it
ABSENT: Mapping[str, tuple[Changes, ...]] = {
    "group.registered": ({"row": None, "register_at": None},),
    "group.dormant": (
        shown(last_activity_at=None, is_archived=None),
        shown(last_activity_at=None) | {"row": None},
    ),
    "group.review": (
        {"reviewed_at": None, "is_fresh": False},
        {"reviewed_at": None, "coverage": Coverage.PARTIAL},
    ),
    "group.admins_few": (
        {"admins": (), "knows_roles": False},
        {"admins": (DEE,), "is_fresh": False},
        {"admins": (DEE,), "coverage": Coverage.PARTIAL},
        {"admins": (DEE, STRANGER)},
    ),
    "group.admins_many": ({"knows_roles": False}, {"is_fresh": False}),
    "group.admins_fit": (
        {"knows_roles": False},
        {"is_fresh": False},
        {"admins": (DEE, STRANGER)},
        {"admins": (DEE, admin("eve", department=None))},
    ),
    "leaving.hand_over": ({"admins": (GOING,), "knows_roles": False},),
    "profile.description": (shown(description=None), shown(description=None) | {"row": None}),
    "profile.picture": (shown(picture_sha256=None), shown(picture_sha256=None) | {"row": None}),
    "profile.join": (
        shown(approval=None),
        shown(approval=None) | {"row": None},
        shown(link_sha256=None),
        shown(link_changed_at=None),
        shown(link_before_at=None),
    ),
    "profile.rights": (shown(edit=None), shown(add=None)),
}
