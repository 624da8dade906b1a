"""What every inventory keeps to. An adapter's test subclasses the suite and builds its world.

The world is the messenger's or the register's side: it shows groups, spoils one, breaks and mends itself.
Flags say what the source can say, and the suite branches on them, never on names.
"""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from worker.domain.model import Coverage, Fact, Group, GroupFacts, Member, Role, Roster
from worker.ports import Capabilities, ConnectorContext, ConnectorError, Inventory, Malformed, SnapshotEnd

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TAKEN_AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
NAME = "wards"
SECRETS = ("+447700900101", "+447700900102", "Amina Yusuf", "Sam Okafor")  # what no error needs to show


def context(base_dir: Path = Path(), *, now: datetime = NOW) -> ConnectorContext:
    return ConnectorContext(
        name=NAME,
        base_dir=base_dir,
        default_region="GB",
        timezone="Europe/London",
        language="en",
        now=lambda: now,
    )


def member(number: int, name: str = "", role: Role = Role.MEMBER) -> Member:
    """Somebody invented, known by a number of Ofcom's drama range."""
    phone = f"+447700900{number:03}"
    return Member(handle=phone, display_name=name or f"Nurse Number{number}", role=role, phone=phone)


def roster(group_id: str, *members: Member, name: str = "") -> Roster:
    return Roster(Group(group_id, name or f"Group {group_id}"), members, TAKEN_AT)


AMINA = member(101, "Amina Yusuf", Role.CREATOR)
SAM = member(102, "Sam Okafor", Role.ADMIN)
NOOR = member(103, "Noor Haddad")
WARD = roster("ward-7", AMINA, SAM, NOOR, name="Ward 7 nights")
ROTA = roster("rota", SAM, NOOR, name="Rota")
EMPTY = roster("empty", name="Closed ward")


class World(ABC):
    """The source behind an inventory."""

    inventory: Inventory

    def seen(self, roster: Roster) -> Roster:
        """The roster as the source can show it at best: with its own ids, and without what it never shows."""
        return roster

    @abstractmethod
    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        """From now on the source has exactly these groups, as they were at `taken_at`."""

    @abstractmethod
    def spoil(self, group_id: str) -> None:
        """One member of the group can't be understood any more."""

    @abstractmethod
    def break_mid_way(self) -> None:
        """A read ends before it has seen everything."""

    @abstractmethod
    def take_away(self) -> None:
        """The source is not there."""

    @abstractmethod
    def mend(self) -> None:
        """All is as `show` last had it."""


class InventoryContract(ABC):
    """Subclasses name their connector's `kind` (None for a fake) and give a fixture `world`.

    `is_live`: what is shown is true when it is read. `shows_empty_groups`: a group without members can be told from one
    whose members aren't known.
    """

    kind: ClassVar[str | None]
    is_live: ClassVar[bool] = False
    shows_names: ClassVar[bool] = True
    shows_empty_groups: ClassVar[bool] = True

    def shown_name(self, member: Member) -> str:
        return member.display_name if self.shows_names else ""

    @pytest.fixture
    def inventory(self, world: World) -> Inventory:
        return world.inventory

    # --- The snapshot -----------------------------------------------------------------------------------

    def test_each_group_is_listed_once_in_order_and_then_there_is_one_end(self, world: World) -> None:
        world.show(WARD, ROTA, EMPTY)

        items = list(world.inventory.changes(None))

        ids = sorted(world.seen(one).group.group_id for one in (EMPTY, ROTA, WARD))
        assert [group_id_of(item) for item in items] == [*ids, None]

    def test_the_end_counts_the_groups(self, world: World) -> None:
        world.show(WARD, ROTA, EMPTY)
        assert end_of(world.inventory).groups_total == 3

    def test_nothing_to_show_is_an_end_alone(self, world: World) -> None:
        world.show()

        items = list(world.inventory.changes(None))

        assert [type(item) for item in items] == [SnapshotEnd]
        assert end_of(world.inventory).groups_total == 0

    def test_closed_twice_it_is_read_again_like_before(self, world: World) -> None:
        world.show(WARD)
        before = list(world.inventory.changes(None))
        world.inventory.watermark()
        world.inventory.close()
        world.inventory.close()

        assert list(world.inventory.changes(None)) == before
        assert all(called.listen and called.name == world.inventory.name for called in world.inventory.calls)

    def test_groups_have_their_names_and_messenger(self, world: World) -> None:
        world.show(WARD)
        assert [r.group for r in rosters_of(world.inventory)] == [world.seen(WARD).group]

    def test_members_have_names_numbers_and_handles(self, world: World) -> None:
        world.show(WARD)
        assert [(m.handle, m.display_name, m.phone) for m in members_of(world.inventory)] == [
            (m.handle, self.shown_name(m), m.phone) for m in world.seen(WARD).members
        ]

    def test_roles_are_exact(self, world: World) -> None:
        world.show(WARD)
        shown = {m.handle: m.role for m in members_of(world.inventory)}
        assert shown == {m.handle: m.role for m in world.seen(WARD).members}
        assert world.inventory.can.sees_roles or set(shown.values()) == {Role.UNKNOWN}

    def test_no_member_is_twice_in_a_roster(self, world: World) -> None:
        world.show(WARD, ROTA)
        for shown in rosters_of(world.inventory):
            assert len({m.handle for m in shown.members}) == len(shown.members)

    def test_two_reads_say_the_same(self, world: World) -> None:
        world.show(WARD, ROTA, EMPTY)
        assert list(world.inventory.changes(None)) == list(world.inventory.changes(None))

    # --- Change -----------------------------------------------------------------------------------------

    def test_somebody_who_was_removed_is_gone_at_the_next_read(self, world: World) -> None:
        world.show(WARD)
        list(world.inventory.changes(None))

        world.show(replace(WARD, members=(AMINA, NOOR)))

        left = world.seen(replace(WARD, members=(AMINA, NOOR))).members
        assert [m.handle for m in members_of(world.inventory)] == [m.handle for m in left]

    def test_a_handle_outlives_a_change_of_name_and_role(self, world: World) -> None:
        world.show(WARD)
        before = {m.handle for m in members_of(world.inventory)}

        renamed = (
            replace(AMINA, display_name="Amina Y.", role=Role.MEMBER),
            replace(SAM, role=Role.MEMBER),
            NOOR,
        )
        world.show(replace(WARD, members=renamed))

        assert {m.handle for m in members_of(world.inventory)} == before

    def test_a_member_has_the_same_handle_in_every_group(self, world: World) -> None:
        world.show(WARD, ROTA)
        handles = [{m.handle for m in r.members} for r in rosters_of(world.inventory)]
        assert len(handles) == 2
        assert set.intersection(*handles) == {m.handle for m in world.seen(ROTA).members}

    # --- Time -------------------------------------------------------------------------------------------

    def test_taken_at_is_the_sources_own_time_in_utc(self, world: World) -> None:
        world.show(WARD)

        shown = rosters_of(world.inventory)[0]

        assert shown.taken_at == (NOW if self.is_live else TAKEN_AT) == end_of(world.inventory).taken_at
        assert shown.taken_at.utcoffset() == timedelta(0)

    def test_taken_at_is_never_later_than_now(self, world: World) -> None:
        world.show(WARD, taken_at=NOW + timedelta(days=400))
        assert rosters_of(world.inventory)[0].taken_at <= NOW
        assert end_of(world.inventory).taken_at <= NOW

    # --- What can't be read -----------------------------------------------------------------------------

    def test_a_group_without_members_is_empty_and_full_where_that_can_be_told(self, world: World) -> None:
        world.show(EMPTY)
        shown = rosters_of(world.inventory)[0]
        coverage = world.seen(EMPTY).coverage if self.shows_empty_groups else Coverage.PARTIAL
        assert (shown.members, shown.coverage) == ((), coverage)

    def test_whole_groups_are_full(self, world: World) -> None:
        world.show(WARD, ROTA)
        assert {r.coverage for r in rosters_of(world.inventory)} == {world.seen(WARD).coverage}

    def test_a_group_that_is_not_fully_readable_is_left_out_or_partial(self, world: World) -> None:
        world.show(WARD, ROTA)

        world.spoil("ward-7")

        shown = {r.group.group_id: r.coverage for r in rosters_of(world.inventory)}
        assert shown.get(world.seen(WARD).group.group_id) in {None, Coverage.PARTIAL}
        assert shown[world.seen(ROTA).group.group_id] is world.seen(ROTA).coverage

    def test_a_read_that_breaks_off_raises_and_never_ends(self, world: World) -> None:
        world.show(WARD, ROTA, EMPTY)
        world.break_mid_way()

        seen, error = read_to_the_error(world.inventory)

        assert not any(isinstance(item, SnapshotEnd) for item in seen)
        assert not isinstance(error, Malformed)

    def test_a_source_that_is_away_raises(self, world: World) -> None:
        world.show(WARD)
        world.take_away()
        seen, _error = read_to_the_error(world.inventory)
        assert seen == []

    def test_a_read_after_the_trouble_is_whole_again(self, world: World) -> None:
        world.show(WARD, ROTA)
        before = list(world.inventory.changes(None))
        world.break_mid_way()
        read_to_the_error(world.inventory)

        world.mend()

        assert list(world.inventory.changes(None)) == before

    # --- Facts of groups besides their members ----------------------------------------------------------

    def test_what_is_shown_of_groups_was_declared(self, world: World) -> None:
        world.show(WARD, ROTA)
        can = world.inventory.can
        assert can.costly <= can.shows
        for shown in rosters_of(world.inventory):
            assert facts_in(shown.facts) <= can.shows

    def test_a_read_names_the_costly_facts_that_it_did_not_ask_for(self, world: World) -> None:
        world.show(WARD, ROTA)
        for shown in rosters_of(world.inventory):
            unasked = {fact for fact, at in shown.facts.read_apart if at is None}
            assert unasked == world.inventory.can.costly - facts_in(shown.facts)

    def test_a_closer_look_shows_what_it_says_that_it_asked_for(self, world: World) -> None:
        world.show(WARD, ROTA)
        costly = world.inventory.can.costly
        wanted = {one.group.group_id: costly for one in rosters_of(world.inventory)}
        seen = dict(world.inventory.look_closely(wanted))
        assert seen.keys() == wanted.keys() or not costly
        for facts in seen.values():
            asked = {fact for fact, _at in facts.read_apart}
            assert facts_in(facts) <= asked <= costly
            assert all(at is not None and at <= NOW for _fact, at in facts.read_apart)

    def test_a_closer_look_asks_for_nothing_that_is_not_wanted(self, world: World) -> None:
        world.show(WARD)
        (shown,) = rosters_of(world.inventory)
        seen = dict(world.inventory.look_closely({shown.group.group_id: frozenset()}))
        assert {facts.read_apart for facts in seen.values()} <= {()}

    def test_a_closer_look_at_a_group_that_is_not_there_shows_nothing(self, world: World) -> None:
        world.show(WARD)
        seen = dict(world.inventory.look_closely({"nowhere": world.inventory.can.costly}))
        assert all(facts_in(facts) <= {Fact.PICTURE} for facts in seen.values())

    # --- check, and what errors show --------------------------------------------------------------------

    def test_a_healthy_source_is_green_with_counts(self, world: World) -> None:
        world.show(WARD, ROTA, EMPTY)

        result = world.inventory.check()

        assert result.ok
        counts = {"groups": 3, "members": 5} | ({"admins": 3} if world.inventory.can.sees_roles else {})
        assert {key: result.counts[key] for key in counts} == counts

    def test_check_changes_nothing(self, world: World) -> None:
        world.show(WARD, ROTA)
        before = list(world.inventory.changes(None))
        world.inventory.check()
        assert list(world.inventory.changes(None)) == before

    @pytest.mark.parametrize("trouble", ["break_mid_way", "take_away"])
    def test_a_broken_source_is_red_with_a_remedy_and_raises_nothing(
        self, world: World, trouble: str
    ) -> None:
        world.show(WARD)
        getattr(world, trouble)()

        result = world.inventory.check()

        assert not result.ok
        assert result.message
        assert result.remedy

    @pytest.mark.parametrize("trouble", ["break_mid_way", "take_away"])
    def test_an_error_says_what_to_do_and_shows_nobody(self, world: World, trouble: str) -> None:
        world.show(WARD)
        getattr(world, trouble)()

        _seen, error = read_to_the_error(world.inventory)

        told = "".join(traceback.format_exception(error)) + repr(error)
        assert error.remedy
        assert [secret for secret in SECRETS if secret in told] == []

    def test_what_was_set_aside_names_its_place_and_shows_nobody(self, world: World) -> None:
        world.show(WARD, ROTA)
        world.spoil("ward-7")
        for problem in end_of(world.inventory).malformed:
            assert problem.record_id
            assert [secret for secret in SECRETS if secret in str(problem)] == []

    def test_it_has_the_configured_name(self, inventory: Inventory) -> None:
        assert inventory.name == NAME


class PushedInventoryContract(ABC):
    """An inventory that is written to and reads nothing. `kind` as in `InventoryContract`; a fixture `inventory`."""

    kind: ClassVar[str | None]

    @pytest.mark.parametrize("groups", [None, ("ward-7",)])
    def test_a_read_says_nothing_of_any_group(
        self, inventory: Inventory, groups: Sequence[str] | None
    ) -> None:
        assert list(inventory.changes(None, groups)) == [SnapshotEnd(NOW, 0, is_full=False)]

    def test_it_is_green(self, inventory: Inventory) -> None:
        assert inventory.check().ok

    def test_it_is_kept_by_people_and_written_by_the_desk(self, inventory: Inventory) -> None:
        assert inventory.can == Capabilities(is_kept_by_people=True, is_declared=True)

    def test_it_is_passive(self, inventory: Inventory) -> None:
        assert (inventory.watermark(), inventory.news(), inventory.calls) == (None, frozenset(), ())
        inventory.close()
        assert inventory.name == NAME


def facts_in(facts: GroupFacts) -> set[Fact]:
    """Which facts are shown."""
    return {fact for fact in Fact if getattr(facts, fact) is not None}


def group_id_of(item: Roster | SnapshotEnd) -> str | None:
    return item.group.group_id if isinstance(item, Roster) else None


def rosters_of(inventory: Inventory) -> list[Roster]:
    return [item for item in inventory.changes(None) if isinstance(item, Roster)]


def members_of(inventory: Inventory) -> Sequence[Member]:
    (shown,) = rosters_of(inventory)
    return shown.members


def end_of(inventory: Inventory) -> SnapshotEnd:
    (end,) = [item for item in inventory.changes(None) if isinstance(item, SnapshotEnd)]
    return end


def read_to_the_error(inventory: Inventory) -> tuple[list[Roster | SnapshotEnd], ConnectorError]:
    """Read until it fails; what was seen before, and the failure."""
    seen: list[Roster | SnapshotEnd] = []
    try:
        for item in inventory.changes(None):
            seen.append(item)  # noqa: PERF402 - what came before the failure is the point
    except ConnectorError as error:
        return seen, error
    pytest.fail("the read ended as if it were whole")
