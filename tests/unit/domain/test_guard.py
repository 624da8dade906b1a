from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import LEFT_AT, NOW, WARD, key
from worker.domain.model import Evidence, GroupKey
from worker.domain.reconcile.guard import (
    Cohort,
    Departure,
    GroupLoad,
    GuardLimits,
    HeldPlan,
    HoldState,
    Population,
    cohorts_of,
    inspect,
    plan_number,
    state_of,
)
from worker.domain.text.reason import Reason
from worker.languages import BabelLanguages

LIMITS = GuardLimits()
THEATRE = GroupKey("wards", "theatre")
MANY = Population(active=1000)
HELD, RELEASED, REJECTED, PARTLY = HoldState


def departure(name: str = "ann", **changes: object) -> Departure:
    made = Departure(key(name), LEFT_AT, Evidence.DISABLED, name.capitalize(), seen_at=NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def departures(count: int, **changes: object) -> list[Departure]:
    return [departure(f"p{number:02}", **changes) for number in range(count)]


def held(
    people: list[Departure],
    population: Population = MANY,
    limits: GuardLimits = LIMITS,
    loads: dict[GroupKey, GroupLoad] | None = None,
) -> HeldPlan | None:
    return inspect("corp", people, population, loads or {}, limits, NOW, "Asia/Kolkata")


def test_nobody_new_is_safe() -> None:
    assert held([]) is None


def test_a_few_leavers_are_safe() -> None:
    assert held(departures(25)) is None


def test_a_held_plan_says_which_limit_it_is_over_and_holds_everybody() -> None:
    plan = held(departures(26, unit="Ward 7"))
    assert plan is not None
    assert (plan.source, plan.created_at, plan.state, plan.label) == ("corp", NOW, HELD, "P-000000")
    assert plan.why == "26 leavers within 24 h, the limit is 25"
    (cohort,) = plan.cohorts
    assert (cohort.id, cohort.state, len(cohort.people)) == ("c1", HELD, 26)
    assert cohort.cause == "accounts disabled, all in Ward 7, seen in the hour of Tue 24 Nov 2026 17:00 IST"


def test_a_held_plan_and_its_parts_are_said_in_the_reader_s_language() -> None:
    german = BabelLanguages().of("de")
    plan = held(departures(1200, unit="Ward 7"), Population(300))
    assert plan is not None
    assert plan.why.say(german) == (
        "1.200 Austritte innerhalb von 1 Tg., die Grenze ist 25; "
        "1.200 von 1.500 Personen innerhalb von 1 Tg. (80\N{NO-BREAK SPACE}%), die Grenze ist 5\N{NO-BREAK SPACE}%"
    )
    (cohort,) = plan.cohorts
    assert cohort.cause.say(german) == (
        "Konten deaktiviert, alle in Ward 7, gesehen in der Stunde ab Di., 24. Nov. 2026, 17:00 GMT+05:30"
    )
    single = cohorts_of(departures(1), 5, "UTC")[0].cause
    assert single.say(german) == "Konten deaktiviert, einzelne Personen"


def test_those_let_through_within_the_window_count() -> None:
    assert held(departures(1), Population(1000, let_through=24)) is None
    plan = held(departures(1), Population(1000, let_through=25))
    assert plan is not None
    assert plan.why.startswith("26 leavers")


@pytest.mark.parametrize(
    "count, active, is_held", [(5, 95, False), (6, 94, True), (4, 6, False), (5, 5, True), (1, 0, False)]
)
def test_a_share_counts_from_a_minimum_number_on(count: int, active: int, is_held: bool) -> None:
    plan = held(departures(count), Population(active))
    assert (plan is not None) is is_held
    assert plan is None or f"{count} of {active + count} people within 24 h" in plan.why


@pytest.mark.parametrize(
    "size, let_through, is_held", [(10, 0, False), (9, 0, True), (12, 1, False), (11, 1, True)]
)
def test_too_many_members_of_one_group_are_held(size: int, let_through: int, is_held: bool) -> None:
    loads = {WARD: GroupLoad("Ward 7 nights", size, let_through)}
    plan = held(departures(5, groups=(WARD,)), loads=loads)
    assert (plan is not None) is is_held
    assert (
        plan is None or plan.why == f"{5 + let_through} of {size} members of Ward 7 nights, the limit is 50%"
    )


@pytest.mark.parametrize(
    "active, let_through, is_held", [(98, 0, True), (100, 0, False), (100, 1, True), (0, 0, False)]
)
def test_people_who_moved_are_among_the_active_still(active: int, let_through: int, *, is_held: bool) -> None:
    """Counted once more, five of 98 would be less than a twentieth."""
    movers = departures(5 if active else 1)
    plan = held(movers, Population(active, let_through, includes_departures=True))
    assert (plan is not None) is is_held


@pytest.mark.parametrize(
    "count, active, share_max, said",
    [
        (6, 94, 0.05, "(6%), the limit is 5%"),
        (6, 194, 0.004, "(3%), the limit is 0.4%"),
        (508, 9_492, 0.05, "(5.1%), the limit is 5%"),
        (50_001, 949_999, 0.05, "(5.0001%), the limit is 5%"),
    ],
)
def test_a_share_is_said_so_that_it_is_seen_to_be_over_its_limit(
    count: int, active: int, share_max: float, said: str
) -> None:
    limits = replace(LIMITS, leavers_max=None, leavers_share_max=share_max)
    plan = held(departures(1), Population(active, let_through=count - 1), limits)
    assert plan is not None
    assert said in plan.why


@pytest.mark.parametrize("off", ["leavers_max", "leavers_share_max", "group_share_max"])
def test_a_limit_that_is_off_holds_nothing_and_is_named(off: str) -> None:
    others = {"leavers_max": 1000, "leavers_share_max": 1.0, "group_share_max": 1.0}
    limits = GuardLimits(**(others | {off: None}))  # type: ignore[arg-type]
    loads = {WARD: GroupLoad("Ward 7", 100), THEATRE: GroupLoad("Theatre", 100)}
    assert held(departures(30, groups=(WARD, THEATRE)), Population(0), limits, loads) is None
    assert limits.switched_off() == (off,)


def test_all_limits_are_on_by_default() -> None:
    assert LIMITS.switched_off() == ()


def test_the_first_run_is_held_however_few() -> None:
    off = GuardLimits(None, None, None, None)
    plan = held([departure(is_first_run=True)], limits=off)
    assert plan is not None
    assert plan.why == "first run: 1 person had already left and is still in groups"


def test_every_reason_is_given() -> None:
    people = departures(30, is_first_run=True, groups=(WARD,))
    plan = held(people, Population(10), loads={WARD: GroupLoad("Ward 7", 30)})
    assert plan is not None
    assert len(plan.why.split("; ")) == 4


def test_a_unit_in_common_is_a_cause_and_the_rest_are_single_people() -> None:
    crowd = departures(5, unit="Ward 7")
    single = [departure("zed", unit="Labs"), departure("yan", seen_at=None)]
    deleted = departure("xia", evidence=Evidence.DELETED)
    found = cohorts_of([*single, deleted, *crowd], 5, "UTC")
    assert [(c.id, len(c.people)) for c in found] == [("c1", 5), ("c2", 2), ("c3", 1)]
    assert [c.cause for c in found[1:]] == [
        "accounts disabled, single people",
        "accounts deleted, single people",
    ]


def test_one_cause_in_two_hours_is_two_cohorts() -> None:
    later = [replace(n, seen_at=NOW + timedelta(hours=1), person=key(f"q{n.name}")) for n in departures(5)]
    assert len(cohorts_of([*departures(5), *later], 5, "UTC")) == 2


NEWCOMERS = st.lists(
    st.builds(
        Departure,
        st.builds(key, st.sampled_from("abcdefgh")),
        st.sampled_from([LEFT_AT, NOW]),
        st.sampled_from(Evidence),
        unit=st.sampled_from(["", "Ward 7", "Labs", "single people"]),
        seen_at=st.sampled_from([None, LEFT_AT, NOW]),
        is_first_run=st.sampled_from([False, False, True]),
        groups=st.sampled_from([(), (WARD,), (WARD, THEATRE)]),
    ),
    max_size=40,
)


@given(NEWCOMERS, st.integers(1, 8))
def test_every_newcomer_is_in_exactly_one_cohort(people: list[Departure], share_from: int) -> None:
    found = cohorts_of(people, share_from, "UTC")
    assert Counter(p for cohort in found for p in cohort.people) == Counter(people)
    assert all(len({p.evidence for p in cohort.people}) == 1 for cohort in found)
    assert [c.id for c in found] == [f"c{number}" for number in range(1, len(found) + 1)]
    assert len({c.cause for c in found}) == len(found)


@given(NEWCOMERS.flatmap(lambda n: st.tuples(st.just(n), st.permutations(n))))
def test_the_order_of_newcomers_never_shows(orders: tuple[list[Departure], list[Departure]]) -> None:
    one, other = orders
    assert [(c.id, c.cause, len(c.people)) for c in cohorts_of(one, 5, "UTC")] == [
        (c.id, c.cause, len(c.people)) for c in cohorts_of(other, 5, "UTC")
    ]


@given(NEWCOMERS, st.integers(0, 200), st.integers(0, 30), st.integers(0, 40), st.integers(0, 5))
def test_safe_implies_under_all_limits_and_held_holds_everybody(
    people: list[Departure], active: int, let_through: int, size: int, load: int
) -> None:
    loads = {WARD: GroupLoad("Ward 7", size, load), THEATRE: GroupLoad("Theatre", size)}
    plan = held(people, Population(active, let_through), loads=loads)
    if plan is not None:
        assert sum(len(c.people) for c in plan.cohorts) == len(people)
        assert plan.why
    elif people:
        count = len(people) + let_through
        assert not any(p.is_first_run for p in people)
        assert count <= 25
        assert count < 5 or count <= 0.05 * (active + count)
        for group, more in ((WARD, load), (THEATRE, 0)):
            taken = sum(group in p.groups for p in people)
            assert not taken or taken + more < 5 or taken + more <= 0.5 * size


@pytest.mark.parametrize(
    "states, state",
    [
        ([HELD, HELD], HELD),
        ([RELEASED], RELEASED),
        ([REJECTED, REJECTED], REJECTED),
        ([HELD, RELEASED], PARTLY),
        ([REJECTED, RELEASED], PARTLY),
    ],
)
def test_a_plan_stands_where_its_cohorts_do(states: list[HoldState], state: HoldState) -> None:
    assert state_of(Cohort(f"c{n}", Reason(), (), s) for n, s in enumerate(states)) is state


@pytest.mark.parametrize("text", ["P-000007", "p-7", " 7 "])
def test_a_plan_is_named_by_label_or_number(text: str) -> None:
    assert plan_number(text) == 7
    assert HeldPlan("corp", Reason(), NOW, (), id=7).label == "P-000007"


@pytest.mark.parametrize("text", ["", "T-000007", "P-", "seven", "9" * 19])
def test_what_is_no_plan_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="P-000007"):
        plan_number(text)


def test_who_has_left_elsewhere_is_neither_counted_nor_held() -> None:
    known = departures(25, has_left_elsewhere=True)
    assert held([*known, *(departure(f"q{number}") for number in range(25))]) is None

    plan = held([*known, *(departure(f"q{number}") for number in range(26))])
    assert plan is not None
    assert sum(len(cohort.people) for cohort in plan.cohorts) == 26
    assert not any(one.has_left_elsewhere for cohort in plan.cohorts for one in cohort.people)
