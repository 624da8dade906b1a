"""The page on which the role reviews a leaver's conversations: `/t/<token>` of such a ticket."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response

from worker.desk.calls import Call
from worker.domain.controls.conversations import (
    RESULT_WORDS,
    WORDS_MAX,
    CheckAnswer,
    CheckItem,
    Checklist,
    ReviewResult,
)
from worker.domain.kinds.review_conversations import DPIA_REF, POLICY_REF
from worker.domain.messages.sentences import ticket_title, why_line

SHOWN = "shown-"  # the beginning of the fields that say what a page was opened with


def conversations_page(call: Call, token: str) -> Response:
    """Show the checklist with what was said so far, what is missing, and the leaver's groups."""
    shown = call.services.conversations.look(token, call.now)
    call.language = shown.language
    ticket, tongue = shown.ticket, call.tongue
    return call.page(
        "conversations.html",
        {
            "token": token,
            "form_token": call.token_for(token),
            "shown": shown,
            "ticket": ticket,
            "said": shown.checklist,
            "of_shown": SHOWN,
            "has_begun": shown.checklist != Checklist(),
            "title": ticket_title(ticket, tongue),
            "why": why_line(ticket, call.services.place.timezone, tongue),
            "policy_ref": ticket.details.get(POLICY_REF, ""),
            "dpia_ref": ticket.details.get(DPIA_REF, ""),
            "items": CheckItem,
            "results": RESULT_WORDS,
            "words_max": WORDS_MAX,
            "refused": call.query("refused"),
        },
    )


def checklist_of(call: Call, of: str = "") -> Checklist:
    """What the form says, or what it was shown with (`SHOWN`). What is no answer, no day or no result is left out."""

    def text(name: str) -> str:
        return call.text(f"{of}{name}", WORDS_MAX)

    given = {item: text(item.name.lower()) for item in CheckItem}
    words = {item: text(f"words-{item.name.lower()}") for item in CheckItem}
    return Checklist(
        {item: CheckAnswer(word) for item, word in given.items() if word in set(CheckAnswer)},
        {item: said for item, said in words.items() if said},
        _day(text("from")),
        _day(text("until")),
        ReviewResult(text("result")) if text("result") in set(ReviewResult) else None,
        _day(text("delete_on")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
