"""Reports of bad messages: by a public form, without an account; what comes of them, by their handler's link.

Nothing is kept of whoever reports: no name, no address, no browser. No report acts by itself: a person decides.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias

from worker.app.acts.assignees import language_of, people_behind
from worker.app.acts.by_link import act_by_link, can_undo, claimants_by_link
from worker.app.acts.changes import change_ticket
from worker.app.refused import Refused
from worker.app.tell.addressing import rules_now
from worker.app.tell.recipients import OnCall, Recipients, nobody_on_call
from worker.app.tell.signed_links import Dead, LinkDead, SignedLinks
from worker.app.tell.teller import Teller, journal_entry
from worker.app.tell.withholding import withheld_from
from worker.domain.controls.policy import ControlPolicy, ReportsRule
from worker.domain.controls.reports import (
    SAME_WITHIN,
    WORDS_MAX,
    BadMessage,
    ReportOutcome,
    SeenWhen,
    Tier,
)
from worker.domain.controls.state import GroupState
from worker.domain.escalation.policy import Target
from worker.domain.escalation.wall_clock import start_of_day
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM, Actor, acted
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry
from worker.domain.kinds import REPORTED_MESSAGES
from worker.domain.kinds.handle_report import SHARED, TIER
from worker.domain.messages.message import RecipientKind
from worker.domain.messages.overtaken import HARM
from worker.domain.messages.paragraphs import harm_paragraph
from worker.domain.messages.sentences import masked
from worker.domain.model import GroupKey
from worker.domain.reconcile.plan import Action
from worker.domain.reconcile.reporting import joined, opened_for, settled_with, shared_ticket
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Grade, Ticket, TicketState
from worker.ports.state.bad_messages import ReportLink
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import Store, UnitOfWork

TOKEN_BYTES = 16  # 22 characters: with the rules, they fit into a description
RECEIPT_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without those that look alike
RECEIPT_LENGTH = 12
SHOWN_MAX = 50  # reports on a handler's page
LINE_MAX = 200  # of what the handler writes
REPORTER = Actor("reporter")

LookAt: TypeAlias = Callable[[UnitOfWork, GroupKey, datetime], GroupState | None]


@dataclass(frozen=True, slots=True)
class ReportForm:
    """The form of a group's link."""

    group: GroupState
    rule: ReportsRule


@dataclass(frozen=True, slots=True)
class ReportSaid:
    """What somebody says in the form. `once` is of the form itself; `words` are cut."""

    tier: Tier
    seen: SeenWhen | None = None
    about_admin: bool = False
    words: str = ""
    once: str = ""


@dataclass(frozen=True, slots=True)
class ReportsShown:
    """A handler's ticket with its newest reports; `count`: of all. `undo_until`: the outcome can be taken back."""

    ticket: Ticket
    reports: tuple[BadMessage, ...]
    count: int
    language: str | None = None
    undo_until: datetime | None = None

    @property
    def newest(self) -> int:
        """The number of the newest report."""
        return self.reports[0].id


class Reporting:
    """Serves people who report messages, and those who handle the reports.

    `look_at` returns a group as controls see it; None if it is not governed. Without a rule there is no form.
    """

    def __init__(
        self,
        store: Store,
        links: SignedLinks,
        teller: Teller,
        tickets: TicketRules,
        policy: ControlPolicy,
        look_at: LookAt,
        on_call: OnCall = nobody_on_call,
    ) -> None:
        self._store = store
        self._links = links
        self._teller = teller
        self._tickets = tickets
        self._policy = policy
        self._look_at = look_at
        self._on_call = on_call

    def at(self, links: SignedLinks) -> Reporting:
        """The same with links to another address."""
        return Reporting(
            self._store, links, self._teller, self._tickets, self._policy, self._look_at, self._on_call
        )

    # --- public links ----------------------------------------------------------------------------

    def url(self, key: GroupKey, now: datetime) -> str | None:
        """The address of a group's form, made when it is first asked for; None if the group has no form."""
        with self._store.reading() as uow:
            found = self._form(uow, key, now)
            known = found and uow.bad_messages.link_of(key, self._rules_of(found.group))
        if found is None:
            return None
        link = known or self._made(key, self._rules_of(found.group), now)
        return f"{self._links.base}/r/{link.token}"

    def _made(self, key: GroupKey, rules_sha256: str, now: datetime) -> ReportLink:
        with self._store.begin() as uow:
            link = uow.bad_messages.link_of(key, rules_sha256)
            if link is None:
                link = ReportLink(secrets.token_urlsafe(TOKEN_BYTES), key, rules_sha256, now)
                uow.bad_messages.add_link(link)
                subject = f"group:{'/'.join(key)}"
                uow.journal.append([Entry(now, "whosleft", events.REPORT_LINK_MADE, subject)])
        return link

    def _form(self, uow: UnitOfWork, key: GroupKey, now: datetime) -> ReportForm | None:
        """The form of a governed group, by the first rule that is for it."""
        group = self._look_at(uow, key, now) if self._policy.reports else None
        if group is None or group.is_gone or group.is_followed:
            return None
        rule = next((one for one in self._policy.reports if one.governs(group)), None)
        return ReportForm(group, rule) if rule is not None else None

    def _rules_of(self, group: GroupState) -> str:
        """A hash of the rules text of a group; empty if it has none."""
        rule = next((one for one in self._policy.profile if one.governs(group)), None)
        if rule is None or rule.description is None:
            return ""
        return sha256(json.dumps(rule.description.texts, sort_keys=True).encode()).hexdigest()

    def form(self, token: str, now: datetime) -> ReportForm:
        """The form of a link. Raises LinkDead: forged, or of another text of the rules than now."""
        with self._store.reading() as uow:
            return self._opened(uow, token, now)

    def _opened(self, uow: UnitOfWork, token: str, now: datetime) -> ReportForm:
        link = uow.bad_messages.link(token)
        if link is None:
            raise LinkDead(Dead.FORGED)
        found = self._form(uow, link.group, now)
        if found is None or link.rules_sha256 != self._rules_of(found.group):
            raise LinkDead(Dead.REVOKED)
        return found

    # --- reporting -------------------------------------------------------------------------------

    def report(self, token: str, said: ReportSaid, now: datetime) -> BadMessage:
        """Keep a report, and have somebody look after it; return it with its receipt. Raises LinkDead.

        The same form again within ten minutes is the same report. The same text by another one is not: its receipt is
        for whoever sent it.
        """
        with self._store.begin() as uow:
            found = self._opened(uow, token, now)
            new = _report_of(said, found.group, now)
            known = uow.bad_messages.same(new, now - SAME_WITHIN)
            if known is not None:
                return known
            before = uow.bad_messages.count_since(new.group, start_of_day(self._teller.timezone, now))
            kept = uow.bad_messages.add(new)
            ticket = self._ticket_for(uow, kept, found, before, now)
            uow.bad_messages.under(kept, ticket.id)
            data = {
                "group": "/".join(kept.group),
                "tier": kept.tier.value,
                "about_admin": kept.about_admin,
                "ticket": ticket.label,
            }
            uow.journal.append(
                [Entry(now, "whosleft", events.REPORT_RECEIVED, f"report:{kept.label}", data=data)]
            )
            return replace(kept, ticket=ticket.id)

    def _ticket_for(
        self, uow: UnitOfWork, report: BadMessage, found: ReportForm, before: int, now: datetime
    ) -> Ticket:
        """The ticket of the day that takes further reports, or a new one."""
        group, rule = found.group, found.rule
        draft = opened_for(report, group, rule, rules_now(uow, self._tickets), before, now)
        shared = shared_ticket(
            uow.tickets.of_group(report.group), report, start_of_day(self._teller.timezone, now)
        )
        if shared is None or not draft.ticket.details[SHARED]:
            [ticket] = uow.tickets.insert([draft.ticket])
            self._tell_opened(uow, replace(draft, ticket=ticket), now)
            is_opened, is_first_harm = True, report.tier is Tier.HARM
        else:
            ticket = joined(shared, report, group, rule, self._tickets, now)
            if ticket != shared:
                uow.tickets.update([ticket])
                data = ticket_facts(ticket)
                uow.journal.append(
                    [
                        Entry(
                            now, "whosleft", events.TICKET_REPORTED_AGAIN, f"ticket:{ticket.label}", data=data
                        )
                    ]
                )
            was_harm = shared.details[TIER] == Tier.HARM.value
            is_opened, is_first_harm = False, report.tier is Tier.HARM and not was_harm
        if is_first_harm:
            uow.outbox.add(self._harm(uow, ticket, rule, now, is_opened=is_opened), now)
        return ticket

    def _tell_opened(self, uow: UnitOfWork, action: Action, now: datetime) -> None:
        """Tell the handler; of harm, at any hour."""
        is_harm = action.ticket.details[TIER] == Tier.HARM.value
        messages = self._teller.acted(uow, [action], now)
        uow.journal.append([journal_entry(action, now)])
        uow.outbox.add([replace(one, is_urgent=is_harm, is_day_or_night=is_harm) for one in messages], now)

    def _harm(
        self, uow: UnitOfWork, ticket: Ticket, rule: ReportsRule, now: datetime, *, is_opened: bool
    ) -> list[OutMessage]:
        """The messages of harm to all who are told at once, and to no admin.

        The handler is one of them, unless this report opened the ticket: then they have a message of their own.
        """
        finder = Recipients(uow, self._teller.languages, self._on_call)
        handler = {one.address: one for one in finder.of(ticket, Target.ASSIGNEE, now)}
        others = finder.of_alarms(rule.harm_to, ticket.accountable, now)
        withheld = withheld_from(uow, ticket)
        found = [
            *(() if is_opened else handler.values()),
            *(one for one in others if one.address not in handler),
        ]
        messages = []
        for to in found:
            if to.kind is RecipientKind.PERSON and to.address in withheld:
                continue
            body = masked(
                harm_paragraph(ticket, self._teller.timezone, self._teller.languages.of(to.language))
            )
            key = f"{ticket.label}:{HARM}:{to.kind.value}:{to.address}"
            message = OutMessage(
                key, to, body.headline, body, is_urgent=True, ticket=ticket.id, is_day_or_night=True
            )
            messages += self._teller.linked(uow, ticket, message, now)
        return messages

    # --- the reporter, afterwards ----------------------------------------------------------------

    def by_receipt(self, receipt: str) -> BadMessage | None:
        """The report with this receipt, however it is typed."""
        with self._store.reading() as uow:
            return uow.bad_messages.by_receipt(_receipt(receipt))

    def confirm(self, receipt: str, now: datetime) -> BadMessage:
        """Say as the reporter that it is settled: the better evidence. Raises Refused before there is an outcome.

        Also for one of several reports of a ticket: the handler may have sent it.
        """
        with self._store.begin() as uow:
            report = uow.bad_messages.by_receipt(_receipt(receipt))
            if report is None or report.outcome is None or report.is_among_others:
                raise Refused("There is nothing to confirm yet.")

            def change(ticket: Ticket) -> Ticket:
                if ticket.state is not TicketState.VERIFIED or ticket.grade is Grade.B:
                    return ticket
                return replace(
                    ticket, grade=Grade.B, reason=because("whoever reported it says that it is settled")
                )

            change_ticket(uow, report.ticket, change, events.REPORT_CONFIRMED, REPORTER, now)
            return uow.bad_messages.by_receipt(report.receipt) or report

    # --- the handler -----------------------------------------------------------------------------

    def look(self, token: str, now: datetime) -> ReportsShown:
        """The reports of a handler's link. Raises LinkDead."""
        with self._store.reading() as uow:
            ticket = self._links.ticket(uow, token, now)
            undo = uow.access.undo_of(ticket.id)
            can = undo is not None and can_undo(ticket, undo, now)
            return ReportsShown(
                ticket,
                tuple(uow.bad_messages.of_ticket(ticket.id, SHOWN_MAX)),
                uow.bad_messages.count_of_ticket(ticket.id),
                language_of(people_behind(uow, ticket.assignee)),
                undo.until if undo is not None and can else None,
            )

    def settle(self, token: str, outcome: ReportOutcome, words: str, newest: int, now: datetime) -> Ticket:
        """Say what came of the reports of a ticket: the handler's word. Raises Refused, LinkDead.

        `newest`: the number of the newest report that they were shown. What came in since has to be read first.
        """
        with self._store.begin() as uow:
            ticket = self._links.ticket(uow, token, now)
            if ticket.kind is not REPORTED_MESSAGES:
                raise Refused("This ticket is about no report.")
            if ticket.state is not TicketState.OPEN:
                raise Refused("Somebody has said already what came of it.")
            if uow.bad_messages.of_ticket(ticket.id, 1)[0].id > newest:
                raise Refused("Another report came in meanwhile. Read it first.")
            line = " ".join(words.split())[:LINE_MAX]
            by = claimants_by_link(uow, self._links, ticket, now)
            uow.bad_messages.settle(ticket.id, outcome, line, now)

            def change(one: Ticket) -> Ticket:
                return settled_with(one, outcome, by, now)

            return act_by_link(
                uow, self._links, ticket, change, events.TICKET_ANSWERED, now, said=outcome.value
            )


def forget_texts(uow: UnitOfWork, before: datetime, now: datetime) -> int:
    """Delete the texts of reports that were settled before then; return how many."""
    count = uow.bad_messages.forget_texts(before)
    if count:
        data = {"reports": count}
        uow.journal.append([acted(SYSTEM, now, events.REPORT_TEXTS_DELETED, "reports:texts", data=data)])
    return count


def _report_of(said: ReportSaid, group: GroupState, now: datetime) -> BadMessage:
    return BadMessage(
        group=group.key,
        group_name=group.name,
        tier=said.tier,
        about_admin=said.about_admin,
        at=now,
        receipt="".join(secrets.choice(RECEIPT_LETTERS) for _ in range(RECEIPT_LENGTH)),
        words=said.words.strip()[:WORDS_MAX],
        seen=said.seen,
        department=group.department,
        once=said.once,
    )


def _receipt(typed: str) -> str:
    """A receipt as it is stored: without what parts its letters, in capitals."""
    return "".join(filter(str.isalnum, typed)).upper()
