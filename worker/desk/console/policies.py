"""Escalation: every policy in words, and a preview for any ticket of who would be told when."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.refused import Refused
from worker.desk.calls import Call
from worker.desk.console.frame import missing
from worker.desk.console.told import shown_steps, taken_steps
from worker.desk.sessions import Guest
from worker.domain.escalation.policy import STANDARD, After, Policy
from worker.domain.messages.sentences import ticket_title
from worker.domain.text.tongue import Tongue
from worker.domain.tickets.ticket import ticket_number


def policies(call: Call, guest: Guest) -> Response:
    """The configured policies, in the order in which they are tried; the built-in one is last."""
    del guest
    shown = [_shown(policy, call.tongue) for policy in (*call.services.rules.policies, STANDARD)]
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
        "taken": taken_steps(taken, call.tongue),
    }
    return call.page("console/policies.html", {"policies": shown, "asked": ticket.label, "preview": preview})


def _shown(policy: Policy, tongue: Tongue) -> dict[str, object]:
    steps = [
        {
            "when": _said(step.after, tongue),
            "to": [str(whom) for whom in step.to],
            "via": ", ".join(step.via),
            "repeat": tongue.span(step.repeat) if step.repeat else "",
        }
        for step in policy.steps
    ]
    return {"name": policy.name, "steps": steps}


def _said(after: After, tongue: Tongue) -> str:
    """When a step comes, in words."""
    if after.share >= 1.0:
        if not after.plus:
            return tongue.say("when it is due")
        return tongue.say("{span} after it is due", span=tongue.span(after.plus))
    if after.share:
        return tongue.say("after {share} of the time until it is due", share=tongue.percent(after.share))
    if after.plus:
        return tongue.say("{span} after it is opened", span=tongue.span(after.plus))
    return tongue.say("at once")
