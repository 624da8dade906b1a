"""A version of a policy that is not material counts as the last material one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attested import POLICY_3, TEXT, Made, asking, attesting, counts, rule_anew, said, say, tickets, token
from harness import Harness
from worker.domain.controls.others import POLICY
from worker.domain.controls.statements import AttestAnswer, StatementRule
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState

ME = Actor("sam", "os:sam")
POLICY_4 = replace(POLICY_3, version="4", texts={"en": TEXT + "\n\nAnd fair."})
POLICY_5 = replace(POLICY_3, version="5", texts={"en": TEXT + "\n\nAnd fair!"}, is_material=False)


@pytest.fixture
def asked(start: Made) -> Made:
    return asking(start)


def published(harness: Harness, rule: StatementRule) -> None:
    rule_anew(harness, rule)
    harness.later(minutes=2)
    harness.control()


def states(harness: Harness, person: str) -> list[tuple[str, str]]:
    return [(one.occasion[-1], one.state.value) for one in tickets(harness, person)]


@pytest.fixture
def fixed(asked: Made) -> Harness:
    """All accepted version 3. Version 4 is material: ann declines, ben accepts. Then a typo is mended in version 5."""
    harness = asked(POLICY_3)
    for one in tickets(harness):
        say(harness, one)
    published(harness, POLICY_4)
    [ann], [ben] = (
        [one for one in tickets(harness, name) if one.occasion[-1] == "4"] for name in ("ann", "ben")
    )
    say(harness, ann, AttestAnswer.DECLINED, text_sha256=POLICY_4.seen[0].sha256)
    say(harness, ben, text_sha256=POLICY_4.seen[0].sha256)
    published(harness, POLICY_5)
    return harness


def test_what_was_said_of_older_texts_does_not_count_again(fixed: Harness) -> None:
    assert counts(fixed, POLICY.id) == (4, 1, 3, 1)
    assert states(fixed, "ann") == [("3", "verified"), ("4", "verified")]
    assert states(fixed, "ben") == [("3", "verified"), ("4", "verified")]


def test_who_was_asked_is_still_asked_by_the_same_ticket(fixed: Harness) -> None:
    assert states(fixed, "cem") == [("3", "verified"), ("4", "open")]
    cem = tickets(fixed, "cem")[1]
    [due] = attesting(fixed).look(token(fixed, cem), fixed.now).due
    assert (due.rule.version, due.text) == ("5", POLICY_5.texts["en"])
    say(fixed, cem, text_sha256=due.text_sha256)
    assert said(fixed)[-1].version == "5"
    assert states(fixed, "cem") == [("3", "verified"), ("4", "verified")]
    published(fixed, replace(POLICY_5, version="6"))
    assert states(fixed, "cem") == [("3", "verified"), ("4", "verified")]
    assert counts(fixed, POLICY.id) == (4, 2, 2, 1)


def test_who_comes_is_asked_for_the_newest(fixed: Harness) -> None:
    fixed.hire("zoe")
    fixed.wards.add_member("ward-7", fixed.member("zoe"))
    fixed.settle()
    fixed.control()
    assert states(fixed, "zoe") == [("5", "open")]


def test_a_waiver_of_an_older_text_is_not_of_this_one(asked: Made) -> None:
    harness = asked(POLICY_3)
    harness.desk.waive(tickets(harness, "ann")[0].id, ME, "she works elsewhere for now", harness.now)
    published(harness, POLICY_4)
    harness.desk.waive(tickets(harness, "ben")[1].id, ME, "he is away", harness.now)
    published(harness, POLICY_5)
    assert states(harness, "ann") == [("3", "waived"), ("4", "open")]
    assert states(harness, "ben") == [("3", "cancelled"), ("4", "waived")]


def test_one_that_was_called_material_by_mistake_is_asked_for_no_more(asked: Made) -> None:
    harness = asked(POLICY_3)
    for one in tickets(harness):
        say(harness, one)
    published(harness, POLICY_4)
    published(harness, replace(POLICY_4, is_material=False))
    published(harness, POLICY_5)
    assert counts(harness, POLICY.id) == (4, 4, 0, 0)


def test_versions_that_were_never_material_count_together(asked: Made) -> None:
    harness = asked(replace(POLICY_3, is_material=False))
    say(harness, tickets(harness, "ann")[0])
    published(harness, replace(POLICY_4, is_material=False))
    assert states(harness, "ann") == [("3", "verified")]
    assert tickets(harness, "ben")[0].state is TicketState.OPEN


def test_where_no_version_is_known_to_be_material_an_import_may_name_any(asked: Made) -> None:
    harness = asked(replace(POLICY_3, version="2024-1"))
    say(harness, tickets(harness, "ann")[0])
    with harness.engine.begin() as connection:  # as if it had been imported
        connection.exec_driver_sql("DELETE FROM policy_text")
    published(harness, POLICY_5)
    assert counts(harness, POLICY.id) == (4, 1, 3, 0)


def test_an_earlier_version_that_is_back_counts_as_it_did(fixed: Harness) -> None:
    harness = fixed
    published(harness, replace(POLICY_3, version="6", texts={"en": "Another one"}))
    published(harness, POLICY_5)
    assert counts(harness, POLICY.id) == (4, 1, 3, 1)
