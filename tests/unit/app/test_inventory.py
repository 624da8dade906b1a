"""What a snapshot of the groups may change, and what it must not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import sqlalchemy as sa

from builders import WARD
from fakes.inventory import FakeInventory
from harness import Harness
from worker.domain.model import Coverage, Group, Member, Role, Roster
from worker.ports import AuthFailed, Malformed, Port, SnapshotEnd
from worker.storage.sql.tables import staged_group, staged_membership

Start = Callable[..., Harness]


class Scripted(FakeInventory):
    """Says what it is told to, once."""

    script: list[Roster | SnapshotEnd] | None = None

    def changes(
        self, cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        if self.script is None:
            yield from super().changes(cursor, groups)
            return
        items, self.script = self.script, None
        yield from items


def scripted(harness: Harness, *items: Roster | SnapshotEnd) -> None:
    assert isinstance(harness.wards, Scripted)
    harness.wards.script = list(items)


def size(harness: Harness, group_id: str = "ward-7") -> int:
    with harness.store.begin() as uow:
        return len(uow.rosters.members(harness.wards.key(group_id)))


def test_members_come_go_and_change_their_role(company: Harness) -> None:
    company.drop("ward-7", "ann")
    company.wards.add_member("ward-7", company.member("eve"))
    company.wards.set_role("ward-7", company.number("ben"), Role.ADMIN)

    counts = company.inventory().counts

    assert (counts["added"], counts["removed"], counts["role_changes"]) == (1, 1, 1)
    [entry] = [s.entry for s in company.journal() if s.entry.kind == "group.roster_changed"]
    assert entry.data == {"added": 1, "removed": 1, "roles": 1}


def test_groups_appear_and_go(company: Harness) -> None:
    company.group("ward-8", "ann")
    assert company.inventory().counts["groups_new"] == 1
    company.wards.remove_group("ward-8")
    company.later()
    assert company.inventory().counts["groups_gone"] == 1
    assert company.kinds().count("group.gone") == 1


def test_a_group_that_a_full_read_may_not_have_seen_is_kept_and_proves_nothing(start: Start) -> None:
    harness = start(inventory_type=Scripted)
    for group_id in ("ward-8", "ward-9"):
        harness.group(group_id, "ann", admins=["dee"])
    harness.inventory()
    listed = next(one for one in harness.wards.changes(None) if isinstance(one, Roster))
    problem = Malformed("Its list was refused.", record_id="team-1")
    for count, malformed in ((1, ()), (0, (problem,))):
        end = SnapshotEnd(harness.now, 1, malformed, out_of_sight=lambda group_id: group_id == "ward-8")
        scripted(harness, listed, end)
        report = harness.inventory()
        assert report.counts["groups_gone"] == count
        [trouble] = report.troubles
        assert "groups out of sight: 1;" in trouble
        assert ("ward-8" in trouble, "Its list was refused." in trouble) == (True, bool(malformed))
        harness.later()

    with harness.store.begin() as uow:
        unseen, gone = (uow.rosters.view(harness.wards.key(group_id)) for group_id in ("ward-8", "ward-9"))
    assert unseen is not None
    assert gone is not None
    assert (unseen.is_gone, unseen.coverage, gone.is_gone) == (False, Coverage.STALE, True)
    assert size(harness, "ward-8") == 2

    harness.later()
    scripted(harness, listed, SnapshotEnd(harness.now, 1))
    assert harness.inventory().counts["groups_gone"] == 1, (
        "a full read that misses it, and may not overlook it"
    )
    with harness.store.begin() as uow:
        view = uow.rosters.view(harness.wards.key("ward-8"))
    assert view is not None
    assert view.is_gone


def test_groups_that_were_out_of_sight_are_not_believed_to_be_gone_all_at_once(start: Start) -> None:
    harness = start(inventory_type=Scripted)
    for number in range(10, 18):
        harness.group(f"ward-{number}", "ann", admins=["dee"])
    harness.inventory()
    every = [one for one in harness.wards.changes(None) if isinstance(one, Roster)]
    harness.later()
    scripted(harness, every[0], SnapshotEnd(harness.now, 1, out_of_sight=lambda _group_id: True))
    report = harness.inventory()
    assert (report.counts["groups"], report.counts["groups_gone"]) == (1, 0), "it is kept"
    assert "groups out of sight: 8;" in "".join(report.troubles)

    harness.later()
    scripted(harness, every[0], SnapshotEnd(harness.now, 1))
    assert "8 of the 9 groups of wards are missing at once" in "".join(harness.inventory().troubles)
    with harness.engine.connect() as connection:
        staged = [connection.execute(sa.select(one)).all() for one in (staged_group, staged_membership)]
    assert staged == [[], []], "nothing stays of a read that was refused"


def test_a_snapshot_that_breaks_off_changes_nothing(company: Harness) -> None:
    company.drop("ward-7", "ann")
    company.wards.cut_after(1)

    assert not company.inventory().is_ok
    assert size(company) == 4


def test_a_snapshot_without_an_end_changes_nothing(start: Start) -> None:
    harness = start(inventory_type=Scripted)
    scripted(harness, Roster(Group("ward-7", "Ward 7"), (), harness.now))

    assert "without proof" in harness.inventory().troubles[0]
    assert size(harness) == 4


def test_a_snapshot_of_fewer_groups_than_it_says_changes_nothing(start: Start) -> None:
    harness = start(inventory_type=Scripted)
    scripted(harness, Roster(Group("ward-7", "Ward 7"), (), harness.now), SnapshotEnd(harness.now, 2))

    assert "2 groups and gave 1" in harness.inventory().troubles[0]
    assert size(harness) == 4


def test_a_snapshot_that_goes_on_after_its_end_changes_nothing(start: Start) -> None:
    harness = start(inventory_type=Scripted)
    scripted(harness, SnapshotEnd(harness.now, 1), Roster(Group("ward-7", "Ward 7"), (), harness.now))

    assert "went on" in harness.inventory().troubles[0]
    assert size(harness) == 4


def test_an_inventory_that_lost_most_of_its_groups_is_not_believed(company: Harness) -> None:
    for number in range(10):
        company.group(f"ward-{number}", "ann", admins=["dee"])
    company.inventory()
    for number in range(5):
        company.wards.omit(f"ward-{number}")

    [trouble] = company.inventory().troubles

    assert "5 of the 10 groups" in trouble
    assert size(company, "ward-0") == 2


def test_an_inventory_without_any_group_is_not_believed(company: Harness) -> None:
    company.wards.omit("ward-7")

    assert not company.inventory().is_ok
    assert size(company) == 4


def test_a_roster_that_lost_most_of_its_members_is_believed_when_a_later_one_says_the_same(
    company: Harness,
) -> None:
    company.group("ward-8", *"abcdefghij")
    company.inventory()
    company.wards.shrink("ward-8", 2)

    [trouble] = company.inventory().troubles
    assert "has 2 of 10 members at once" in trouble
    assert size(company, "ward-8") == 10

    company.later()
    assert company.inventory().is_ok
    assert size(company, "ward-8") == 2


def test_one_inventory_that_fails_does_not_stop_the_others(start: Start) -> None:
    harness = start(inventories=("wards", "clinics"))
    harness.group("clinic-1", "ann", at=1)
    harness.wards.fail(AuthFailed("wards does not know us.", remedy="Renew the token."))

    report = harness.inventory()

    assert report.troubles == ("wards: wards does not know us. Renew the token.",)
    assert report.counts["groups_new"] == 1
    assert harness.source("wards", Port.INVENTORY).trouble == "wards does not know us."


def test_a_fault_of_a_connector_is_a_failure_of_its_inventory_alone(start: Start) -> None:
    harness = start(inventories=("wards", "clinics"))
    harness.group("clinic-1", "ann", at=1)
    harness.wards.fail(KeyError("a shape that nobody foresaw"))  # type: ignore[arg-type]

    report = harness.inventory()

    (trouble,) = report.troubles
    assert trouble.startswith("wards: A fault of the connector of wards ended changes (KeyError).")
    assert report.counts["groups_new"] == 1
    source = harness.source("wards", Port.INVENTORY)
    assert (str(source.trouble) in trouble, "log" in str(source.remedy)) == (True, True)


def test_rows_that_were_set_aside_are_counted(company: Harness) -> None:
    company.wards.mark("ward-7", Coverage.PARTIAL, malformed=(Malformed("?", record_id="row 3"),))
    company.inventory()

    assert company.source("wards", Port.INVENTORY).counts == {"groups": 1, "members": 4, "malformed": 1}


def test_a_read_of_which_much_cannot_be_understood_is_used_and_reported(company: Harness) -> None:
    bad = tuple(Malformed(f"Row {row} is no member.", record_id=f"row {row}") for row in (3, 4))
    company.wards.mark("ward-7", Coverage.PARTIAL, malformed=bad)
    company.wards.add_member("ward-7", company.member("eve"))
    report = company.inventory()

    assert report.troubles == (
        "wards: 2 of 7 rows can't be understood, and prove nobody to be out. The first: Row 3 is no member.",
    )
    assert (size(company), report.counts["added"]) == (5, 1)


def test_a_group_that_shows_nobody_any_more_is_reported_until_it_shows_somebody(company: Harness) -> None:
    company.group("new", name="Never shown")
    for name in ("ward-7", "new"):
        company.wards.mark(name, Coverage.PARTIAL)
    company.wards.shrink("ward-7", 0)
    for _ in range(2):
        [trouble] = company.inventory().troubles
        assert trouble.startswith(
            "wards: the group ward-7 shows none of its 4 members; nobody is taken to be out"
        )
        assert size(company) == 4
        company.later()
    company.wards.shrink("ward-7", 1)
    assert company.inventory().is_ok


def test_large_groups_are_staged_page_by_page(company: Harness) -> None:
    crowd = [Member(f"name:{number}", f"Guest {number}") for number in range(5_000)]
    company.wards.add_group(Group("all", "Everybody"), crowd)

    report = company.inventory()

    assert report.counts["members"] == 5_004
    assert size(company, "all") == 5_000


def test_nothing_is_written_of_a_group_that_did_not_change(company: Harness) -> None:
    before = len(company.journal())

    company.inventory()

    assert len(company.journal()) == before
    with company.store.begin() as uow:
        group = uow.rosters.group(WARD)
    assert group is not None
    assert group.read_at == company.now
