from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAY, LEFT_AT, NOW, facts, key, leaver, person
from worker.domain.model import Account, AccountFacts, Evidence, Standing
from worker.domain.people.leaver import AbsentPolicy, Judgement, LeaverPolicy, is_absence_proof, judge, settle

PAST, FUTURE = NOW - DAY, NOW + DAY
LEFT, LEAVING, ACTIVE = Standing.LEFT, Standing.LEAVING, Standing.ACTIVE
EVERYTHING = LeaverPolicy()


@pytest.mark.parametrize(
    "switch, evidence",
    [
        ("disabled", Evidence.DISABLED),
        ("deleted", Evidence.DELETED),
        ("expired", Evidence.EXPIRED),
        ("leave_date", Evidence.LEAVE_DATE),
        ("moved_to_leavers_ou", Evidence.MOVED_OUT),
    ],
)
def test_evidence_that_is_switched_off_is_the_only_one_that_does_not_count(
    switch: str, evidence: Evidence
) -> None:
    off: dict[str, Any] = {switch: False}
    policy = replace(EVERYTHING, **off)
    assert {one for one in Evidence if not policy.counts(one)} == {evidence}


@pytest.mark.parametrize(
    "stated, judgement",
    [
        ({"is_in_scope": False, "is_deleted": True}, Judgement(LEFT, Evidence.DELETED)),
        ({"is_in_scope": False}, None),
        ({"is_in_scope": False, "leave_at": FUTURE}, None),
        ({"is_deleted": True, "enabled": False}, Judgement(LEFT, Evidence.DELETED)),
        ({"enabled": False}, Judgement(LEFT, Evidence.DISABLED)),
        ({"enabled": False, "is_on_long_leave": True}, Judgement(ACTIVE)),
        ({"enabled": False, "is_moved_out": True}, Judgement(LEFT, Evidence.DISABLED)),
        ({"is_moved_out": True, "leave_at": PAST}, Judgement(LEFT, Evidence.MOVED_OUT)),
        ({"leave_at": PAST, "expires_at": PAST}, Judgement(LEFT, Evidence.LEAVE_DATE, PAST)),
        ({"leave_at": NOW}, Judgement(LEFT, Evidence.LEAVE_DATE, NOW)),
        ({"leave_at": FUTURE, "expires_at": PAST}, Judgement(LEFT, Evidence.EXPIRED, PAST)),
        ({"enabled": None, "leave_at": PAST}, Judgement(LEFT, Evidence.LEAVE_DATE, PAST)),
        ({"leave_at": FUTURE}, Judgement(LEAVING, Evidence.LEAVE_DATE, FUTURE)),
        ({"leave_at": FUTURE + DAY, "expires_at": FUTURE}, Judgement(LEAVING, Evidence.EXPIRED, FUTURE)),
        ({"enabled": None, "leave_at": FUTURE}, Judgement(LEAVING, Evidence.LEAVE_DATE, FUTURE)),
        ({"enabled": None}, None),
        ({"unread": ("leave_at",)}, None),
        ({"unread": ("leave_at",), "enabled": False}, Judgement(LEFT, Evidence.DISABLED)),
        ({"unread": ("leave_at",), "is_deleted": True}, Judgement(LEFT, Evidence.DELETED)),
        ({"unread": ("leave_at",), "is_moved_out": True}, Judgement(LEFT, Evidence.MOVED_OUT)),
        ({"unread": ("leave_at",), "expires_at": PAST}, Judgement(LEFT, Evidence.EXPIRED, PAST)),
        ({"unread": ("leave_at",), "expires_at": FUTURE}, Judgement(LEAVING, Evidence.EXPIRED, FUTURE)),
        ({}, Judgement(ACTIVE)),
    ],
)
def test_the_first_row_that_fits_decides(stated: dict[str, Any], judgement: Judgement | None) -> None:
    assert judge(facts(**stated), EVERYTHING, NOW) == judgement


@pytest.mark.parametrize(
    "policy, stated",
    [
        (LeaverPolicy(deleted=False), {"is_deleted": True}),
        (LeaverPolicy(disabled=False), {"enabled": False}),
        (LeaverPolicy(moved_to_leavers_ou=False), {"is_moved_out": True}),
        (LeaverPolicy(leave_date=False), {"leave_at": PAST}),
        (LeaverPolicy(expired=False), {"expires_at": PAST}),
    ],
)
def test_evidence_that_is_switched_off_does_not_count(policy: LeaverPolicy, stated: dict[str, Any]) -> None:
    assert judge(facts(**stated), policy, NOW) == Judgement(ACTIVE)


MAYBE_DATES = st.none() | st.datetimes(timezones=st.just(NOW.tzinfo))
ANY_FACTS = st.builds(
    AccountFacts,
    st.just("ann"),
    st.just("Ann"),
    enabled=st.booleans() | st.none(),
    is_deleted=st.booleans(),
    is_moved_out=st.booleans(),
    is_on_long_leave=st.booleans(),
    is_in_scope=st.booleans(),
    leave_at=MAYBE_DATES,
    expires_at=MAYBE_DATES,
)


@given(ANY_FACTS)
def test_a_leaver_always_has_evidence_of_their_own(stated: AccountFacts) -> None:
    judgement = judge(stated, EVERYTHING, NOW)
    if judgement is not None and judgement.standing is LEFT:
        proofs = {
            Evidence.DELETED: stated.is_deleted,
            Evidence.DISABLED: stated.enabled is False and not stated.is_on_long_leave,
            Evidence.MOVED_OUT: stated.is_moved_out,
            Evidence.LEAVE_DATE: stated.leave_at is not None and stated.leave_at <= NOW,
            Evidence.EXPIRED: stated.expires_at is not None and stated.expires_at <= NOW,
        }
        assert judgement.evidence is not None
        assert proofs[judgement.evidence]


NEW_FACTS = facts(title="Nurse")


@pytest.mark.parametrize(
    "before, judgement, after",
    [
        (None, None, Account(key(), NEW_FACTS)),
        (leaver(), None, Account(key(), NEW_FACTS, LEFT, Evidence.DISABLED, LEFT_AT)),
        (leaver(), Judgement(ACTIVE), Account(key(), NEW_FACTS)),
        (
            None,
            Judgement(LEAVING, Evidence.EXPIRED, FUTURE),
            Account(key(), NEW_FACTS, LEAVING, Evidence.EXPIRED),
        ),
        (
            leaver(),
            Judgement(LEFT, Evidence.DELETED),
            Account(key(), NEW_FACTS, LEFT, Evidence.DISABLED, LEFT_AT),
        ),
        (person(), Judgement(LEFT, Evidence.DELETED), Account(key(), NEW_FACTS, LEFT, Evidence.DELETED, NOW)),
        (
            None,
            Judgement(LEFT, Evidence.LEAVE_DATE, PAST),
            Account(key(), NEW_FACTS, LEFT, Evidence.LEAVE_DATE, PAST),
        ),
    ],
)
def test_a_pass_keeps_what_it_does_not_decide(
    before: Account | None, judgement: Judgement | None, after: Account
) -> None:
    assert settled(before, NEW_FACTS, judgement) == after


def settled(before: Account | None, stated: AccountFacts, judgement: Judgement | None) -> Account:
    was_in_scope = before is not None and before.facts.is_in_scope
    return settle(key(), before, stated, judgement, NOW, was_in_scope=was_in_scope)


OUTSIDER = replace(person(), facts=facts(is_in_scope=False))


@pytest.mark.parametrize(
    "before, stated, standing",
    [
        (person(), {"enabled": False}, LEFT),
        (person(), {"is_deleted": True}, LEFT),
        (person(), {"leave_at": PAST}, LEFT),
        (person(), {}, ACTIVE),
        (leaver(), {}, LEFT),
        (OUTSIDER, {"enabled": False}, ACTIVE),
        (OUTSIDER, {"is_deleted": True}, ACTIVE),
        (None, {"enabled": False}, ACTIVE),
    ],
)
def test_who_leaves_the_scope_disabled_or_deleted_has_left_and_nobody_else_out_of_it(
    before: Account | None, stated: dict[str, Any], standing: Standing
) -> None:
    record = facts(**stated, is_in_scope=False)
    after = settled(before, record, judge(record, EVERYTHING, NOW))
    assert after.standing is standing
    assert not after.facts.is_in_scope


@pytest.mark.parametrize("stated", [{"enabled": False}, {"is_deleted": True}])
def test_who_was_in_scope_once_has_left_when_their_account_is_put_away(stated: dict[str, Any]) -> None:
    record = facts(**stated, is_in_scope=False)
    judgement = judge(record, EVERYTHING, NOW)
    assert settle(key(), OUTSIDER, record, judgement, NOW, was_in_scope=True).standing is LEFT


@pytest.mark.parametrize(
    "was_in_scope, says_in_scope, is_in_scope, standing",
    [
        (True, True, True, LEFT),
        (True, False, False, LEFT),
        (False, True, False, ACTIVE),
        (False, False, False, ACTIVE),
    ],
)
def test_no_tombstone_brings_somebody_into_the_scope(
    *, was_in_scope: bool, says_in_scope: bool, is_in_scope: bool, standing: Standing
) -> None:
    before = replace(person(), facts=facts(phones=("+447700900001",), is_in_scope=was_in_scope))
    tombstone = facts(is_deleted=True, is_in_scope=says_in_scope, location="Deleted Objects")

    after = settled(before, tombstone, judge(tombstone, EVERYTHING, NOW))

    assert (after.facts.is_in_scope, after.facts.location) == (is_in_scope, "Deleted Objects")
    assert after.standing is standing


@pytest.mark.parametrize(
    "left",
    [
        {},
        {"employee_id": "E2"},
        {"enabled": False},
        {"phones": ("+447700900002",), "phones_in": (("mobile",),), "leave_at": PAST},
        {"unread": ("leave_at",), "leave_at": None},
    ],
)
def test_a_deleted_record_takes_nothing_away_but_what_it_says_anew(left: dict[str, Any]) -> None:
    """Deletion removes links and numbers, and changes names: Entra's user name, the unit of one deleted with it."""
    known = facts(
        email="ann@corp.example", username="ann@corp.example", employee_id="E1", phones=("+447700900001",),
        phones_in=(("mobile",),), department="Ward 4", manager_id="boss", immutable_id="abc", org_unit="OU=W4",
        leave_at=FUTURE, is_on_long_leave=True, attributes=(("country", "GB"),),
    )  # fmt: skip
    deleted = AccountFacts(
        known.person_id, "ann", username="00c0ffeeann@corp.example", immutable_id=known.person_id,
        org_unit="OU=W4 DEL:1", is_deleted=True, location="Deleted Objects", **left,
    )  # fmt: skip
    after = settled(Account(key(), known), deleted, judge(deleted, EVERYTHING, NOW))

    assert after.facts == replace(known, is_deleted=True, location="Deleted Objects", **left)
    assert after.standing is LEFT


def test_a_deleted_record_names_whom_nothing_named() -> None:
    known = replace(facts(), username=None)
    after = settled(Account(key(), known), replace(facts(), username="ann", is_deleted=True), None)
    assert after.facts.username == "ann"


ADDRESS = "ann@corp.example"


@pytest.mark.parametrize(
    "before, stated, email",
    [
        (person, {"enabled": False, "email": None}, ADDRESS),
        (person, {"enabled": False, "email": ""}, ADDRESS),
        (person, {"enabled": False, "email": "other@corp.example"}, "other@corp.example"),
        (leaver, {"enabled": None, "email": None}, ADDRESS),
        (leaver, {"email": None}, None),
        (person, {"email": None}, None),
        (person, {"leave_at": FUTURE, "email": None}, None),
    ],
)
def test_whoever_has_left_keeps_the_address_that_is_taken_from_the_account(
    before: Callable[[], Account], stated: dict[str, Any], email: str | None
) -> None:
    """Those who put accounts away often empty it, and the rights of an address end by whose it was."""
    known = replace(before(), facts=facts(email=ADDRESS))
    record = facts(**stated)

    after = settled(known, record, judge(record, EVERYTHING, NOW))

    assert after.facts.email == email
    assert settled(None, record, judge(record, EVERYTHING, NOW)).facts == record


UNKNOWN = facts(enabled=None)
UNREAD = facts(unread=("leave_at",))


@pytest.mark.parametrize(
    "left_by, stated, judgement, standing",
    [
        (Evidence.DISABLED, UNKNOWN, Judgement(LEAVING, Evidence.EXPIRED, FUTURE), LEFT),
        (Evidence.DELETED, UNKNOWN, Judgement(LEAVING, Evidence.EXPIRED, FUTURE), LEFT),
        (Evidence.MOVED_OUT, UNKNOWN, Judgement(LEAVING, Evidence.LEAVE_DATE, FUTURE), LEFT),
        (Evidence.DISABLED, facts(), Judgement(LEAVING, Evidence.EXPIRED, FUTURE), LEAVING),
        (Evidence.LEAVE_DATE, UNKNOWN, Judgement(LEAVING, Evidence.LEAVE_DATE, FUTURE), LEAVING),
        (Evidence.LEAVE_DATE, UNKNOWN, None, LEFT),
        (Evidence.ABSENT_CONFIRMED, UNKNOWN, None, ACTIVE),
        (Evidence.ABSENT_CONFIRMED, replace(UNKNOWN, is_in_scope=False), None, LEFT),
        (Evidence.ABSENT_CONFIRMED, UNKNOWN, Judgement(LEAVING, Evidence.LEAVE_DATE, FUTURE), LEAVING),
        (Evidence.ABSENT_CONFIRMED, UNKNOWN, Judgement(LEFT, Evidence.LEAVE_DATE, PAST), LEFT),
        (Evidence.DISABLED, UNKNOWN, None, LEFT),
        (Evidence.DISABLED, facts(), Judgement(ACTIVE), ACTIVE),
        (Evidence.LEAVE_DATE, UNREAD, None, LEFT),
        (Evidence.LEAVE_DATE, UNREAD, Judgement(LEAVING, Evidence.EXPIRED, FUTURE), LEFT),
        (Evidence.DISABLED, UNREAD, None, LEFT),
        (Evidence.ABSENT_CONFIRMED, UNREAD, None, ACTIVE),
    ],
)
def test_only_what_is_stated_brings_a_leaver_back(
    left_by: Evidence, stated: AccountFacts, judgement: Judgement | None, standing: Standing
) -> None:
    before = replace(leaver(), evidence=left_by)
    after = settled(before, stated, judgement)
    assert after.standing is standing
    assert after.facts == stated
    assert standing is not LEFT or (after.evidence, after.left_at) == (left_by, LEFT_AT)


@given(ANY_FACTS, st.sampled_from(Evidence))
def test_an_unknown_account_never_returns_whom_an_account_made_leave(
    stated: AccountFacts, left_by: Evidence
) -> None:
    unknown = replace(stated, enabled=None)
    after = settled(replace(leaver(), evidence=left_by), unknown, judge(unknown, EVERYTHING, NOW))
    if left_by in {Evidence.DISABLED, Evidence.DELETED, Evidence.MOVED_OUT} or not stated.is_in_scope:
        assert after.standing is LEFT


@pytest.mark.parametrize(
    "missed, hours, is_proof",
    [(3, 48, True), (2, 48, False), (3, 47, False), (2, 500, False), (500, 1, False)],
)
def test_absence_counts_after_enough_passes_and_enough_time(missed: int, hours: int, is_proof: bool) -> None:
    since = NOW - timedelta(hours=hours)
    assert is_absence_proof(missed, since, NOW, AbsentPolicy()) is is_proof
