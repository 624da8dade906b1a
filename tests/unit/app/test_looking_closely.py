"""A closer look at groups: facts that cost a call of their own, once a day, and where a ticket waits for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.inventory import FakeInventory
from harness import Harness
from worker.app.jobs import inventory as job
from worker.domain.model import Fact, Group, GroupFacts
from worker.ports import Capabilities, Port, Transient

Found = Callable[..., Harness]
WARD = "ward-7"
COSTLY = frozenset({Fact.PICTURE, Fact.LINK})


@pytest.fixture
def phone(start: Found) -> Harness:
    harness = start()
    harness.wards.can = Capabilities(sees_all_groups=True, shows=COSTLY, costly=COSTLY)
    harness.wards.show(WARD, GroupFacts(picture_sha256="p", link_sha256="a", read_at=harness.now))
    return harness


def wards(harness: Harness) -> FakeInventory:
    return harness.wards


def shown(harness: Harness, group_id: str = WARD) -> GroupFacts:
    with harness.store.reading() as uow:
        row = uow.rosters.group(harness.wards.key(group_id))
    assert row is not None
    return row.facts


def test_costly_facts_are_asked_for_after_a_read(phone: Harness) -> None:
    assert phone.inventory().troubles == ()
    assert wards(phone).looks[0][WARD] == COSTLY
    assert (shown(phone).picture_sha256, shown(phone).read_at_of(Fact.PICTURE)) == ("p", phone.now)


def test_they_are_asked_for_once_a_day(phone: Harness) -> None:
    phone.inventory()
    phone.later(hours=1)
    phone.inventory()
    assert len(wards(phone).looks) == 1
    phone.later(hours=20)
    phone.inventory()
    assert len(wards(phone).looks) == 2


def test_a_read_between_keeps_them(phone: Harness) -> None:
    phone.inventory()
    at = phone.now
    phone.later(hours=1)
    phone.inventory()
    assert (shown(phone).picture_sha256, shown(phone).read_at_of(Fact.PICTURE)) == ("p", at)


def test_who_shows_everything_at_once_is_not_asked_again(phone: Harness) -> None:
    wards(phone).can = Capabilities(sees_all_groups=True, shows=COSTLY)
    phone.inventory()
    assert wards(phone).looks == []
    assert shown(phone).picture_sha256 == "p"


def test_a_read_looks_at_so_many_groups_and_the_next_one_at_others(
    phone: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "LOOKS_MAX", 1)
    wards(phone).add_group(Group("ward-8", "Ward 8"))
    for _ in range(2):
        phone.inventory()
        phone.later(hours=1)
    assert [list(look) for look in wards(phone).looks] == [[WARD], ["ward-8"]]


def test_a_look_that_fails_leaves_the_read_as_it_is(phone: Harness) -> None:
    wards(phone).add_group(Group("ward-8", "Ward 8"))
    wards(phone).look_error = Transient("The gateway is away.", remedy="Wait.")
    [trouble] = phone.inventory().troubles
    assert trouble.startswith("wards, asked for more of its groups: The gateway is away.")
    with phone.store.reading() as uow:
        assert uow.sources.get("wards", Port.INVENTORY).trouble is None
    assert shown(phone).picture_sha256 == "p"
    wards(phone).look_error = None
    phone.later(hours=1)
    assert phone.inventory().troubles == ()
    assert list(wards(phone).looks[-1]) == ["ward-8"]


def test_a_group_that_went_meanwhile_is_not_asked_for_at_once_again(phone: Harness) -> None:
    missing = wards(phone).look_closely
    wards(phone).look_closely = lambda wanted: (one for one in missing(wanted) if one[0] != WARD)  # type: ignore[method-assign]
    phone.inventory()
    phone.later(hours=1)
    phone.inventory()
    assert len(wards(phone).looks) == 1


def test_a_read_of_some_groups_looks_at_no_others(phone: Harness) -> None:
    phone.inventory()
    phone.later(hours=21)
    phone.inventory()
    wards(phone).told = {WARD}
    assert phone.taker.is_due(phone.now)
    phone.later(hours=21)
    with phone.store.begin() as uow:
        uow.sources.put(replace(uow.sources.get("wards", Port.INVENTORY), last_attempt_at=phone.now))
    assert phone.taker.run_once(phone.now, due_only=True).counts["groups"] == 1
    assert len(wards(phone).looks) == 2
