"""What stands around a number: remarks and extensions, and what shows that it is not whole."""

from __future__ import annotations

import pytest

from worker.domain.identity.phones import to_e164


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("07700 900123 ext 5", "+447700900123"),
        ("07700 900123 ext. 1234", "+447700900123"),
        ("07700900123x12", "+447700900123"),
        ("07700 900123 #12", "+447700900123"),
        ("07700 900123 (ward)", "+447700900123"),
        ("07700 900123 - Amina, nights", "+447700900123"),
        ("WhatsApp: 07700 900123", "+447700900123"),
        ("07700 900123, 07700 900456", None),
        ("07700 900123 / 07700 900456", None),
        ("Ward 7 nights 07700 900123", None),
        ("07700 900123 x 5", "+447700900123"),
        ("Amina Foxx: 07700 900123 (Foxx)", "+447700900123"),
        ("07700 900123 - - *nights*", "+447700900123"),
        ("* 07700 900123 *", "+447700900123"),
        ("07700 900123 Li, Oli", "+447700900123"),
        ("07700 900123 | nights |", "+447700900123"),
        ("07700 900123 (24h)", "+447700900123"),
        ("07700 900123 (2. phone)", "+447700900123"),
        ("(07700) 900123", "+447700900123"),
        ("07700 900123, 456", None),
        ("07700 900123 2nd floor", None),
    ],
)
def test_a_remark_or_an_extension_is_dropped_and_a_second_number_is_one_too_many(
    raw: str, expected: str | None
) -> None:
    assert to_e164(raw, "GB") == expected


@pytest.mark.parametrize(
    "raw",
    [
        "07700 900 1O2", "07700 900 12O", "07700 9OO 102", "O7700 900102", "+44 7700 900 l23", "07700 900 OOO",
        "07700 900 ***", "07700 900 * * *", "07700 900 xxx", "07700 900XX", "07700 900 •••", "07700 900…",
        "07700 900 ...", "07700 900 ___", "07700 900 ??", "07700 900 ##", "07700 900,123", "07700 900 ~123",
        "07700 900 1x", "07700 900 (1O2)", "*** 7700900", "XXXX-7700900", "•• •• 7700900", "…7700900",
    ],
)  # fmt: skip
def test_a_number_with_digits_that_are_hidden_or_mistyped_shows_none(raw: str) -> None:
    """What is left of it is possible in Britain: everybody of the block would be one person."""
    assert to_e164("07700 900", "GB") == "+447700900"

    assert to_e164(raw, "GB") is None
