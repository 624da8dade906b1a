"""WhatsApp's ids, members and links, as every connector to it reads them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.kit.whatsapp import (
    adders,
    allowed,
    flag,
    id_of,
    is_at_odds,
    is_group_id,
    lid_of,
    link_hash,
    member_of,
    number_of,
    once_each,
    with_number,
)
from worker.domain.model import Allowed, Member, Role

CODE = "AbCdEfGhIjKlMnOpQrStUv"
HASH = hashlib.sha256(CODE.encode()).hexdigest()


@pytest.mark.parametrize(
    "found, lid",
    [
        ("90000000000101@lid", "90000000000101@lid"),
        ("90000000000101:7@lid", "90000000000101@lid"),
        ("90000000000101.1:7@LID", "90000000000101@lid"),
        ("447700900101@lid", "447700900101@lid"),
        ("447700900101@c.us", None),
        ("90000000000101", None),
        ("x@lid", None),
        ("@lid", None),
        (None, None),
        (7, None),
    ],
)
def test_a_lid_keeps_its_host_and_loses_its_device(found: Any, lid: str | None) -> None:
    assert lid_of(found) == lid


@given(st.from_regex(r"[0-9]{1,20}(:[0-9]{1,3})?@lid", fullmatch=True))
@example("4606481902518@lid")  # a number would lose the 0 after Sweden's 46
def test_no_lid_is_ever_a_number(lid: str) -> None:
    assert number_of(lid, "GB") is None
    assert member_of([lid], Role.MEMBER, "GB").phone is None
    digits = lid.partition("@")[0].partition(":")[0]
    assert member_of([lid, f"{digits}@c.us"], Role.MEMBER, "GB").phone is None
    hidden = member_of([lid], Role.MEMBER, "GB")
    assert with_number(hidden, f"{digits}:3@c.us", "GB") == hidden


@pytest.mark.parametrize(
    "found", ["447700900101", "+447700900101", "447700900101@example.org", "", None, 7, "0@c.us"]
)
def test_digits_without_whatsapp_s_host_are_no_number(found: Any) -> None:
    assert number_of(found, "GB") is None


@pytest.mark.parametrize(
    "ids",
    [
        ("447700900101@c.us", "447700900102@s.whatsapp.net", "90000000000101@lid"),
        ("90000000000101@lid", "90000000000102:7@lid"),
        ("90000000000101@lid", "447700900101@c.us", "90000000000102@lid"),
    ],
)
def test_ids_of_two_people_are_nobody_s(ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="two people"):
        member_of(ids, Role.MEMBER, "GB")


def test_the_same_id_in_several_ways_is_one_person_s() -> None:
    ids = ("447700900101@c.us", "447700900101:3@s.whatsapp.net", "90000000000101:7@lid", "90000000000101@lid")
    found = member_of(ids, Role.MEMBER, "GB")
    assert (found.phone, found.lid) == ("+447700900101", "90000000000101@lid")


def test_a_resolved_lid_stays_beside_its_number() -> None:
    hidden = member_of(["90000000000101@lid"], Role.ADMIN, "GB")
    found = with_number(hidden, "447700900101@c.us", "GB")
    assert (found.handle, found.phone, found.lid, found.role) == (
        "+447700900101",
        "+447700900101",
        "90000000000101@lid",
        Role.ADMIN,
    )
    for nothing in (None, "", "90000000000101@lid", "90000000000101@c.us"):
        assert with_number(hidden, nothing, "GB") == hidden


@pytest.mark.parametrize(
    "name, shown",
    [
        ("~ Sam", "Sam"),
        ("Sam\nOkafor", "Sam Okafor"),
        ("\u202eSam", "Sam"),
        (None, ""),
        (7, ""),
        ("x" * 300, "x" * 99 + "…"),
    ],
)
def test_a_stranger_s_name_is_safe_to_show(name: Any, shown: str) -> None:
    assert member_of(["447700900101@c.us"], Role.MEMBER, "GB", name).display_name == shown


def test_who_is_there_twice_is_once_there_by_number_and_by_lid() -> None:
    number, lid = "+447700900101", "90000000000101@lid"
    alone = Member(lid, role=Role.ADMIN, lid=lid)
    both = Member(number, "Sam", Role.MEMBER, number, lid)
    bare = Member(number, role=Role.CREATOR, phone=number)
    for members in ([alone, both, bare], [bare, both, alone], [both, alone, bare], [both, bare, alone]):
        assert once_each(members) == (Member(number, "Sam", Role.CREATOR, number, lid),)


def test_different_people_stay_apart_in_order() -> None:
    people = [Member(f"+44770090010{n}", phone=f"+44770090010{n}") for n in range(3)]
    assert once_each(people) == tuple(people)


NUMBERS, LIDS = ("+447700900101", "+447700900102"), ("9001@lid", "9002@lid")
ROWS = st.tuples(st.sampled_from((None, *NUMBERS)), st.sampled_from((None, *LIDS))).filter(any)


@given(st.lists(ROWS, max_size=6))
def test_no_number_is_lost_and_an_identity_only_where_the_rows_are_at_odds(
    rows: list[tuple[str | None, str | None]],
) -> None:
    members = [Member(phone or str(lid), phone=phone, lid=lid) for phone, lid in rows]
    shown = once_each(members)
    assert len({each.handle for each in shown}) == len(shown)
    assert {each.phone for each in shown if each.phone} == {phone for phone, _lid in rows if phone}
    if not is_at_odds(members):
        lids = [each.lid for each in shown if each.lid]
        assert sorted(lids) == sorted({lid for _phone, lid in rows if lid})


@pytest.mark.parametrize(
    "rows, at_odds",
    [
        ([], False),
        ([(NUMBERS[0], LIDS[0]), (NUMBERS[0], LIDS[0]), (NUMBERS[1], None), (None, LIDS[0])], False),
        ([(NUMBERS[0], LIDS[0]), (NUMBERS[1], LIDS[1])], False),
        ([(NUMBERS[0], LIDS[0]), (NUMBERS[1], LIDS[0])], True),
        ([(NUMBERS[0], LIDS[0]), (NUMBERS[0], LIDS[1])], True),
    ],
)
def test_a_number_has_one_identity_and_an_identity_one_number(
    rows: list[tuple[str | None, str | None]], at_odds: bool
) -> None:
    members = [Member(phone or str(lid), phone=phone, lid=lid) for phone, lid in rows]
    assert is_at_odds(members) is at_odds


@pytest.mark.parametrize(
    "member, participant",
    [
        (Member("+447700900101", phone="+447700900101"), "447700900101@c.us"),
        (Member("+447700900101", phone="+447700900101", lid="9@lid"), "9@lid"),
        (Member("9@lid", lid="9@lid"), "9@lid"),
        (Member("name:sam"), None),
    ],
)
def test_a_group_knows_a_member_by_the_lid_that_it_shows(member: Member, participant: str | None) -> None:
    assert id_of(member) == participant


@pytest.mark.parametrize(
    "link",
    [
        CODE,
        f"https://chat.whatsapp.com/{CODE}",
        f"http://chat.whatsapp.com/{CODE}/",
        f"chat.whatsapp.com/{CODE}",
        f" https://chat.whatsapp.com/invite/{CODE}?mode=ac_t ",
        f"HTTPS://CHAT.WHATSAPP.COM/{CODE}",
    ],
)
def test_every_way_to_write_a_link_has_one_hash(link: str) -> None:
    assert link_hash(link) == HASH


@pytest.mark.parametrize(
    "link", [None, "", " ", 7, [], f"https://example.org/{CODE}", "chat.whatsapp.com/", "a b"]
)
def test_what_is_no_link_has_no_hash(link: Any) -> None:
    assert link_hash(link) is None


@pytest.mark.parametrize(
    "found", ["120363000000000007@g.us", "447700900101-1500000000@g.us", "120363000000000007"]
)
def test_a_group_s_id_is_safe_in_a_path(found: str) -> None:
    assert is_group_id(found)


@pytest.mark.parametrize(
    "found", ["", ".", "..", "a/b", "../x", "x@c.us", "9@lid", "x y", "x\n", "٣@g.us", None, 7, "x" * 200]
)
def test_anything_else_is_no_group_s_id(found: Any) -> None:
    assert not is_group_id(found)


def test_rights_that_are_not_shown_are_unknown() -> None:
    assert [flag(each) for each in (True, False, None, 1, "true")] == [True, False, None, None, None]
    assert [allowed(each) for each in (True, False, None, 0)] == [Allowed.ADMINS, Allowed.MEMBERS, None, None]
    words: list[Any] = ["admin_add", "all_member_add", True, False, None, "", "x", {}]
    assert [adders(each) for each in words] == [
        Allowed.ADMINS, Allowed.MEMBERS, Allowed.MEMBERS, Allowed.ADMINS, None, None, None, None,
    ]  # fmt: skip
