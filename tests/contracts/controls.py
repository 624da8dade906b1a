"""What every `ports.store.Store` keeps of controls: failures, counts by day, first runs, and what their tickets say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import DAY, HOUR, NOW, ticket
from contracts.live import ANN, BEN, LIST, PHONE, read
from contracts.unit_of_work import roster
from worker.domain.controls.control import CheckValue
from worker.domain.model import Group, GroupKey, Roster
from worker.domain.reconcile.guard import GuardLimits, HoldState
from worker.domain.reconcile.held_findings import HeldFindings, held_controls
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Assignee, Grade, Ticket, TicketKind, TicketState
from worker.ports.state.controls import ControlCounts, ControlFailure, TicketCounts
from worker.ports.state.episodes import PlanKind
from worker.ports.state.group_states import Lists
from worker.ports.state.groups import Unlisted
from worker.ports.state.store import Store

FEW, NAME = "group.admins_few", "profile.name"
LISTS = Lists(frozenset({"list"}), frozenset({"list"}))


def failure(control: str = NAME, subject: str = "a", **changes: object) -> ControlFailure:
    one = ControlFailure(
        control, "wards", subject, subject.upper(), CheckValue.FAIL, "Party", "Ward 7", asks=True
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def controlled(*controls: str, **changes: object) -> Ticket:
    faults = [{"control": one, "found": "", "wanted": "", "text": ""} for one in controls]
    one = ticket(
        TicketKind.FIX_PROFILE, about=About.GROUP, handle="", person=None, occasion="profile",
        details={"faults": faults},
    )  # fmt: skip
    return replace(one, **changes)  # type: ignore[arg-type]


class ControlsContract:
    """The part of the suite about controls."""

    def test_failures_come_in_pages_the_sensitive_first(self, store: Store) -> None:
        with store.begin() as uow:
            uow.controls.keep(
                [failure(subject=one, is_sensitive=one in "ce") for one in "abcde"] + [failure(FEW)], NOW
            )
        with store.reading() as uow:
            whole = [one.subject for one in uow.controls.failures(NAME, None, 9)]
            assert whole == ["c", "e", "a", "b", "d"]
            for size in (1, 2, 3):
                found, place = [], None
                while page := uow.controls.failures(NAME, place, size):
                    assert len(page) <= size
                    found += [one.subject for one in page]
                    place = page[-1].place
                assert found == whole

    def test_a_failure_keeps_since_when_it_is_and_is_forgotten_when_it_is_over(self, store: Store) -> None:
        with store.begin() as uow:
            uow.controls.keep([failure(), failure(subject="b")], NOW)
        with store.begin() as uow:
            uow.controls.keep([failure(found="Fun", value=CheckValue.WAIVED, asks=False)], NOW + HOUR)
            uow.controls.forget_before(NOW + HOUR)
        with store.reading() as uow:
            [one] = uow.controls.failures(NAME, None, 9)
            assert (one.found, one.value, one.since_at) == ("Fun", CheckValue.WAIVED, NOW)
            assert uow.controls.failures_of("wards", "a") == [one]
            assert not uow.controls.failures_of("wards", "b")

    def test_failures_are_counted_by_department(self, store: Store) -> None:
        with store.begin() as uow:
            uow.controls.keep(
                [failure(subject=one, department="Surgery" if one < "c" else "") for one in "abc"], NOW
            )
        with store.reading() as uow:
            assert uow.controls.departments(NAME) == {"": 1, "Surgery": 2}
            assert uow.controls.departments(FEW) == {}

    def test_the_worst_is_opened_first(self, store: Store) -> None:
        with store.begin() as uow:
            uow.controls.keep([failure(subject="later", time_s=50)], NOW)
        with store.begin() as uow:
            uow.controls.keep(
                [
                    failure(subject="late", time_s=50), failure(subject="soon", time_s=10),
                    failure(subject="worst", time_s=99, is_sensitive=True), failure(subject="asked", asks=False),
                    failure(FEW, "few", time_s=1),
                ],
                NOW + HOUR,
            )  # fmt: skip
        with store.reading() as uow:
            found = [one.group_id for one in uow.controls.to_open({NAME}, 9, 0)]
            assert found == ["worst", "soon", "later", "late"]
            assert [one.group_id for one in uow.controls.to_open({NAME}, 2, 1)] == ["soon", "later"]
            assert [one.subject for one in uow.controls.asking(FEW)] == ["few"]

    def test_counts_are_kept_by_day_with_the_tickets(self, store: Store) -> None:
        first = ControlCounts(
            NOW, 4, 1, 2, 1, grades={"A": 1}, unknown_why={"no_roles": 1}, oldest_evidence_at=NOW - DAY
        )
        last = replace(first, at=NOW + HOUR, failed=3, passed=0, oldest_evidence_at=None)
        with store.begin() as uow:
            uow.controls.count("2026-11-24", {NAME: first}, {})
            uow.controls.count(
                "2026-11-24", {NAME: last}, {NAME: TicketCounts(3, 1), FEW: TicketCounts(9, 9)}
            )
            uow.controls.count("2026-11-23", {NAME: first}, {NAME: TicketCounts(2, 0)})
        with store.reading() as uow:
            assert list(uow.controls.days("2026-11-25")) == []
            days = uow.controls.days("2026-11-23")
            assert list(days) == [NAME]
            assert [(one.day, one.counts, one.tickets) for one in days[NAME]] == [
                ("2026-11-23", first, TicketCounts(2, 0)),
                ("2026-11-24", last, TicketCounts(3, 1)),
            ]
            assert [one.day for one in uow.controls.days("2026-11-24")[NAME]] == ["2026-11-24"]

    def test_a_first_run_waits_for_its_part_of_the_plan(self, store: Store) -> None:
        with store.begin() as uow:
            uow.controls.keep([failure(), failure(FEW)], NOW)
            found = {one: uow.controls.asking(one) for one in (NAME, FEW)}
            plan = held_controls({one: HeldFindings(1, tuple(those)) for one, those in found.items()}, NOW)
            assert plan is not None
            held = uow.episodes.hold(plan, PlanKind.CONTROLS)
            uow.controls.start({NAME: held.id, FEW: held.id, "profile.join": None}, NOW)
            assert uow.controls.allowed() == {"profile.join"}
            name, few = sorted(held.cohorts, key=lambda one: one.id, reverse=True)
            decided = [replace(name, state=HoldState.RELEASED), replace(few, state=HoldState.REJECTED)]
            uow.episodes.decide(held, decided, "sam", "asked", NOW)
        with store.reading() as uow:
            assert uow.controls.started() == {NAME: held.id, FEW: held.id, "profile.join": None}
            assert uow.controls.allowed() == {NAME, FEW, "profile.join"}
            assert uow.controls.rejected([GroupKey("wards", "a")]) == {(FEW, GroupKey("wards", "a"))}
            assert uow.controls.rejected([GroupKey("wards", "b")]) == set()

    def test_a_ticket_counts_for_each_of_its_faults(self, store: Store) -> None:
        dee = Assignee("Dee@corp.example")
        with store.begin() as uow:
            uow.tickets.insert(
                [
                    controlled(NAME, FEW, opened_at=NOW, due_at=NOW, assignee=dee),
                    controlled(NAME, occasion="x", opened_at=NOW, due_at=NOW + DAY),
                    controlled(
                        NAME, occasion="y", opened_at=NOW - DAY, due_at=NOW, state=TicketState.VERIFIED
                    ),
                ]
            )
        with store.reading() as uow:
            counts = uow.controls.ticket_counts(NOW + HOUR)
            assert (counts[NAME], counts[FEW]) == (TicketCounts(2, 1), TicketCounts(1, 1))
            assert uow.controls.opened_since(NOW) == {"dee@corp.example": 1, "": 1}
            group = ticket().group
            assert group is not None
            found = uow.group_states.tickets_of([group, GroupKey("wards", "other")])
            assert {key: [one.occasion for one in those] for key, those in found.items()} == {
                group: ["profile", "x", "y"]
            }

    def test_what_was_reopened_since_counts_as_opened(self, store: Store) -> None:
        dee, earlier = Assignee("dee@corp.example"), NOW - DAY
        old = controlled(
            NAME,
            occasion="old",
            opened_at=earlier,
            clock_from=NOW,
            due_at=NOW + DAY,
            assignee=dee,
            reopened=1,
        )
        with store.begin() as uow:
            uow.tickets.insert(
                [
                    old,
                    replace(old, occasion="done since", state=TicketState.VERIFIED, verified_at=NOW),
                    replace(old, occasion="twice", opened_at=NOW),
                    replace(old, occasion="freed", reopened=0),
                    replace(old, occasion="before", clock_from=earlier),
                    ticket(opened_at=earlier, clock_from=NOW, due_at=NOW + DAY, reopened=1),
                ]
            )
        with store.reading() as uow:
            assert uow.controls.opened_since(NOW) == {"dee@corp.example": 3}

    @pytest.mark.parametrize("kind, state, has_any", [
        (TicketKind.FIX_PROFILE, TicketState.OPEN, True),
        (TicketKind.HANDLE_REPORT, TicketState.OPEN, True),
        (TicketKind.FIX_PROFILE, TicketState.DONE, True),
        (TicketKind.FIX_PROFILE, TicketState.WAIVED, False),
        (TicketKind.REMOVE_MEMBER, TicketState.OPEN, False),
    ])  # fmt: skip
    def test_live_tickets_of_controls_are_told_from_others(
        self, store: Store, kind: TicketKind, state: TicketState, has_any: bool
    ) -> None:
        with store.begin() as uow:
            uow.tickets.insert([ticket(kind, state=state)])
            assert uow.controls.has_live_tickets() is has_any

    def test_names_are_alike_whatever_their_capitals_and_the_space_around_them(self, store: Store) -> None:
        names = {"1": "Équipe Été", "2": "ÉQUIPE ÉTÉ ", "3": "Equipe Ete"}
        named = [replace(roster(one, ANN), group=Group(one, name)) for one, name in names.items()]
        read(store, "phone", *named)
        with store.reading() as uow:
            found = uow.group_states.groups(None, 9, LISTS, uow.group_states.names_in_use(LISTS))
            assert [one.key.group_id for one in found if one.is_alike] == ["1", "2"]

    @pytest.mark.parametrize(
        "in_register, alike",
        [(["Ward 7"], []), (["ward 7"], ["a", "w0"]), (["Ward 7", "Ward 7"], ["a", "w0", "w1"])],
    )
    def test_the_row_that_registers_a_group_is_not_alike(
        self, store: Store, in_register: list[str], alike: list[str]
    ) -> None:
        read(store, "wards", Roster(Group("a", "Ward 7", "whatsapp"), (), NOW))
        rows = [Group(f"w{at}", name, "whatsapp") for at, name in enumerate(in_register)]
        read(store, "list", *(Roster(one, (), NOW) for one in rows))
        with store.reading() as uow:
            found = uow.group_states.groups(None, 9, LISTS, uow.group_states.names_in_use(LISTS))
        assert sorted(one.key.group_id for one in found if one.is_alike) == alike

    def test_a_group_is_seen_with_its_admins_and_what_is_alike(self, store: Store) -> None:
        read(store, "phone", roster("120@g.us", ANN, BEN), roster("121@g.us", ANN))
        with store.reading() as uow:
            in_use = uow.group_states.names_in_use(LISTS)
            first, *rest = uow.group_states.groups(None, 1, LISTS, in_use)
            assert first.key == PHONE
            assert first.grade is Grade.A
            assert [one.key.group_id for one in uow.group_states.groups(first.key, 9, LISTS, in_use)] == [
                "121@g.us"
            ]
            assert not rest
            assert uow.group_states.states([LIST], LISTS) == {}
            assert first.is_alike is (len(in_use) > 0)

    def test_of_two_rows_with_a_group_s_name_the_first_one_counts_whatever_was_written_last(
        self, store: Store
    ) -> None:
        read(store, "phone", replace(roster("120@g.us", ANN), group=Group("120@g.us", "Ward 7")))
        for room in "", " (new)":  # the rows are written anew, one after the other
            for one in ("a", "b"):
                row = Group(one, "Ward 7", owner_email=f"{one}{room}@corp.example")
                with store.begin() as uow:
                    uow.rosters.clear_stage("list")
                    uow.rosters.stage("list", [replace(roster(one, ANN), group=row)])
                    rest = Unlisted(is_unread=True)
                    uow.rosters.apply_stage("list", now=NOW, limits=GuardLimits(), rest=rest)
            with store.reading() as uow:
                found = uow.group_states.states([PHONE], LISTS)[PHONE].row
            assert found is not None
            assert found.owner_email == f"a{room}@corp.example"
