"""Matrix from end to end: the installed command, a directory's export, and rooms of a real Synapse."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.company import Company, phone
from synapse import Person, Synapse

CONFIG = """
organisation: {name: "St Mary's", default_region: GB, timezone: Europe/London, language: en}
database: {url: "sqlite:///whosleft.db"}
directories:
  - {name: corp, kind: file, path: people.csv}
inventories:
  - {name: rooms, kind: matrix, url: "%s", token: "${file:token}", requests_per_minute: 6000}
tickets: {accountable: it-security@example.org}
escalation: {digest_window: 0s}
ops: {listen: "127.0.0.1:0"}
desk: {listen: "127.0.0.1:0"}
"""


class Hospital(Company):
    """The company's people with accounts of Matrix, known by their numbers; its groups are rooms."""

    def connect(self, server: Synapse) -> None:
        (self.folder / "token").write_text(server.admin.token)
        (self.folder / "whosleft.yaml").write_text(CONFIG % server.url)


@pytest.fixture
def staff(fresh_synapse: Synapse) -> list[Person]:
    return [fresh_synapse.person(f"Person {number}", phone=phone(number)) for number in range(4)]


@pytest.fixture
def hospital(tmp_path: Path, fresh_synapse: Synapse) -> Hospital:
    hospital = Hospital(tmp_path)
    hospital.connect(fresh_synapse)
    hospital.export()
    return hospital


def kinds(hospital: Hospital) -> list[tuple[str, str, str]]:
    return [(t["kind"], t["state"], t["person"]["name"]) for t in hospital.tickets()]


def test_a_leaver_is_kicked_by_a_person_and_the_room_itself_proves_it(
    hospital: Hospital, fresh_synapse: Synapse, staff: list[Person]
) -> None:
    room = fresh_synapse.room(*staff, version="12", name="Ward 7 nights")
    fresh_synapse.empower(staff[0], room, {staff[1]: 100})
    fresh_synapse.wait_until_listed(room)
    assert hospital.json("check")["ok"]
    hospital.run("once", "all")
    assert hospital.tickets() == []

    hospital.export(disabled={2})
    hospital.run("once", "all")
    assert kinds(hospital) == [("remove_member", "open", "Person 2")]
    hospital.run("tickets", "done", "T-1", "--by", "nurse")
    hospital.run("once", "all")
    (ticket,) = hospital.tickets()
    assert (ticket["state"], ticket["reopened"]) == ("open", 1), "nobody had kicked them"

    fresh_synapse.do(staff[0], room, "kick", user_id=staff[2].user_id)
    hospital.run("tickets", "done", "T-1", "--by", "nurse")
    hospital.run("once", "all")

    (ticket,) = hospital.tickets()
    assert (ticket["state"], ticket["grade"], ticket["done_by"]) == ("verified", "A", "nurse")


@pytest.mark.parametrize("version", ["11", "12"])
def test_a_creator_who_left_has_to_leave_by_themselves(
    hospital: Hospital, fresh_synapse: Synapse, staff: list[Person], version: str
) -> None:
    room = fresh_synapse.room(*staff, version=version, name="Ward 8 days")
    fresh_synapse.empower(staff[0], room, {staff[1]: 100, staff[3]: 100})
    fresh_synapse.wait_until_listed(room)
    hospital.run("once", "all")

    hospital.export(disabled={0})
    hospital.run("once", "all")
    assert kinds(hospital) == [("creator_must_leave", "open", "Person 0")]

    fresh_synapse.do(staff[0], room, "leave")
    hospital.run("tickets", "done", "T-1", "--by", "nurse")
    hospital.run("once", "all")

    (ticket,) = hospital.tickets()
    assert (ticket["state"], ticket["grade"]) == ("verified", "A")


def test_a_room_without_an_admin_who_stays_gets_a_new_one_first(
    hospital: Hospital, fresh_synapse: Synapse, staff: list[Person]
) -> None:
    room = fresh_synapse.room(staff[3], *staff[:3], version="12", name="On call")
    fresh_synapse.empower(staff[3], room, {staff[0]: 100})
    fresh_synapse.do(staff[3], room, "leave")
    fresh_synapse.wait_until_listed(room)
    hospital.run("once", "all")

    hospital.export(disabled={0})
    hospital.run("once", "all")

    assert ("reassign_admin", "open", "Person 0") in kinds(hospital)
    fresh_synapse.empower(staff[0], room, {staff[1]: 100})
    hospital.run("once", "all")
    assert ("reassign_admin", "verified", "Person 0") in kinds(hospital)


RULE = """
remediate:
  - {name: wards, when: {inventories: [rooms], groups: ["Ward *"], kinds: [remove_member]}, per_hour: 1}
"""


def test_a_machine_removes_whom_a_rule_lets_it_and_the_next_read_proves_it(
    hospital: Hospital, fresh_synapse: Synapse, staff: list[Person]
) -> None:
    rooms = [fresh_synapse.room(*staff, version="12", name=name) for name in ("Ward 7 nights", "On call")]
    for room in rooms:
        fresh_synapse.empower(staff[0], room, {staff[1]: 100})
        fresh_synapse.wait_until_listed(room)
    hospital.run("once", "all")
    hospital.export(disabled={2})
    for job in ("poll", "inventory", "reconcile"):
        hospital.run("once", job)
    assert "nothing to do" in hospital.run("once", "remediate")
    config = hospital.folder / "whosleft.yaml"
    config.write_text(config.read_text() + RULE)

    planned = [one for one in hospital.json("plan")["actions"] if one["action"] == "remediate"]
    assert [(one["rule"], one["ticket"]["group"]["name"]) for one in planned] == [("wards", "Ward 7 nights")]
    assert "1 done" in hospital.run("once", "remediate")
    hospital.run("once", "all")

    found = {one["group"]["name"]: one for one in hospital.tickets()}
    assert {name: one["state"] for name, one in found.items()} == {
        "Ward 7 nights": "verified",
        "On call": "open",
    }
    removed = found["Ward 7 nights"]
    assert (removed["grade"], removed["remediated_by"]["rule"]) == ("A", "wards")
    assert [(one["source"], one["shows"], one["grade"]) for one in removed["sources"]] == [
        ("rooms", False, "A")
    ]


def test_a_wrong_token_closes_nothing_and_check_says_what_to_do(
    hospital: Hospital, fresh_synapse: Synapse, staff: list[Person]
) -> None:
    room = fresh_synapse.room(*staff, version="12", name="Ward 7 nights")
    fresh_synapse.wait_until_listed(room)
    hospital.run("once", "all")
    hospital.export(disabled={2})
    hospital.run("once", "all")
    before = hospital.tickets()
    assert len(before) == 1
    (hospital.folder / "token").write_text("syt_wrong")

    assert "401" in hospital.run("once", "inventory", code=1)

    assert hospital.tickets() == before
    (_, rooms, *_) = hospital.json("check", code=1)["sources"]
    assert not rooms["ok"]
    assert "set token" in rooms["remedy"]
    assert hospital.json("groups", "list")["total"] == 1
