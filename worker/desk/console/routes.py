"""Every address of the console, with the permission that it needs."""

from __future__ import annotations

from starlette.routing import Route

from worker.desk.console import (
    audit,
    census,
    charts,
    controls,
    groups,
    messages,
    now,
    people,
    plans,
    policies,
    questions,
    saved,
    seals,
    silences,
    sources,
    ticket,
    tickets,
    what_if,
)
from worker.desk.console.frame import screen
from worker.desk.roles import Permission
from worker.desk.sealing import SealUploads

POST, BOTH = ("POST",), ("GET", "POST")


def routes(sealed: SealUploads) -> list[Route]:
    """All routes. Lists take POST, too: a search, which leads to an address without names."""
    return [
        screen("/", now.now),
        screen("/exposed", now.exposed),
        screen("/tickets", tickets.tickets, methods=BOTH),
        screen("/tickets/together", tickets.act_together, Permission.ACT, POST),
        screen("/tickets/saved", saved.save, methods=POST),
        screen("/tickets/{label}", ticket.ticket),
        screen("/tickets/{label}/link", ticket.link, Permission.ACT, POST),
        screen("/tickets/{label}/act", ticket.act, Permission.ACT, POST),
        seals.seal_route(sealed),
        screen("/groups", groups.groups, methods=BOTH),
        screen("/groups/{ref}", groups.group),
        screen("/groups/{ref}/pair", questions.pair, Permission.ACT, POST),
        screen("/controls", controls.controls),
        screen("/controls/{control}", controls.control, methods=BOTH),
        screen("/census", census.census),
        screen("/census/link", census.link, Permission.ACT, POST),
        screen("/census/{label}/decide", census.decide, Permission.ACT, POST),
        screen("/people", people.people, methods=BOTH),
        screen("/people/{ref}", people.person),
        screen("/questions", questions.questions, methods=BOTH),
        screen("/questions/together", questions.answer_together, Permission.ACT, POST),
        screen("/questions/{ref}", questions.answer, Permission.ACT, POST),
        screen("/plans", plans.plans),
        screen("/plans/{label}", plans.plan),
        screen("/plans/{label}/release", plans.release),
        screen("/tickets/{label}/hold", ticket.hold, Permission.RELEASE, POST),
        screen("/plans/{label}/decide", plans.decide, Permission.RELEASE, POST, plans.TICKED_MAX),
        screen("/plans/{label}/compare", plans.compare, methods=POST),
        screen("/sources", sources.sources),
        screen("/sources/{name}", sources.source),
        screen("/unreached", sources.unreached_admins),
        screen("/policies", policies.policies),
        screen("/what-if", what_if.what_if, methods=BOTH),
        screen("/messages", messages.messages, methods=BOTH),
        screen("/messages/{label}/{act}", messages.act, Permission.ACT, POST),
        screen("/silences", silences.silences),
        screen("/silences/new", silences.make, Permission.ACT, POST),
        screen("/silences/{label}/end", silences.end, Permission.ACT, POST),
        screen("/charts", charts.charts),
        screen("/audit", audit.audit, Permission.AUDIT, BOTH),
        screen("/audit/export", audit.export, Permission.AUDIT, POST),
    ]
