import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.reading_direction import is_rtl
from connectors.kit.text import cut, one_line, shown, shown_line, visible, width

ESCAPES = {"&": "&amp;", "<": "&lt;"}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Ward 7 nights", "Ward 7 nights"),
        ("قسم الطوارئ", "قسم الطوارئ"),
        ("\u200fقسم\u200e", "\u200fقسم\u200e"),
        ("\u202a+447700900123\u202c", "+447700900123"),
        ("a\u2066b\u2069c\u202ed", "abcd"),
        ("\x1b[31mred", "�[31mred"),
        ("\x9bCSI\x00\x7f", "�CSI��"),
        ("one\r\ntwo\nthree", "one\ntwo\nthree"),
        ("one\rtwo\u2028three\tfour\x85five", "one two three four five"),
        ("half \ud83d", "half �"),
        ("👩🏽‍⚕️", "👩🏽‍⚕️"),
    ],
)
def test_text_from_outside_keeps_what_can_be_read(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_one_line_has_single_spaces_only() -> None:
    assert one_line("  Ward\u00a07 \r\n\t nights\n") == "Ward 7 nights"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("\u2068Ward 7\u2069 قسم", "\u2068Ward 7\u2069 قسم"),
        ("\u2068Ward\n7\u2069", "Ward\n7"),
        ("a\u2069b\u2068c", "abc"),
        ("\u2068\u202ea\u2069\x07", "\u2068a\u2069�"),
        ("one\r\ntwo\u2028three", "one\ntwo three"),
    ],
)
def test_isolates_that_are_closed_within_their_line_can_be_kept(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_a_shown_line_has_single_spaces_only() -> None:
    assert shown_line(" \u2068Ward\u00a07\u2069 \n nights") == "\u2068Ward 7\u2069 nights"


def test_an_isolate_that_is_cut_off_its_end_goes() -> None:
    assert cut("\u2068Ward 7 nights\u2069", 8) == "Ward 7…"


@pytest.mark.parametrize(
    "text, limit, expected",
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab cd", 4, "ab…"),
        ("a&b", 7, "a&amp;b"),
        ("a&b", 6, "a…"),
        ("&&", 9, "&amp;…"),
        ("😀😀", 4, "😀😀"),
        ("😀😀", 3, "😀…"),
        ("", 1, ""),
    ],
)
def test_what_is_cut_ends_in_an_ellipsis_and_splits_no_escape(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit, ESCAPES) == expected


@given(st.text(), st.integers(1, 40))
def test_a_cut_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    short = cut(text, limit, ESCAPES)
    assert width(short) <= limit
    assert short.endswith("…") or len(short) >= len(text)


@given(st.text())
def test_visible_text_can_always_be_written_as_utf_8(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    assert visible(text).encode().decode() == visible(text)


@pytest.mark.parametrize(
    "language, expected",
    [
        ("ar", True),
        ("ar-EG", True),
        ("ar-EG-u-nu-latn", True),
        ("en-x-ar", False),
        ("ur", True),
        ("en-GB", False),
        ("hi", False),
        ("", False),
        ("x_y!", False),
        ("qq", False),
    ],
)
def test_a_language_knows_its_direction_and_an_unknown_one_runs_as_most_do(
    language: str, expected: bool
) -> None:
    assert is_rtl(language) is expected
