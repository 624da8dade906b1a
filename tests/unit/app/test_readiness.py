"""Which groups can move to another messenger, over the whole worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from builders import facts
from harness import Harness
from worker.app.evidence.readiness_report import left_behind, readiness_page, readiness_table
from worker.app.refused import Refused
from worker.contract.exposure import ReadinessReportShape
from worker.domain.controls.policy import ClassRule, ControlPolicy
from worker.domain.controls.readiness import Readiness
from worker.domain.controls.switch import REPORTED
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupFacts, Member, Role
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.plan import instant

Start = Callable[..., Harness]
PATIENT = ClassRule(REPORTED, "patient", ("teams",), ("Ward*",), is_sensitive=True, move_to="teams")
POLICY = replace(ControlPolicy(), classes=(PATIENT,))


def judged(harness: Harness, target: str = "teams") -> dict[str, Readiness]:
    return {one.group.key.group_id: one for one in harness.app.readiness.of(target, harness.now)}


@pytest.fixture
def wards(start: Start) -> Harness:
    """The ward of ann, ben, cem and dee in WhatsApp; ann, ben and dee are in a team, too."""
    harness = start(controls=POLICY, inventories=("wards", "rooms"))
    harness.group("team", "ann", "ben", "dee", at=1, messenger="teams")
    harness.settle()
    return harness


def test_who_is_in_a_group_there_has_an_account(wards: Harness) -> None:
    assert list(judged(wards)) == ["ward-7"], "what is there already is not shown"
    ward = judged(wards)["ward-7"]
    assert (ward.said, ward.share, ward.counts.people) == ("needs accounts (1)", 0.75, 4)
    wards.inventories[1].add_member("team", wards.member("cem"))
    wards.settle()
    assert judged(wards)["ward-7"].said == "ready"
    wards.inventories[1].remove_member("team", wards.number("ann"))
    wards.later()
    wards.settle()
    assert judged(wards)["ward-7"].said == "needs accounts (1)"


def test_everybody_in_a_directory_may_have_an_account(start: Start) -> None:
    harness = start(controls=replace(POLICY, accounts={"teams": ("corp",)}))
    assert judged(harness)["ward-7"].said == "ready"
    assert judged(harness, "slack")["ward-7"].said == "keep (patient may not be in Slack)"


def test_leavers_externals_and_unknown_members(wards: Harness) -> None:
    wards.inventories[1].add_member("team", wards.member("cem"))
    wards.wards.add_member("ward-7", Member("+447700900990", "Agency", phone="+447700900990"))
    wards.settle()
    wards.leave("ben")
    wards.settle()
    ward = judged(wards)["ward-7"]
    assert ward.said == "needs accounts (1)"
    assert ward.reasons == ("not identified yet: 1", "left, and still in it: 1", "open tickets: 2")
    wards.identifying.reject("wards/+447700900990", Actor("dee"), "from an agency", wards.now)
    ward = judged(wards)["ward-7"]
    assert (ward.said, ward.share) == ("has externals (1)", 1.0)


def test_an_account_in_another_directory_is_the_same_persons(found: Start) -> None:
    policy = replace(POLICY, accounts={"teams": ("cloud",)})
    harness = found(controls=policy, directories=("corp", "cloud"))
    harness.hire("ann", "ben", "cem", "dee")
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    for who in ("ann", "ben", "cem"):
        harness.directories[1].put(facts(f"cloud-{who}", email=f"{who}@corp.example"))
    harness.settle()
    assert judged(harness)["ward-7"].said == "needs accounts (1)"


@pytest.mark.parametrize(
    "rule, has_left", [(AccountsRule.EITHER, True), (AccountsRule.ALL, False)], ids=["either", "all"]
)
@pytest.mark.parametrize("listed", ["corp", "cloud"])
def test_who_has_left_is_judged_by_all_accounts(
    found: Start, rule: AccountsRule, listed: str, *, has_left: bool
) -> None:
    harness = found(controls=POLICY, directories=("corp", "cloud"), accounts=rule)
    harness.hire("dee")
    for directory in harness.directories:
        numbers = (harness.number("ann"),) if directory.name == listed else ()
        directory.put(facts("ann", email="ann@corp.example", phones=numbers))
    made_by = replace(harness.member("ann"), role=Role.CREATOR)
    harness.group("ward-7", admins=["dee"])
    harness.wards.add_member("ward-7", made_by)
    harness.settle()
    harness.leave("ann")
    harness.settle()
    counts = judged(harness)["ward-7"].counts
    assert (counts.people, counts.leavers, counts.has_creator_left) == (2 - has_left, has_left, has_left)


def test_somebody_with_an_old_and_a_new_account_is_here_once(start: Start) -> None:
    harness = start(controls=POLICY)
    harness.corp.change("ann", employee_id="E-1")
    harness.hire("ann-2", employee_id="E-1")
    harness.wards.add_member("ward-7", harness.member("ann-2"))
    harness.leave("ann")
    harness.settle()
    counts = judged(harness)["ward-7"].counts
    assert (counts.people, counts.leavers) == (4, 0)


def test_json_is_as_promised(wards: Harness) -> None:
    wards.wards.show("ward-7", GroupFacts(read_at=wards.now, last_activity_at=wards.now))
    wards.inventory()
    shape = ReadinessReportShape.of("teams", judged(wards).values())
    assert shape.model_dump(mode="json", by_alias=True) == {
        "target": "teams",
        "groups": [
            {
                "group": {"source": "wards", "id": "ward-7", "name": "Ward 7", "messenger": "whatsapp"},
                "verdict": "needs accounts (1)", "with_account": 0.75, "externals": 0,
                "last_activity_at": instant(wards.now), "class": "patient",
                "reasons": ["without a known account there: 1"],
                "members": 4, "sensitive": True, "admins": 1, "open_tickets": 0, "goal": "teams",
                "creator_gone": None, "bots": 0, "without_channel": 0,
            },
        ],
    }  # fmt: skip


def test_creator_bots_and_who_can_not_be_written_to(wards: Harness) -> None:
    wards.hire("una", email=None)
    made_by = replace(wards.member("ben"), role=Role.CREATOR)
    wards.group("room", "una", at=1, messenger="matrix")
    for member in (
        made_by,
        Member("@whatsapp_447700900101:s", "Ann (WA)"),
        Member("@whatsappbot:s", "Bridge"),
    ):
        wards.inventories[1].add_member("room", member)
    wards.settle()
    room = judged(wards)["room"]
    assert (room.counts.has_creator_left, room.counts.bots, room.counts.without_channel) == (False, 2, 1)
    assert room.reasons[-2:] == ("bots and bridges: 2", "without an address to write to: 1")
    wards.leave("ben")
    wards.settle()
    room = judged(wards)["room"]
    assert room.counts.has_creator_left
    assert "its creator has left" in room.reasons
    header, *lines = readiness_table([room, judged(wards)["ward-7"]]).splitlines()
    assert header.endswith('"creator_gone","bots","without_channel"')
    assert [line.rsplit(",", 3)[1:] for line in lines] == [['"yes"', '"2"', '"1"'], ['""', '"0"', '"0"']]


def test_who_has_an_address_in_one_directory_can_be_written_to(found: Start) -> None:
    harness = found(controls=POLICY, directories=("corp", "cloud"))
    harness.hire("ann", email=None, employee_id="1")
    harness.hire("ben", email=None, employee_id="2")
    harness.group("ward-7", "ann", "ben")
    harness.directories[1].put(facts("cloud-ann", email="ann@corp.example", employee_id="1"))
    harness.settle()
    assert judged(harness)["ward-7"].counts.without_channel == 1


def test_table_and_page(wards: Harness) -> None:
    ones = list(judged(wards).values())
    header, line = readiness_table(ones).splitlines()
    assert header.startswith('\ufeff"group_source","group_id"')
    assert '"needs accounts (1)","0.75"' in line
    page = readiness_page(ones, "teams", "St Mary's", wards.now)
    assert "<script" not in page
    assert "needs accounts (1)" in page
    assert "takes the history of a chat over to Microsoft Teams" in page


@pytest.mark.parametrize(
    "target, words", [("telegram", "Telegram can"), ("matrix", "bridge"), ("slack", "over to Slack")]
)
def test_what_does_not_come_along(target: str, words: str) -> None:
    assert any(words in sentence for sentence in left_behind(target))


def test_the_target_is_a_messenger_by_key_or_name_or_where_classes_go(
    wards: Harness, company: Harness
) -> None:
    reads = wards.app.readiness
    assert [reads.target(one) for one in ("", "Teams", "Microsoft Teams", "element")] == [
        "teams", "teams", "teams", "matrix",
    ]  # fmt: skip
    with pytest.raises(Refused, match="'pigeon' is no messenger"):
        reads.target("pigeon")
    with pytest.raises(Refused, match="--target matrix or signal"):
        company.app.readiness.target("")
