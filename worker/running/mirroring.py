"""What the mirror is made of: the configured trackers, and what their copies say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.app.jobs.mirror_run import MirroredTracker, Texts
from worker.app.reads.ticket import listed_tickets
from worker.app.reads.witness import Witnesses
from worker.app.tell.holding import Holding
from worker.app.tell.signed_links import SignedLinks
from worker.contract.tickets import TicketShape
from worker.domain.messages.sentences import masked_text
from worker.domain.mirror.copy import Content
from worker.domain.text.tongue import Languages
from worker.domain.tickets.ticket import Ticket, TicketKind
from worker.ports.connectors.tracker import Tracker
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class TrackerRules:
    """Which tickets a tracker has copies of (no kinds: all), what they say, and whether they are given to people."""

    kinds: frozenset[TicketKind] = frozenset()
    sensitive: bool | None = None
    content: Content = Content.MINIMAL
    assigns: bool = True


def mirrored(trackers: Sequence[Tracker], rules: Mapping[str, TrackerRules]) -> list[MirroredTracker]:
    """Each tracker with its rules."""
    found = []
    for one in trackers:
        its = rules.get(one.name, TrackerRules())
        found.append(MirroredTracker(one, its.kinds, its.sensitive, its.content, its.assigns))
    return found


def texts_of(
    languages: Languages,
    timezone: str,
    links: SignedLinks | None,
    holding: Holding,
    witnesses: Witnesses,
    clock: Callable[[], datetime],
) -> Texts:
    """How copies are written. Without `links` they have no address of the desk; signed links never get there."""

    def url(ticket: Ticket) -> str:
        return links.console(f"/tickets/{ticket.label}") if links else ""

    def data(uow: UnitOfWork, ticket: Ticket, content: Content) -> Mapping[str, Any]:
        [listed] = listed_tickets(uow, [ticket], clock(), holding)
        shown = TicketShape.of(listed, witnesses).model_dump(mode="json")
        said = shown if content is Content.FULL else _minimal(shown)
        return {key: _masked(value) for key, value in said.items()}

    return Texts(languages, timezone, url, data)


def _minimal(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A ticket's JSON that names nobody but whoever has to do it."""
    subject = {**shown["subject"], "handle": None, "person": None}
    nobody: dict[str, Any] = {"member": None, "person": None, "done_by": None, "reason": "", "occasion": ""}
    assignee = shown["assignee"] and {**shown["assignee"], "why": ""}  # it may name who gave it to them
    copies = [{**one, "problem": None} for one in shown["mirrors"]]  # nor whom another tracker does not know
    nobody |= {"subject": subject, "assignee": assignee, "mirrors": copies}
    return {**shown, **nobody, "escalations": [], "sources": [], "details": {}}


def _masked(shown: Any) -> Any:
    """A part of a ticket's JSON with only country and last digits of each phone number."""
    if isinstance(shown, dict):
        return {key: _masked(value) for key, value in shown.items()}
    if isinstance(shown, list):
        return [_masked(value) for value in shown]
    return masked_text(shown) if isinstance(shown, str) else shown
