"""Plain text stays plain text, in documents and in wiki text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.tracker.jira.config import JiraConfig
from connectors.tracker.jira.markup import document, plain, summary, wiki
from fakes.jira.text import as_read, read_wiki

KEYS: dict[str, Any] = {"url": "https://jira.example.org/", "token": "token-of-ours", "project": "SEC"}
HOSTILE = [
    "*bold* _em_ -struck- +ins+ ^up^ ~down~ ??cite?? {{mono}}",
    "{color:red}red{color} {noformat}x{noformat}",
    "[~amina] [link|https://evil.example] !image.png! @amina",
    "h1. Heading\nbq. Quotation\n* item\n# item\n- item\n----\n||head||\n|cell|",
    "a\\b c\\\\d \\*not\\*",
    ":) ;) (!) (x) (on) (*r)",
    "Ward 7 (nights), T-000123: 07700-900-101 & <b>co</b> &amp; &#42;",
    "ñandú أمينة 👩🏽‍⚕️ — “quoted”",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    assert as_read(wiki([text])) == text
    assert as_read(document([text])) == text


@given(
    st.text(alphabet="*_-+^~?!|#\\{}[]():;@&<>h1bq. \nxyn/", max_size=40).filter(lambda text: text.strip())
)
def test_no_mixture_of_signs_becomes_markup(text: str) -> None:
    assert read_wiki(wiki([text])) == text


def test_the_reader_of_these_tests_sees_markup() -> None:
    """Or the tests above could not fail."""
    for text in HOSTILE[:6]:
        assert read_wiki(text) != text


def test_common_texts_stay_readable_as_they_are_stored() -> None:
    text = "Remove a member: Ward 7 nights (T-000123), due 27-11-2026."
    assert wiki([text]) == text


def test_the_address_is_a_link_of_its_own() -> None:
    url = "https://whosleft.example.org/tickets/T-000123"
    last = document(["Text."], url)["content"][-1]["content"][0]
    assert (last["text"], last["marks"][0]["attrs"]["href"]) == (url, url)
    assert wiki(["Text."], url) == f"Text.\n\n{url}"
    assert wiki(["Text."], "javascript:alert(1)") == "Text."


def test_empty_paragraphs_and_lines_make_no_empty_texts() -> None:
    assert as_read(document(["", "  ", "one\n\ntwo"])) == "one\n\ntwo"


def test_a_title_is_one_line() -> None:
    assert summary("Remove\r\nmember\u202e") == "Remove member"
    assert len(summary("x" * 300)) == 255


def test_texts_are_compared_without_their_form() -> None:
    theirs = document(["Verified: one.\ntwo"])
    theirs["content"][0]["attrs"] = {"localId": "x"}
    assert plain(theirs) == plain(document(["Verified: one.\ntwo"]))
    assert plain(theirs) != plain(document(["Verified: one."]))
    assert plain(wiki(["*x*"])) == plain("\\*x\\* ")
    assert plain(None) == ""


def test_a_configuration_has_defaults_for_a_new_project() -> None:
    config = JiraConfig.model_validate(KEYS)
    assert (config.url, config.issue_type, config.labels) == (
        "https://jira.example.org",
        "Task",
        ("whosleft",),
    )
    assert (config.states.done, config.states.open) == (("Done",), ("To Do", "In Progress"))
    assert "token-of-ours" not in repr(config)


@pytest.mark.parametrize(
    "keys",
    [
        {"url": "jira.example.org"},
        {"url": "https://user:secret@jira.example.org"},
        {"url": "https://jira.example.org/?a=1"},
        {"token": " "},
        {"token": "tökén"},
        {"project": "My project"},
        {"project": 'SEC" OR project = "HR'},
        {"labels": ["two words"]},
        {"labels": [""]},
        {"labels": ["x" * 256]},
        {"fields": {"summary": "mine"}},
        {"requests_per_minute": 0},
        {"no_such_key": 1},
    ],
)
def test_a_configuration_that_can_not_work_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        JiraConfig.model_validate(KEYS | keys)
    assert "secret" not in str(raised.value)
