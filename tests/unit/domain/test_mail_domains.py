"""Folding the letters of an address makes nobody else's domain of it."""

from __future__ import annotations

import pytest

from worker.domain.text.mail_domains import foldable, is_address


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


@pytest.mark.parametrize(
    "text",
    [
        "ann@corp.example",
        "o'brien+ward@corp.example",
        "é@ü.example",
        "a@b",
        "it/sec!#$%&*=?^_`{|}~.-@x.example",
    ],
)
def test_an_address_is_one(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@corp.example",
        "ann@",
        "a@b@c.example",
        "a@b.example,c@d.example",
        "a@b.example; c@d.example",
        "Ann <ann@corp.example>",
        '"x"@y.example',
        "mailto:ann@corp.example",
        "an n@corp.example",
        "ann@corp.example\n",
        "\u202emoc.live@x.example",
        "a@\u200bb.example",
        "a@\ud800.example",
    ],
    ids=ascii,
)
def test_what_holds_more_or_less_than_an_address_is_none(text: str) -> None:
    assert not is_address(text)
