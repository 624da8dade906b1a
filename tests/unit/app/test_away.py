"""Who is away: the configuration's word, then the mailbox's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import NOW, facts, rules
from fakes.directory import FakeDirectory
from harness import Harness
from worker.app.reads.away import Away, teller_named
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.model import AccountKey
from worker.ports import BadConfig, Transient

DAY = timedelta(days=1)
ANN, BEN = "ann@example.org", "ben@example.org"
DEE = "dee@corp.example"
HALFWAY, LATER = Step(After(share=0.5), (Target.ASSIGNEE,)), Step(After(share=1.0), (Target.CHANNEL,))
LEAVE = (Absence(ANN, NOW - DAY, NOW + DAY, BEN),)


class Silent(FakeDirectory):
    """A directory whose mailboxes don't answer."""

    def is_away(self, person_id: str) -> bool | None:
        raise Transient("no answer")


@pytest.fixture
def directory() -> FakeDirectory:
    return FakeDirectory("corp", now=lambda: NOW)


def test_who_is_named_in_the_configuration_is_away_and_has_a_deputy() -> None:
    away = Away(LEAVE, None)

    assert away.is_away(ANN, None, NOW)
    assert away.deputy(ANN, NOW) == BEN
    assert not away.is_away(BEN, None, NOW)
    assert away.deputy(BEN, NOW) is None


@pytest.mark.parametrize("told, is_away", [(True, True), (False, False), (None, False)])
def test_a_mailbox_is_asked_about_everybody_else(
    directory: FakeDirectory, told: bool | None, is_away: bool
) -> None:
    directory.away["ben"] = told

    assert Away(LEAVE, directory).is_away(BEN, AccountKey("corp", "ben"), NOW) is is_away


def test_another_directory_s_account_is_not_asked_about(directory: FakeDirectory) -> None:
    directory.away["ben"] = True
    away = Away((), directory)

    assert not away.is_away(BEN, AccountKey("other", "ben"), NOW)
    assert not away.is_away(BEN, None, NOW)


def test_a_mailbox_that_does_not_answer_makes_nobody_absent() -> None:
    silent = Silent("corp", now=lambda: NOW)

    assert not Away((), silent).is_away(BEN, AccountKey("corp", "ben"), NOW)


def test_a_directory_that_can_t_tell_is_refused(directory: FakeDirectory) -> None:
    assert teller_named("corp", [directory]) is directory
    assert teller_named(None, [directory]) is None
    directory.can_tell_away = False
    with pytest.raises(BadConfig, match="corp can't tell"):
        teller_named("corp", [directory])


@pytest.fixture
def harness() -> Iterator[Harness]:
    made = Harness()
    yield made
    made.close()


def test_the_program_asks_the_directory_that_is_named(harness: Harness) -> None:
    rules = harness.app.rules
    harness.start(replace(rules, rotas=replace(rules.rotas, automatic_replies="corp")))
    harness.corp.away["ann"] = True

    assert harness.app.away.is_away(ANN, AccountKey("corp", "ann"), NOW)


@pytest.mark.parametrize("first", ["corp", "zcorp"])
def test_the_mailbox_of_any_account_with_an_address_is_asked(
    found: Callable[..., Harness], first: str
) -> None:
    harness = found(directories=(first, "tenant"), rules=rules(policies=(Policy("test", (HALFWAY, LATER)),)))
    tenant = harness.directories[1]
    for person_id in ("ann", "ben", "dee"):
        harness.hire(person_id)
        tenant.put(facts(f"cloud-{person_id}", email=f"{person_id}@corp.example"))
    told_of_dee(harness, tenant, "cloud-dee")


def test_the_mailbox_of_an_account_that_is_gone_is_not_asked(found: Callable[..., Harness]) -> None:
    harness = found(rules=rules(policies=(Policy("test", (HALFWAY, LATER)),)))
    harness.hire("ann", "ben", "dee")
    harness.corp.put(facts("a-former-dee", email=DEE))
    harness.settle()
    harness.leave("a-former-dee")
    told_of_dee(harness, harness.corp, "dee")


def told_of_dee(harness: Harness, directory: FakeDirectory, account: str) -> None:
    """Dee, who has to remove Ann, is away by her mailbox alone, so that the channel is told at once."""
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    for one in harness.directories:
        one.disable("ann" if one.name != "tenant" else "cloud-ann")
    harness.settle()
    harness.deliver()
    app_rules = harness.app.rules
    harness.start(replace(app_rules, rotas=replace(app_rules.rotas, automatic_replies=directory.name)))
    directory.away[account] = True
    seen = len(harness.soc.sent)
    harness.later(hours=12)
    harness.escalate()
    harness.deliver()
    assert sorted(one.to.address for one in harness.soc.sent[seen:]) == ["", DEE]
