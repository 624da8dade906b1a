"""The page on which somebody reviews a group: `/t/<token>` of such a ticket. Rows in parts, no answer is preset."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from worker.desk.calls import Call, number_in
from worker.domain.controls.reviewing import RowAnswer
from worker.domain.identity.handles import shown_handle

REFUSED = 422
_LATEST_S = 32_503_680_000  # the year 3000, beyond which no clock of ours counts


def review_page(call: Call, token: str, refused: str = "") -> Response:
    """Show the rows that are left, with the reasons why they are shown, and what was unchanged.

    A form that was refused comes back as it was filled in.
    """
    shown = call.services.reviewing.look(token, call.now)
    call.language = shown.language
    page = shown.page
    return call.page(
        "review.html",
        {
            "token": token,
            "form_token": call.token_for(token),
            "shown": shown,
            "rows": [(row, shown_handle(row.member.handle)) for row in page],
            "later": len(shown.left) - len(page),
            "refused": refused or call.query("refused"),
            "typed": row_answers(call) if refused else {},
            "shown_at": (shown_at(call) if refused else None) or call.now,
        },
        status=REFUSED if refused else 200,
    )


def shown_at(call: Call) -> datetime | None:
    """When the page was shown, as its form says; None if that is no instant."""
    seconds = number_in(call.text("shown_at"))
    return datetime.fromtimestamp(seconds, UTC) if seconds and seconds < _LATEST_S else None


def row_answers(call: Call) -> dict[str, RowAnswer]:
    """What the form says, by the mark of the member. A row without an answer is left out."""
    given = {mark: call.text(f"answer-{at}") for at, mark in enumerate(call.texts("row"))}
    return {mark: RowAnswer(word) for mark, word in given.items() if word in set(RowAnswer)}
