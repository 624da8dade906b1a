"""What controls find becomes tickets, which say what is wrong now, change hands, are proven, and end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from builders import DAY, HOUR, NOW, leaver, person, rules
from good_group import ABSENT, DEE, EVE, FAILS, GOOD, NOBODY, RULES, admin, policy, said, shown
from worker.domain.controls.control import CheckValue
from worker.domain.controls.examining import examine
from worker.domain.controls.policy import ControlPolicy, DescriptionRule
from worker.domain.controls.state import AdminState, GroupState
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.kinds.controlled import faults_of
from worker.domain.model import AccountKey, RegisterStatus, Standing
from worker.domain.people.persons import Person
from worker.domain.reconcile.controlling import keep, opened, wanted_in, weigh_control
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.verification import CLAIM_LIFE, Verdict
from worker.domain.tickets.proof import EVIDENCE_AT
from worker.domain.tickets.ticket import (
    Assignee,
    AssigneeWhy,
    Grade,
    Reopened,
    Ticket,
    TicketKind,
    TicketState,
)

TICKETS = rules()
BARE = replace(GOOD, **shown(description="hello"))
ALL = policy()
OLD_PROOF = {EVIDENCE_AT: (NOW - 2 * HOUR).isoformat()}


def opens(group: GroupState, rules_: ControlPolicy = ALL, now: datetime = NOW) -> list[Action]:
    wanted = wanted_in(group, examine(group, rules_, now))
    actions = (opened(one, group, TICKETS, ("en",), now) for one in wanted)
    return [one for one in actions if one is not None]


def the_ticket(group: GroupState = BARE) -> Ticket:
    [action] = opens(group)
    return replace(action.ticket, id=1)


def kept(group: GroupState, rules_: ControlPolicy = ALL) -> list[Action]:
    examined = examine(group, rules_, NOW)
    return list(keep(group, examined, wanted_in(group, examined), TICKETS, NOW, ("de",)))


def with_ticket(group: GroupState, **changes: Any) -> GroupState:
    return replace(group, tickets=(replace(the_ticket(group), **changes),))


# --- opening --------------------------------------------------------------------------------------------------


def test_all_faults_of_a_profile_are_one_ticket_due_as_the_most_urgent() -> None:
    group = replace(GOOD, name="Party", **shown(description="hello", approval=False))
    [action] = opens(group)
    ticket = action.ticket
    assert action.kind is ActionKind.OPEN
    assert ticket.kind is TicketKind.FIX_PROFILE
    assert [fault["control"] for fault in faults_of(ticket)] == [
        "profile.description", "profile.name", "profile.join",
    ]  # fmt: skip
    assert ticket.details["time_s"] == (7 * DAY).total_seconds()
    assert str(action.why).startswith("The description doesn't have the rules. The name \"Party\" doesn't")


@pytest.mark.parametrize("is_sensitive, switch, due", [
    (False, ControlSwitch(Mode.TICKET), 7 * DAY),
    (True, ControlSwitch(Mode.TICKET), 3 * DAY),
    (False, ControlSwitch(Mode.TICKET, due=2 * DAY, sensitive_due=DAY), 2 * DAY),
    (True, ControlSwitch(Mode.TICKET, due=2 * DAY, sensitive_due=DAY), DAY),
    (True, ControlSwitch(Mode.TICKET, due=2 * DAY), 3 * DAY),
])  # fmt: skip
def test_a_section_s_time_replaces_the_control_s(
    is_sensitive: bool, switch: ControlSwitch, due: timedelta
) -> None:
    [action] = opens(replace(BARE, is_sensitive=is_sensitive), policy(switch))
    assert action.ticket.details["time_s"] == due.total_seconds()


def test_the_rules_of_a_new_group_are_due_in_three_days() -> None:
    [action] = opens(replace(BARE, first_seen_at=NOW - DAY))
    assert action.ticket.details["time_s"] == (3 * DAY).total_seconds()


@pytest.mark.parametrize("language, text", [
    ("de", "Seid nett."), ("de-AT", "Seid nett."), ("de_AT", "Seid nett."), ("DE", "Seid nett."),
    ("fr, de;q=0.8, en;q=0.5", "Seid nett."), ("fr", RULES), ("German", RULES), (None, RULES),
])  # fmt: skip
def test_the_text_to_paste_is_in_the_assignee_s_language(language: str | None, text: str) -> None:
    [action] = opens(replace(BARE, admins=(admin("dee", language=language), EVE)))
    assert [fault["text"] for fault in faults_of(action.ticket)] == [text]
    assert "texts" not in action.ticket.details


def test_a_text_in_a_language_that_messages_do_not_have_is_for_whoever_reads_it() -> None:
    texts = DescriptionRule({"en": RULES, "nl": "Wees aardig."})
    [action] = opens(
        replace(BARE, admins=(admin("dee", language="nl-BE, en;q=0.5"), EVE)),
        replace(ALL, profile=tuple(replace(one, description=texts) for one in ALL.profile)),
    )
    assert [fault["text"] for fault in faults_of(action.ticket)] == ["Wees aardig."]


OWNER = person("own")
LEAVING = replace(DEE, person=person("dee", Standing.LEAVING, department="Nursing"))

ON_LEAVE = replace(DEE, person=person("dee", is_on_long_leave=True))
PHONE_ALONE = person("eve", email=None, phones=("+447700900001",))


@pytest.mark.parametrize("changes, email, why", [
    ({}, "dee@corp.example", AssigneeWhy.ADMIN),
    ({"admins": (LEAVING, EVE)}, "eve@corp.example", AssigneeWhy.ADMIN),
    ({"admins": (ON_LEAVE, EVE)}, "eve@corp.example", AssigneeWhy.ADMIN),
    ({"admins": (ON_LEAVE, replace(EVE, person=PHONE_ALONE))}, "+447700900001", AssigneeWhy.ADMIN),
    ({"admins": (ON_LEAVE, replace(EVE, person=person("eve", email=None)))}, "dee@corp.example", AssigneeWhy.ADMIN),
    ({"admins": (LEAVING, replace(EVE, person=PHONE_ALONE))}, "dee@corp.example", AssigneeWhy.ADMIN),
    ({"admins": (LEAVING,)}, "dee@corp.example", AssigneeWhy.ADMIN),
    ({"admins": (admin("dee", email=None, phones=("+447700900001",)),)}, "+447700900001", AssigneeWhy.ADMIN),
    ({"admins": (admin("dee", email=None),), "owner": OWNER}, "own@corp.example", AssigneeWhy.OWNER),
    ({"admins": (), "owner": OWNER}, "own@corp.example", AssigneeWhy.OWNER),
    ({"admins": (), "owner_email": "own@else.example"}, "own@else.example", AssigneeWhy.OWNER),
    ({"admins": (), "owner": leaver("own")}, TICKETS.accountable, AssigneeWhy.ACCOUNTABLE),
    ({"admins": (AdminState("+a", "Ann", leaver()),)}, TICKETS.accountable, AssigneeWhy.ACCOUNTABLE),
])  # fmt: skip
def test_it_goes_to_the_first_who_is_there(changes: dict[str, Any], email: str, why: AssigneeWhy) -> None:
    group = replace(BARE, size=1, **changes)
    [ticket] = [one.ticket for one in opens(group) if one.ticket.kind is TicketKind.FIX_PROFILE]
    assert ticket.assignee is not None
    assert (ticket.assignee.email, ticket.assignee.why) == (email, why)


def test_without_anybody_it_is_nobody_s() -> None:
    wanted = wanted_in(replace(BARE, admins=()), examine(BARE, ALL, NOW))
    action = opened(wanted[0], replace(BARE, admins=()), rules(accountable=""), (), NOW)
    assert action is not None
    assert action.ticket.assignee is None
    assert faults_of(action.ticket)[0]["text"] == RULES


def test_nobody_is_asked_to_take_away_their_own_right() -> None:
    away = admin("dee", department="Stores")
    group = replace(GOOD, admins=(away, EVE), owner=away.person)
    [ticket] = [one.ticket for one in opens(group)]
    assert ticket.assignee is not None
    assert (ticket.kind, ticket.assignee.email) == (TicketKind.REDUCE_ADMINS, "eve@corp.example")
    assert ticket.details["admins"] == [{"handle": "+dee", "name": "Dee", "why": "other_department"}]


def test_a_group_that_may_not_be_here_is_one_ticket_however_its_day_changes() -> None:
    quiet = replace(GOOD, **shown(last_activity_at=NOW - 200 * DAY))
    ticket = the_ticket(quiet)
    assert ticket.occasion == f"dormant:{NOW - 200 * DAY:%Y-%m-%d}"
    again = replace(GOOD, **said(closed_on=(NOW - DAY).date()), tickets=(ticket,))
    assert [one.key for one in wanted_in(again, examine(again, ALL, NOW))] == [ticket.key]


def test_too_many_and_unfit_admins_are_two_tickets() -> None:
    found = opens(replace(GOOD, admins=(DEE, EVE, admin("fay"), NOBODY)))
    assert [one.ticket.occasion for one in found] == ["admins:max", "admins:fit"]


# --- again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes, kind", [
    ({"state": TicketState.OPEN}, None),
    ({"state": TicketState.DONE}, None),
    ({"state": TicketState.WAIVED}, None),
    ({"state": TicketState.WAIVED, "waived_until": NOW + HOUR}, None),
    ({"state": TicketState.WAIVED, "waived_until": NOW}, Reopened.WAIVER_OVER),
    ({"state": TicketState.CANCELLED}, Reopened.NEEDED_AFTER_ALL),
    ({"state": TicketState.VERIFIED, "verified_at": NOW}, None),
    ({"state": TicketState.VERIFIED, "verified_at": NOW - 2 * HOUR}, Reopened.NEEDED_AGAIN),
    ({"state": TicketState.VERIFIED, "verified_at": NOW, "details": OLD_PROOF}, Reopened.NEEDED_AGAIN),
])  # fmt: skip
def test_what_is_over_is_opened_again_only_by_news(changes: dict[str, Any], kind: Reopened | None) -> None:
    found = opens(with_ticket(BARE, **changes))
    assert [one.reopened for one in found] == ([] if kind is None else [kind])
    assert all(one.ticket.state is TicketState.OPEN and one.ticket.id == 1 for one in found)


# --- what there is --------------------------------------------------------------------------------------------


def test_an_open_ticket_says_what_is_wrong_now_and_nobody_is_told() -> None:
    ticket = the_ticket()
    assert not kept(replace(BARE, tickets=(ticket,)))
    worse = replace(BARE, name="Party", tickets=(ticket,))
    [action] = kept(worse)
    assert action.kind is ActionKind.WEIGH
    assert [fault["control"] for fault in faults_of(action.ticket)] == ["profile.description", "profile.name"]
    assert not kept(replace(worse, tickets=(action.ticket,)))


def test_a_new_fault_s_text_is_in_the_assignee_s_language_or_the_organisation_s() -> None:
    party = replace(GOOD, name="Party")
    ticket = the_ticket(party)
    for language, text in (("en", RULES), ("fr", "Seid nett."), (None, "Seid nett.")):
        admins = (admin("dee", language=language), EVE)
        [action] = kept(replace(party, **shown(description="hello"), admins=admins, tickets=(ticket,)))
        assert faults_of(action.ticket)[0]["text"] == text


def test_a_claim_is_left_to_its_proof() -> None:
    assert not kept(with_ticket(BARE, state=TicketState.DONE))
    assert not kept(with_ticket(BARE, state=TicketState.VERIFIED))


def left(key: AccountKey) -> dict[AccountKey, Person]:
    gone = replace(person(key.person_id, Standing.LEFT), key=key)
    return {key: Person(gone, None, (gone,))}


def test_it_changes_hands_when_its_assignee_has_left() -> None:
    ticket = the_ticket()
    dee = AccountKey("corp", "dee")
    group = replace(BARE, admins=(EVE, admin("fay")), tickets=(ticket,), assignees=left(dee))
    [action] = kept(group)
    assert action.kind is ActionKind.ASSIGN
    assert action.ticket.assignee is not None
    assert action.ticket.assignee.email == "eve@corp.example"
    stays = replace(group, tickets=(replace(ticket, assignee=Assignee("x@corp.example", person=dee)),))
    assert [one.kind for one in kept(stays)] == [ActionKind.ASSIGN]


def test_it_follows_its_assignee_to_another_address() -> None:
    group = with_ticket(BARE)
    whose = group.tickets[0].assignee
    assert whose is not None
    assert whose.person is not None
    moved = replace(person("dee", email="new@corp.example"), key=whose.person)
    [action] = kept(replace(group, assignees={moved.key: Person(moved, None, (moved,))}))
    assert action.kind is ActionKind.ASSIGN
    assert action.ticket.assignee == replace(whose, email="new@corp.example", name="Dee")
    same = person("dee", email=whose.email)
    assert not kept(replace(group, assignees={moved.key: Person(same, None, (same,))}))


def test_it_stays_where_the_same_person_would_get_it_again() -> None:
    group = with_ticket(BARE)
    [ticket] = group.tickets
    assert ticket.assignee is not None
    assert ticket.assignee.person is not None
    assert not kept(replace(group, assignees=left(ticket.assignee.person)))


@pytest.mark.parametrize("changes, why", [
    ({"is_followed": True}, "another source shows the group now"),
    ({"is_gone": True}, "the group is no longer in the inventory"),
])  # fmt: skip
def test_it_ends_where_the_group_does(changes: dict[str, Any], why: str) -> None:
    group = replace(GOOD, tickets=(the_ticket(),), **changes)
    [action] = kept(group)
    assert (action.kind, str(action.why)) == (ActionKind.CANCEL, why)
    assert action.ticket.state is TicketState.CANCELLED


def test_a_closed_group_is_left_to_its_proof_when_it_is_gone() -> None:
    quiet = replace(GOOD, **shown(last_activity_at=NOW - 200 * DAY))
    gone = replace(quiet, is_gone=True, tickets=(the_ticket(quiet),))
    assert not kept(gone)
    [left_out] = kept(replace(gone, is_unseen=True))
    assert str(left_out.why) == "the group is no longer in the inventory"


def test_it_ends_when_it_is_switched_off_or_only_reports() -> None:
    group = replace(BARE, tickets=(the_ticket(),))
    [off] = kept(group, ControlPolicy())
    [reports] = kept(group, policy(ControlSwitch()))
    assert str(off.why) == "no control asks for it any more"
    assert str(reports.why) == "the control only reports now, or another ticket asks for it"


def test_what_passes_or_cannot_be_told_is_left_to_its_proof() -> None:
    ticket = the_ticket()
    assert not kept(replace(GOOD, tickets=(ticket,)))
    assert not kept(replace(GOOD, **shown(description=None), tickets=(ticket,)))


def test_a_newer_list_ends_a_review_and_another_review_of_that_instant_does_not() -> None:
    due = replace(GOOD, reviewed_at=None)
    asked = replace(the_ticket(due), clock_from=NOW - DAY)
    by_review = replace(due, reviewed_at=GOOD.taken_at, reviewed_grade=Grade.C, tickets=(asked,))
    assert not kept(by_review)
    [action] = kept(replace(due, is_declared=True, tickets=(asked,)))
    assert (action.kind, str(action.why)) == (ActionKind.VERIFY, "a newer list of members was read")
    assert not kept(replace(due, is_declared=True, tickets=(replace(asked, clock_from=NOW),)))


# --- proof ----------------------------------------------------------------------------------------------------


def weighed(ticket: Ticket, group: GroupState, now: datetime = NOW, rules_: ControlPolicy = ALL) -> Any:
    return weigh_control(ticket, group, examine(group, rules_, now), now, CLAIM_LIFE)


def claimed(at: datetime = NOW - 2 * HOUR, **changes: Any) -> Ticket:
    return replace(the_ticket(), opened_at=NOW - DAY, state=TicketState.DONE, done_at=at, **changes)


def test_a_claim_alone_and_what_was_read_before_it_prove_nothing() -> None:
    assert weighed(claimed(NOW), GOOD).verdict is Verdict.INCONCLUSIVE
    assert weighed(claimed(NOW), BARE).verdict is Verdict.INCONCLUSIVE


def test_what_was_read_after_it_proves_it_with_its_grade() -> None:
    proof = weighed(claimed(), GOOD)
    assert (proof.verdict, proof.grade, proof.at) == (Verdict.VERIFIED, Grade.A, GOOD.taken_at)
    assert weighed(claimed(), replace(GOOD, grade=Grade.B)).grade is Grade.B
    assert str(proof.why) == "it was read after the claim, and is as it should be"
    unclaimed = weighed(replace(claimed(), state=TicketState.OPEN, done_at=None), GOOD)
    assert unclaimed.verdict is Verdict.VERIFIED
    assert str(unclaimed.why) == "it was read after the ticket was opened, and is as it should be"


def test_what_is_still_so_opens_it_again() -> None:
    proof = weighed(claimed(), BARE)
    assert (proof.verdict, proof.reopened) == (Verdict.REOPENED, Reopened.NOT_DONE)
    still = replace(claimed(), state=TicketState.OPEN, done_at=None)
    assert weighed(still, BARE).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("control, changes", [
    (control, changes) for control in ("profile.description",) for changes in ABSENT[control]
])  # fmt: skip
def test_what_cannot_be_told_proves_nothing(control: str, changes: Any) -> None:
    del control
    assert weighed(claimed(), replace(GOOD, **changes)).verdict is Verdict.INCONCLUSIVE


def test_one_fault_that_is_left_keeps_the_others_from_proving_it() -> None:
    both = the_ticket(replace(BARE, name="Party"))
    half = replace(both, opened_at=NOW - DAY, state=TicketState.DONE, done_at=NOW - 2 * HOUR)
    assert weighed(half, replace(GOOD, **shown(description=None))).verdict is Verdict.INCONCLUSIVE
    assert weighed(half, BARE).verdict is Verdict.REOPENED
    assert weighed(half, GOOD).verdict is Verdict.VERIFIED


def test_a_claim_that_nothing_shows_is_over_after_its_life() -> None:
    old = claimed(NOW - CLAIM_LIFE)
    assert weighed(old, replace(GOOD, **shown(description=None))).reopened is Reopened.UNPROVEN


def test_a_group_that_is_gone_proves_only_that_it_was_closed() -> None:
    quiet = replace(GOOD, **shown(last_activity_at=NOW - 200 * DAY))
    closed = replace(the_ticket(quiet), state=TicketState.DONE, done_at=NOW - HOUR)
    assert weighed(closed, replace(quiet, is_gone=True)).verdict is Verdict.VERIFIED
    left_out = replace(quiet, is_gone=True, is_unseen=True)
    assert weighed(closed, left_out).verdict is Verdict.INCONCLUSIVE
    assert weighed(claimed(), replace(BARE, is_gone=True)).verdict is Verdict.INCONCLUSIVE


BY_ANOTHER = dict.fromkeys(("group.registered", "group.complete", "group.class_fits"), "list") | {
    "group.review": "review"
}


@pytest.mark.parametrize("control, changes", [
    ("profile.description", shown(description=None) | said(description_ok=True)),
    ("profile.picture", shown(picture_sha256=None) | said(picture_ok=True)),
    ("profile.join", shown(approval=None) | said(approval=True)),
    ("group.dormant", said(status=RegisterStatus.CLOSED) | {"grade": Grade.B}),
])  # fmt: skip
def test_what_a_register_shows_is_its_word(control: str, changes: dict[str, Any]) -> None:
    found = examine(replace(GOOD, **changes), ALL, NOW)
    [result] = [one.result for one in found if one.control.id == control]
    assert (result.value, result.source) == (CheckValue.PASS, "list")


@pytest.mark.parametrize("control", FAILS)
def test_every_control_s_ticket_is_proven_by_a_later_pass_and_by_nothing_else(control: str) -> None:
    bad = replace(GOOD, **FAILS[control][0])
    found = [
        one.ticket for one in opens(bad) if control in {fault["control"] for fault in faults_of(one.ticket)}
    ]
    if not found:
        assert control == "leaving.hand_over"
        return
    ticket = replace(found[0], opened_at=NOW - DAY, state=TicketState.DONE, done_at=NOW - 2 * HOUR)
    proof = weighed(ticket, GOOD)
    assert (proof.verdict, proof.source) == (Verdict.VERIFIED, BY_ANOTHER.get(control, ""))
    assert weighed(replace(ticket, done_at=NOW), GOOD).verdict is Verdict.INCONCLUSIVE
    is_news = control != "group.roster_fresh"  # a list that is old says nothing new
    assert (weighed(ticket, bad).verdict is Verdict.REOPENED) is is_news
