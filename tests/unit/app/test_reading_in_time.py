"""When inventories are read: at their own pace, or at once what was asked for; and what a part of a read means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fakes.inventory import FakeInventory
from harness import Harness
from worker.app.acts.sources import ask_for_read
from worker.app.jobs.report import Report
from worker.domain.evidence.actor import Actor
from worker.domain.model import Allowed, Coverage, Group, GroupFacts, Member, Role, Roster
from worker.domain.tickets.ticket import TicketState
from worker.ports import AuthFailed, Capabilities, CursorExpired, Incomplete, Port, SnapshotEnd

HR = Actor("hr", "api:hr")

Found = Callable[..., Harness]


class Live(FakeInventory):
    """As a linked phone: it sees only groups that it is in. Shows a mark, and can have a cursor."""

    at = "1"
    cursor: str | None = None
    given: str | None = None
    shown = GroupFacts()

    def watermark(self) -> str | None:
        return self.at

    def changes(self, cursor: str | None, groups: object = None, /) -> Iterator[Roster | SnapshotEnd]:
        self.given = cursor
        for item in super().changes(cursor, groups):  # type: ignore[arg-type]
            if isinstance(item, SnapshotEnd):
                yield replace(item, cursor=self.cursor)
            else:
                yield replace(item, facts=self.shown)


@pytest.fixture
def phone(start: Found) -> Harness:
    harness = start(inventory_type=Live)
    harness.wards.can = Capabilities()
    harness.inventory()
    return harness


def wards(harness: Harness) -> Live:
    assert isinstance(harness.wards, Live)
    return harness.wards


def due_run(harness: Harness) -> Report:
    """What the scheduler runs."""
    return harness.taker.run_once(harness.now, due_only=True)


def reads(harness: Harness) -> int:
    return due_run(harness).counts["sources"]


def known(harness: Harness, group_id: str) -> tuple[bool, Coverage, bool, int]:
    with harness.store.reading() as uow:
        row = uow.rosters.group(harness.wards.key(group_id))
        assert row is not None
        return row.is_gone, row.coverage, row.is_unseen, len(uow.rosters.members(row.key))


def test_a_source_that_was_never_read_is_due(found: Found) -> None:
    assert reads(found(inventory_type=Live)) == 1


def test_a_source_is_read_at_its_own_pace(phone: Harness) -> None:
    assert (phone.taker.is_due(phone.now), reads(phone)) == (False, 0)
    phone.later(minutes=13)
    assert (phone.taker.is_due(phone.now), reads(phone)) == (False, 0)
    phone.later(minutes=2)
    assert phone.taker.is_due(phone.now)
    assert (reads(phone), reads(phone)) == (1, 0)


def test_reads_of_several_sources_do_not_stay_in_step(found: Found) -> None:
    harness = found(inventories=[f"source-{number}" for number in range(20)])
    harness.inventory()
    harness.later(minutes=14.25)
    assert 0 < reads(harness) < 20


def test_by_hand_everything_is_read_whatever_its_pace(phone: Harness) -> None:
    assert phone.inventory().counts["sources"] == 1


def test_a_last_read_in_the_future_does_not_count(phone: Harness) -> None:
    phone.later(days=-1)
    assert reads(phone) == 1


def test_of_a_group_that_a_call_spoke_of_that_group_alone_is_read_at_once(phone: Harness) -> None:
    phone.group("ward-8", "eve", "joe")
    phone.inventory()
    phone.drop("ward-7", "ann")
    phone.drop("ward-8", "eve")
    phone.wards.told = {"ward-8"}

    assert phone.taker.is_due(phone.now)
    counts = due_run(phone).counts

    assert (counts["groups"], counts["removed"]) == (1, 1)
    assert known(phone, "ward-7") == (False, Coverage.FULL, False, 4), "nothing was said of it"
    assert (phone.taker.is_due(phone.now), reads(phone)) == (False, 0)


def test_a_part_of_a_read_says_nothing_of_the_age_of_the_whole(phone: Harness) -> None:
    with phone.store.reading() as uow:
        before = uow.sources.get("wards", Port.INVENTORY)
    phone.later(minutes=1)
    phone.wards.told = {"ward-7"}
    phone.taker.is_due(phone.now)
    due_run(phone)

    with phone.store.reading() as uow:
        assert uow.sources.get("wards", Port.INVENTORY) == before


def test_a_source_whose_mark_has_changed_is_read(phone: Harness) -> None:
    assert not phone.taker.is_due(phone.now), "the first look only remembers"
    wards(phone).at = "2"
    assert phone.taker.is_due(phone.now)
    assert (reads(phone), phone.taker.is_due(phone.now)) == (1, False)


def test_a_read_that_was_asked_for_is_done_once_however_often(phone: Harness) -> None:
    first = ask_for_read(phone.store, "wards", HR, phone.now)
    phone.later(seconds=5)
    assert ask_for_read(phone.store, "wards", HR, phone.now) == first
    assert phone.kinds().count("source.read_asked") == 1
    assert phone.taker.is_due(phone.now)
    assert (reads(phone), reads(phone)) == (1, 0)


def test_a_read_of_a_directory_can_be_asked_for_too(phone: Harness) -> None:
    assert not phone.poller.is_due(phone.now)
    ask_for_read(phone.store, "corp", HR, phone.now)
    assert phone.poller.is_due(phone.now)
    assert not phone.taker.is_due(phone.now)
    phone.poll()
    assert not phone.poller.is_due(phone.now)


def test_a_read_that_fails_was_had_and_the_source_is_red(phone: Harness) -> None:
    phone.wards.fail(AuthFailed("The phone is logged out.", remedy="Scan the code again."))
    phone.wards.told = {"ward-7"}
    phone.taker.is_due(phone.now)

    assert not due_run(phone).is_ok
    with phone.store.reading() as uow:
        assert uow.sources.get("wards", Port.INVENTORY).trouble == "The phone is logged out."
    assert not phone.taker.is_due(phone.now), "not again and again"


def test_a_group_that_cannot_be_read_puts_off_no_read_of_the_whole(phone: Harness) -> None:
    """Calls speak of it more often than the whole is due."""
    phone.wards.fail(Incomplete("It answered JSON of another shape."))
    for _ in range(3):
        phone.later(minutes=4)
        phone.wards.told = {"ward-7"}
        phone.taker.is_due(phone.now)
        assert not due_run(phone).is_ok
    phone.wards.mend()
    phone.later(minutes=4)

    assert due_run(phone).counts["groups"] == 1
    with phone.store.reading() as uow:
        assert uow.sources.get("wards", Port.INVENTORY).trouble is None


def test_the_cursor_of_a_read_is_given_to_the_next_until_it_has_expired(phone: Harness) -> None:
    wards(phone).cursor = "c1"
    phone.inventory()
    phone.inventory()
    assert wards(phone).given == "c1"
    phone.wards.fail(CursorExpired("The cursor is too old."))
    phone.inventory()
    phone.wards.mend()
    phone.inventory()
    assert wards(phone).given is None


def test_a_group_that_is_out_of_sight_is_not_gone_and_its_ticket_stays(phone: Harness) -> None:
    phone.leave("ann")
    phone.settle()
    for number in range(8):
        phone.group(f"other-{number}", "eve")
    phone.inventory()
    phone.wards.omit("ward-7")
    phone.later()
    phone.settle()

    assert known(phone, "ward-7") == (False, Coverage.STALE, True, 4)
    assert [one.state for one in phone.tickets() if one.state is not TicketState.BLOCKED] == [
        TicketState.OPEN
    ]
    phone.later()
    assert phone.inventory().is_ok, "it is missed once"
    phone.wards.mend()
    phone.later()
    phone.inventory()
    assert known(phone, "ward-7") == (False, Coverage.FULL, False, 4)


def test_a_group_that_the_configuration_leaves_out_is_gone(found: Found) -> None:
    harness = found(inventory_type=Live)
    harness.wards.can = Capabilities()
    for number in range(9):
        harness.group(f"ward-{number}")
    harness.inventory()
    wanted = replace(harness.app.rules, takes={"wards": lambda group_id, _name: group_id != "ward-7"})
    harness.start(wanted)
    harness.wards.omit("ward-7")
    harness.later()
    harness.inventory()

    assert known(harness, "ward-7")[0]


def test_many_groups_that_are_gone_at_once_are_believed_when_the_configuration_leaves_them_out(
    found: Found,
) -> None:
    harness = found()
    harness.wards.clear()
    for number in range(12):
        harness.group(f"ward-{number}")
    harness.inventory()
    for number in range(6):
        harness.wards.omit(f"ward-{number}")
    harness.later()
    [trouble] = harness.inventory().troubles
    assert trouble.startswith(
        "wards: 6 of the 12 groups of wards are missing at once. Restore them. If they are"
    )

    kept = [f"ward-{number}" for number in range(6, 12)]
    harness.start(replace(harness.app.rules, takes={"wards": lambda group_id, _name: group_id in kept}))
    assert harness.inventory().troubles == ()
    assert [known(harness, f"ward-{number}")[0] for number in (0, 5, 6)] == [True, True, False]


def test_a_source_that_shows_no_group_at_all_any_more_proves_nothing(phone: Harness) -> None:
    phone.wards.clear()
    assert "missing at once" in phone.inventory().troubles[0]
    assert known(phone, "ward-7") == (False, Coverage.FULL, False, 4)


def test_what_a_source_shows_of_a_group_is_kept_and_what_it_does_not_show_stays_unknown(
    phone: Harness,
) -> None:
    facts = GroupFacts(
        description="", approval=True, write=Allowed.ADMINS, last_activity_at=phone.now, is_archived=False
    )
    wards(phone).shown = facts
    phone.inventory()
    with phone.store.reading() as uow:
        row = uow.rosters.group(phone.wards.key("ward-7"))
    assert row is not None
    assert row.facts == facts


def test_every_handle_of_a_member_is_kept(phone: Harness) -> None:
    member = Member(
        "9@lid",
        "Eve",
        Role.ADMIN,
        "+447700900123",
        "9@lid",
        username="eve",
        business_id="GB.1",
        native_id="9",
    )
    phone.wards.add_group(Group("ward-9", "Ward 9"), [member])
    phone.inventory()
    with phone.store.reading() as uow:
        [shown] = uow.rosters.members(phone.wards.key("ward-9"))
    assert replace(shown.member, joined_at=None) == member
