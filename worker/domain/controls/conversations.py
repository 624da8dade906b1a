"""The review of the work conversations of somebody who leaves: the checklist, and what it needs to be complete. Pure.

Purpose, necessity and prior notice come first; private phones and private chats are never part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from worker.domain.text.tongue import N_

WORDS_MAX = 300
CHECKLIST = "checklist"  # in a ticket's details: what was said so far
Word = TypeVar("Word", bound=str)


class CheckItem(StrEnum):
    """What is said of a review, in the order in which it is done. The texts are English, and translated when said."""

    PURPOSE = N_("The purpose is written down.")
    TOLD = N_("The person was told.")
    CHOSEN = N_("The groups and the time were chosen, as few as possible.")
    OTHER_WAYS = N_("Less intrusive ways were considered: asking, the records system, a single search.")
    EXPORTED = N_("A member who stays in the group exported the conversation.")
    SEALED = N_("The export was sealed.")
    HANDED_OVER = N_("The export was handed over. Write to whom.")
    READ = N_("The export was read. Write by whom.")


class CheckAnswer(StrEnum):
    """What is said of one item."""

    DONE = "done"
    NOT_NEEDED = "not_needed"


class ReviewResult(StrEnum):
    """What came of it."""

    NOTHING = "nothing"
    NOTED = "noted"
    CASE = "case"


RESULT_WORDS = {
    ReviewResult.NOTHING: N_("Nothing that matters"),
    ReviewResult.NOTED: N_("Something was noted in the records"),
    ReviewResult.CASE: N_("It is a legal case"),
}


@dataclass(frozen=True, slots=True)
class Checklist:
    """What was said so far. `begin`, `end`: the days of the messages that are looked at. `delete_on`: of the export."""

    answers: Mapping[CheckItem, CheckAnswer] = field(default_factory=dict)
    words: Mapping[CheckItem, str] = field(default_factory=dict)
    begin: date | None = None
    end: date | None = None
    result: ReviewResult | None = None
    delete_on: date | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """What is missing, as English sentences; empty: it is complete."""
        is_exported = self.answers.get(CheckItem.EXPORTED) is not CheckAnswer.NOT_NEEDED
        reasons = [one for one, said in self.answers.items() if said is CheckAnswer.NOT_NEEDED]
        missing = {
            N_("Answer each item."): len(self.answers) < len(CheckItem),
            N_("Say why an item was not needed."): any(not self.words.get(one) for one in reasons),
            N_("Say which days are looked at; the first comes before the last."): not self._has_days,
            N_("Say what came of it."): self.result is None,
            N_("Say when the export is deleted."): is_exported and self.delete_on is None,
        }
        return tuple(text for text, is_missing in missing.items() if is_missing)

    @property
    def _has_days(self) -> bool:
        return self.begin is not None and self.end is not None and self.begin <= self.end

    def with_changes(self, said: Checklist, shown: Checklist) -> Checklist:
        """This with what somebody said other than they were shown: what they left alone stays as it is here."""
        return Checklist(
            _changed(self.answers, said.answers, shown.answers),
            _changed(self.words, said.words, shown.words),
            self.begin if said.begin == shown.begin else said.begin,
            self.end if said.end == shown.end else said.end,
            self.result if said.result is shown.result else said.result,
            self.delete_on if said.delete_on == shown.delete_on else said.delete_on,
        )

    def without_words(self) -> Checklist:
        """The same without what people wrote."""
        return replace(self, words={})


def _changed(
    kept: Mapping[CheckItem, Word], said: Mapping[CheckItem, Word], shown: Mapping[CheckItem, Word]
) -> dict[CheckItem, Word]:
    stands = {one: kept if said.get(one) == shown.get(one) else said for one in CheckItem}
    return {one: source[one] for one, source in stands.items() if one in source}


def as_details(said: Checklist) -> dict[str, Any]:
    """As a ticket's details keep it. The answer of an item that only has words is None."""
    return {
        "items": {
            one.name.lower(): {"answer": said.answers.get(one), "words": said.words.get(one, "")}
            for one in CheckItem
            if one in said.answers or one in said.words
        },
        "from": said.begin.isoformat() if said.begin else None,
        "until": said.end.isoformat() if said.end else None,
        "result": said.result.value if said.result else None,
        "delete_on": said.delete_on.isoformat() if said.delete_on else None,
    }


def from_details(details: Mapping[str, Any]) -> Checklist:
    """What a ticket's details keep; nothing, if nothing was said yet."""
    kept = details.get(CHECKLIST)
    if kept is None:
        return Checklist()
    items = {CheckItem[name.upper()]: one for name, one in kept["items"].items()}
    return Checklist(
        {one: CheckAnswer(said["answer"]) for one, said in items.items() if said["answer"]},
        {one: said["words"] for one, said in items.items() if said["words"]},
        _day(kept["from"]),
        _day(kept["until"]),
        ReviewResult(kept["result"]) if kept["result"] else None,
        _day(kept["delete_on"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
