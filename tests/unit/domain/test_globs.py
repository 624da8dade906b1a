"""What a glob names."""

from __future__ import annotations

import pytest

from worker.domain.text.globs import fits


@pytest.mark.parametrize(
    "text, globs, expected",
    [
        ("Nursing", ("nursing",), True),
        ("St Mary's East", ("st mary's*",), True),
        ("Nursing", ("Nurs", "Porter*"), False),
        ("Nursing", ("Porter*", "N?rsing"), True),
        ("Nursing", (), False),
        (None, ("*",), False),
        ("STRASSE", ("straße",), True),
        ("[ICU] nights", ("[icu] Nights",), True),
        ("I nights", ("[ICU] nights",), True),
        ("Ward 7 [old]", ("Ward 7 [new]",), False),
    ],
)
def test_a_glob_means_whole_texts_in_any_case(
    text: str | None,
    globs: tuple[str, ...],
    expected: bool,
) -> None:
    assert fits(text, globs) is expected
