"""What a good group looks like, for the admins of groups: `/good-group`, for everybody, and to be printed.

It says what the controls ask that the organisation has switched on; before any is, what they all ask. It names no group
and no person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from worker.desk.calls import Call, route
from worker.domain.controls import GROUP_CONTROLS
from worker.domain.controls.control import Control
from worker.domain.controls.group import admins_few, admins_many, dormant, hand_over
from worker.domain.controls.others import JOINER, LEAVER
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.profile import join, name, rights
from worker.domain.text.tongue import Tongue

_PEOPLE = (LEAVER, JOINER, hand_over.CONTROL)


def routes() -> list[Route]:
    return [route("/good-group", good_group)]


def good_group(call: Call) -> Response:
    """What each control that is on asks of a group."""
    reads = call.services.controls
    of_groups = [one for one in GROUP_CONTROLS.values() if one not in _PEOPLE]
    on = [one for one in of_groups if reads.mode_of(one.id) is not None]
    policy = reads.rules.policy
    return call.page(
        "good_group.html",
        {
            "people": _PEOPLE,
            "asked": [(one, _details(one, policy, call.tongue)) for one in on or of_groups],
        },
    )


def _details(control: Control, policy: ControlPolicy, tongue: Tongue) -> list[str]:
    """What exactly is asked, where all groups are asked the same."""
    rules = [one for one in GROUP_CONTROLS[control.id].rules(policy) if one.asks(control.id)]
    return _said(control, rules[0], tongue) if len(rules) == 1 else []


def _said(control: Control, rule: Any, tongue: Tongue) -> list[str]:
    if control is admins_few.CONTROL:
        return [tongue.count("At least one active admin.", "At least {n} active admins.", rule.min)]
    if control is admins_many.CONTROL:
        return [tongue.count("At most one admin.", "At most {n} admins.", rule.max)]
    if control is dormant.CONTROL:
        return [
            tongue.say(
                "A group in which nobody has written for {span} is closed.", span=tongue.span(rule.after)
            )
        ]
    if control is name.CONTROL:
        return [tongue.say("For example: {name}", name=rule.name.example)] if rule.name.example else []
    words = GROUP_CONTROLS[control.id].words
    return [tongue.say(words[word]) for word in _words(control, rule)]


def _words(control: Control, rule: Any) -> Sequence[str]:
    """The words of a control that its rule wants."""
    if control is join.CONTROL:
        wanted = (("approval", rule.join.has_approval), ("new_link", rule.join.has_new_link))
        return [word for word, is_wanted in wanted if is_wanted]
    if control is rights.CONTROL:
        asked = ((right, getattr(rule.rights, right)) for right in ("edit", "write", "add"))
        return [f"{right}: {value.value}" for right, value in asked if value is not None]
    return []
