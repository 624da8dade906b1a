"""A refusal is said in the reader's language where its text is ours."""

from __future__ import annotations

import pytest

from worker.app.refused import Refused, require_reason
from worker.domain.text.tongue import ENGLISH
from worker.languages import BabelLanguages

GERMAN = BabelLanguages("de").of("de")


def test_a_text_of_ours_is_said_in_the_reader_s_language() -> None:
    with pytest.raises(Refused) as refused:
        require_reason(" ")

    assert refused.value.is_translated
    assert refused.value.say(GERMAN) == "Sagen Sie, warum: Ein Grund ist nötig."
    assert refused.value.say(ENGLISH) == str(refused.value) == "Say why: a reason is required."


def test_any_other_stays_as_it_is() -> None:
    refused = Refused("No such column.")

    assert not refused.is_translated
    assert refused.say(GERMAN) == "No such column."
