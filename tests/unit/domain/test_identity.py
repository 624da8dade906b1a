from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAY, LEFT_AT, NOW, facts, member
from worker.domain.identity.matching import (
    Candidate,
    How,
    Identity,
    IdentityState,
    KnownHandle,
    fingerprint,
    humans_among,
    join_keys,
    match,
    named_before,
)
from worker.domain.identity.names import Suggestion
from worker.domain.model import AccountKey, Member, Standing

ANN = AccountKey("corp", "ann")
MEMBER = member()
MARK = fingerprint(MEMBER)


def candidate(person_id: str = "ann", how: How = How.PHONE, source: str = "corp", *keys: str) -> Candidate:
    return Candidate(AccountKey(source, person_id), how, frozenset(keys), person_id.capitalize())


def has_left(who: Candidate, at: datetime = LEFT_AT) -> Candidate:
    return replace(who, standing=Standing.LEFT, left_at=at)


def link(
    state: IdentityState = IdentityState.LINKED, how: How | None = How.PHONE, mark: str = MARK
) -> Identity:
    return Identity(state, mark, ANN if state is IdentityState.LINKED else None, how)


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
    answer: Identity, more: dict[str, str]
) -> None:
    mark = fingerprint(replace(MEMBER, **more))  # type: ignore[arg-type]
    assert match(mark, answer, (), None) == replace(answer, fingerprint=mark)


def test_another_account_at_the_same_number_is_not_the_same_member() -> None:
    before, after = (fingerprint(replace(MEMBER, lid=f"{lid}@lid")) for lid in (55, 66))
    assert match(after, link(how=How.CONFIRMED, mark=before), (), None).state is IdentityState.UNMATCHED
    assert match(after, link(how=How.CONFIRMED, mark="name:Ann"), (), None).state is IdentityState.UNMATCHED


def other(
    person_id: str | None = "ann", how: How | None = How.PHONE, *keys: str, gave_up: bool = False
) -> KnownHandle:
    person = AccountKey("corp", person_id) if person_id else None
    state = IdentityState.LINKED if person else IdentityState.NOBODY
    name = person_id.capitalize() if person_id else ""
    return KnownHandle(Identity(state, "x", person, how), name, frozenset(keys), gave_up)


NOBODY = other(None, None)


def test_a_member_is_who_they_are_under_another_handle() -> None:
    found = match(MARK, None, (), None, (other(),))
    assert (found.state, found.person, found.how, found.fingerprint) == (
        IdentityState.LINKED,
        ANN,
        How.HANDLE,
        MARK,
    )
    assert match(MARK, None, (), None, (NOBODY,)).state is IdentityState.NOBODY


def test_other_handles_that_follow_change_what_followed_from_them() -> None:
    known = link(how=How.HANDLE)
    assert match(MARK, known, (), None, (other("bob", How.CONFIRMED),)).person == AccountKey("corp", "bob")
    assert match(MARK, known, (), None) == known


@pytest.mark.parametrize(
    "others, person",
    [
        ((other("bob"), other(how=How.CONFIRMED)), "ann"),
        ((other("bob", How.HANDLE), other()), "ann"),
        ((other("bob"), other()), None),
        ((other(), NOBODY), None),
        ((other(how=How.CONFIRMED), NOBODY), None),
        ((other("a", How.PHONE, "employee:7"), other("b", How.PHONE, "employee:7")), "a"),
    ],
)
def test_the_best_evidence_of_other_handles_counts_and_two_people_are_a_question(
    others: tuple[KnownHandle, ...], person: str | None
) -> None:
    found = match(MARK, None, (), None, others)
    expected = IdentityState.LINKED if person else IdentityState.AMBIGUOUS
    if others[-1] == NOBODY and others[0].identity.how is How.PHONE:
        expected = IdentityState.NOBODY
    assert (found.state, found.person and found.person.person_id) == (expected, person)


def test_another_handle_says_which_of_two_people_with_one_number_it_is() -> None:
    rivals = (candidate("ann"), candidate("bob"))
    found = match(MARK, None, rivals, None, (other(how=How.CONFIRMED),))
    assert (found.person, found.how) == (ANN, How.PHONE)
    assert match(MARK, None, rivals, None, (other("cem"),)).why == (
        "its handles are known as different people: Ann, Bob, Cem"
    )


def test_a_number_of_one_person_and_a_handle_of_another_are_a_question() -> None:
    found = match(MARK, link(), (candidate("bob"),), None, (other(),))
    assert (found.state, [one.name for one in found.suggestions]) == (IdentityState.AMBIGUOUS, ["Ann", "Bob"])
    assert match(MARK, None, (candidate("bob"),), None, (NOBODY,)).state is IdentityState.AMBIGUOUS


def test_an_account_that_is_known_is_not_taken_for_a_recycled_number() -> None:
    assert match(MARK, None, (has_left(candidate()),), NOW, (other(),)).person == ANN


def test_a_number_that_its_person_gave_up_is_a_question_and_anybody_elses_is_theirs() -> None:
    given_up = other(gave_up=True)
    assert match(MARK, None, (candidate(),), None, (given_up,)).state is IdentityState.AMBIGUOUS
    assert match(MARK, None, (candidate("bob"),), None, (given_up,)).person == AccountKey("corp", "bob")
    assert match(MARK, None, (), None, (given_up,)).state is IdentityState.UNMATCHED


@pytest.mark.parametrize(
    "previous, others, before, person",
    [
        (link(), other("bob"), candidate(how=How.HANDLE), None),
        (
            link(),
            other("bob", How.PHONE, "employee:7"),
            candidate("ann", How.HANDLE, "corp", "employee:7"),
            "bob",
        ),
        (link(how=How.HANDLE), other("bob"), candidate(how=How.HANDLE), "bob"),
        (
            link(how=How.HANDLE),
            replace(other("bob"), standing=Standing.LEFT),
            candidate(how=How.HANDLE),
            None,
        ),
    ],
)
def test_whose_number_it_was_is_not_somebody_else_because_other_handles_say_so(
    previous: Identity, others: KnownHandle, before: Candidate, person: str | None
) -> None:
    """The directory has no such number any more, and whoever had it is here."""
    found = match(MARK, previous, (), None, (others,), known_as=(before,))
    assert (found.person and found.person.person_id) == person
    if person is None:
        assert (found.state, found.why) == (
            IdentityState.AMBIGUOUS,
            "its handles are known as different people: Ann, Bob",
        )
    assert match(MARK, previous, (), None, (other("bob"),), known_as=(has_left(before),)).person is not None


def test_other_handles_do_not_make_who_is_here_a_leaver_who_has_the_number_now() -> None:
    bob, new = has_left(candidate("bob")), candidate("new")
    others = (replace(other("bob"), standing=Standing.LEFT),)
    ann = candidate("ann", How.HANDLE)

    found = match(MARK, link(), (bob, new), None, others, known_as=(ann,))

    assert found.why == "its handles are known as different people: Ann, Bob, New"
    assert match(MARK, link(), (bob, new), None, others, known_as=(has_left(ann),)).person == bob.person


# --- a number of somebody who is here, and of a leaver ------------------------------------------------------


def test_who_is_here_is_not_taken_for_a_leaver_who_has_the_number_now() -> None:
    bob, ann = has_left(candidate("bob")), candidate("ann", How.HANDLE)
    found = match(MARK, link(), (bob,), None, known_as=(ann,))
    assert (found.state, found.person) == (IdentityState.AMBIGUOUS, None)
    assert found.why == "Bob left, and so far this was Ann, who is here"
    assert [one.name for one in found.suggestions] == ["Ann", "Bob"]
    assert named_before(found) == {bob.person, ANN}

    again = match(MARK, found, (bob,), None, known_as=(ann, bob))
    assert again == found  # the question stands
    another_number = fingerprint(replace(MEMBER, phone="+4915111"))
    assert match(another_number, link(), (bob,), None, known_as=(ann,)).state is IdentityState.AMBIGUOUS
    soon = replace(bob, standing=Standing.LEAVING)
    found = match(MARK, link(), (soon,), None, known_as=(ann,))
    assert found.state is IdentityState.AMBIGUOUS
    assert found.why == "Bob is about to leave, and so far this was Ann, who is here"


def test_an_active_persons_number_is_theirs_and_so_is_one_of_two_leavers_or_of_one_person_twice() -> None:
    bob, ann = candidate("bob"), candidate("ann", How.HANDLE)
    assert match(MARK, link(), (bob,), None, known_as=(ann,)).person == bob.person
    assert match(MARK, link(), (has_left(bob),), None, known_as=(has_left(ann),)).person == bob.person
    old = has_left(candidate("ann-2", How.PHONE, "corp", "employee:7"))
    same = candidate("ann", How.HANDLE, "corp", "employee:7")
    assert match(MARK, link(), (old,), None, known_as=(same,)).person == old.person


def test_an_earlier_link_names_its_person_or_those_whom_it_asked_about() -> None:
    assert named_before(None) == frozenset()
    assert named_before(link()) == {ANN}
    alike = replace(link(IdentityState.UNMATCHED), suggestions=(Suggestion(ANN, "Ann", 0.9),))
    assert named_before(alike) == frozenset()
    assert named_before(replace(alike, state=IdentityState.AMBIGUOUS)) == {ANN}


def test_a_new_display_name_changes_the_fingerprint_only_of_somebody_who_has_nothing_else() -> None:
    renamed = replace(MEMBER, display_name="Annie")
    assert fingerprint(renamed) == MARK
    bare = member("name:Ann", phone=None, display_name="Ann")
    assert fingerprint(bare) != fingerprint(replace(bare, display_name="Bob"))


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


def test_accounts_join_on_employee_id_immutable_id_and_mail_whatever_the_case() -> None:
    stated = facts(employee_id=" A7 ", immutable_id="x==", email="Ann@Corp.example")
    assert join_keys(stated) == {"employee:a7", "immutable:x==", "email:ann@corp.example"}


def test_blank_values_join_nobody() -> None:
    assert join_keys(facts(employee_id="  ", immutable_id="", email=None)) == frozenset()


CORP, CLOUD, BOB = AccountKey("corp", "ann"), AccountKey("tenant", "ann"), AccountKey("corp", "bob")


@pytest.mark.parametrize(
    "accounts, humans",
    [
        ({}, []),
        ({CORP: {"employee:1"}, BOB: {"employee:2"}}, [{CORP}, {BOB}]),
        ({CORP: {"employee:1"}, CLOUD: {"employee:1"}, BOB: set()}, [{CORP, CLOUD}, {BOB}]),
        # each through the next
        (
            {BOB: {"employee:1"}, CORP: {"employee:1", "immutable:g"}, CLOUD: {"immutable:g"}},
            [{BOB, CORP, CLOUD}],
        ),
        # an address alone, between two directories
        ({CORP: {"email:a"}, CLOUD: {"email:a"}}, [{CORP, CLOUD}]),
        ({CORP: {"email:a"}, BOB: {"email:a"}}, [{CORP}, {BOB}]),
        ({CORP: {"email:a"}, BOB: {"email:a"}, CLOUD: {"email:a"}}, [{CORP}, {BOB}, {CLOUD}]),
        ({CORP: {"email:a", "employee:1"}, CLOUD: {"email:a", "employee:2"}}, [{CORP}, {CLOUD}]),
        ({CORP: {"email:a", "employee:1"}, CLOUD: {"email:a"}}, [{CORP, CLOUD}]),
        # not one that would make one person of two whom something stronger tells apart
        (
            {CORP: {"email:a", "employee:1"}, CLOUD: {"email:a", "employee:1"}, BOB: {"email:a"}},
            [{BOB}, {CORP, CLOUD}],
        ),
    ],
)
def test_accounts_are_split_into_humans(
    accounts: dict[AccountKey, set[str]], humans: list[set[AccountKey]]
) -> None:
    found = humans_among({person: frozenset(keys) for person, keys in accounts.items()})
    assert sorted(map(sorted, found)) == sorted(map(sorted, humans))
