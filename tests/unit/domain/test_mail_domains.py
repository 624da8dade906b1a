"""Folding the letters of an address makes nobody else's domain of it."""

from __future__ import annotations

import pytest

from worker.domain.text.mail_domains import foldable


@pytest.mark.parametrize(
    "address, expected",
    [
        ("A@Example.org", "A@Example.org"),
        ("jörg@BÜCHER.example", "jörg@BÜCHER.example"),  # the same domain in small letters
        ("Groß@example.org", "Groß@example.org"),
        ("a@straße.example", "a@xn--strae-oqa.example"),
        ("a@STRAẞE.example", "a@xn--strae-oqa.example"),
        ("a@νόμος.example", "a@xn--xxabhm1c.example"),
        ("a@my_straße.example", ""),
        ("straße", "straße"),
    ],
)
def test_a_domain_that_folding_would_change_is_written_in_ascii(address: str, expected: str) -> None:
    assert foldable(address) == expected
    domain = expected.rpartition("@")[2] if "@" in expected else ""
    assert domain.casefold() == domain.lower()
