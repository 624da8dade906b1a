"""The demo's gateway speaks the wire that the connector reads, and shows what a linked phone sees and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from connectors.inventory.waha import SPEC
from contracts.inventory import context
from openapi import OpenApi
from worker.demo.gateway import gateway_app
from worker.demo.hospital import Hospital, lid_of
from worker.demo.units import LIVE
from worker.domain.model import Allowed, Fact, Role, Roster
from worker.ops.server import Limits, serving
from worker.ports import Inventory

NOW = datetime(2026, 11, 4, 16, tzinfo=UTC)
DOCTORS = "Emergency doctors"
SWAPS = "Emergency swaps"


@pytest.fixture
def hospital() -> Hospital:
    return Hospital()


@pytest.fixture
def url(hospital: Hospital) -> Iterator[str]:
    with serving(
        gateway_app(hospital, lambda: NOW), ("127.0.0.1", 0), "gateway", Limits(body_max=0)
    ) as address:
        yield f"http://{address}"


@contextmanager
def connected(url: str) -> Iterator[Inventory]:
    keys = {"url": url, "api_key": "any", "accept_terms_risk": True, "requests_per_minute": 6000}
    inventory = SPEC.build(SPEC.config.model_validate(keys), context())
    try:
        yield inventory
    finally:
        inventory.close()


def rosters(url: str) -> dict[str, Roster]:
    with connected(url) as inventory:
        return {one.group.name: one for one in inventory.changes(None) if isinstance(one, Roster)}


def start_swaps(hospital: Hospital) -> None:
    creator, *others = [name for name, role in hospital.groups["Emergency nurses"].members.values()][:4]
    hospital.start_unregistered(SWAPS, creator, [*others, "Kenji Mori"])


def test_the_connector_reads_the_groups_that_the_phone_is_in(hospital: Hospital, url: str) -> None:
    found = rosters(url)

    assert set(found) == set(LIVE)
    shown = {(member.phone, member.role) for member in found[DOCTORS].members}
    assert shown == {(phone, role) for phone, (_, role) in hospital.groups[DOCTORS].members.items()}


def test_it_shows_what_a_group_is_like(hospital: Hospital, url: str) -> None:
    before = rosters(url)[DOCTORS].facts
    hospital.describe(DOCTORS, "This is a work group.")
    after = rosters(url)[DOCTORS].facts

    assert (before.description, after.description) == ("", "This is a work group.")
    assert (after.approval, after.add) == (False, Allowed.MEMBERS)


def test_a_closer_look_shows_rights_and_the_last_message(hospital: Hospital, url: str) -> None:
    hospital.describe(DOCTORS, "This is a work group.")
    key = rosters(url)[DOCTORS].group.group_id
    wanted = frozenset({Fact.EDIT, Fact.WRITE, Fact.PICTURE, Fact.LAST_ACTIVITY})
    with connected(url) as inventory:
        [(_, facts)] = inventory.look_closely({key: wanted})

    assert (facts.edit, facts.write, facts.picture_sha256) == (Allowed.ADMINS, Allowed.MEMBERS, "")
    assert facts.last_activity_at == NOW - timedelta(hours=3)


def test_a_new_number_is_shown_under_the_same_lid(hospital: Hospital, url: str) -> None:
    old = hospital.person("Peter Novak").mobile
    hospital.change_number("Peter Novak")

    [shown] = [member for member in rosters(url)[DOCTORS].members if member.lid == lid_of(old)]
    assert shown.phone == hospital.person("Peter Novak").mobile != old


def test_where_the_phone_is_no_admin_it_knows_numbers_from_other_groups_alone(
    hospital: Hospital, url: str
) -> None:
    start_swaps(hospital)

    members = rosters(url)[SWAPS].members
    assert len(members) == 6
    assert [m.handle for m in members if m.phone is None] == [lid_of(hospital.person("Kenji Mori").mobile)]


def test_who_is_removed_by_a_lid_or_a_new_number_is_gone(hospital: Hospital, url: str) -> None:
    start_swaps(hospital)
    hospital.change_number("Peter Novak")
    hospital.remove(SWAPS, lid_of(hospital.person("Kenji Mori").mobile))
    hospital.remove(DOCTORS, hospital.person("Peter Novak").mobile)

    found = rosters(url)
    assert all(member.phone is not None for member in found[SWAPS].members)
    assert hospital.person("Peter Novak").mobile not in {member.phone for member in found[DOCTORS].members}


def test_a_group_that_no_register_has_is_not_in_the_register(hospital: Hospital, url: str) -> None:
    start_swaps(hospital)
    assert [role for _, role in hospital.groups[SWAPS].members.values()].count(Role.CREATOR) == 1

    assert SWAPS not in {roster.group.name for roster in hospital.rosters(context().now())}


def test_the_published_description_holds_for_its_answers(
    contract_data: Path, hospital: Hospital, url: str
) -> None:
    description = OpenApi(contract_data / "waha-openapi.json")
    doctors = next(iter(rosters(url).values())).group.group_id
    lid = lid_of(hospital.person("Kenji Mori").mobile)
    for path in (
        "/api/sessions/default",
        f"/api/default/groups/{doctors}/participants/v2",
        f"/api/default/groups/{doctors}/settings/security/info-admin-only",
        f"/api/default/lids/{lid}",
    ):
        answer = httpx2.get(url + path, trust_env=False)
        description.check_answer("GET", path, answer.status_code, answer.content)
