"""Who a member was so far, under this handle or others, and who has the number now."""

from dataclasses import replace

import pytest

from builders import NOW
from identified import ANN, MARK, MEMBER, candidate, has_left, link, other
from worker.domain.identity.fingerprints import fingerprint
from worker.domain.identity.matching import (
    Candidate,
    How,
    Identity,
    IdentityState,
    KnownHandle,
    match,
    named_before,
)
from worker.domain.identity.names import Suggestion
from worker.domain.model import AccountKey, Standing

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


def test_who_is_here_is_not_taken_for_somebody_of_whose_accounts_one_left() -> None:
    left = has_left(candidate("bob-2", How.PHONE, "corp", "employee:8"))
    active = candidate("bob", How.PHONE, "corp", "employee:8")
    ann = candidate("ann", How.HANDLE)
    others = (replace(other("bob-2", How.PHONE, "employee:8"), standing=Standing.LEFT),)
    for known in ((), others):
        found = match(MARK, link(), (left, active), None, known, known_as=(ann,))
        assert found.state is IdentityState.AMBIGUOUS
        assert match(MARK, link(), (left, active), None, known).person == active.person


def test_an_earlier_link_names_its_person_or_those_whom_it_asked_about() -> None:
    assert named_before(None) == frozenset()
    assert named_before(link()) == {ANN}
    alike = replace(link(IdentityState.UNMATCHED), suggestions=(Suggestion(ANN, "Ann", 0.9),))
    assert named_before(alike) == frozenset()
    assert named_before(replace(alike, state=IdentityState.AMBIGUOUS)) == {ANN}


def test_a_number_that_is_somebody_elses_now_is_a_question_though_both_are_here() -> None:
    other_number = fingerprint(replace(MEMBER, phone="+447700900002"))
    bob, ann = candidate("bob"), candidate("ann", How.HANDLE)
    found = match(other_number, link(), (bob,), None, known_as=(ann,))
    assert found.state is IdentityState.AMBIGUOUS
    assert found.why == "this has Bob's number or address now, and so far this was Ann, who is here"
    assert match(other_number, found, (bob,), None, known_as=(ann, bob)).person == bob.person


def test_nobody_is_a_question_once_all_who_are_here_with_the_number_came_later() -> None:
    nobody = link(IdentityState.NOBODY, None)
    new = replace(candidate("eve"), is_new=True)
    asked = match(MARK, nobody, (new, has_left(candidate("bob"))), None)
    assert (asked.state, asked.person, [one.name for one in asked.suggestions]) == (
        IdentityState.AMBIGUOUS,
        None,
        ["Eve"],
    )
    assert asked.why == "Eve came after the answer that this is nobody of the directory"
    assert match(MARK, nobody, (new, candidate("bob")), None) == nobody
    assert match(MARK, nobody, (replace(new, how=How.EMAIL), candidate("bob")), None) == nobody
    assert match(MARK, nobody, (has_left(candidate("bob")),), None) == nobody


def test_a_question_about_an_answer_stays_until_a_person_answers() -> None:
    asked = match(MARK, link(IdentityState.NOBODY, None), (replace(candidate("eve"), is_new=True),), None)
    for others in ((has_left(candidate("eve")), candidate("bob")), (candidate("bob"),), ()):
        assert match(MARK, asked, others, None) == asked
