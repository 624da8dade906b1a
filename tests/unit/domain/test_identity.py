from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAY, LEFT_AT, NOW, member
from identified import ANN, MARK, MEMBER, candidate, has_left, link
from worker.domain.identity.fingerprints import fingerprint, is_still, merged
from worker.domain.identity.matching import (
    Candidate,
    How,
    Identity,
    IdentityState,
    match,
)
from worker.domain.model import AccountKey, Member, Standing


@pytest.mark.parametrize("how", [How.PHONE, How.VARIANT, How.EMAIL, How.EMPLOYEE_ID])
def test_one_person_with_the_same_number_or_address_is_linked(how: How) -> None:
    found = match(MARK, None, (candidate(how=how),), None)
    assert (found.state, found.person, found.how, found.fingerprint) == (IdentityState.LINKED, ANN, how, MARK)
    assert found.why.startswith("same ")


@pytest.mark.parametrize(
    "stronger, weaker", [(How.PHONE, How.VARIANT), (How.VARIANT, How.EMAIL), (How.EMAIL, How.EMPLOYEE_ID)]
)
def test_stronger_evidence_beats_weaker(stronger: How, weaker: How) -> None:
    found = match(MARK, None, (candidate("bob", weaker), candidate("ann", stronger)), None)
    assert (found.state, found.person) == (IdentityState.LINKED, ANN)


@pytest.mark.parametrize(
    "stronger, weaker",
    [
        (How.PHONE, How.VARIANT),
        (How.PHONE, How.EMAIL),
        (How.VARIANT, How.EMPLOYEE_ID),
        (How.EMAIL, How.EMPLOYEE_ID),
    ],
)
@pytest.mark.parametrize("is_stronger_gone", [True, False])
def test_a_leaver_and_somebody_who_is_here_are_a_question_whatever_says_each(
    stronger: How, weaker: How, *, is_stronger_gone: bool
) -> None:
    ann, bob = candidate("ann", stronger), candidate("bob", weaker)
    found = match(MARK, None, (has_left(ann), bob) if is_stronger_gone else (ann, has_left(bob)), None)
    assert (found.state, found.why) == (IdentityState.AMBIGUOUS, "several people have it: Ann, Bob")


def test_two_leavers_and_two_accounts_of_one_human_are_no_question() -> None:
    both = has_left(candidate("ann")), has_left(candidate("bob", How.EMAIL))
    assert match(MARK, None, both, None).person == ANN
    rehired = (
        has_left(candidate("ann", How.PHONE, "corp", "employee:7")),
        candidate("new", How.EMAIL, "tenant", "employee:7"),
    )
    assert match(MARK, None, rehired, None).person == ANN


def test_nobody_with_the_number_is_unmatched() -> None:
    assert match(MARK, None, (), None).state is IdentityState.UNMATCHED


def test_two_people_with_one_number_make_a_question_that_names_them() -> None:
    found = match(MARK, None, (candidate("bob"), candidate("ann"), candidate("ann")), None)
    assert (found.state, found.person, found.why) == (
        IdentityState.AMBIGUOUS,
        None,
        "several people have it: Ann, Bob",
    )


def test_a_person_without_a_name_is_named_by_their_id() -> None:
    nameless = replace(candidate("bob"), name="")
    assert "bob" in match(MARK, None, (nameless, candidate()), None).why


def test_two_accounts_with_one_employee_id_are_one_human_and_the_active_one_is_linked() -> None:
    old = has_left(candidate("old", How.PHONE, "corp", "employee:7"))
    new = candidate("new", How.PHONE, "tenant", "employee:7")
    found = match(MARK, None, (old, new), None)
    assert (found.state, found.person) == (IdentityState.LINKED, new.person)


def test_of_several_old_accounts_the_newest_is_linked() -> None:
    older = has_left(candidate("a", How.PHONE, "corp", "employee:7"), LEFT_AT - DAY)
    newer = has_left(candidate("b", How.PHONE, "corp", "employee:7"))
    assert match(MARK, None, (older, newer), None).person == newer.person


def test_one_mailbox_joins_accounts_of_two_directories_but_not_two_colleagues_in_one() -> None:
    ann, same = candidate("a", How.PHONE, "corp", "email:w"), candidate("b", How.PHONE, "tenant", "email:w")
    colleague = candidate("c", How.PHONE, "corp", "email:w")
    assert match(MARK, None, (ann, same), None).state is IdentityState.LINKED
    assert match(MARK, None, (ann, colleague), None).state is IdentityState.AMBIGUOUS
    assert match(MARK, None, (ann, same, colleague), None).state is IdentityState.AMBIGUOUS


@pytest.mark.parametrize(
    "first_seen_at, state",
    [
        (None, IdentityState.LINKED),
        (LEFT_AT - DAY, IdentityState.LINKED),
        (LEFT_AT, IdentityState.LINKED),
        (NOW, IdentityState.AMBIGUOUS),
    ],
)
def test_who_joined_after_the_numbers_owner_left_is_in_question(
    first_seen_at: datetime | None, state: IdentityState
) -> None:
    assert match(MARK, None, (has_left(candidate()),), first_seen_at).state is state


def test_a_leaver_without_a_date_and_somebody_still_here_are_never_recycled() -> None:
    dateless = replace(candidate(), standing=Standing.LEFT)
    assert match(MARK, None, (dateless,), NOW).state is IdentityState.LINKED
    assert match(MARK, None, (candidate(),), NOW).state is IdentityState.LINKED


def test_a_known_member_who_is_added_again_after_leaving_is_still_known() -> None:
    assert match(MARK, link(), (has_left(candidate()),), NOW).person == ANN


def test_a_link_to_somebody_else_does_not_make_a_recycled_number_known() -> None:
    bob = has_left(candidate("bob"))
    assert match(MARK, link(), (bob,), NOW).state is IdentityState.AMBIGUOUS


def test_a_link_by_another_account_of_the_same_human_counts_as_known() -> None:
    old = has_left(candidate("ann", How.PHONE, "corp", "employee:7"), LEFT_AT - DAY)
    newer = has_left(candidate("ann2", How.PHONE, "corp", "employee:7"))
    assert match(MARK, link(), (old, newer), NOW).person == newer.person


@pytest.mark.parametrize(
    "previous", [link(IdentityState.AMBIGUOUS, None), link(IdentityState.UNMATCHED, None)]
)
def test_a_question_is_looked_at_anew(previous: Identity) -> None:
    assert match(MARK, previous, (candidate(),), None).state is IdentityState.LINKED
    assert match(MARK, previous, (), None).state is IdentityState.UNMATCHED


def test_a_link_outlives_a_change_of_the_number_in_the_directory() -> None:
    assert match(MARK, link(), (), None) == link()


def test_a_number_that_somebody_else_has_now_is_theirs() -> None:
    assert match(MARK, link(), (candidate("bob"),), None).person == AccountKey("corp", "bob")


CONFIRMED = [link(how=How.CONFIRMED), link(IdentityState.NOBODY, None)]
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        st.builds(AccountKey, st.sampled_from(["corp", "tenant"]), st.sampled_from("abcd")),
        st.sampled_from([How.PHONE, How.VARIANT, How.EMAIL]),
        st.frozensets(st.sampled_from(["employee:1", "employee:2", "email:x"]), max_size=2),
        st.sampled_from(["", "Ann"]),
        st.sampled_from(Standing),
        st.none() | st.just(LEFT_AT),
    ),
    max_size=5,
)


@given(st.sampled_from(CONFIRMED), CANDIDATES, st.none() | st.just(NOW))
def test_a_persons_answer_holds_whatever_the_directory_says(
    answer: Identity, others: list[Candidate], seen: datetime | None
) -> None:
    assert match(MARK, answer, tuple(others), seen) == answer


@pytest.mark.parametrize("answer", CONFIRMED)
@pytest.mark.parametrize(
    "changed",
    [
        replace(MEMBER, phone="+447700900002"),
        replace(MEMBER, phone="+447700900002", lid="55@lid"),
        replace(MEMBER, phone=None, lid="55@lid"),
        replace(MEMBER, email="ann@corp.example"),
        replace(MEMBER, employee_id="7"),
    ],
)
def test_an_answer_ends_when_a_handle_changes(answer: Identity, changed: Member) -> None:
    assert match(fingerprint(changed), answer, (), None).state is IdentityState.UNMATCHED


@pytest.mark.parametrize("answer", CONFIRMED)
@pytest.mark.parametrize(
    "more", [{"lid": "55@lid"}, {"username": "ann"}, {"lid": "55@lid", "username": "ann"}]
)
def test_an_answer_holds_when_more_of_the_same_account_is_shown(
    answer: Identity, more: dict[str, Any]
) -> None:
    mark = fingerprint(replace(MEMBER, **more))
    assert match(mark, answer, (), None) == replace(answer, fingerprint=mark)


def test_another_account_at_the_same_number_is_not_the_same_member() -> None:
    before, after = (fingerprint(replace(MEMBER, lid=f"{lid}@lid")) for lid in (55, 66))
    assert match(after, link(how=How.CONFIRMED, mark=before), (), None).state is IdentityState.UNMATCHED
    assert match(after, link(how=How.CONFIRMED, mark="name:Ann"), (), None).state is IdentityState.UNMATCHED


def test_a_new_display_name_changes_the_fingerprint_only_of_somebody_who_has_nothing_else() -> None:
    renamed = replace(MEMBER, display_name="Annie")
    assert fingerprint(renamed) == MARK
    bare = member("name:Ann", phone=None, display_name="Ann")
    assert fingerprint(bare) != fingerprint(replace(bare, display_name="Bob"))


@pytest.mark.parametrize("name", ["ANN LEE", "Ann  lee", "Ann\u200e Lee"])
def test_a_name_in_other_letters_is_the_same_name(name: str) -> None:
    bare = member("name:ann lee", phone=None, display_name="Ann Lee")
    mark = fingerprint(replace(bare, display_name=name))
    assert mark == fingerprint(bare)
    assert is_still("name:Ann Lee", mark)  # as earlier releases stored it
    assert not is_still("name:Ann Lea", mark)


def test_a_name_without_a_letter_is_only_itself() -> None:
    moon, sun = (fingerprint(member("name:x", phone=None, display_name=name)) for name in ("🌙", "☀"))
    assert not is_still(moon, sun)


@pytest.mark.parametrize("account", [{"native_id": "U1"}, {"business_id": "GB.1", "username": "@ann"}])
@pytest.mark.parametrize(
    "later",
    [
        {"display_name": "Night nurse"},
        {"username": "@night"},
        {"phone": "+4915111"},
        {"email": "ann@corp.example"},
    ],
)
def test_an_account_is_never_somebody_elses_whatever_it_shows(
    account: dict[str, Any], later: dict[str, Any]
) -> None:
    before = member("U1", phone=None, display_name="Ann", **account)
    known, mark = fingerprint(before), fingerprint(replace(before, **later))
    assert (is_still(known, mark), is_still(mark, known)) == (True, True)
    assert is_still("name:Ann", known)  # as earlier releases stored it


@given(CANDIDATES.flatmap(lambda c: st.tuples(st.just(c), st.permutations(c))), st.none() | st.just(NOW))
def test_the_order_of_the_candidates_never_shows(
    orders: tuple[list[Candidate], list[Candidate]], seen: datetime | None
) -> None:
    one, other = orders
    assert match(MARK, None, tuple(one), seen) == match(MARK, None, tuple(other), seen)


@given(CANDIDATES, st.none() | st.just(NOW))
def test_two_humans_are_never_linked(others: list[Candidate], seen: datetime | None) -> None:
    found = match(MARK, None, tuple(others), seen)
    if found.state is not IdentityState.LINKED:
        assert found.person is None
        return
    rivals = [c for c in others if c.how is found.how]
    assert found.person in {c.person for c in rivals}
    theirs, size = {found.person}, 0  # whoever has a key in common with one of them, and so on
    while len(theirs) > size:
        size = len(theirs)
        keys = {key for c in rivals if c.person in theirs for key in c.join_keys}
        theirs |= {c.person for c in rivals if c.join_keys & keys}
    assert {c.person for c in rivals} <= theirs


@pytest.mark.parametrize(
    "shown, together",
    [
        (("+44|||a@x|", "+44||||"), "+44|||a@x|"),
        (("+44|||A@x|", "+44|||a@x|E1"), "+44|||A@x|E1"),
        (("+44|||a@x|E1", "+44|||b@x|E2"), "+44||||"),
        (("+44|5@lid|@ann||", "+44||||"), "+44|5@lid|@ann||"),
        (("+44|5@lid|||", "+44|6@lid|||"), "+44|6@lid|||"),  # a number with a new account is somebody new
        (("+44|5@lid|||", "+45|5@lid|||"), "|5@lid|||"),
        (("||||", "|||a@x|"), "|||a@x|"),
        (("+44|||a@x|", "name:Ann, Ben"), "name:Ann, Ben"),
        (("+44|||a|b@x|", "+44||||"), "+44||||"),  # of what can't be told apart, one
    ],
)
def test_a_member_in_several_groups_is_known_by_what_all_of_them_show(
    shown: tuple[str, ...], together: str
) -> None:
    assert merged(shown) == merged(shown[::-1]) == together
