"""What a ticket keeps of a review's checklist, and reads back."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from worker.domain.controls.conversations import (
    CHECKLIST,
    CheckAnswer,
    CheckItem,
    Checklist,
    ReviewResult,
    as_details,
    from_details,
)


def kept(said: Checklist) -> dict[str, Any]:
    """A ticket's details, as the database keeps them."""
    details: dict[str, Any] = json.loads(json.dumps({"time_s": 9.0, CHECKLIST: as_details(said)}))
    return details


@pytest.mark.parametrize(
    "said",
    [
        Checklist(),
        Checklist({CheckItem.TOLD: CheckAnswer.NOT_NEEDED}, {CheckItem.TOLD: "they asked for it"}),
        Checklist({CheckItem.SEALED: CheckAnswer.DONE}, begin=date(2026, 11, 1)),
        Checklist(words={CheckItem.READ: "the works council"}, result=ReviewResult.CASE),
    ],
    ids=["nothing", "an answer and its words", "an answer alone", "words alone"],
)
def test_what_was_said_is_read_back(said: Checklist) -> None:
    assert from_details(kept(said)) == said


def test_words_without_an_answer_are_kept_and_are_no_answer() -> None:
    details = kept(Checklist(words={CheckItem.HANDED_OVER: "Legal"}))
    assert details[CHECKLIST]["items"] == {"handed_over": {"answer": None, "words": "Legal"}}
    assert "Answer each item." in from_details(details).needs


def test_a_ticket_of_which_nothing_was_said_has_an_empty_checklist() -> None:
    assert from_details({"time_s": 9.0}) == Checklist()
