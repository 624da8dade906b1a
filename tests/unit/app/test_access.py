from __future__ import annotations

from datetime import timedelta

import pytest
from harness import Harness

from worker.app.access import SCOPES, Access, grants, hashed
from worker.app.approvals import Refused
from worker.ports.desk import Visitor


@pytest.fixture
def access(company: Harness) -> Access:
    return Access(company.store)


def test_a_token_is_found_by_its_text_and_nothing_of_its_secret_is_kept(
    company: Harness, access: Access
) -> None:
    made = access.make_token(["events:read", "tickets:write"], "sam", company.now)

    found = access.token(made.text)
    secret = made.text.removeprefix(f"wl_{made.token.id}_")

    assert found == made.token
    assert found.scopes == ("tickets:write", "events:read")
    assert found.expires_at == company.now + timedelta(days=90)
    assert secret not in repr(made)
    assert secret not in repr(company.journal())


def test_what_is_not_the_whole_text_of_a_token_opens_nothing(company: Harness, access: Access) -> None:
    made = access.make_token(["events:read"], "sam", company.now)
    other = access.make_token(["events:read"], "sam", company.now)
    secret = made.text.removeprefix(f"wl_{made.token.id}_")

    wrong = ("", "wl", "wl__", secret, f"xx_{made.token.id}_{secret}", f"wl_{other.token.id}_{secret}",
             f"{made.text}x", made.text[:-1], f"wl_{made.token.id}_")  # fmt: skip
    assert [access.token(text) for text in wrong] == [None] * len(wrong)


@pytest.mark.parametrize("scopes", [[], ["tickets"], ["tickets:read", "tickets:own"]])
def test_a_token_opens_what_there_is_and_something_at_least(
    company: Harness, access: Access, scopes: list[str]
) -> None:
    with pytest.raises(Refused, match="tickets:read, tickets:write"):
        access.make_token(scopes, "sam", company.now)


def test_a_token_that_is_over_at_once_is_not_made(company: Harness, access: Access) -> None:
    with pytest.raises(Refused, match="90d"):
        access.make_token(["events:read"], "sam", company.now, timedelta(0))


def test_a_token_is_ended_once(company: Harness, access: Access) -> None:
    made = access.make_token(["events:read"], "sam", company.now)

    access.revoke_token(made.token.id, "kim", company.later())
    access.revoke_token(made.token.id, "kim", company.later())
    found = access.token(made.text)

    assert found is not None
    assert not found.is_good(company.now)
    assert company.kinds()[-2:] == ["desk.token_made", "desk.token_revoked"]
    assert company.journal()[-1].entry.data == {"token": made.token.id}


def test_a_token_that_there_is_not_can_t_be_ended(company: Harness, access: Access) -> None:
    with pytest.raises(Refused, match="There is no token 'abc'"):
        access.revoke_token("abc", "kim", company.now)


def test_a_login_link_signs_in_once_with_its_roles(company: Harness, access: Access) -> None:
    life = timedelta(hours=1)
    secret = access.make_login_link("sam", ["viewer", "auditor", "viewer"], "root", company.now, life)

    with company.store.begin() as uow:
        first = uow.desk.use_login_link(hashed(secret), company.now)
        second = uow.desk.use_login_link(hashed(secret), company.now)
    entry = company.journal()[-1].entry

    assert (first, second) == (Visitor("sam", ("auditor", "viewer")), None)
    assert (entry.actor, entry.kind) == ("root", "desk.login_link_made")
    assert entry.data == {"for": "sam", "roles": ["auditor", "viewer"]}
    assert secret not in repr(company.journal())


@pytest.mark.parametrize(
    "scopes, wanted, is_granted",
    [
        (("tickets:read",), "tickets:read", True),
        (("tickets:write",), "tickets:read", True),
        (("tickets:read",), "tickets:write", False),
        (("people:write",), "tickets:read", False),
        ((), "tickets:read", False),
    ],
)
def test_who_may_write_may_read(scopes: tuple[str, ...], wanted: str, is_granted: bool) -> None:
    assert grants(scopes, wanted) is is_granted


def test_there_is_a_scope_to_read_and_one_to_write_for_each_thing() -> None:
    assert len(SCOPES) == 14
    assert len(set(SCOPES)) == 14
