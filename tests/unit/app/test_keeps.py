"""What somebody who left keeps, over the whole worker: in JSON, and in an evidence pack."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import key
from harness import Harness
from worker.app.evidence.scope import Selection
from worker.app.reads.person import whole_person
from worker.contract.people import PersonShownShape
from worker.domain.controls.policy import ClassRule, ControlPolicy
from worker.domain.controls.switch import REPORTED
from worker.domain.evidence.actor import Actor
from worker.domain.kinds.keeps import KeptGroup
from worker.domain.reconcile.plan import instant
from worker.domain.tickets.ticket import TicketKind

Start = Callable[..., Harness]
POLICY = replace(ControlPolicy(), classes=(ClassRule(REPORTED, "patient", ("teams",), ("Ward*",)),))


@pytest.fixture
def wards(start: Start) -> Harness:
    """Zoe came to the pool after its first reading; ann was in ward 7 from the start."""
    harness = start(controls=POLICY)
    harness.hire("zoe")
    harness.group("pool", admins=["dee"])
    harness.settle()
    harness.later()
    harness.wards.add_member("pool", harness.member("zoe"))
    harness.wards.add_member("ward-7", harness.member("zoe"))
    harness.settle()
    return harness


def keeps(harness: Harness, who: str = "zoe") -> list[KeptGroup]:
    with harness.store.reading() as uow:
        return harness.app.keeps.of(uow, [key(who)])


def shown(harness: Harness, who: str = "zoe") -> list[object]:
    with harness.store.reading() as uow:
        account = uow.people.get(key(who))
        assert account is not None
        whole = whole_person(uow, account)
        found = harness.app.keeps.of(uow, whole.keys)
        text = PersonShownShape.of(whole, (), found).model_dump(mode="json", by_alias=True)
    return list(text["keeps"])


def test_who_is_here_is_not_asked(wards: Harness) -> None:
    assert keeps(wards) == []
    assert shown(wards) == []


def test_from_when_to_when_and_of_which_class(wards: Harness) -> None:
    came_at = wards.now
    wards.later()
    wards.leave("zoe")
    wards.settle()
    wards.later()
    wards.drop("ward-7", "zoe")
    wards.settle()
    pool, ward = keeps(wards)
    assert (pool.name, pool.data_class, pool.from_at, pool.until_at) == ("Pool", "", came_at, None)
    assert (ward.name, ward.data_class, ward.from_at, ward.until_at) == (
        "Ward 7",
        "patient",
        came_at,
        wards.now,
    )
    assert shown(wards)[1] == {
        "group": {"source": "wards", "id": "ward-7", "name": "Ward 7", "messenger": "whatsapp"},
        "class": "patient",
        "from": instant(came_at),
        "until": instant(wards.now),
    }


def test_who_was_there_from_the_first_reading_has_no_beginning(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    [one] = keeps(wards, "ann")
    assert (one.from_at, one.until_at) == (None, None)


def test_a_group_that_is_gone_is_not_told(wards: Harness) -> None:
    wards.leave("zoe")
    wards.settle()
    wards.wards.remove_group("pool")
    wards.later()
    wards.settle()
    assert [(one.name, one.until_at) for one in keeps(wards)] == [("Ward 7", None)]


def test_nobody_keeps_nothing(wards: Harness) -> None:
    with wards.store.reading() as uow:
        assert wards.app.keeps.of(uow, []) == []


def test_a_register_of_the_same_group_does_not_count_twice(start: Start) -> None:
    harness = start(controls=POLICY, registers=("list",))
    harness.group("Ward 7", "ann", "ben", "cem", admins=["dee"], at=1, name="Ward 7")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    assert len(keeps(harness, "ann")) == 1


def report_of(harness: Harness, selection: Selection) -> str:
    file = io.BytesIO()
    harness.app.audit.export(selection, file, Actor("sam"), harness.now)
    with zipfile.ZipFile(file) as pack:
        return pack.read("report.html").decode()


def test_the_pack_of_a_person_has_it(wards: Harness) -> None:
    wards.leave("zoe")
    wards.settle()

    text = report_of(wards, Selection(person="zoe"))
    assert "What the person keeps" in text
    assert "nothing shows that they are out" in text
    assert "What the person keeps" not in report_of(wards, Selection(person="ben"))
    assert "What the person keeps" not in report_of(wards, Selection())


def test_a_group_stays_in_it_though_they_went_while_their_removal_was_waived(wards: Harness) -> None:
    wards.leave("zoe")
    wards.settle()
    ticket = next(one for one in wards.tickets(TicketKind.REMOVE_MEMBER) if one.group_name == "Pool")
    wards.desk.waive(ticket.id, Actor("sam"), "until Friday", wards.now, wards.now + timedelta(days=3))
    assert [one.name for one in keeps(wards)] == ["Pool", "Ward 7"]
    wards.later()
    wards.drop("pool", "zoe")
    wards.settle()
    assert [(one.name, one.is_open) for one in keeps(wards)] == [("Ward 7", True), ("Pool", False)]
    assert "out, not known since when" in report_of(wards, Selection(person="zoe"))
