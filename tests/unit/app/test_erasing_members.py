"""Who is in a group, or may come back into one, is not erased before their tickets are over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from harness import Harness
from worker.app.acts.tickets import Erased
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState

ME = Actor("sam", "os:sam")


def removed_once(h: Harness) -> None:
    """Ann has left, was taken out of her group, and that was verified."""
    h.leave("ann")
    h.settle()
    h.drop("ward-7", "ann")
    h.later()
    h.settle()
    assert h.ticket().state is TicketState.VERIFIED


def test_a_rehire_who_leaves_again_is_not_erased_before_their_second_ticket(company: Harness) -> None:
    removed_once(company)
    company.corp.change("ann", enabled=True)
    company.wards.add_member("ward-7", company.member("ann"))
    company.later()
    company.settle()
    company.later()
    company.corp.delete("ann")
    company.poll()
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)


def test_a_leaver_who_was_added_again_is_not_erased_before_their_ticket_is_open_again(
    company: Harness,
) -> None:
    removed_once(company)
    company.corp.delete("ann")
    company.settle(full=True)
    company.later()
    company.wards.add_member("ward-7", company.member("ann"))
    company.inventory()
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)
    company.reconcile()
    with pytest.raises(Refused, match="live tickets"):
        company.desk.erase("ann", ME, "she asked", company.now)


def test_who_may_stay_in_a_group_by_somebody_s_word_is_erased(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.desk.waive(1, ME, "The group is kept for its pictures", company.now)
    ann = company.person("ann").key
    assert company.desk.erase("ann", ME, "she asked", company.now) == Erased([ann], [])


def test_but_not_while_the_ticket_comes_back_when_its_waiver_is_over(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.desk.waive(1, ME, "She hands over", company.now, company.now + timedelta(days=7))
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)


def test_nor_is_a_waiver_for_an_earlier_leaving_one_for_the_next(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.desk.waive(1, ME, "The group is kept for its pictures", company.now)
    company.corp.change("ann", enabled=True)
    company.later()
    company.settle()
    company.later()
    company.leave("ann")
    company.poll()
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)
