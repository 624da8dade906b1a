"""What scripts are shown: the JSON shapes of the command line's contract, which the API answers with as well.

Tickets, accounts and held plans alone are in `domain/plan.py`; here is what has to be looked up besides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worker.app.reads.group import WholeGroup
from worker.app.reads.person import WholePerson
from worker.app.reads.ticket import Steps, WholeTicket, with_steps
from worker.app.tell.recipients import ComingStep, steps_of
from worker.domain.evidence.journal import Sealed
from worker.domain.identity.matching import Link
from worker.domain.messages.sentences import told_line
from worker.domain.model import HandleKey, Member, Person, Standing
from worker.domain.reconcile.engine import TicketRules
from worker.domain.reconcile.guard import HeldPlan
from worker.domain.reconcile.plan import account_json, held_json, instant, ticket_json
from worker.domain.text.tongue import Languages
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.groups import GroupRow
from worker.ports.state.store import UnitOfWork

Shape = dict[str, Any]


# --- tickets and plans ----------------------------------------------------------------------------------------


def tickets_with_steps(uow: UnitOfWork, tickets: Sequence[Ticket]) -> list[Shape]:
    """Each ticket with the steps that were taken."""
    return [_with_steps(ticket, steps) for ticket, steps in with_steps(uow, tickets)]


def _with_steps(ticket: Ticket, steps: Steps) -> Shape:
    return ticket_json(
        ticket,
        tuple(
            {"step": taken.step, "repeat": taken.repeat, "at": instant(taken.at), "to": list(to)}
            for taken, _, to in steps
        ),
    )


def ticket_shown(whole: WholeTicket) -> Shape:
    """Everything about one ticket: its person's accounts, its history, and who may have its link too."""
    shown = _with_steps(whole.ticket, whole.steps)
    if shown["person"]:
        shown["person"]["accounts"] = [account_json(one) for one in whole.accounts]
    history = [_happened(sealed) for sealed in whole.history]
    return {**shown, "link_known_to": list(whole.link_known_to), "history": history}


def _happened(sealed: Sealed) -> Shape:
    entry = sealed.entry
    return {
        "at": instant(entry.at),
        "by": entry.actor,
        "what": entry.kind,
        "reason": entry.reason,
        "data": dict(entry.data),
    }


def escalation_explained(uow: UnitOfWork, ticket: Ticket, rules: TicketRules, languages: Languages) -> Shape:
    """Which policy a ticket has, when each step comes, and whom it would tell now."""
    steps = [_step_json(step) for step in steps_of(uow, ticket, rules, languages)]
    policy = rules.policy(ticket).name
    return {"ticket": ticket.label, "policy": policy, "due_at": instant(ticket.due_at), "steps": steps}


def _step_json(step: ComingStep) -> Shape:
    coming = step.coming
    return {
        "step": coming.step,
        "at": instant(coming.at),
        "what": f"step {coming.step}: {told_line(step.told, coming.repeat)}",
        "told": [{"target": target.value, "people": list(names)} for target, names in step.told],
        "state": "taken" if step.is_taken else "to come",
    }


def plan_shown(uow: UnitOfWork, plan: HeldPlan, *, needs_two: bool) -> Shape:
    """One held plan with the words that people have said on it so far."""
    approvals = [
        {
            "cohort": one.cohort,
            "by": one.by,
            "at": instant(one.at),
            "reason": one.reason,
            "verdict": one.verdict.value,
        }
        for one in uow.episodes.approvals(plan.id)
    ]
    return {**held_json(plan), "needs_two": needs_two, "approvals": approvals}


# --- people ---------------------------------------------------------------------------------------------------


def person_json(person: Person) -> Shape:
    """One account with what its directory says."""
    facts = person.facts
    return {
        "source": person.key.source,
        "id": person.key.person_id,
        "name": facts.display_name,
        "email": facts.email,
        "department": facts.department,
        "title": facts.title,
        "employee_id": facts.employee_id,
        "phones": list(facts.phones),
        "standing": person.standing.value,
        "evidence": person.evidence.value if person.evidence else None,
        "left_at": instant(person.left_at),
    }


def person_shown(whole: WholePerson, history: Sequence[Sealed]) -> Shape:
    """One account, and the human behind it: every account, their groups, tickets and history."""
    return {
        **person_json(whole.account),
        "accounts": [account_json(one) for one in whole.human.accounts],
        "has_left": whole.human.person.standing is Standing.LEFT,
        "groups": [
            {"id": "/".join(group.key), "name": group.name, "role": member.role.value}
            for group, member in whole.groups
        ],
        "tickets": [ticket.label for ticket in whole.tickets],
        "history": [
            {"at": instant(sealed.entry.at), "by": sealed.entry.actor, "what": sealed.entry.kind}
            for sealed in history
        ],
        "read_at": instant(whole.directories[whole.account.key.source].last_success_at),
    }


# --- groups and links -----------------------------------------------------------------------------------------


def group_json(group: GroupRow) -> Shape:
    """One group as lists show it."""
    return {
        "source": group.key.source,
        "id": group.key.group_id,
        "name": group.name,
        "messenger": group.messenger,
        "owner": group.owner_email,
        "members": group.size,
        "admins": group.admins,
        "coverage": group.coverage,
        "taken_at": instant(group.taken_at),
        "read_at": instant(group.read_at),
        "gone": group.is_gone,
        "warning": group.warning,
    }


def group_shown(whole: WholeGroup) -> Shape:
    """One group with its members, who they are, and its tickets."""
    return {
        **group_json(whole.group),
        "roster": [_member_json(*one) for one in whole.members],
        "tickets": [ticket.label for ticket in whole.tickets],
    }


def _member_json(member: Member, link: Link | None, person: Person | None) -> Shape:
    return {
        "handle": member.handle,
        "display_name": member.display_name,
        "role": member.role.value,
        "link": link.state.value if link else None,
        "how": link.how.value if link and link.how else None,
        "person": {"source": person.key.source, "id": person.key.person_id, "name": person.facts.display_name}
        if person
        else None,
    }


def link_json(key: HandleKey, link: Link) -> Shape:
    """Who is behind a handle, or who could be."""
    return {
        "id": f"{key.source}/{key.handle}",
        "source": key.source,
        "handle": key.handle,
        "state": link.state.value,
        "how": link.how.value if link.how else None,
        "why": link.why,
        "person": {"source": link.person.source, "id": link.person.person_id} if link.person else None,
        "suggestions": [
            {"source": s.key.source, "id": s.key.person_id, "name": s.name, "similarity": round(s.score, 2)}
            for s in link.suggestions
        ],
    }


# --- what happened --------------------------------------------------------------------------------------------


def event_json(sealed: Sealed) -> Shape:
    """One entry of the journal with its place in the chain, by the names that an evidence pack has for them."""
    entry = sealed.entry
    data: Mapping[str, Any] = entry.data
    return {
        "seq": sealed.seq,
        "at": instant(entry.at),
        "actor": entry.actor,
        "kind": entry.kind,
        "subject": entry.subject,
        "reason": entry.reason,
        "data": dict(data),
        "hash": sealed.hash,
    }
