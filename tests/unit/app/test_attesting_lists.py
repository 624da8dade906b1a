"""Lists of other systems that are read again and again: what says nothing new is kept once, and ends in its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from attested import COURSE, PHONE, attesting, counts, said, say, tickets
from harness import Harness
from worker.app.acts.statements import StatementList
from worker.domain.controls.others import DEVICE, TRAINING
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import ImportedRow, ItemAnswer, Statement, text_hash
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState

ANN = ImportedRow(2, "ann@corp.example")
SECURED = replace(PHONE, every=timedelta(days=180))
IS_SECURE = replace(ANN, items=dict.fromkeys(PHONE.items, ItemAnswer.YES))
IS_OPEN = replace(IS_SECURE, items={**IS_SECURE.items, "not_shared": ItemAnswer.NO})
RULES = {Statement.TRAINING: COURSE, Statement.DEVICE: SECURED}
Found = Callable[..., "Listed"]


class Listed:
    """A worker whose controls read a list that has `rows` now."""

    def __init__(self, harness: Harness, statement: Statement, *rows: ImportedRow) -> None:
        self.harness = harness
        self.statement = statement
        self.rows = rows
        self.start()

    def start(self) -> None:
        """A process of its own, such as that of `once controls`."""
        lists = (StatementList(self.statement, "list.csv", lambda: self.rows),)
        self.harness.start(replace(self.harness.app.rules, statement_lists=lists))

    def run(self, *rows: ImportedRow, **later: int) -> int:
        """Run the controls; return how many statements are kept."""
        self.rows = rows or self.rows
        if later:
            self.harness.later(**later)
        self.harness.control()
        return len(said(self.harness))

    @property
    def passed(self) -> int:
        control = TRAINING if self.statement is Statement.TRAINING else DEVICE
        return counts(self.harness, control.id)[1]

    def come_back(self) -> None:
        """Ann leaves, and is here again a day later."""
        self.harness.later(days=1)
        self.harness.leave("ann")
        self.harness.settle()
        self.harness.later(days=1)
        self.harness.corp.enable("ann")
        self.harness.settle()


@pytest.fixture
def listed(start: Callable[..., Harness]) -> Found:
    def make(statement: Statement, *rows: ImportedRow) -> Listed:
        harness = start(controls=ControlPolicy(statements=(RULES[statement],), daily_max=10))
        return Listed(harness, statement, *rows)

    return make


@pytest.mark.parametrize("row", [ANN, IS_SECURE, IS_OPEN])
def test_what_a_list_says_again_is_kept_once_by_whatever_process_reads_it(
    listed: Found, row: ImportedRow
) -> None:
    found = listed(Statement.DEVICE if row.items else Statement.TRAINING, row)
    assert found.run() == 1
    for _ in range(2):
        found.start()
        assert found.run(minutes=5) == 1
    assert found.run(days=1) == 1
    with found.harness.store.reading() as uow:
        kept = [one for one in uow.journal.chain() if one.entry.event == events.ATTESTATIONS_IMPORTED]
    assert len(kept) == 1


def test_of_two_phones_of_somebody_one_that_is_not_secure_is_no_pass(listed: Found) -> None:
    found = listed(Statement.DEVICE, IS_SECURE, IS_OPEN)
    assert [(found.run(days=1), found.passed) for _ in range(3)] == [(1, 0)] * 3
    assert [(found.run(IS_SECURE, IS_SECURE, days=1), found.passed) for _ in range(3)] == [(2, 1)] * 3
    assert [(found.run(IS_OPEN, IS_SECURE, days=1), found.passed) for _ in range(3)] == [(3, 0)] * 3


def test_two_phones_that_were_seen_on_different_days_are_as_the_worse_one(listed: Found) -> None:
    found = listed(Statement.DEVICE)
    day = found.harness.now.date()
    old, new = (replace(one, on=day - timedelta(days=n)) for one, n in ((IS_OPEN, 2), (IS_SECURE, 1)))
    assert (found.run(new, old), found.passed) == (1, 0)
    assert (found.run(new, replace(IS_SECURE, on=day)), found.passed) == (3, 1)


def test_a_change_is_kept_at_once_and_so_is_the_change_back(listed: Found) -> None:
    found = listed(Statement.DEVICE, IS_SECURE)
    said = [(found.run(one, minutes=5), found.passed) for one in (IS_SECURE, IS_OPEN, IS_SECURE)]
    assert said == [(1, 1), (2, 0), (3, 1)]


def test_who_is_no_longer_secure_by_a_list_is_asked_and_their_own_word_counts_again(listed: Found) -> None:
    found = listed(Statement.DEVICE, IS_SECURE)
    found.run()
    found.harness.decide()
    found.run(IS_OPEN, days=10)
    [ticket] = tickets(found.harness, "ann")
    assert (ticket.state, found.passed) == (TicketState.OPEN, 0)
    yes = dict.fromkeys(PHONE.items, ItemAnswer.YES)
    say(found.harness, ticket, text_sha256=text_hash(""), items=yes)
    assert [(found.run(days=1), found.passed) for _ in range(2)] == [(3, 1)] * 2


def test_what_somebody_said_of_their_phone_ends_when_a_list_says_no(listed: Found) -> None:
    found = listed(Statement.DEVICE)
    found.run()
    found.harness.decide()
    found.run(minutes=5)
    [ticket] = tickets(found.harness, "ann")
    yes = dict.fromkeys(PHONE.items, ItemAnswer.YES)
    say(found.harness, ticket, text_sha256=text_hash(""), items=yes)
    assert (found.run(days=1), found.passed) == (1, 1)
    assert (found.run(IS_OPEN, days=1), found.passed) == (2, 0)


def test_a_training_without_a_day_ends_so_long_after_its_list_first_had_it(listed: Found) -> None:
    found = listed(Statement.TRAINING, ANN)
    found.run()
    assert found.run(days=364) == found.passed == 1
    assert found.run(days=2) == 1
    assert found.passed == 0


def test_a_new_end_of_a_training_counts(listed: Found) -> None:
    found = listed(Statement.TRAINING)
    day = found.harness.now.date()
    assert found.run(replace(ANN, until=day + timedelta(days=10))) == 1
    assert found.run(days=11) == 1
    assert found.passed == 0
    assert [found.run(replace(ANN, until=day + timedelta(days=20)), hours=1) for _ in range(2)] == [2, 2]
    assert found.passed == 1


def test_a_phone_counts_as_long_as_a_list_without_days_has_it(listed: Found) -> None:
    found = listed(Statement.DEVICE, IS_SECURE)
    found.run()
    assert [found.run(days=90) for _ in range(3)] == [1, 2, 2]
    assert found.passed == 1


def test_of_who_came_back_a_list_shows_what_is_so_now_and_not_what_was_done_before(listed: Found) -> None:
    phones = listed(Statement.DEVICE, IS_SECURE)
    phones.run()
    phones.come_back()
    assert [phones.run(), phones.run(days=1)] == [2, 2]
    assert phones.passed == 1


def test_who_came_back_is_asked_for_a_training_whose_day_nobody_knows(listed: Found) -> None:
    found = listed(Statement.TRAINING, ANN)
    found.run()
    found.harness.decide()
    found.come_back()
    assert found.run() == 1
    assert [one.state for one in tickets(found.harness, "ann")] == [TicketState.OPEN]


def test_a_list_of_another_name_shows_it_anew(listed: Found) -> None:
    found = listed(Statement.TRAINING, ANN)
    found.run()
    found.harness.later(days=364)
    for name, kept in (("list.csv", 0), ("list of 2027.csv", 1)):
        taken = attesting(found.harness).take(
            [ANN], Statement.TRAINING, name, Actor("lms"), found.harness.now
        )
        assert taken.kept == kept
