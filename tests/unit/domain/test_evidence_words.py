"""Evidence has its words in each of their places."""

from collections.abc import Mapping

import pytest

from worker.domain.model import Evidence
from worker.domain.people import evidence_words


@pytest.mark.parametrize(
    "words",
    [
        evidence_words.EVIDENCE_BRIEFLY,
        evidence_words.EVIDENCE_SAYS,
        evidence_words.EVIDENCE_SHARED,
        evidence_words.EVIDENCE_ON_DAY,
    ],
    ids=["briefly", "says", "shared", "on a day"],
)
def test_each_evidence_has_its_words(words: Mapping[Evidence, str]) -> None:
    assert words.keys() == set(Evidence)
    assert len(set(words.values())) == len(words), "two of them can't be told apart"
