"""Several accounts of one human: whether they have left, and by which word."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAY, LEFT_AT, NOW, facts
from worker.domain.model import Account, AccountKey, Evidence, Standing
from worker.domain.people.leaving import episode_name
from worker.domain.people.persons import AccountsRule, AccountState, human_of, leaving_of

EITHER, ALL = AccountsRule.EITHER, AccountsRule.ALL
EARLIER, LATER = LEFT_AT - DAY, LEFT_AT + DAY


def here(
    source: str = "corp",
    person_id: str = "ann",
    standing: Standing = Standing.ACTIVE,
    joined_at: datetime | None = None,
    email: str | None = "ann@corp.example",
) -> AccountState:
    person = Account(AccountKey(source, person_id), facts(person_id, email=email), standing)
    return AccountState(person, joined_at=joined_at)


def gone(
    source: str = "corp",
    person_id: str = "ann",
    at: datetime = LEFT_AT,
    *,
    is_let_through: bool = True,
    joined_at: datetime | None = None,
    noticed_at: datetime | None = None,
) -> AccountState:
    person = Account(
        AccountKey(source, person_id), facts(person_id, enabled=False), Standing.LEFT, Evidence.DISABLED, at
    )
    return AccountState(person, is_let_through, joined_at, noticed_at)


HELD = replace(gone(), is_let_through=False)


@pytest.mark.parametrize(
    "accounts, rule, speaks, leaves_at",
    [
        # one account says it all
        ([here()], EITHER, "corp/ann", None),
        ([gone()], EITHER, "corp/ann", LEFT_AT),
        ([gone()], ALL, "corp/ann", LEFT_AT),
        ([HELD], EITHER, "corp/ann", None),
        # within one directory, an old account beside a new one is a rehire's
        ([gone(), here(person_id="new")], EITHER, "corp/new", None),
        ([gone(), here(person_id="new")], ALL, "corp/new", None),
        ([gone(), gone(person_id="new", at=LATER)], EITHER, "corp/new", LATER),
        ([gone(), gone(person_id="new", at=LATER, is_let_through=False)], EITHER, "corp/ann", LEFT_AT),
        (
            [gone(), gone(person_id="new", at=LATER, is_let_through=False, noticed_at=NOW)],
            EITHER,
            "corp/new",
            None,
        ),
        # whatever it dates them, the leaving that became known last is the one by which they left
        (
            [
                gone(noticed_at=NOW - DAY),
                gone(person_id="new", at=EARLIER, is_let_through=False, noticed_at=NOW),
            ],
            EITHER,
            "corp/new",
            None,
        ),
        ([gone(), gone(person_id="new", at=EARLIER, noticed_at=NOW)], EITHER, "corp/new", EARLIER),
        # one of two directories
        ([gone(), here("tenant")], EITHER, "corp/ann", LEFT_AT),
        ([gone(), here("tenant")], ALL, "tenant/ann", None),
        ([here(), gone("tenant")], EITHER, "tenant/ann", LEFT_AT),
        ([here(), gone("tenant")], ALL, "corp/ann", None),
        ([HELD, here("tenant")], EITHER, "corp/ann", None),
        # both: the first word names it, or the last one
        ([gone(), gone("tenant", at=LATER)], EITHER, "corp/ann", LEFT_AT),
        ([gone(), gone("tenant", at=EARLIER)], EITHER, "tenant/ann", EARLIER),
        ([gone(), gone("tenant", at=LATER)], ALL, "tenant/ann", LATER),
        ([HELD, gone("tenant", at=LATER)], EITHER, "tenant/ann", LATER),
        ([HELD, gone("tenant", at=LATER)], ALL, "tenant/ann", None),
        ([gone(), gone("tenant", at=LATER, is_let_through=False)], ALL, "tenant/ann", None),
        # who came to one directory after they had left the other was hired again
        ([gone("tenant"), here(joined_at=LATER)], EITHER, "corp/ann", None),
        ([gone("tenant"), here(joined_at=EARLIER)], EITHER, "tenant/ann", LEFT_AT),
        ([gone("tenant"), gone(), here(person_id="new", joined_at=LATER)], EITHER, "corp/new", None),
        (
            [gone("tenant"), gone(), gone(person_id="new", at=NOW + DAY, joined_at=LATER)],
            EITHER,
            "corp/new",
            NOW + DAY,
        ),
        # but not with an account that came disabled
        ([gone("tenant"), gone(at=LATER, joined_at=LATER)], EITHER, "tenant/ann", LEFT_AT),
    ],
)
def test_what_several_accounts_come_to(
    accounts: list[AccountState], rule: AccountsRule, speaks: str, leaves_at: datetime | None
) -> None:
    human = human_of(accounts, rule)
    assert "/".join(human.person.key) == speaks
    assert (human.leaving and human.leaving.at) == leaves_at
    assert human.leaving is None or human.leaving.person == human.person.key
    assert human.accounts == tuple(sorted((one.person for one in accounts), key=lambda one: one.key))


def test_the_other_directorys_word_is_known_as_one_on_the_same_leaving() -> None:
    leaving = human_of([gone(), gone("tenant", at=LATER)], EITHER).leaving
    assert leaving is not None
    assert leaving.also == {episode_name(AccountKey("tenant", "ann"), LATER)}
    assert [account.key.source for account in leaving.accounts] == ["corp", "tenant"]


@pytest.mark.parametrize(
    "accounts, speaks",
    [
        ([here("a", standing=Standing.LEAVING), here("b")], "b"),
        ([here("a", email=None), here("b")], "b"),
        ([here("b"), here("a")], "a"),
    ],
)
def test_of_those_who_are_here_an_active_account_with_an_address_speaks(
    accounts: list[AccountState], speaks: str
) -> None:
    assert human_of(accounts, EITHER).person.key.source == speaks


@pytest.mark.parametrize("changes", [{"standing": Standing.ACTIVE}, {"evidence": None}, {"left_at": None}])
def test_no_leaving_without_its_evidence_and_date(changes: dict[str, object]) -> None:
    assert leaving_of(gone().person) is not None
    assert leaving_of(replace(gone().person, **changes)) is None  # type: ignore[arg-type]


INSTANTS = st.integers(-3, 3).map(lambda days: NOW + days * DAY)
ACCOUNTS = st.lists(
    st.builds(
        lambda account, joined_at: replace(account, joined_at=joined_at),
        st.builds(here, st.sampled_from(["corp", "tenant"]), st.sampled_from("abc"))
        | st.builds(
            lambda source, person_id, at, passed: gone(source, person_id, at, is_let_through=passed),
            st.sampled_from(["corp", "tenant"]),
            st.sampled_from("abc"),
            INSTANTS,
            st.booleans(),
        ),
        st.none() | INSTANTS,
    ),
    min_size=1,
    unique_by=lambda account: account.person.key,
)


def outside(account: AccountState, **of: Any) -> AccountState:
    """The same account out of scope."""
    facts_ = replace(account.person.facts, is_in_scope=False)
    return replace(account, person=replace(account.person, facts=facts_), **of)


@pytest.mark.parametrize("rule", AccountsRule)
@pytest.mark.parametrize("is_in", ["corp", "tenant"])
def test_an_account_that_never_was_in_scope_says_nothing_beside_others(
    is_in: str, rule: AccountsRule
) -> None:
    stranger = outside(here(is_in, "adm-ann", joined_at=NOW + DAY))
    human = human_of([gone(), stranger], rule)
    assert human.leaving is not None
    assert human.person.key == AccountKey("corp", "ann")
    assert len(human.accounts) == 2
    assert human_of([stranger], rule).person == stranger.person
    assert human_of([here(person_id="zoe"), stranger], rule).person.key.person_id == "zoe"


def test_an_account_that_was_in_scope_once_counts() -> None:
    assert human_of([gone(), outside(here(person_id="new"), was_in_scope=True)], EITHER).leaving is None
    word = outside(gone("tenant", at=LATER))
    assert human_of([here(), word], EITHER).leaving is not None, "who has left was in scope"


@given(ACCOUNTS, st.sampled_from(AccountsRule))
def test_whoever_has_left_everywhere_has_left_and_who_has_left_nowhere_has_not(
    accounts: list[AccountState], rule: AccountsRule
) -> None:
    human = human_of(accounts, rule)
    standings = {account.person.standing for account in accounts}
    if len(standings) == 1:
        assert {human.person.standing} == standings
    if human.leaving is not None:
        assert human.person.standing is Standing.LEFT
    assert human_of(reversed(accounts), rule) == human


@given(ACCOUNTS)
def test_who_has_left_by_all_has_left_by_either(accounts: list[AccountState]) -> None:
    if human_of(accounts, ALL).person.standing is Standing.LEFT:
        assert human_of(accounts, EITHER).person.standing is Standing.LEFT
