"""The page on which somebody looks after a reported message: `/t/<token>` of such a ticket."""

from __future__ import annotations

from starlette.responses import Response

from worker.desk.calls import Call
from worker.domain.controls.reports import OUTCOME_WORDS, SEEN_WORDS, TIER_WORDS, BadMessage, Tier
from worker.domain.kinds.handle_report import is_confidential
from worker.domain.messages.sentences import ticket_steps, ticket_title, why_line


def handling_page(call: Call, token: str) -> Response:
    """Show what was reported, what to do, and what can have come of it."""
    shown = call.services.reporting.look(token, call.now)
    call.language = shown.language
    ticket, tongue = shown.ticket, call.tongue
    settled = next((one for one in shown.reports if one.outcome), None)
    return call.page(
        "handling.html",
        {
            "token": token,
            "form_token": call.token_for(token),
            "shown": shown,
            "ticket": ticket,
            "title": ticket_title(ticket, tongue),
            "why": why_line(ticket, call.services.place.timezone, tongue),
            "steps": ticket_steps(ticket, tongue),
            "reports": [_said(one) for one in shown.reports],
            "later": shown.count - len(shown.reports),
            "outcomes": OUTCOME_WORDS,
            "settled": OUTCOME_WORDS[settled.outcome] if settled and settled.outcome else "",
            "settled_words": settled.outcome_words if settled else "",
            "has_personal_data": any(one.tier is Tier.PERSONAL_DATA for one in shown.reports),
            "is_confidential": is_confidential(ticket),
            "refused": call.query("refused"),
        },
    )


def _said(one: BadMessage) -> dict[str, object]:
    return {
        "report": one,
        "tier": TIER_WORDS[one.tier],
        "seen": SEEN_WORDS[one.seen] if one.seen else "",
    }
