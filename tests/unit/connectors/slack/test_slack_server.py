"""The fake Slack is held to Slack's published limits, or the tests that rely on it prove nothing."""

import json
from typing import Any

import pytest

from fakes.slack.blocks import Refused, check_message, formatted, pinged, shown

OK = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}


def section(text: Any = None, **more: Any) -> dict[str, Any]:
    return {"type": "section", **({} if text is None else {"text": {"type": "mrkdwn", "text": text}}), **more}


@pytest.mark.parametrize(
    "body, code",
    [
        ({}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "metadata": {"k": "v" * 9000}}, "metadata_too_large"),
        ({"blocks": [OK] * 51}, "invalid_blocks"),
        ({"blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": [section("")]}, "invalid_blocks"),
        ({"blocks": [section()]}, "invalid_blocks"),
        ({"blocks": [section(fields=[OK["text"]] * 11)]}, "invalid_blocks"),
        ({"blocks": [section(fields=[{"type": "mrkdwn", "text": "x" * 2001}])]}, "invalid_blocks"),
        ({"blocks": [section("x", colour="red")]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, "invalid_blocks"),
        (
            {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
            "invalid_blocks",
        ),
        (
            {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "😀" * 76}}]},
            "invalid_blocks",
        ),
        ({"blocks": [{"type": "context", "elements": []}]}, "invalid_blocks"),
        ({"blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ({"blocks": [section("x" * 2900)] * 5}, "msg_blocks_too_long"),
    ],
)
def test_what_slack_refuses_is_refused_with_its_code(body: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as raised:
        check_message(body)
    assert raised.value.code == code


def test_the_place_of_a_refused_block_is_told() -> None:
    with pytest.raises(Refused) as raised:
        check_message({"blocks": [OK, section("x" * 3001)]})
    assert "must be less than 3001 characters [json-pointer:/blocks/1]" in json.dumps(raised.value.extra)


@pytest.mark.parametrize(
    "text, verbatim, pings",
    [
        (
            "<!channel> <!here|here> <@U1> <!subteam^S1>",
            True,
            ["!channel", "!here|here", "@U1", "!subteam^S1"],
        ),
        ("@channel", False, ["@channel"]),
        ("@channel", True, []),
        ("&lt;!channel&gt;", False, []),
    ],
)
def test_who_is_notified_is_told(text: str, verbatim: bool, pings: list[str]) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": verbatim}}
    assert pinged({"text": "", "blocks": [block]}) == pings


def test_the_text_beside_the_blocks_notifies_too() -> None:
    assert pinged({"text": "<!here>", "blocks": [OK]}) == ["!here"]


@pytest.mark.parametrize(
    "text, spans",
    [
        ("*a* _b_ ~c~ `d`", ["a", "b", "c", "d"]),
        ("a_b_c * d *", []),
        ("&gt; quoted", ["&gt; quoted"]),
        (":tada:", [":tada:"]),
        ("10:00:30", []),
    ],
)
def test_what_is_formatted_is_told(text: str, spans: list[str]) -> None:
    assert formatted({"blocks": [section(text)]}) == spans


def test_a_reader_sees_text_without_its_marks() -> None:
    body = {"text": "unseen", "blocks": [section("*Due* &lt;now&gt; <https://x.example.org|Open>")]}
    assert shown(body) == "Due <now> Open"
