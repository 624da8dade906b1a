"""What every `ports.store.Store` makes of a staged pass: sets compared with sets, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

from builders import DAY, HOUR, NOW, facts, key
from contracts.unit_of_work import dirty, handles, read_people, read_rosters, roster
from transactions import at_once
from worker.domain.model import AccountKey, Coverage, GroupKey, Standing
from worker.domain.people.lifecycle import EventKind
from worker.ports import Port
from worker.ports.state.people import JudgedFacts
from worker.ports.state.sources import SourceState
from worker.ports.state.store import Store

TEN = tuple(f"+44770090010{number}" for number in range(10))


class PassesContract:
    """Subclasses give the fixture `store`, as `contracts.unit_of_work` does."""

    # --- people ----------------------------------------------------------------------------------

    def test_a_first_pass_has_no_events_and_counts_who_had_left(self, store: Store) -> None:
        applied = read_people(store, facts("ann"), facts("ben", enabled=False))

        assert (applied.events, applied.changed, applied.first_run_leavers) == ((), 2, 1)

    def test_who_is_out_of_scope_on_a_first_pass_has_not_left_whatever_their_account(
        self, store: Store
    ) -> None:
        outside = facts("ann", enabled=False, is_in_scope=False)
        assert read_people(store, outside, facts("ben")).first_run_leavers == 0

        again = read_people(store, outside, facts("ben"), at=NOW + HOUR)

        assert (again.events, again.changed) == ((), 0)
        with store.begin() as uow:
            ann = uow.people.get(key())
        assert ann is not None
        assert (ann.standing, ann.evidence, ann.left_at) == (Standing.ACTIVE, None, None)

    def test_only_what_changed_is_applied(self, store: Store) -> None:
        read_people(store, facts("ann"), facts("ben"), facts("cem"))

        applied = read_people(
            store, facts("ann"), facts("ben", enabled=False), facts("cem", title="Matron"), at=NOW + HOUR
        )

        assert applied.changed == 2
        assert [(e.kind.value, e.person.key.person_id) for e in applied.events] == [
            ("left", "ben"),
            ("moved", "cem"),
        ]

    def test_a_delta_says_nothing_about_who_is_not_in_it(self, store: Store) -> None:
        read_people(store, facts("ann"), facts("ben"))
        read_people(store, facts("ben", title="Matron"), is_full=False, at=NOW + HOUR)

        with store.begin() as uow:
            assert uow.people.absent("corp") == []

    def test_a_full_pass_counts_who_is_missing_and_who_is_back(self, store: Store) -> None:
        read_people(store, facts("ann"), facts("ben"))
        for hours in (1, 2):
            read_people(store, facts("ann"), at=NOW + hours * HOUR)
        with store.begin() as uow:
            [(person, missed, since)] = uow.people.absent("corp")
        assert (person.key, missed, since) == (key("ben"), 2, NOW + HOUR)

        read_people(store, facts("ben"), at=NOW + 3 * HOUR, is_full=False)
        with store.begin() as uow:
            assert uow.people.absent("corp") == []

    def test_an_older_copy_neither_brings_back_nor_takes_out_whom_a_newer_one_turned(
        self, store: Store
    ) -> None:
        read_people(store, facts("ann"), facts("ben"), facts("cem", enabled=False), facts("dee"))
        later, since = NOW + 3 * DAY, NOW + 2 * DAY
        with store.begin() as uow:
            uow.sources.put(SourceState("corp", Port.DIRECTORY, first_pass_at=NOW))
        turned = [facts("ann"), facts("ben", enabled=False), facts("cem"), facts("dee", title="Nurse")]
        read_people(store, *turned, facts("eve"), at=later)
        older = [facts(name, enabled=False) for name in ("ann", "cem", "dee", "eve")]
        with store.begin() as uow:
            missing = [uow.people.missing("corp", came_by=by) for by in (None, since, later)]
        assert [[key.person_id for key in each] for each in missing] == [
            ["ann", "cem", "dee", "eve"], ["ann", "cem", "dee"], ["ann", "cem", "dee", "eve"],
        ]  # fmt: skip

        applied = read_people(store, *older, facts("ben"), at=later + HOUR, doubts_since=since)

        left = [event.person.key.person_id for event in applied.events if event.kind is EventKind.LEFT]
        assert (left, applied.doubted) == (["ann", "dee"], 3)
        applied = read_people(store, *older, facts("ben"), at=later + HOUR, doubts_since=later)
        assert (len(applied.events), applied.doubted) == (3, 0)

    def test_the_last_occurrence_of_an_id_wins(self, store: Store) -> None:
        read_people(store, facts("ann", title="old"), facts("ann", title="new"))

        with store.begin() as uow:
            ann = uow.people.get(key())
        assert ann is not None
        assert ann.facts.title == "new"

    def test_sources_do_not_see_each_other(self, store: Store) -> None:
        read_people(store, facts("ann"))
        read_people(store, facts("ann", enabled=False), source="tenant")

        with store.begin() as uow:
            found = {one.key: one.standing for one in uow.people.find("ann")}
        assert found == {key(): Standing.ACTIVE, AccountKey("tenant", "ann"): Standing.LEFT}

    def test_a_pass_that_was_cut_is_forgotten_by_the_next(self, store: Store) -> None:
        read_people(store, facts("ann"))
        with store.begin() as uow:
            uow.people.stage("corp", [JudgedFacts(facts("half-read"), None)])
        read_people(store, facts("ann"))

        with store.begin() as uow:
            assert uow.people.get(key("half-read")) is None

    # --- rosters ---------------------------------------------------------------------------------

    def test_a_snapshot_becomes_the_state(self, store: Store) -> None:
        first = read_rosters(store, roster("g", *TEN[:3]), roster("h", TEN[0]))
        assert (first.changed, len(first.new_groups)) == ({}, 2)

        second = read_rosters(store, roster("g", *TEN[1:4], admin=TEN[1]), roster("h", TEN[0]), at=NOW + HOUR)

        assert second.changed == {GroupKey("wards", "g"): (1, 1, 1)}
        assert handles(store) == list(TEN[1:4])

    def test_only_groups_that_changed_are_to_be_looked_at(self, store: Store) -> None:
        read_rosters(store, roster("g", *TEN[:3]), roster("h", TEN[0]))
        assert dirty(store) == ["g", "h"]

        same = (roster("g", *TEN[:3], at=NOW + HOUR), roster("h", TEN[0], at=NOW + HOUR))
        assert read_rosters(store, *same, at=NOW + HOUR).changed == {}
        assert dirty(store) == []

        read_rosters(store, roster("g", *TEN[:3]), roster("h", *TEN[:2]), at=NOW + 2 * HOUR)
        assert dirty(store) == ["h"]

    def test_a_member_who_did_not_change_keeps_when_they_were_first_seen(self, store: Store) -> None:
        read_rosters(store, roster("g", TEN[0]))
        read_rosters(store, roster("g", *TEN[:2], at=NOW + HOUR), at=NOW + HOUR)
        read_rosters(store, roster("g", *TEN[:2], at=NOW + DAY, admin=TEN[0]), at=NOW + DAY)

        with store.begin() as uow:
            uow.rosters.mark_dirty([GroupKey("wards", "g")], NOW)
            [view] = uow.rosters.take_dirty(9)[1]
        seen = {one.member.handle: one.first_seen_at for one in view.members}
        assert seen == {TEN[0]: None, TEN[1]: NOW + HOUR}

    def test_a_partial_roster_removes_nobody_and_adds(self, store: Store) -> None:
        read_rosters(store, roster("g", *TEN[:3]))

        changes = read_rosters(store, roster("g", TEN[5], coverage=Coverage.PARTIAL), at=NOW + HOUR)

        assert changes.changed == {GroupKey("wards", "g"): (1, 0, 0)}
        assert handles(store) == [*TEN[:3], TEN[5]]

    def test_a_group_whose_part_lists_somebody_again_is_looked_at(self, store: Store) -> None:
        for hour, (shown, is_news) in enumerate([(TEN[:3], True), (TEN[:2], False), (TEN[:3], True)]):
            read_rosters(store, roster("g", *shown, coverage=Coverage.PARTIAL), at=NOW + hour * HOUR)
            assert bool(dirty(store)) is is_news

    def test_a_shrunken_roster_is_believed_at_the_second_later_reading(self, store: Store) -> None:
        read_rosters(store, roster("g", *TEN))
        small = roster("g", *TEN[:2], at=NOW + HOUR)

        for _ in range(2):  # the same roster read again says nothing more
            assert read_rosters(store, small, at=NOW + HOUR).shrunken == ((GroupKey("wards", "g"), 10, 2),)
            assert len(handles(store)) == 10
        assert not read_rosters(store, roster("g", *TEN[:2], at=NOW + DAY), at=NOW + DAY).shrunken
        assert handles(store) == list(TEN[:2])

    def test_a_shrunken_roster_that_recovers_took_nobody_out(self, store: Store) -> None:
        read_rosters(store, roster("g", *TEN))
        read_rosters(store, roster("g", *TEN[:2], at=NOW + HOUR))
        read_rosters(store, roster("g", *TEN, at=NOW + 2 * HOUR))

        later = read_rosters(store, roster("g", *TEN[:2], at=NOW + 3 * HOUR))

        assert later.shrunken, "doubt starts anew"
        assert len(handles(store)) == 10

    def test_a_part_without_anybody_of_a_group_that_had_members_is_told_of(self, store: Store) -> None:
        read_rosters(store, roster("g", *TEN), roster("h"), roster("i", TEN[0]))
        part = replace(roster("g", coverage=Coverage.PARTIAL, at=NOW + HOUR), warnings=("shows nobody",))
        others = (roster("h", coverage=Coverage.PARTIAL), roster("i", TEN[0], coverage=Coverage.PARTIAL))
        new = roster("new", coverage=Coverage.PARTIAL)

        for _ in range(2):
            changes = read_rosters(store, part, *others, new, at=NOW + HOUR)
            assert changes.unshown == (("g", 10, "shows nobody"),)
        assert len(handles(store)) == 10
        assert read_rosters(store, roster("g", TEN[0], coverage=Coverage.PARTIAL), *others, new).unshown == ()

    def test_groups_that_are_not_listed_are_gone_and_come_back(self, store: Store) -> None:
        read_rosters(store, roster("g", TEN[0]), roster("h", TEN[1]))
        gone = read_rosters(store, roster("h", TEN[1]), at=NOW + HOUR)
        assert gone.gone_groups == (GroupKey("wards", "g"),)
        assert handles(store) == []

        read_rosters(store, roster("g", TEN[0]), roster("h", TEN[1]), at=NOW + DAY)
        with store.begin() as uow:
            group = uow.rosters.group(GroupKey("wards", "g"))
        assert group is not None
        assert (group.is_gone, group.size) == (False, 1)

    def test_too_many_missing_groups_change_nothing(self, store: Store) -> None:
        read_rosters(store, *(roster(f"g{number}", TEN[0]) for number in range(10)))
        dirty(store)

        changes = read_rosters(store, *(roster(f"g{number}") for number in range(5)), at=NOW + HOUR)

        assert changes.too_few_groups == (10, 5)
        assert handles(store, "g0") == [TEN[0]]
        assert dirty(store) == []

    # --- the dirty list --------------------------------------------------------------------------

    def test_each_dirty_group_is_taken_once(self, store: Store) -> None:
        read_rosters(store, *(roster(f"g{number}", TEN[0]) for number in range(9)))
        taken = []
        for _ in range(4):
            with store.begin() as uow:
                count, views = uow.rosters.take_dirty(4)
            assert count == len(views)
            taken.append([view.key.group_id for view in views])

        assert taken == [["g0", "g1", "g2", "g3"], ["g4", "g5", "g6", "g7"], ["g8"], []]

    def test_a_group_that_does_not_exist_is_taken_and_has_no_view(self, store: Store) -> None:
        with store.begin() as uow:
            uow.rosters.mark_dirty([GroupKey("wards", "never")], NOW)
            assert uow.rosters.dirty_count() == 1
            assert uow.rosters.take_dirty(9) == (1, [])
            assert uow.rosters.dirty_count() == 0

    def test_a_group_marked_twice_keeps_its_place(self, store: Store) -> None:
        read_rosters(store, roster("g", TEN[0]), roster("h", TEN[0]))
        dirty(store)
        with store.begin() as uow:
            uow.rosters.mark_dirty([GroupKey("wards", "h")], NOW)
            uow.rosters.mark_dirty([GroupKey("wards", "g"), GroupKey("wards", "h")], NOW + HOUR)

        assert dirty(store) == ["h", "g"]

    def test_groups_marked_at_once_are_all_on_the_list(self, store: Store) -> None:
        read_rosters(store, *(roster(f"g{number}", TEN[0]) for number in range(4)))
        dirty(store)

        def act(number: int) -> None:
            with store.begin() as uow:
                uow.rosters.mark_dirty([GroupKey("wards", f"g{number}"), GroupKey("wards", "g0")], NOW)

        at_once(4, act)

        assert dirty(store) == ["g0", "g1", "g2", "g3"]
