from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from harness import Harness
from worker.app.acts.access import SCOPES, Access, grants, hashed
from worker.app.refused import Refused
from worker.app.tell.group_links import GroupLinks
from worker.app.tell.signed_links import LinkDead
from worker.domain.evidence.actor import Actor, logged_in
from worker.domain.model import AccountKey, GroupKey
from worker.ports.state.access import Ended, Visitor

LINKS = GroupLinks("", timedelta(days=1))
ANN = AccountKey("corp", "ann")


@pytest.fixture
def access(company: Harness) -> Access:
    return Access(company.store)


def test_a_token_is_found_by_its_text_and_nothing_of_its_secret_is_kept(
    company: Harness, access: Access
) -> None:
    made = access.make_token(["events:read", "tickets:write"], Actor("sam"), company.now)

    found = access.token(made.text)
    secret = made.text.removeprefix(f"wl_{made.token.id}_")

    assert found == made.token
    assert found.scopes == ("tickets:write", "events:read")
    assert found.expires_at == company.now + timedelta(days=90)
    assert secret not in repr(made)
    assert secret not in repr(company.journal())


def test_what_is_not_the_whole_text_of_a_token_opens_nothing(company: Harness, access: Access) -> None:
    made = access.make_token(["events:read"], Actor("sam"), company.now)
    other = access.make_token(["events:read"], Actor("sam"), company.now)
    secret = made.text.removeprefix(f"wl_{made.token.id}_")

    wrong = ("", "wl", "wl__", secret, f"xx_{made.token.id}_{secret}", f"wl_{other.token.id}_{secret}",
             f"{made.text}x", made.text[:-1], f"wl_{made.token.id}_")  # fmt: skip
    assert [access.token(text) for text in wrong] == [None] * len(wrong)


@pytest.mark.parametrize("scopes", [[], ["tickets"], ["tickets:read", "tickets:own"]])
def test_a_token_opens_what_there_is_and_something_at_least(
    company: Harness, access: Access, scopes: list[str]
) -> None:
    with pytest.raises(Refused, match="tickets:read, tickets:write"):
        access.make_token(scopes, Actor("sam"), company.now)


def test_a_token_that_is_over_at_once_is_not_made(company: Harness, access: Access) -> None:
    with pytest.raises(Refused, match="90d"):
        access.make_token(["events:read"], Actor("sam"), company.now, timedelta(0))


def test_a_token_is_ended_once(company: Harness, access: Access) -> None:
    made = access.make_token(["events:read"], Actor("sam"), company.now)

    access.revoke_token(made.token.id, Actor("kim"), company.later())
    access.revoke_token(made.token.id, Actor("kim"), company.later())
    found = access.token(made.text)

    assert found is not None
    assert not found.is_good(company.now)
    assert company.kinds()[-2:] == ["desk.token_made", "desk.token_revoked"]
    assert company.journal()[-1].entry.data == {"token": made.token.id}


def test_a_token_that_there_is_not_can_t_be_ended(company: Harness, access: Access) -> None:
    with pytest.raises(Refused, match="There is no token 'abc'"):
        access.revoke_token("abc", Actor("kim"), company.now)


def test_a_login_link_signs_in_once_with_its_roles(company: Harness, access: Access) -> None:
    life = timedelta(hours=1)
    secret = access.make_login_link("sam", ["viewer", "auditor", "viewer"], Actor("root"), company.now, life)

    with company.store.begin() as uow:
        first = uow.access.use_login_link(hashed(secret), company.now)
        second = uow.access.use_login_link(hashed(secret), company.now)
    entry = company.journal()[-1].entry

    assert (first, second) == (Visitor("sam", ("auditor", "viewer")), None)
    assert (entry.actor, entry.kind) == ("root", "desk.login_link_made")
    assert entry.data == {
        "for": "sam",
        "account": "",
        "roles": ["auditor", "viewer"],
        "expires_at": "2026-11-24T14:00:00.000000+00:00",
        "secret": hashed(secret),
    }
    assert secret not in repr(company.journal())


@pytest.mark.parametrize(
    "scopes, wanted, is_granted",
    [
        (("tickets:read",), "tickets:read", True),
        (("tickets:write",), "tickets:read", True),
        (("tickets:read",), "tickets:write", False),
        (("people:write",), "tickets:read", False),
        ((), "tickets:read", False),
        (("attestations:write",), "attestations:read", True),
        (("people:read",), "attestations:read", True),
        (("people:write",), "attestations:read", True),
        (("people:write",), "attestations:write", False),
        (("attestations:read",), "people:read", False),
    ],
)
def test_who_may_write_may_read(scopes: tuple[str, ...], wanted: str, is_granted: bool) -> None:
    assert grants(scopes, wanted) is is_granted


def test_there_is_a_scope_to_read_and_one_to_write_for_each_thing() -> None:
    assert len(SCOPES) == 24
    assert len(set(SCOPES)) == 24


def test_a_new_key_ends_links_sessions_and_login_links_and_leaves_tokens(
    company: Harness, access: Access
) -> None:
    company.leave("ann")
    company.settle()
    token, url = access.make_token(SCOPES, Actor("sam"), company.now), company.link()
    secret = access.make_login_link("kim", ["viewer"], Actor("sam"), company.now, timedelta(hours=1))
    with company.store.begin() as uow:
        uow.access.add_session(
            "s1", Visitor("kim", ("viewer",)), company.now, company.now + timedelta(hours=1)
        )
        before = uow.access.key("")
        for past in (timedelta(0), timedelta(0), timedelta(days=2)):  # the third one has ended already
            LINKS.make(uow, GroupKey("wards", "ward-7"), ANN, company.now - past)

    ended = access.rotate_key(Actor("sam"), company.now, "a backup was stolen")

    assert ended == Ended(assignees_links=1, group_links=2, login_links=1, sessions=1, tokens=0)
    entry = company.journal()[-1].entry
    assert (entry.kind, entry.reason) == ("desk.key_rotated", "a backup was stolen")
    assert entry.data == {
        "assignees_links": 1,
        "group_links": 2,
        "login_links": 1,
        "sessions": 1,
        "tokens": 0,
    }
    with company.store.begin() as uow:
        assert uow.access.key("") not in {"", before}
        assert uow.access.use_login_link(hashed(secret), company.now) is None
        assert uow.access.session("s1", company.now) is None
    assert access.rotate_key(Actor("sam"), company.now).group_links == 0
    with pytest.raises(LinkDead):
        company.assigned.look(url.rpartition("/t/")[2], company.now)
    assert company.assigned.look(company.link().rpartition("/t/")[2], company.now).ticket.id == 1
    assert access.token(token.text) == token.token


def test_tokens_end_with_the_key_when_that_is_asked_for(company: Harness, access: Access) -> None:
    made = [access.make_token(SCOPES, Actor("sam"), company.now) for _ in range(2)]
    access.revoke_token(made[0].token.id, Actor("sam"), company.now)

    assert access.rotate_key(Actor("sam"), company.now, with_tokens=True).tokens == 1
    known = access.token(made[1].text)
    assert known is not None
    assert not known.is_good(company.now)


def test_a_login_link_signs_in_its_maker_unless_names_are_believed(company: Harness, access: Access) -> None:
    root, hour = Actor("root", logged_in("root")), timedelta(hours=1)
    ours = access.make_login_link("Kim", ["approver"], root, company.now, hour)
    theirs = access.make_login_link("Kim", ["approver"], root, company.now, hour, is_believed=True)

    with company.store.begin() as uow:
        visitors = [uow.access.use_login_link(hashed(one), company.now) for one in (ours, theirs)]
    assert [one and one.id for one in visitors] == ["os:root", "by:kim"]


def test_a_token_counts_as_whoever_made_it(company: Harness, access: Access) -> None:
    made = access.make_token(SCOPES, Actor("sam", logged_in("sam")), company.now).token

    assert made.maker == "os:sam"
    assert replace(made, created_by_id="").maker == "by:sam", (
        "one of an earlier release, which kept the name alone"
    )


def test_what_a_backup_brings_back_ends_with_a_new_key_and_the_tokens(
    company: Harness, access: Access
) -> None:
    made = access.make_token(["events:read"], Actor("sam"), company.now)
    backup = company.twin()
    access.revoke_token(made.token.id, Actor("sam"), company.now)
    restored = Access(backup.store)
    known = restored.token(made.text)
    assert known is not None
    assert known.is_good(company.now), "it was ended after the backup"

    restored.rotate_key(Actor("sam"), company.now, "restored", with_tokens=True)

    ended = restored.token(made.text)
    assert ended is not None
    assert not ended.is_good(company.now)
    backup.close()
