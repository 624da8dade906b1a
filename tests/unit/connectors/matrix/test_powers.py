"""Who may do what, by the rules of each room version."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.inventory.matrix.powers import Unreadable, powers_of
from worker.domain.model import Allowed, Role

AMINA, SAM, NOOR, OWN = (f"@{name}:corp.example" for name in ("amina", "sam", "noor", "whosleft"))
JOINED = [AMINA, SAM, NOOR]
CHANGE_100 = {"m.room.power_levels": 100}
C, A, M = Role.CREATOR, Role.ADMIN, Role.MEMBER


@pytest.mark.parametrize(
    "version, users, joined, expected",
    [
        pytest.param("12", {}, JOINED, [C, M, M], id="12: the creator has no level"),
        pytest.param("12", {SAM: 100}, JOINED, [C, A, M], id="12: the creator can remove 100"),
        pytest.param("12", {SAM: 100}, [SAM, NOOR], [C, M], id="12: the creator has left, so nobody can"),
        pytest.param("12", {SAM: 100, NOOR: 150}, [SAM, NOOR], [A, C], id="12: 150 can remove 100"),
        pytest.param("11", {AMINA: 100}, JOINED, [C, M, M], id="11: nobody has more than 100"),
        pytest.param("11", {AMINA: 100, SAM: 100}, JOINED, [C, C, M], id="11: 100 can't remove 100"),
        pytest.param("11", {AMINA: 100, SAM: 99}, JOINED, [C, M, M], id="11: 99 can't change the levels"),
        pytest.param("11", {AMINA: 100, OWN: 150}, JOINED, [A, M, M], id="11: our account has more"),
        pytest.param("11", {AMINA: 100, OWN: 100}, JOINED, [C, M, M], id="11: our account has as much"),
        pytest.param("11", {SAM: 100}, JOINED, [M, C, M], id="11: a creator who stepped down"),
        pytest.param("11", {AMINA: 100, SAM: 150}, [AMINA, NOOR], [C, M], id="11: who had more has left"),
        pytest.param("1", {AMINA: "100", SAM: "100"}, JOINED, [C, C, M], id="1: levels as text"),
    ],
)
def test_roles(version: str, users: dict[str, Any], joined: list[str], expected: list[Role]) -> None:
    levels = {"users": users, "events": CHANGE_100}
    powers = powers_of(version, AMINA, {"creator": AMINA}, levels)
    assert powers.roles(joined, OWN) == dict(zip(joined, expected, strict=True))


@pytest.mark.parametrize(
    "levels, expected",
    [
        ({"events": CHANGE_100, "users": {SAM: 50}}, M),
        ({"events": {}, "users": {SAM: 50}}, A),  # state_default is 50
        ({"events": {}, "users": {SAM: 49}}, M),
        ({"events": {}, "state_default": 0, "users": {SAM: 49}}, M),  # may change levels, may not remove
        ({"events": {}, "kick": 0, "state_default": 0, "users": {}}, A),  # everybody may do everything
    ],
)
def test_an_admin_is_who_may_remove_others_and_change_the_levels(
    levels: dict[str, Any], expected: Role
) -> None:
    powers = powers_of("12", AMINA, {}, levels)
    assert powers.roles(JOINED, OWN)[SAM] is expected


def test_our_account_counts_for_nothing_in_a_room_that_it_made_and_left() -> None:
    powers = powers_of("12", OWN, {}, {"users": {SAM: 100}})
    assert powers.roles([SAM], OWN) == {SAM: C}
    assert powers.roles([SAM, OWN], OWN) == {SAM: A, OWN: C}


def test_before_version_11_the_creator_is_whom_the_event_names() -> None:
    assert powers_of("10", SAM, {"creator": AMINA}, None).roles([AMINA, SAM], OWN) == {AMINA: C, SAM: M}
    assert powers_of("11", SAM, {"creator": AMINA}, None).roles([AMINA, SAM], OWN) == {AMINA: M, SAM: C}


def test_a_room_without_levels_lets_everybody_change_its_state() -> None:
    powers = powers_of("11", AMINA, {}, None)
    assert (powers.edit(), powers.write("m.room.message"), powers.add()) == (Allowed.MEMBERS,) * 3


@pytest.mark.parametrize(
    "levels, expected",
    [
        ({}, (Allowed.ADMINS, Allowed.MEMBERS, Allowed.MEMBERS)),
        ({"state_default": 0}, (Allowed.MEMBERS, Allowed.MEMBERS, Allowed.MEMBERS)),
        ({"events": {"m.room.topic": 0}}, (Allowed.MEMBERS, Allowed.MEMBERS, Allowed.MEMBERS)),
        ({"events_default": 50}, (Allowed.ADMINS, Allowed.ADMINS, Allowed.MEMBERS)),
        ({"events": {"m.room.message": 50}}, (Allowed.ADMINS, Allowed.ADMINS, Allowed.MEMBERS)),
        ({"invite": 50}, (Allowed.ADMINS, Allowed.MEMBERS, Allowed.ADMINS)),
        ({"invite": 50, "users_default": 50}, (Allowed.MEMBERS, Allowed.MEMBERS, Allowed.MEMBERS)),
    ],
)
def test_who_may_edit_write_and_add(levels: dict[str, Any], expected: tuple[Allowed, ...]) -> None:
    powers = powers_of("12", AMINA, {}, levels)
    assert (powers.edit(), powers.write("m.room.message"), powers.add()) == expected


@pytest.mark.parametrize(
    "version, create, levels",
    [
        ("org.matrix.hydra.11", {}, {}),
        ("", {}, {}),
        ("12", {"additional_creators": "@sam:corp.example"}, {}),
        ("12", {"additional_creators": [1]}, {}),
        ("12", {}, {"users": []}),
        ("12", {}, {"users": {SAM: "many"}}),
        ("12", {}, {"users": {SAM: True}}),
        ("12", {}, {"kick": None}),
        ("12", {}, {"events": {"m.room.name": 1.5}}),
    ],
)
def test_what_can_not_be_understood_is_said(
    version: str, create: dict[str, Any], levels: dict[str, Any]
) -> None:
    with pytest.raises(Unreadable):
        powers_of(version, AMINA, create, levels)
