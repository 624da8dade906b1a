"""Marks that keep the direction of a part apart are dropped where a terminal shows them."""

from __future__ import annotations

from worker.domain.text.direction import isolated
from worker.domain.text.steering import without_isolates


def test_a_text_between_isolates_stays() -> None:
    name = "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}"
    assert isolated(name, is_rtl=False) != name
    assert without_isolates(isolated(name, is_rtl=False)) == name
