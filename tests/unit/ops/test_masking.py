from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ops.masking import ITEMS_MAX, TEXT_MAX, is_personal_key, is_secret_key, mask, mask_text


class Colour(StrEnum):
    RED = "red"


class Account:
    def __repr__(self) -> str:
        return "Person(Dana Reyes, +447700900123)"


@pytest.mark.parametrize(
    "text",
    [
        "+447700900123",
        "+44 7700 900123",
        "+44 (0)7700 900-123",
        "(07700) 900 123",
        "07700900123",
        "0044.7700.900.123",
        "+1 555-010-0123",
        "7700\u00a0900\u2011123",  # a no-break space and a no-break hyphen
        "\u202a+44 7700 900123\u202c",  # as a contact card is pasted
        "+٤٤٧٧٠٠٩٠٠١٢٣",  # Arabic-Indic
        "۰۷۷۰۰۹۰۰۱۲۳",  # Persian
        "+४४७७००९००१२३",  # Devanagari
        "+44７７００９００１２３",  # full width
        "447700900123@c.us",
        "447700900123@s.whatsapp.net",
        "tel:+447700900123",
        "whatsapp447700900123",
        "member=447700900123,",
        "12.34.56.78",  # Danish, and no IP address
        "+49 151.23.45.67",
        "+33 6.12.34.56.78",
        "447700900123.0",  # a spreadsheet's
        "[447700900123]",
    ],
)
def test_a_phone_number_is_hidden_wherever_it_stands(text: str) -> None:
    for around in ("{}", "read of {} failed", "«{}»", "2026-11-24 {}", "{} 2026-11-24T09:00:00Z"):
        shown = mask_text(around.format(text))

        digits = [
            c for c in shown.replace("2026-11-24T09:00:00Z", "").replace("2026-11-24", "") if c.isdecimal()
        ]
        assert len(digits) <= 5, shown  # a country code and the last three
        assert "•••" in shown


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24",
        "2026-11-24T09:00:00Z",
        "2026-11-24 09:00:00.123456+03:00",
        "from 2026-11-24 to 2026-12-01",
        "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
        "10.20.30.140",
        "ldap://192.168.100.200:636",
        "127.0.0.1:8080",
        "T-000123",
        "3 of 1204 records",
        "12:30:45",
        "version 2.1.9",
        "Ward 7 nights",
    ],
)
def test_what_only_looks_like_a_number_is_kept(text: str) -> None:
    assert mask_text(text) == text


def test_so_much_of_a_number_is_shown_that_two_can_be_told_apart() -> None:
    assert mask_text("+44 7700 900123 left, 07700 900456 stays") == "+44•••••••123 left, •••456 stays"
    assert mask_text("900 1234") == "•••"


def test_an_email_address_keeps_its_host() -> None:
    assert mask_text("told dana.reyes@corp.example twice") == "told d•••@corp.example twice"


@pytest.mark.parametrize(
    "text, hidden",
    [
        ("xoxb-123-abcDEF", "123-abcDEF"),
        ("xoxe.xoxp-1-Mi0yLTMtNC0", "Mi0yLTMtNC0"),
        ("xapp-1-A0-77-0af", "A0-77-0af"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("authorization: basic c29jOnNlY3JldA==", "c29jOnNlY3JldA=="),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "eyJzdWIiOiIx"),
        ("postgresql+psycopg://whosleft:hunter2@db/whosleft", "hunter2"),
        ("host=db password=hunter2 user=w", "hunter2"),
        ("password = 'hunter 2'", "hunter 2"),
        ('{"client_secret": "hunter2"}', "hunter2"),
        ("https://login.example/?code=1&access_token=hunter2&x=1", "hunter2"),
        ("api_key=hunter2", "hunter2"),
        ("[parameters: ('Dana Reyes', 'x')]\n(Background on this error at: https://x)", "Dana Reyes"),
        ("IntegrityError [SQL: insert into p values (?)]\n[parameters: ('Dana Reyes',)]", "Dana Reyes"),
        ("DETAIL:  Failing row contains (7, Dana Reyes, null).", "Dana Reyes"),
        ("DETAIL:  Key (name)=(Dana Reyes) already exists.", "Dana Reyes"),
    ],
)
def test_a_secret_in_a_text_is_hidden(text: str, hidden: str) -> None:
    assert hidden not in mask_text(text)
    assert hidden not in mask({"error": f"it said {text}."})["error"]


@pytest.mark.parametrize(
    "text",
    ["basic authentication is off", "the token has expired", "a bearer of news", "password: see the manual"],
)
def test_words_about_secrets_are_kept(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "key",
    ["token", "bot_token", "slack-token", "clientSecret", "client_secret", "PASSWORD", "bind.password",
     "Authorization", "api_key", "apiKey", "set_cookie", "credentials"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["hunter2", 12, ["a"], {"x": "hunter2"}, Account()])
def test_nothing_is_shown_under_a_secret_key(key: str, value: Any) -> None:
    assert is_secret_key(key)
    assert mask(value, key) == "[redacted]"


@pytest.mark.parametrize(
    "key",
    ["name", "display_name", "displayName", "person_name", "member_name", "email", "assignee_email", "handle",
     "phones", "username", "recipient", "lid"],
)  # fmt: skip
def test_nobody_is_named_under_a_personal_key(key: str) -> None:
    assert is_personal_key(key)
    assert mask("Dana Reyes", key) == "•••"
    assert mask(["Dana Reyes", "Sam Okoro"], key) == ["•••", "•••"]
    assert mask(Account(), key) == "•••"


def test_under_a_personal_key_an_address_or_number_shows_as_much_as_anywhere() -> None:
    assert mask("dana@corp.example", "email") == "d•••@corp.example"
    assert mask("+447700900123", "handle") == "+44•••••••123"
    assert mask(447700900123, "phone") == "•••123"
    assert mask("Dana Reyes dana@corp.example", "assignee") == "•••"


def test_how_many_people_there_are_is_nothing_personal() -> None:
    assert mask({"members": 4, "people": ["Dana"], "member": 447700900123}) == {
        "members": 4,
        "people": ["•••"],
        "member": "•••123",
    }


@pytest.mark.parametrize(
    "key", ["job", "source", "group_name", "hostname", "event", "counts", "tokenizer", "unnamed"]
)
def test_other_keys_are_neither_personal_nor_secret(key: str) -> None:
    assert not is_personal_key(key)
    assert not is_secret_key(key)
    assert mask("Ward 7 nights", key) == "Ward 7 nights"


@pytest.mark.parametrize(
    "value, shown",
    [
        (None, None),
        (True, True),
        (447700900123, 447700900123),  # a number under no personal key counts something
        (0.25, 0.25),
        (Colour.RED, "red"),
        (datetime(2026, 11, 24, 9, tzinfo=UTC), "2026-11-24T09:00:00+00:00"),
        (date(2026, 11, 24), "2026-11-24"),
        (time(2, 30), "02:30:00"),
        (timedelta(minutes=1), "60 s"),
        (Path("people.csv"), "people.csv"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (OSError("no +447700900123"), "OSError: no +44•••••••123"),
        (Account(), "<Account>"),
        (b"+447700900123", "<bytes>"),
        (("a", 1), ["a", 1]),
        (frozenset({"a"}), ["a"]),
        (MappingProxyType({"a": {"name": "Dana"}}), {"a": {"name": "•••"}}),
        ({"+447700900123": 1}, {"+44•••••••123": 1}),
        ({"rows": [{"email": "dana@corp.example"}]}, {"rows": [{"email": "d•••@corp.example"}]}),
    ],
)
def test_each_kind_of_value_has_its_form(value: object, shown: object) -> None:
    assert mask(value, "value") == shown


def test_size_has_bounds() -> None:
    assert mask(["x"] * (ITEMS_MAX + 3))[-1] == "… 3 more"
    assert len(mask_text("x" * 10 * TEXT_MAX)) < TEXT_MAX + 50
    deep: dict[str, Any] = {}
    deep["again"] = deep
    assert "…" in repr(mask(deep))


def test_a_holder_is_a_host_and_a_process() -> None:
    assert mask("ip-10-20-30-140:12345", "holder") == "ip-10-20-30-140:12345"


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)


@given(st.text(), st.from_regex(r"\+44 ?7700 ?900[0-9]{3}", fullmatch=True), st.text())
def test_no_surroundings_bring_a_number_to_light(before: str, number: str, after: str) -> None:
    shown = mask_text(f"{before}{number}{after}")

    assert "900" + number[-3:] not in shown
    assert number not in shown
