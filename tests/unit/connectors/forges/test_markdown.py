"""Plain text stays plain text in Markdown, as an independent renderer shows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.markdown import fenced, paragraphs, plain, unreferenced
from connectors.kit.text import visible
from fakes.trackers.markdown import as_read, calls_somebody, tags

HOSTILE = [
    "*bold* _bold_ **bold** ~~gone~~ `code` | a | b |",
    "# heading", "- item", "+ item", "1. item", "2) item", "> quote", "===", "---", "***", "    code",
    "<b>bold</b> <script>x</script> &amp; &lt; <!-- hidden -->",
    "[text](https://example.org) ![picture](https://example.org/x.png) [text]", "[x]: https://example.org",
    "@sam (@sam) thanks @sam-doe", '#12 org/repo#12 GH-12 !34 &5 $6 %7 ~bug ~"a b" ^group', ":tada: :+1:",
    "/close", "text\n/assign @sam", "\\*", "a\\\nb", "$x^2$", "```\ncode\n```", "line\n===", "a\n- b\n\n- c",
    "https://example.org/a_b_c?x=1&y=*2* and /more", "write to sam@example.org at 12:30:45",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_it_is_read_as_it_was_written(text: str) -> None:
    made = plain(text)
    assert "".join(as_read(made).split()) == "".join(text.split())
    assert tags(made) == []
    assert calls_somebody(made) == []


@given(st.text(alphabet=st.sampled_from("ab1 *_#@!~$^&<>|\\`[]()/-+=.:\n%\"'"), max_size=30))
def test_whatever_is_written_makes_no_markup(text: str) -> None:
    made = plain(text)
    assert tags(made) == []
    assert calls_somebody(made) == []
    assert "".join(as_read(made).split()) == "".join(visible(text).split())


def test_an_address_stays_a_link() -> None:
    assert (
        plain("See https://desk.example.org/tickets/T-000123.")
        == "See <https://desk.example.org/tickets/T-000123>."
    )


def test_a_title_is_no_markdown_and_calls_nobody() -> None:
    assert unreferenced("Remove @sam from #12") == "Remove @\u2060sam from #\u206012"
    assert unreferenced("sam@example.org") == "sam@example.org"


def test_paragraphs_are_apart_and_a_fence_holds() -> None:
    assert paragraphs(["a", " ", "b"]) == "a\n\nb"
    assert as_read(fenced("a ```` b\n@sam")).strip() == "a ```` b\n@sam"
