"""The page on which one person answers all statements that they are asked for: `/t/<token>` of such a ticket."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.acts.attesting import DueForPerson, StatementAnswer, StatementDue
from worker.app.refused import Refused
from worker.desk.calls import Call, language_names
from worker.desk.markdown import as_html
from worker.domain.controls.statements import DEVICE_ITEMS, AttestAnswer, ItemAnswer
from worker.domain.kinds.attest import topic_of
from worker.domain.messages.sentences import why_line


def statements_page(call: Call, token: str) -> Response:
    """Show every statement that is due, with its text in full."""
    found = call.services.attesting.look(token, call.now)
    call.language = found.language
    return call.page(
        "statements.html",
        {
            "token": token,
            "form_token": call.token_for(token),
            "found": found,
            "due": [_shown(call, one) for one in found.due],
            "undo_until": min(
                (one.can_undo_until for one in found.answered if one.can_undo_until), default=None
            ),
            "items": DEVICE_ITEMS,
            "refused": call.query("refused"),
        },
    )


def _shown(call: Call, one: StatementDue) -> dict[str, object]:
    topic = topic_of(one.ticket, call.tongue)
    return {
        "due": one,
        "topic": topic[:1].upper() + topic[1:],
        "why": why_line(one.ticket, call.services.place.timezone, call.tongue),
        "html": as_html(one.text) if one.text else "",
        "changed": one.changed,
        "language": language_names().get(one.language, one.language)
        if one.text and not one.is_theirs
        else "",
    }


def answers_of(call: Call, found: DueForPerson) -> dict[int, StatementAnswer]:
    """What the form says, by ticket; what has no answer is left out. Raises Refused for a word that is none."""
    said = {one.ticket.id: answer for one in found.due if (answer := _answer(call, one)) is not None}
    if not said:
        raise Refused("Choose an answer.")
    return said


def _answer(call: Call, one: StatementDue) -> StatementAnswer | None:
    number = one.ticket.id
    given = call.text(f"answer-{number}")
    if not given:
        return None
    if given not in set(AttestAnswer):
        raise Refused("Choose an answer.")
    asked = {name: call.text(f"item-{number}-{name}") for name in one.rule.items}
    return StatementAnswer(
        AttestAnswer(given),
        call.text(f"text-{number}"),
        {name: ItemAnswer(word) for name, word in asked.items() if word in set(ItemAnswer)},
        call.text(f"initials-{number}"),
        call.text(f"words-{number}"),
    )
