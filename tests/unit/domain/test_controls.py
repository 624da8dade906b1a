"""Each control passes, fails, can't tell or is waived; what is not shown is unknown, neither a fail nor a pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAY, NOW, leaver, ticket
from good_group import (
    ABSENT,
    ASKED,
    ASKS,
    DEE,
    FAILS,
    GOING,
    GOOD,
    NOBODY,
    PICTURE,
    ROW,
    RULES,
    SHOWN,
    Changes,
    admin,
    policy,
    said,
    shown,
)
from worker.domain.controls import CATALOGUE, GROUP_CONTROLS
from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Unknown
from worker.domain.controls.examining import Examined, examine
from worker.domain.controls.policy import (
    AdminsRule,
    ClassRule,
    ControlPolicy,
    DescriptionRule,
    JoinRule,
    NameRule,
    PictureRule,
    ProfileRule,
    RightsRule,
)
from worker.domain.controls.standards import FRAMEWORKS, OF_ALL, supported_by
from worker.domain.controls.state import AdminState, GroupState
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.kinds.controlled import asks, fails
from worker.domain.model import Coverage, RegisterStatus
from worker.domain.reconcile.controlling import is_found_by_controls, wanted_in
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState

ALL = policy()
EVERY = pytest.mark.parametrize("control", GROUP_CONTROLS)


def said_of(group: GroupState, control: str, rules: ControlPolicy = ALL) -> ControlResult:
    [found] = [one for one in examine(group, rules, NOW) if one.control.id == control]
    return found.result


def cases(table: Mapping[str, Sequence[Changes]]) -> list[Any]:
    return [
        pytest.param(control, changes, id=f"{control}-{at}")
        for control, those in table.items()
        for at, changes in enumerate(those)
    ]


# --- each control ---------------------------------------------------------------------------------------------


@EVERY
def test_a_good_group_passes(control: str) -> None:
    result = said_of(replace(GOOD, **ASKED.get(control, {})), control)
    assert result.value is CheckValue.PASS
    assert result.at is not None
    assert result.grade in {Grade.A, Grade.B}


def test_every_control_has_something_that_fails_it() -> None:
    assert FAILS.keys() == GROUP_CONTROLS.keys()


@pytest.mark.parametrize("control, changes", cases(FAILS))
def test_what_is_wrong_fails_with_evidence_and_asks(control: str, changes: Changes) -> None:
    group = replace(GOOD, **changes)
    [found] = [one for one in examine(group, ALL, NOW) if one.control.id == control]
    assert found.result.value is CheckValue.FAIL
    assert found.result.at is not None
    assert found.result.grade is not None
    kinds = [wanted.key.kind for wanted in wanted_in(group, [found])]
    assert kinds == [kind for kind in [found.control.kind] if kind and is_found_by_controls(kind)]
    fault = {"control": control, "found": found.result.found, "wanted": found.result.wanted}
    assert "{" not in fails(fault)
    assert "{" not in asks(fault)


@pytest.mark.parametrize("control, changes", cases(FAILS))
def test_a_rule_that_only_reports_asks_nothing(control: str, changes: Changes) -> None:
    examined = examine(replace(GOOD, **changes), policy(ControlSwitch()), NOW)
    assert said_of(replace(GOOD, **changes), control, policy(ControlSwitch())).value is CheckValue.FAIL
    assert not wanted_in(GOOD, examined)


@pytest.mark.parametrize("control, changes", cases(FAILS))
def test_a_waived_ticket_makes_it_waived_until_it_is_over(control: str, changes: Changes) -> None:
    failed = said_of(replace(GOOD, **changes), control)
    faults = {"faults": [{"control": control, "found": failed.found, "wanted": "", "text": ""}]}
    waived = ticket(
        TicketKind.FIX_PROFILE,
        state=TicketState.WAIVED,
        details=faults,
        waived_until=NOW + DAY,
        occasion=failed.occasion,
    )
    group = replace(GOOD, **changes, tickets=(waived,))
    assert said_of(group, control).value is CheckValue.WAIVED
    for other in (
        replace(waived, waived_until=NOW),
        replace(waived, details={}),
        replace(waived, state=TicketState.VERIFIED),
        *([replace(waived, occasion="another")] if failed.occasion and not failed.parts else []),
    ):
        assert said_of(replace(group, tickets=(other,)), control).value is CheckValue.FAIL
    assert (
        said_of(replace(group, tickets=(replace(waived, waived_until=None),)), control).value
        is CheckValue.WAIVED
    )


# --- what is not shown ----------------------------------------------------------------------------------------


def absent_is_unknown(control: GroupControl[Any], changes: Changes) -> None:
    """The rule: it is unknown, with a reason, and asks nothing."""
    group = replace(GOOD, **changes)
    result = control.check(group, control.rules(ALL)[0], NOW)
    assert result is not None
    assert result.value is CheckValue.UNKNOWN
    assert isinstance(result.unknown, Unknown)
    assert not wanted_in(group, [Examined(control, ASKS, result)])


@pytest.mark.parametrize("control, changes", cases(ABSENT))
def test_what_is_not_shown_is_unknown_and_opens_nothing(control: str, changes: Changes) -> None:
    absent_is_unknown(GROUP_CONTROLS[control], changes)


@pytest.mark.parametrize("value", [CheckValue.FAIL, CheckValue.PASS])
@pytest.mark.parametrize("control, changes", cases(ABSENT))
def test_a_mutant_that_takes_absent_for_an_answer_is_found(
    control: str, changes: Changes, value: CheckValue
) -> None:
    own = GROUP_CONTROLS[control]

    def mutant(group: GroupState, rule: Any, now: Any) -> ControlResult | None:
        result = own.check(group, rule, now)
        return ControlResult(value) if result and result.value is CheckValue.UNKNOWN else result

    with pytest.raises(AssertionError):
        absent_is_unknown(replace(own, check=mutant), changes)


def test_a_right_that_is_not_shown_hides_none_that_is_wrong() -> None:
    result = said_of(replace(GOOD, **FAILS["profile.rights"][1]), "profile.rights")
    assert (result.found, result.wanted) == ("write: admins", "write: members")


@pytest.mark.parametrize("column, control, fact", [
    ("description_ok", "profile.description", "description"),
    ("picture_ok", "profile.picture", "picture_sha256"),
    ("approval", "profile.join", "approval"),
])  # fmt: skip
@pytest.mark.parametrize("word", [True, False])
def test_a_register_s_word_is_a_person_s_and_opens_nothing(
    column: str, control: str, fact: str, word: bool
) -> None:
    group = replace(GOOD, **shown(**{fact: None}), **said(**{column: word}))
    [found] = [one for one in examine(group, ALL, NOW) if one.control.id == control]
    assert found.result.value is (CheckValue.PASS if word else CheckValue.FAIL)
    assert not found.asks
    if control != "profile.join" or not word:
        assert found.result.grade is Grade.C


# --- finer points ---------------------------------------------------------------------------------------------


def test_a_gone_group_is_examined_by_none() -> None:
    assert examine(replace(GOOD, is_gone=True), ALL, NOW) == ()


def test_a_rule_for_other_groups_asks_nothing_and_the_first_that_fits_counts() -> None:
    elsewhere = ControlSwitch(Mode.TICKET, Where(departments=("Stores",)))
    rules = ControlPolicy(admins=(AdminsRule(elsewhere, min=9, max=9), AdminsRule(ASKS, max=1)))
    [few] = [one for one in examine(GOOD, rules, NOW) if one.control.id == "group.admins_few"]
    assert few.result.value is CheckValue.PASS
    assert not examine(GOOD, ControlPolicy(admins=(AdminsRule(elsewhere),)), NOW)


@pytest.mark.parametrize("where, fits", [
    (Where(), True),
    (Where(sensitive=False), True),
    (Where(sensitive=True), False),
    (Where(groups=("ward-*",)), True),
    (Where(groups=("WARD 7*",)), True),
    (Where(groups=("Party*",)), False),
    (Where(messengers=("Teams",)), True),
    (Where(messengers=("whatsapp",)), False),
    (Where(departments=("nurs*",)), True),
])  # fmt: skip
def test_a_class_counts_only_where_its_rule_looks(where: Where, fits: bool) -> None:
    rule = ClassRule(ControlSwitch(where=where), "patient", ("teams",))
    assert rule.governs(GOOD) is fits
    assert rule.has(GOOD)


def test_a_class_is_the_register_s_word_before_the_name() -> None:
    rule = ClassRule(ASKS, "Patient", ("teams",), groups=("Ward*",))
    assert rule.governs(replace(GOOD, **said(data_class="PATIENT")))
    assert not rule.governs(replace(GOOD, **said(data_class="rotas")))
    assert rule.governs(replace(GOOD, row=None))
    assert not rule.governs(replace(GOOD, row=None, name="Lab", key=GOOD.key._replace(group_id="lab")))


def test_of_what_has_no_row_its_columns_are_not_asked_about() -> None:
    assert "group.complete" not in {one.control.id for one in examine(replace(GOOD, row=None), ALL, NOW)}


def test_a_group_without_people_lacks_no_admin() -> None:
    group = replace(GOOD, size=0, admins=())
    assert not {"group.admins_few", "group.review"} & {one.control.id for one in examine(group, ALL, NOW)}
    assert said_of(group, "group.dormant").value is CheckValue.PASS
    assert said_of(replace(GOOD, size=1, admins=(DEE,)), "group.admins_few").value is CheckValue.PASS


def test_whoever_left_is_asked_about_by_their_leaving() -> None:
    left = AdminState("+a", "Ann", leaver())
    for group in (replace(GOOD, admins=(DEE,), has_reassignment=True), replace(GOOD, admins=(DEE, left))):
        [few] = [one for one in examine(group, ALL, NOW) if one.control.id == "group.admins_few"]
        assert few.result.value is CheckValue.FAIL
        assert not few.asks
    many = replace(GOOD, admins=(*GOOD.admins, left))
    assert said_of(many, "group.admins_many").value is CheckValue.PASS
    assert said_of(many, "group.admins_fit").value is CheckValue.PASS


def test_no_right_is_to_be_taken_from_the_last_admins() -> None:
    leaving = replace(GOING, handle="+e")
    for others, is_asked in (((), False), ((admin("fay", is_in_scope=False),), False), ((DEE,), True)):
        group = replace(GOOD, admins=(leaving, *others))
        [fit] = [one for one in examine(group, ALL, NOW) if one.control.id == "group.admins_fit"]
        assert (fit.result.value, fit.asks) == (CheckValue.FAIL, is_asked)


def test_externals_may_be_admins_where_the_rule_says_so() -> None:
    rules = policy(admins=(AdminsRule(ASKS, has_externals=True),))
    outside = replace(GOOD, admins=(DEE, NOBODY, admin("eve", is_in_scope=False)))
    assert said_of(outside, "group.admins_fit", rules).value is CheckValue.PASS


def test_a_group_that_the_register_closed_is_done_once_no_messenger_shows_it() -> None:
    closed = replace(GOOD, **said(status=RegisterStatus.CLOSED))
    assert said_of(closed, "group.dormant").value is CheckValue.FAIL
    assert said_of(replace(closed, grade=Grade.B), "group.dormant").value is CheckValue.PASS
    assert said_of(replace(GOOD, **shown(is_archived=True)), "group.dormant").value is CheckValue.PASS


@pytest.mark.parametrize("closed", [said(status=RegisterStatus.CLOSED), said(closed_on=(NOW - DAY).date())])
@pytest.mark.parametrize(
    "empty", [{"size": 0, "admins": ()}, {"grade": Grade.B}, {"size": 0, "coverage": Coverage.PARTIAL}]
)
def test_nothing_is_asked_of_a_group_that_is_closed(closed: Changes, empty: Changes) -> None:
    group = replace(GOOD, **(closed | empty), reviewed_at=None)
    assert {one.control.id: one.result.value for one in examine(group, ALL, NOW)} == {
        "group.registered": CheckValue.PASS,
        "group.dormant": CheckValue.PASS,
    }


def test_a_group_that_is_called_closed_and_has_members_is_asked_about() -> None:
    group = replace(GOOD, **said(status=RegisterStatus.CLOSED), reviewed_at=None)
    asked = {one.control.id for one in examine(group, ALL, NOW) if one.asks}
    assert asked == {"group.dormant", "group.review"}


def test_the_rules_of_a_new_group_are_due_soon() -> None:
    new = replace(GOOD, **shown(description=""), first_seen_at=NOW - DAY)
    assert said_of(new, "profile.description").due == 3 * DAY
    assert said_of(replace(new, first_seen_at=NOW - 4 * DAY), "profile.description").due is None


@pytest.mark.parametrize("text, contains, exact", [
    (RULES, True, True),
    (f"Ward 7. {RULES}", True, False),
    (RULES.replace(" ", " \n"), True, True),
    ("ｂｅ ｋｉｎｄ. leavers are removed.", True, True),
    ("Seid nett.", True, True),
    ("Be kind", False, False),
])  # fmt: skip
def test_a_description_has_the_rules_in_one_of_the_languages(text: str, contains: bool, exact: bool) -> None:
    for is_exact, passes in ((False, contains), (True, exact)):
        rule = ProfileRule(ASKS, DescriptionRule({"en": RULES, "de": "Seid nett."}, is_exact))
        result = said_of(
            replace(GOOD, **shown(description=text)), "profile.description", ControlPolicy(profile=(rule,))
        )
        assert (result.value is CheckValue.PASS) is passes


@pytest.mark.parametrize("rule, facts, value", [
    (PictureRule(is_required=False, standard=(PICTURE,)), {"picture_sha256": ""}, CheckValue.PASS),
    (PictureRule(), {"picture_sha256": "c" * 64}, CheckValue.PASS),
    (PictureRule(), {"picture_sha256": ""}, CheckValue.FAIL),
    (JoinRule(has_new_link=True), {"link_sha256": ""}, CheckValue.PASS),
    (JoinRule(has_approval=True), {"link_sha256": None}, CheckValue.PASS),
    (RightsRule(), {"edit": None}, CheckValue.PASS),
])  # fmt: skip
def test_what_a_rule_leaves_open_is_not_asked(rule: Any, facts: Any, value: CheckValue) -> None:
    part = {PictureRule: "picture", JoinRule: "join", RightsRule: "rights"}[type(rule)]
    rules = ControlPolicy(profile=(ProfileRule(ASKS, **{part: rule}),))
    [found] = examine(replace(GOOD, **shown(**facts)), rules, NOW)
    assert found.result.value is value


def test_without_a_removal_no_link_has_to_be_new() -> None:
    old = replace(GOOD, **shown(link_changed_at=None), removed_at=None)
    assert said_of(old, "profile.join").value is CheckValue.PASS


def test_a_join_rule_without_a_part_asks_nothing() -> None:
    assert not examine(GOOD, ControlPolicy(profile=(ProfileRule(ASKS, join=JoinRule()),)), NOW)


def test_a_profile_rule_asks_only_for_its_parts() -> None:
    rules = ControlPolicy(profile=(ProfileRule(ASKS, name=NameRule("Ward .+")),))
    [found] = examine(replace(GOOD, name="x"), rules, NOW)
    assert (found.control.id, found.result.wanted) == ("profile.name", "Ward .+")


def test_facts_without_a_time_are_as_old_as_the_roster() -> None:
    group = replace(GOOD, facts=replace(SHOWN, read_at=None), taken_at=NOW - DAY)
    for control in GROUP_CONTROLS:
        assert said_of(replace(group, **ASKED.get(control, {})), control).at in {NOW - DAY, ROW.taken_at}


# --- all of them ----------------------------------------------------------------------------------------------

CHANGES = st.lists(
    st.sampled_from([one for table in (FAILS, ABSENT) for those in table.values() for one in those]),
    max_size=4,
)


def group_of(changes: list[Changes]) -> GroupState:
    together: dict[str, Any] = {}
    for one in changes:
        together |= one
    return replace(GOOD, **together)


@given(CHANGES, st.randoms(use_true_random=False))
def test_checks_are_pure_and_free_of_order_and_say_the_same_twice(
    changes: list[Changes], random: Any
) -> None:
    group = group_of(changes)
    first = examine(group, ALL, NOW)
    assert examine(group, ALL, NOW) == first
    shuffled = list(group.admins)
    random.shuffle(shuffled)
    again = examine(replace(group, admins=tuple(shuffled)), ALL, NOW)
    assert [(one.control.id, one.result.value, one.result.unknown) for one in again] == [
        (one.control.id, one.result.value, one.result.unknown) for one in first
    ]
    order = list(first)
    random.shuffle(order)
    assert {one.key for one in wanted_in(group, order)} == {one.key for one in wanted_in(group, first)}


@given(CHANGES)
def test_unknown_never_asks_and_what_asks_fails(changes: list[Changes]) -> None:
    for one in examine(group_of(changes), ALL, NOW):
        assert one.asks is (
            one.result.value is CheckValue.FAIL
            and one.control.kind is not None
            and not one.result.is_asked_elsewhere
        )
        assert (one.result.unknown is not None) is (one.result.value is CheckValue.UNKNOWN)
        assert one.result.value is CheckValue.UNKNOWN or one.result.at is not None


def test_every_control_supports_something_and_frameworks_can_be_told_apart() -> None:
    for control in CATALOGUE:
        assert set(OF_ALL) <= set(supported_by(control))
    assert {one.framework for one in supported_by("people.leaver")} <= set(FRAMEWORKS)
    assert all(one.framework == "iso27001" for one in supported_by("people.leaver", "iso27001"))
