"""What codes and lists of codes mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.text.language_codes import RANGES_MAX, Tag, accepted, fitting, tag_of


@pytest.mark.parametrize(
    "code, tag",
    [
        ("de", Tag("de")),
        ("de-AT", Tag("de", region="AT")),
        (" pt_br ", Tag("pt", region="BR")),
        ("es-419", Tag("es", region="419")),
        ("hi-latn-in", Tag("hi", "Latn", "IN")),
        ("ar-EG-u-nu-latn", Tag("ar", region="EG", numbers="latn")),
        ("ar-u-ca-islamic-nu-arab", Tag("ar", numbers="arab")),
        ("ar-u-nu", Tag("ar")),
        ("ar-x-nu-latn", Tag("ar")),
        ("de-1996", Tag("de")),
        ("de-x-AT", Tag("de")),
        ("", None),
        ("d", None),
        ("German", None),
        ("de-", None),
        ("de--AT", None),
        ("*", None),
        ("de;q=1", None),
        ("dé", None),
        ("de-" + "a-" * 40 + "b", None),
    ],
)
def test_a_code_has_parts_or_is_none(code: str, tag: Tag | None) -> None:
    assert tag_of(code) == tag


@pytest.mark.parametrize(
    "header, codes",
    [
        ("", ()),
        ("de", ("de",)),
        ("de-AT, de;q=0.8, *;q=0.1", ("de-AT", "de")),
        ("fr;q=0.2,pl;q=.9 , en ; q = 1.0", ("en", "pl", "fr")),
        ("de;q=0, fr;q=0.000", ()),
        ("a;b;c, ,;q=1, de;q=high, fr;q=2.5, pl;q=, es;level=1, pt;q=0.5", ("pt",)),
        ("tr,ur,tr", ("tr", "ur", "tr")),
    ],
)
def test_a_list_is_read_in_the_order_of_its_wishes(header: str, codes: tuple[str, ...]) -> None:
    assert accepted(header) == codes


def test_of_a_hostile_list_only_the_beginning_is_read() -> None:
    assert len(accepted(",".join(["de"] * 10_000))) == RANGES_MAX
    assert accepted("d" * 1_000_000) == ()
    assert accepted(" " * 990 + "de,fr") == ("de", "fr")
    assert accepted(" " * 1000 + "de") == ()


@pytest.mark.parametrize("wanted, codes, best", [
    (["de-AT"], "en de de-AT", "de-AT"),
    (["de_at"], "en de DE-AT", "DE-AT"),
    (["de-AT"], "en de-CH de", "de"),
    (["de-AT"], "en de-CH de-DE", "de-CH"),
    (["DE"], "en de-CH de", "de"),
    (["ar-EG-u-nu-latn"], "ar ar-EG", "ar-EG"),
    (["nl", "de"], "en de", "de"),
    (["nl", "de"], "de nl", "nl"),
    (["zh-Hant-TW"], "zh-Hans zh zh-Hant", "zh-Hant"),
    (["zh-Hant"], "zh-Hans en", ""),
    (["zh-TW"], "zh-Hans en", "zh-Hans"),
    (["nl"], "en de", ""),
    (["German", "e"], "en German", ""),
    ([], "en", ""),
    (["en"], "", ""),
])  # fmt: skip
def test_a_reader_gets_the_best_of_the_languages_that_there_are(
    wanted: list[str], codes: str, best: str
) -> None:
    assert fitting(codes.split(), wanted) == best


@given(st.text(max_size=200))
def test_any_text_at_all_is_a_list(header: str) -> None:
    assert all(tag_of(code) for code in accepted(header))
