"""No program makes a link of a web address in a name."""

from __future__ import annotations

import pytest

from worker.domain.text.unlinked import JOINER, unlinked


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Ward 7 https://evil.example/x", "Ward 7 https:|//evil.example/x"),
        ("HTTP://evil.example, (www.evil.example)", "HTTP:|//evil.example, (www|.evil.example)"),
        ("WWW.evil.example tg://x", "WWW|.evil.example tg:|//x"),
        ("sam@example.org 12:30 // awww.", "sam@example.org 12:30 // awww."),
    ],
)
def test_an_address_has_a_joiner_and_nothing_else_has(text: str, expected: str) -> None:
    assert unlinked(text) == expected.replace("|", JOINER)
    assert unlinked(unlinked(text)) == unlinked(text)
