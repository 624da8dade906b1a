"""Escalation: every policy in words, and a preview for any ticket of who would be told when."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.refused import Refused
from worker.desk.calls import Call
from worker.desk.console.frame import missing
from worker.desk.console.told import shown_steps
from worker.desk.sessions import Guest
from worker.domain.escalation.policy import STANDARD, Policy, format_after
from worker.domain.messages.sentences import ticket_title
from worker.domain.text.durations import format_duration
from worker.domain.tickets.ticket import ticket_number


def policies(call: Call, guest: Guest) -> Response:
    """The configured policies, in the order in which they are tried; the built-in one is last."""
    del guest
    shown = [_shown(policy) for policy in (*call.services.rules.policies, STANDARD)]
    asked = call.query("ticket")
    if not asked:
        return call.page("console/policies.html", {"policies": shown, "asked": "", "preview": None})
    try:
        number = ticket_number(asked)
    except ValueError as error:
        raise Refused(str(error)) from None
    rules = call.services.rules
    with call.services.store.reading() as uow:
        ticket = uow.tickets.get(number)
        if ticket is None:
            return missing(call)
        taken = uow.tickets.steps(number)
        steps = call.services.explainer.explain(uow, ticket).steps
    preview = {
        "ticket": ticket,
        "title": ticket_title(ticket, call.tongue),
        "policy": rules.policy(ticket).name,
        "steps": shown_steps(call, steps),
        "taken": taken,
    }
    return call.page("console/policies.html", {"policies": shown, "asked": ticket.label, "preview": preview})


def _shown(policy: Policy) -> dict[str, object]:
    steps = [
        {
            "after": format_after(step.after),
            "to": [str(whom) for whom in step.to],
            "via": ", ".join(step.via),
            "repeat": format_duration(step.repeat) if step.repeat else "",
        }
        for step in policy.steps
    ]
    return {"name": policy.name, "steps": steps}
