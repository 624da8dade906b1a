from dataclasses import replace

import pytest

from builders import DAY, LEFT_AT, leaver, person
from worker.domain.model import Account, Evidence, Standing
from worker.domain.people.persons import Person
from worker.domain.people.retention import is_forgettable

LATER = LEFT_AT + DAY
GONE = replace(leaver(), evidence=Evidence.DELETED)


def human(*accounts: Account) -> Person:
    return Person(accounts[0], None, accounts)


@pytest.mark.parametrize(
    "account, is_over",
    [
        (GONE, True),
        (replace(GONE, evidence=Evidence.ABSENT_CONFIRMED), True),
        (leaver(is_deleted=True), True),  # disabled first, deleted later
        (leaver(), False),
        (replace(GONE, left_at=LATER), False),
        (replace(GONE, left_at=None), False),
        (person(), False),
        (replace(GONE, standing=Standing.LEAVING), False),
    ],
)
def test_who_left_before_and_is_gone_from_the_directory_is_forgettable(
    account: Account, is_over: bool
) -> None:
    assert is_forgettable(human(account), LATER) is is_over


def test_every_account_must_be_over() -> None:
    assert is_forgettable(human(GONE, replace(GONE, evidence=Evidence.ABSENT_CONFIRMED)), LATER)
    assert not is_forgettable(human(GONE, person("cloud-ann")), LATER)
