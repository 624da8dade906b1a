"""Distinguished names: one in several spellings is one, and commas that belong to a name are no ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit import dn as _dn

STAFF = _dn.parts("OU=Staff,DC=corp,DC=example")


@pytest.mark.parametrize(
    "one, other",
    [
        ("OU=Staff,DC=corp", "ou=staff,dc=CORP"),
        ("OU=Staff,DC=corp", " OU = Staff , DC = corp "),
        (r"CN=Boss\, Big,DC=corp", r"cn=boss\2C big,dc=corp"),
        ("CN=Zoë,DC=corp", "cn=ZOË,dc=corp"),
        (r"CN=Zo\C3\AB,DC=corp", "CN=Zoë,DC=corp"),
        (r"OU=Ex\;staff,DC=corp", r"OU=Ex\3Bstaff,DC=corp"),
        (r"OU=Svc\#1,DC=corp", "OU=Svc#1,DC=corp"),
        (r"OU=A\+B\=C,DC=corp", r"OU=A\2bB=C,DC=corp"),
        (r"OU=a\\b,DC=corp", r"OU=a\5Cb,DC=corp"),
        (r"OU=Old\20,DC=corp", "OU=Old,DC=corp"),
    ],
)
def test_two_spellings_are_one_name(one: str, other: str) -> None:
    assert _dn.parts(one) == _dn.parts(other)
    assert _dn.key(one) == _dn.key(other)


@pytest.mark.parametrize(
    "one, other",
    [(r"CN=a\,OU=b,DC=corp", "CN=a,OU=b,DC=corp"), (r"CN=a\5C,OU=b", r"CN=a\,OU=b"), (r"CN=\FF\FE", "CN=")],
)
def test_two_names_are_two(one: str, other: str) -> None:
    assert _dn.parts(one) != _dn.parts(other)
    assert _dn.key(one) != _dn.key(other)


@pytest.mark.parametrize(
    "one, other, above",
    [
        ("OU=A,DC=corp", "CN=x,OU=A,DC=corp", "OU=A,DC=corp"),
        ("OU=A,DC=corp", "OU=B,DC=corp", "DC=corp"),
        ("OU=A,DC=corp", "OU=B,DC=example", ""),
    ],
)
def test_what_lies_above_both(one: str, other: str, above: str) -> None:
    assert _dn.above_both(one, other) == above


@pytest.mark.parametrize(
    "dn, parent",
    [
        ("CN=Amy,OU=Staff,DC=corp", "OU=Staff,DC=corp"),
        (r"CN=Adeyemi\, Amy,OU=Staff,DC=corp", "OU=Staff,DC=corp"),
        ("CN=Amy, OU=Staff,DC=corp", "OU=Staff,DC=corp"),
        (r"CN=Amy\0ADEL:1,CN=Deleted Objects,DC=corp", "CN=Deleted Objects,DC=corp"),
        ("CN=Amy\nDEL:1,CN=Deleted Objects,DC=corp", "CN=Deleted Objects,DC=corp"),
        ("DC=corp", ""),
        ("", ""),
    ],
)
def test_the_parent_is_what_follows_the_first_name(dn: str, parent: str) -> None:
    assert _dn.parent(dn) == parent


@pytest.mark.parametrize(
    "dn, is_at_or_under, is_under",
    [
        ("OU=Staff,DC=corp,DC=example", True, False),
        ("ou=staff, dc=corp, dc=example", True, False),
        ("CN=Amy,OU=Staff,DC=corp,DC=example", True, True),
        ("CN=Amy,OU=Nights,OU=Staff,DC=corp,DC=example", True, True),
        ("CN=Amy,OU=Old Staff,DC=corp,DC=example", False, False),
        ("CN=Amy,XOU=Staff,DC=corp,DC=example", False, False),
        (r"CN=Amy\,OU=Staff,DC=corp,DC=example", False, False),
        ("OU=Staff,DC=corp", False, False),
        ("DC=corp,DC=example", False, False),
        ("", False, False),
    ],
)
def test_what_lies_in_an_ou(dn: str, is_at_or_under: bool, is_under: bool) -> None:
    assert _dn.is_at_or_under(dn, STAFF) is is_at_or_under
    assert _dn.is_under(dn, STAFF) is is_under


@pytest.mark.parametrize(
    "text, is_dn",
    [
        ("DC=corp", True),
        ("OU=Staff,DC=corp", True),
        (r"CN=a\,b,DC=corp", True),
        ("2.5.4.3=Amy,DC=corp", True),
        ("CN=a=b,DC=corp", True),
        ("Staff", False),
        ("OU=Staff,corp", False),
        ("OU=", False),
        ("=Staff", False),
        ("", False),
        ("svc-*", False),
        ("amy@corp.example", False),
    ],
)
def test_what_can_be_a_distinguished_name(text: str, is_dn: bool) -> None:
    assert _dn.is_dn(text) is is_dn


@pytest.mark.parametrize(
    "dn, is_tombstone",
    [
        (r"CN=Amy\0ADEL:3f2504e0-4f89-41d3-9a0c-0305e82c3301,CN=Deleted Objects,DC=corp", True),
        ("CN=Amy\nDEL:3f2504e0-4f89-41d3-9a0c-0305e82c3301,CN=Deleted Objects,DC=corp", True),
        (r"CN=Amy\0ACNF:3f2504e0-4f89-41d3-9a0c-0305e82c3301,OU=Staff,DC=corp", False),
        ("CN=DEL:Amy,OU=Staff,DC=corp", False),
    ],
)
def test_a_deleted_object_is_known_by_its_name(dn: str, is_tombstone: bool) -> None:
    assert _dn.is_tombstone(dn) is is_tombstone


@given(st.text(), st.text())
def test_any_text_is_answered(text: str, other: str) -> None:
    _dn.is_dn(text)
    _dn.parent(text)
    assert _dn.is_at_or_under(text, _dn.parts(text))
    assert not _dn.is_under(text, _dn.parts(text))
    assert isinstance(_dn.is_at_or_under(text, _dn.parts(other)), bool)
