"""Which accounts are one person's: what joins them, and what tells strangers apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import facts
from worker.domain.identity.humans import humans_among, join_keys
from worker.domain.model import AccountKey


def test_accounts_join_on_employee_id_immutable_id_and_mail_whatever_the_case() -> None:
    stated = facts(employee_id=" A7 ", immutable_id="x==", email="Ann@Corp.example")
    assert join_keys(stated) == {"employee:a7", "immutable:x==", "email:ann@corp.example"}


def test_blank_values_join_nobody() -> None:
    assert join_keys(facts(employee_id="  ", immutable_id="", email=None)) == frozenset()


CORP, CLOUD, BOB = AccountKey("corp", "ann"), AccountKey("tenant", "ann"), AccountKey("corp", "bob")
HR = AccountKey("hr", "ann")


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
        # nor strangers, who have nothing in common but the address
        ({CORP: {"email:a", "name:Ann Larsen"}, CLOUD: {"email:a", "name:Bob Moss"}}, [{CORP}, {CLOUD}]),
        ({CORP: {"email:a", "name:Ann Larsen"}, CLOUD: {"email:a", "name:Bob"}}, [{CORP, CLOUD}]),
        (
            {
                CORP: {"email:a", "name:Ann Larsen", "phone:+44"},
                CLOUD: {"email:a", "name:Bob Moss", "phone:+44"},
            },
            [{CORP, CLOUD}],
        ),
        (
            {
                CORP: {"email:a", "name:Ann Larsen"},
                HR: {"email:a", "name:Larsen, Ann"},
                CLOUD: {"email:a", "name:Bob Moss"},
            },
            [{CORP, HR}, {CLOUD}],
        ),
        (
            {
                CORP: {"email:a", "name:Ann Larsen"},
                HR: {"email:a", "name:A. L."},
                CLOUD: {"email:a", "name:Bob Moss"},
            },
            [{CORP}, {HR}, {CLOUD}],
        ),
        # an employee id joins no strangers of two directories
        (
            {CORP: {"employee:1", "name:Ann Larsen"}, CLOUD: {"employee:1", "name:Bob Moss"}},
            [{CORP}, {CLOUD}],
        ),
        ({CORP: {"employee:1", "name:Ann Larsen"}, BOB: {"employee:1", "name:Bob Moss"}}, [{CORP, BOB}]),
        (
            {
                CORP: {"employee:1", "name:Ann Larsen", "phone:+44"},
                CLOUD: {"employee:1", "name:Bob Moss", "phone:+44"},
            },
            [{CORP, CLOUD}],
        ),
        (
            {CORP: {"name:Ann Larsen", "phone:+44"}, CLOUD: {"name:Ann Larsen", "phone:+44"}},
            [{CORP}, {CLOUD}],
        ),
        # an immutable id that was copied from account to account in one directory
        ({CORP: {"immutable:g", "employee:1"}, BOB: {"immutable:g", "employee:2"}}, [{CORP}, {BOB}]),
        ({CORP: {"immutable:g", "name:Ann Larsen"}, BOB: {"immutable:g", "name:Bob Moss"}}, [{CORP}, {BOB}]),
        ({CORP: {"immutable:g", "name:Ann Larsen"}, BOB: {"immutable:g", "name:Ann Moss"}}, [{CORP, BOB}]),
        (
            {
                CORP: {"immutable:g", "name:Ann Larsen", "phone:+44"},
                BOB: {"immutable:g", "name:Bob Moss", "phone:+44"},
            },
            [{CORP, BOB}],
        ),
        ({CORP: {"immutable:g", "employee:1"}, BOB: {"immutable:g"}}, [{CORP, BOB}]),
        ({CORP: {"immutable:g", "employee:1"}, CLOUD: {"immutable:g", "employee:2"}}, [{CORP, CLOUD}]),
        (
            {CORP: {"immutable:g", "name:Ann Larsen"}, CLOUD: {"immutable:g", "name:Bob Moss"}},
            [{CORP, CLOUD}],
        ),
        # the other directory's account is of neither by it, and of one by something else
        (
            {
                CORP: {"immutable:g", "employee:1"},
                BOB: {"immutable:g", "employee:2"},
                CLOUD: {"immutable:g"},
            },
            [{CORP}, {BOB}, {CLOUD}],
        ),
        (
            {
                CORP: {"immutable:g", "employee:1"},
                BOB: {"immutable:g", "employee:2"},
                CLOUD: {"immutable:g", "employee:1"},
            },
            [{CORP, CLOUD}, {BOB}],
        ),
        # whoever may be either of two strangers is joined to neither; whoever is one of them, to that one
        (
            {
                CORP: {"employee:1", "name:Ann Larsen"},
                CLOUD: {"employee:1", "name:Bob Moss"},
                HR: {"employee:1", "name:Ann"},
            },
            [{CORP}, {HR}, {CLOUD}],
        ),
        (
            {
                CORP: {"employee:1", "name:Ann Larsen", "immutable:g"},
                CLOUD: {"employee:1", "name:Bob Moss"},
                HR: {"employee:1", "name:A. L.", "immutable:g"},
            },
            [{CORP, HR}, {CLOUD}],
        ),
        (
            {
                CORP: {"employee:1", "name:Ann Larsen"},
                BOB: {"employee:1", "name:Zoe"},
                CLOUD: {"employee:1", "name:Bob Moss"},
                HR: {"employee:1", "name:Ann"},
            },
            [{BOB, CORP}, {HR}, {CLOUD}],
        ),
    ],
)
def test_accounts_are_split_into_humans(
    accounts: dict[AccountKey, set[str]], humans: list[set[AccountKey]]
) -> None:
    found = humans_among({person: frozenset(keys) for person, keys in accounts.items()})
    assert sorted(map(sorted, found)) == sorted(map(sorted, humans))


KEYS = ["immutable:g", "immutable:h", "employee:1", "employee:2", "email:a", "phone:+44", "name:Ann Larsen",
        "name:Bob Moss"]  # fmt: skip
ACCOUNTS = st.dictionaries(
    st.builds(AccountKey, st.sampled_from(["corp", "tenant", "hr"]), st.sampled_from("abc")),
    st.frozensets(st.sampled_from(KEYS), max_size=4),
    max_size=6,
)


@given(ACCOUNTS.flatmap(lambda known: st.tuples(st.just(known), st.permutations(list(known)))))
def test_each_account_is_one_humans_in_whatever_order_they_come(
    given_in_order: tuple[dict[AccountKey, frozenset[str]], list[AccountKey]],
) -> None:
    known, order = given_in_order
    humans = humans_among(known)
    assert sorted(one for human in humans for one in human) == sorted(known)
    assert humans_among({one: known[one] for one in order}) == humans


@given(ACCOUNTS)
def test_in_one_directory_nobody_has_two_employee_ids(known: dict[AccountKey, frozenset[str]]) -> None:
    own = {one: keys for one, keys in known.items() if one.source == "corp" and len(numbers(keys)) <= 1}
    for human in humans_among(own):
        assert len(numbers(frozenset[str]().union(*(own[one] for one in human)))) <= 1


def numbers(keys: frozenset[str]) -> set[str]:
    return {key for key in keys if key.startswith("employee:")}
