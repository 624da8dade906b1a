"""What somebody said stays said when their group is shown by another source, or they have another account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from attested import DUTIES_2, POLICY_3, Made, counts, say, tickets
from audit_checks import problems
from builders import facts
from fakes.directory import FakeDirectory
from harness import Harness
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import AttestAnswer, text_hash
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.model import AccountKey, GroupKey, Member
from worker.domain.tickets.ticket import TicketState
from worker.ports import Capabilities
from worker.running.wiring import rules_of
from worker.settings import Settings

STAFF = ("ann", "ben", "cem", "dee")
ASKED = ControlPolicy(statements=(POLICY_3,), daily_max=10)
DUTIES: dict[str, Any] = {"text_sha256": text_hash("# Duties")}


def released(harness: Harness) -> Harness:
    """The first run of its controls was held, and released."""
    harness.settle()
    harness.later()
    harness.control()
    harness.decide()
    harness.control()
    return harness


@pytest.fixture
def shown(found: Made) -> Harness:
    """A ward's group, whose admin Dee is asked for her duties, in a register; a phone that may show it."""
    rules = ControlPolicy(statements=(DUTIES_2,), daily_max=10)
    harness = found(inventories=("register", "phone"), controls=rules, has_links=True)
    harness.hire("ann", "ben", "dee")
    harness.inventories[0].can = Capabilities(sees_all_groups=True, is_kept_by_people=True)
    harness.inventories[1].can = Capabilities()
    harness.start(harness.app.rules)
    harness.group("ward-7", "ann", "ben", admins=["dee"], name="Ward 7")
    return harness


@pytest.fixture
def ward(shown: Harness) -> Harness:
    """No phone shows the group yet."""
    return released(shown)


def lead(harness: Harness) -> None:
    """A phone shows the group, too, and leads it from now on."""
    harness.group("120@g.us", "ann", "ben", admins=["dee"], at=1, name="Ward 7")
    run(harness)
    with harness.store.reading() as uow:
        assert [one.state.value for one in uow.pairs.all()] == ["sure"]


def run(harness: Harness) -> None:
    harness.later(hours=1)
    harness.settle()
    harness.control()


@pytest.mark.parametrize("answer", [AttestAnswer.ACCEPTED, AttestAnswer.DECLINED])
def test_an_admin_is_not_asked_again_once_a_phone_leads_the_group(
    ward: Harness, answer: AttestAnswer
) -> None:
    say(ward, tickets(ward)[0], answer, **DUTIES)
    before = counts(ward, DUTIES_2.control)
    lead(ward)

    assert [one.state for one in tickets(ward)] == [TicketState.VERIFIED]
    assert counts(ward, DUTIES_2.control) == before


def test_of_another_group_the_admin_is_asked_all_the_same(ward: Harness) -> None:
    say(ward, tickets(ward)[0], **DUTIES)
    lead(ward)
    ward.group("ward-8", "ann", admins=["dee"], name="Ward 8")
    run(ward)
    assert [(one.group, one.state) for one in tickets(ward)] == [
        (GroupKey("register", "ward-7"), TicketState.VERIFIED),
        (GroupKey("register", "ward-8"), TicketState.OPEN),
    ]


def test_an_admins_ticket_goes_on_once_a_phone_leads_the_group(ward: Harness) -> None:
    lead(ward)
    [one] = tickets(ward)
    assert one.state is TicketState.OPEN

    say(ward, one, **DUTIES)
    run(ward)
    assert [one.state for one in tickets(ward)] == [TicketState.VERIFIED]
    assert counts(ward, DUTIES_2.control) == (1, 1, 0, 0)


def test_an_admins_waiver_holds_once_a_phone_leads_the_group(ward: Harness) -> None:
    ward.desk.waive(1, Actor("sam"), "on leave", ward.now)
    lead(ward)
    assert [one.state for one in tickets(ward)] == [TicketState.WAIVED]


def test_an_admin_is_not_asked_again_once_the_phone_that_led_the_group_is_out_of_it(shown: Harness) -> None:
    shown.group("120@g.us", "ann", "ben", admins=["dee"], at=1, name="Ward 7")
    for number in range(9):
        shown.group(f"other-{number}", "ann", admins=["ben"], at=1, name=f"Other {number}")
    released(shown)
    [one] = tickets(shown, "dee")
    assert one.group == GroupKey("phone", "120@g.us")
    say(shown, one, **DUTIES)
    shown.inventories[1].remove_group("120@g.us")
    run(shown)
    with shown.store.reading() as uow:
        asked = uow.attestations.to_ask(DUTIES_2, shown.now, 9, is_everywhere=True)
        subjects = uow.attestations.counts(DUTIES_2, shown.now, is_everywhere=True).subjects
    assert (subjects, [one for one in asked if one.person.key.person_id == "dee"]) == (10, [])
    assert [one.state for one in tickets(shown, "dee")] == [TicketState.VERIFIED]


@pytest.fixture
def asked(found: Made) -> Harness:
    """Everybody in a ward's group is asked to accept a policy."""
    harness = found(controls=ASKED, has_links=True)
    harness.hire(*STAFF)
    harness.group("ward-7", *STAFF[:-1], admins=["dee"], name="Ward 7")
    return released(harness)


def rename(harness: Harness, name: str = "ad") -> None:
    """The configuration gives the directory another name, so that each person has another account."""
    renamed = FakeDirectory(name, now=harness.clock)
    renamed.put(*harness.corp.people())
    harness.directories[0] = harness.corp = renamed
    harness.settings = Settings.model_validate({
        "organisation": {"name": "St Mary's", "timezone": "Europe/London"},
        "directories": [{"name": name, "kind": "fake"}],
        "inventories": [{"name": "wards", "kind": "register"}],
    })  # fmt: skip
    new = rules_of(harness.settings)
    harness.start(
        replace(harness.app.rules, paces=new.paces, takes=new.takes, fresh_directories=new.fresh_directories)
    )
    run(harness)


def states(harness: Harness) -> dict[str, list[TicketState]]:
    return {name: [one.state for one in tickets(harness, name)] for name in STAFF}


def test_a_directory_that_gets_another_name_changes_nothing_of_what_people_said(asked: Harness) -> None:
    [ann], [ben], [cem] = (tickets(asked, name) for name in ("ann", "ben", "cem"))
    say(asked, ann)
    say(asked, ben, AttestAnswer.DECLINED)
    asked.desk.waive(cem.id, Actor("sam"), "on leave", asked.now)
    before, sent = states(asked), counts(asked, POLICY_3.control)
    rename(asked)

    assert before == {
        "ann": [TicketState.VERIFIED], "ben": [TicketState.VERIFIED],
        "cem": [TicketState.WAIVED], "dee": [TicketState.OPEN],
    }  # fmt: skip
    assert states(asked) == before
    assert counts(asked, POLICY_3.control) == sent == (4, 1, 2, 1)
    run(asked)
    assert states(asked) == before
    assert problems(asked) == []


def test_an_open_ticket_is_answered_under_the_other_name_by_the_same_link(asked: Harness) -> None:
    [dee] = tickets(asked, "dee")
    rename(asked)
    assert [one.person for one in tickets(asked, "dee")] == [AccountKey("ad", "dee")]
    assert asked.journal()[-1].entry.event == events.TICKET_MOVED

    say(asked, dee)
    run(asked)
    assert states(asked)["dee"] == [TicketState.VERIFIED]
    assert counts(asked, POLICY_3.control) == (4, 1, 3, 0)


def test_who_is_back_under_another_account_is_asked_again(found: Made) -> None:
    harness = found(directories=("corp", "ad"), controls=ASKED, has_links=True)
    harness.hire(*STAFF)
    harness.directories[1].put(facts("zoe"))
    harness.group("ward-7", *STAFF[:-1], admins=["dee"], name="Ward 7")
    released(harness)
    say(harness, tickets(harness, "ann")[0])
    harness.leave("ann")
    run(harness)
    harness.drop("ward-7", "ann")
    run(harness)
    harness.directories[1].put(facts("ann", phones=(harness.number("ann"),)))
    harness.wards.add_member("ward-7", harness.member("ann"))
    run(harness)

    [before, now] = tickets(harness, "ann")
    assert (before.state, now.state) == (TicketState.VERIFIED, TicketState.OPEN)
    assert now.person == AccountKey("ad", "ann")


@pytest.fixture
def known_twice(found: Made) -> Harness:
    """Ann is known by another account in each messenger, and asked by one of them."""
    harness = found(directories=("corp", "ad"), controls=ASKED, has_links=True)
    harness.hire("ann", "dee")
    harness.directories[1].put(facts("ann", phones=("+447700900777",)))
    harness.group("ward-7", "ann", admins=["dee"], name="Ward 7")
    harness.wards.add_member("ward-7", Member("+447700900777", "Ann", phone="+447700900777"))
    return released(harness)


def test_a_ticket_stays_with_an_account_that_is_still_asked(known_twice: Harness) -> None:
    [one] = tickets(known_twice, "ann")
    for _ in range(2):
        run(known_twice)
        assert known_twice.ticket(one.id).person == one.person


def test_a_waiver_of_an_earlier_version_stays_with_an_account_that_is_still_asked(
    known_twice: Harness,
) -> None:
    [one] = tickets(known_twice, "ann")
    known_twice.desk.waive(one.id, Actor("sam"), "on leave", known_twice.now)
    newer = replace(POLICY_3, version="4", is_material=False)
    known_twice.start(replace(known_twice.app.rules, controls=replace(ASKED, statements=(newer,))))
    for _ in range(3):
        run(known_twice)

    kept = known_twice.ticket(one.id)
    assert (kept.person, kept.state) == (one.person, TicketState.WAIVED)
    assert events.TICKET_MOVED not in known_twice.kinds()
