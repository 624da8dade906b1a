"""A cursor comes back as it was written, and whatever else is shown as one is expired."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.directory.active_directory.config import Mode
from connectors.directory.active_directory.read.cursor import Cursor, digest_of
from fakes.ldap.setup import NOW, STAFF, config
from worker.ports import CursorExpired

GOOD = Cursor(
    Mode.DIRSYNC,
    "ldaps://dc1.corp.example:636",
    "invocation",
    8123,
    NOW,
    "0123456789abcdef",
    1,
    b"\0cookie\xff",
)


@given(
    st.builds(
        Cursor,
        mode=st.sampled_from(Mode),
        server=st.text(),
        invocation=st.text(),
        usn=st.integers(-1, 2**63),
        taken_at=st.datetimes(timezones=st.just(UTC)),
        reads=st.text(),
        flags=st.integers(-(2**31), 2**31 - 1),
        cookie=st.binary(),
    )
)
def test_a_cursor_comes_back_as_it_was_written(cursor: Cursor) -> None:
    assert Cursor.load(cursor.dump()) == cursor


def test_the_same_cursor_is_the_same_text() -> None:
    assert GOOD.dump() == Cursor.load(GOOD.dump()).dump()


@pytest.mark.parametrize(
    "text", ["", "garbage", "17", "null", "[]", "{}", '{"kind": "file"}', "people.csv:0:1"]
)
def test_the_cursor_of_somebody_else_is_expired(text: str) -> None:
    with pytest.raises(CursorExpired, match="was not written by this connector"):
        Cursor.load(text)


@pytest.mark.parametrize(
    "name", ["mode", "server", "invocation", "usn", "taken_at", "reads", "flags", "cookie"]
)
def test_a_cursor_that_lacks_a_part_is_expired(name: str) -> None:
    values = json.loads(GOOD.dump())
    del values[name]
    with pytest.raises(CursorExpired):
        Cursor.load(json.dumps(values))


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "fast"},
        {"usn": "many"},
        {"usn": None},
        {"usn": []},
        {"taken_at": "yesterday"},
        {"taken_at": 17},
        {"taken_at": "2026-11-24T09:00:00"},  # in which zone?
        {"cookie": "not base64!"},
        {"cookie": None},
        {"behind_at": "2026-11-24T08:00:00"},
        {"behind_at": 1},
        {"cookie": "é"},
        {"server": 5},
        {"invocation": None},
        {"reads": []},
        {"flags": "1"},
        {"flags": True},
    ],
)
def test_a_cursor_with_a_part_of_another_kind_is_expired(changes: dict[str, Any]) -> None:
    with pytest.raises(CursorExpired):
        Cursor.load(json.dumps(json.loads(GOOD.dump()) | changes))


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_expired(text: str) -> None:
    with pytest.raises(CursorExpired):
        Cursor.load(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"base": STAFF},
        {"leavers_ou": "OU=Gone,DC=corp,DC=example"},
        {"scope": {"filter": "(employeeID=*)"}},
        {"scope": {"ous": [STAFF]}},
        {"scope": {"exclude": ["svc-*"]}},
        {"attributes": {"phones": ["mobile"]}},
        {"attributes": {"leave_date": "extensionAttribute1"}},
    ],
)
def test_what_is_read_has_a_name_of_its_own(changes: dict[str, Any]) -> None:
    assert digest_of(config(**changes)) != digest_of(config())


@pytest.mark.parametrize(
    "changes",
    [
        {"page_size": 5},
        {"mode": "usn"},
        {"timeouts": {"read": "5s"}},
        {"servers": ["ldaps://dc9.corp.example"]},
        {"bind": {"user": "other@corp.example", "password": "another"}},
    ],
)
def test_how_it_is_read_does_not_matter_to_it(changes: dict[str, Any]) -> None:
    assert digest_of(config(**changes)) == digest_of(config())


def test_a_cursor_holds_neither_account_nor_password() -> None:
    made = config()
    assert made.bind.password is not None
    text = digest_of(made) + GOOD.dump()
    assert made.bind.password.get_secret_value() not in text
    assert datetime.fromisoformat(json.loads(GOOD.dump())["taken_at"]) == NOW
