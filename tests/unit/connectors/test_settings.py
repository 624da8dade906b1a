"""Durations and distinguished names as every connector's configuration writes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.kit.settings import DistinguishedName, Period, Section

A_UNIT = "is not a duration; write a number and its unit, such as 5s, 30m or 2h"


class Waiting(Section):
    wait: Period = timedelta(seconds=5)
    place: DistinguishedName = "DC=corp"


def refusal(**keys: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Waiting.model_validate(keys)
    (error,) = caught.value.errors(include_url=False, include_context=False)
    return str(error["msg"]).removeprefix("Value error, ")


@pytest.mark.parametrize(
    "text, seconds", [("1s", 1), ("90m", 5400), (" 1h 30m ", 5400), ("1d12h", 129_600), ("2w", 1_209_600)]
)
def test_a_period_is_numbers_with_units(text: str, seconds: int) -> None:
    assert Waiting.model_validate({"wait": text}).wait == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value, why",
    [
        (30, "30 has no unit; write 30s, 30m or 30h"),
        (0, "0 has no unit; write 0s, 0m or 0h"),
        (1.5, A_UNIT),
        (True, A_UNIT),
        (None, A_UNIT),
        ([], A_UNIT),
        ("0s", "is too short; write 1s or more"),
        (timedelta(milliseconds=999), "is too short; write 1s or more"),
    ],
)
def test_what_is_no_period_is_refused(value: Any, why: str) -> None:
    assert refusal(wait=value) == why


def test_a_unit_in_words_is_answered_with_the_right_one() -> None:
    assert refusal(wait="5 minutes").endswith("; did you mean '5m'?")


@given(st.integers(1, 10**9))
def test_a_period_is_written_as_it_can_be_read(seconds: int) -> None:
    made = Waiting(wait=timedelta(seconds=seconds))
    assert Waiting.model_validate_json(made.model_dump_json()) == made


def test_the_schema_tells_an_editor_how_a_period_looks() -> None:
    shown = Waiting.model_json_schema()["properties"]["wait"]
    assert shown["examples"] == ["5s", "30s", "30m"]


@pytest.mark.parametrize("text", ["OU=Staff,DC=corp,DC=example", "cn = a\\, b , dc=x", "2.5.4.3=x,DC=corp"])
def test_a_distinguished_name_stays_as_it_was_written(text: str) -> None:
    assert Waiting(place=text).place == text


@pytest.mark.parametrize("text", ["", "Staff", "=x", "OU=,DC=corp", "OU=Staff,corp", "corp.example/Staff"])
def test_what_is_no_distinguished_name_is_refused(text: str) -> None:
    assert refusal(place=text) == (
        f"{text!r} is not a distinguished name; write it like OU=Staff,DC=corp,DC=example"
    )


def test_an_unknown_key_is_refused_and_what_was_typed_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Waiting.model_validate({"wiat": "s3cr3t"})
    assert "wiat" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_a_section_does_not_change() -> None:
    with pytest.raises(ValidationError):
        Waiting().place = "DC=other"  # type: ignore[misc]
