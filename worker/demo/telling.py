"""Tell what Whosleft did: from its reports, its journal and its state, never from the story.

journal -> people who joined, moved, left;  plans of the reports -> tickets;  taken steps -> people who were told
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from worker.app.jobs.report import Report
from worker.demo.page import Page
from worker.demo.sights import differences, everybody, groups_of, watched
from worker.demo.words import (
    asked_for,
    asking,
    came_true,
    count,
    evidence_words,
    listed,
    member_sentence,
    opening,
    place,
    proof,
)
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.groups.pairing import Difference
from worker.domain.messages.message import CHANNEL
from worker.domain.messages.sentences import ticket_title
from worker.domain.model import Account, AccountKey, Evidence, GroupKey, HandleKey, Standing
from worker.domain.reconcile.controlling import is_found_by_controls
from worker.domain.reconcile.guard import HeldPlan
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState, ticket_label, ticket_number
from worker.ports import Port
from worker.ports.state.store import UnitOfWork
from worker.running.app import App

CROWD = 4  # more people than this with the same news share one sentence
NAMED_MAX = 8  # people named in such a sentence
GRADES = (
    "Grade A: the worker read the messenger itself after the removal. The register alone, a list that people keep, "
    "would give grade B."
)
ORDINALS = ("", "first", "second", "third", "fourth", "fifth")


class Narrator:
    """Follows one app from tick to tick."""

    def __init__(self, app: App, page: Page) -> None:
        self._app = app
        self._page = page
        self._zone = ZoneInfo(app.settings.organisation.timezone)
        self._seq = 0
        self._known: dict[AccountKey, Account] = {}
        self._missed: dict[AccountKey, int] = {}
        self._has_explained_grades = False

    def tell(self, now: datetime, reports: Sequence[Report]) -> None:
        """Print what one round of the jobs did."""
        with self._app.store.begin() as uow:
            entries = [sealed.entry for sealed in islice(uow.journal.chain(), self._seq, None)]
            self._seq += len(entries)
            actions = [a for report in reports for a in report.plan.actions if a.kind is not ActionKind.WEIGH]
            held = [plan for report in reports for plan in report.plan.held]
            self._sources(uow, entries, now)
            untold = self._people(uow, entries, actions, now)
            self._absent(uow, now)
            for plan in held:
                self._held(plan, now)
            self._tickets(uow, untold, now)
            self._climb(uow, [entry for entry in entries if entry.event == events.TICKET_ESCALATED], now)
            if entries:  # nobody changes without one
                self._known = {person.key: person for person in everybody(uow)}

    # --- sources ---------------------------------------------------------------------------------

    def _sources(self, uow: UnitOfWork, entries: Sequence[Entry], now: datetime) -> None:
        for entry in entries:
            name = entry.subject.partition(":")[2]
            if entry.event == events.SOURCE_FIRST_READ:
                groups = watched(uow)
                self._page.say(
                    now,
                    f"First look: {count(entry.data['people'], 'person', 'people')} in the directory, "
                    f"{count(len(groups), 'WhatsApp group')} with {sum(g.size for g in groups)} memberships. "
                    f"{count(entry.data['already_left'], 'person has', 'people have')} left already.",
                )
                self._live(uow, now)
            elif entry.event == events.GROUP_SEEN:
                self._unregistered(uow, entry, now)
            elif entry.event == events.SOURCE_FAILED:
                state = uow.sources.get(name, Port.DIRECTORY)
                self._page.say(now, f"Can't see {name}: {state.trouble}")
                self._page.under("Nothing is concluded from this: nobody's status changes.")
            elif entry.event == events.SOURCE_RECOVERED:
                self._page.say(now, f"{name} is read again, and is green again.")

    def _live(self, uow: UnitOfWork, now: datetime) -> None:
        names = [row.name for row in watched(uow) if self._is_live(row.key)]
        if names:
            self._page.say(
                now,
                f"The linked phone shows {len(names)} of them live: {listed(names)}. What it shows there is the "
                "truth on who is a member; the register adds what the group is for.",
            )

    def _unregistered(self, uow: UnitOfWork, entry: Entry, now: datetime) -> None:
        key = GroupKey(*entry.subject.partition(":")[2].split("/", 1))
        row = uow.rosters.group(key) if self._is_live(key) else None
        if row is None or Difference.UNREGISTERED not in differences(self._app, uow, [row]).get(key, ()):
            return
        hidden = sum(known.member.phone is None for known in uow.rosters.members(key))
        self._page.say(
            now,
            f"A finding: no register has {row.name}, which the linked phone shows with {count(row.size, 'member')}. "
            "It is watched from now on.",
        )
        self._page.under(
            f"{row.size - hidden} of its {row.size} hidden ids are known from another group, with their numbers; "
            f"{hidden} {'is' if hidden == 1 else 'are'} not."
        )

    def _is_live(self, key: GroupKey) -> bool:
        return not self._app.witnesses[key.source].can.is_kept_by_people

    # --- people ----------------------------------------------------------------------------------

    def _people(
        self, uow: UnitOfWork, entries: Sequence[Entry], actions: Sequence[Action], now: datetime
    ) -> list[Action]:
        """Tell each person's changes with the tickets that follow from them; return the other actions."""
        fates: dict[tuple[str, Evidence | None], list[Account]] = {}
        for entry in entries:
            if (
                entry.event.startswith("person.")
                and (person := uow.people.get(_person_key(entry))) is not None
            ):
                evidence = Evidence(entry.data["evidence"]) if "evidence" in entry.data else None
                fates.setdefault((entry.event, evidence), []).append(person)
        untold = list(actions)
        for (kind, evidence), people in fates.items():
            if len(people) > CROWD:
                self._page.say(now, _crowd(kind, evidence, people))
                continue
            for person in people:
                self._page.say(now, self._turn(uow, kind, person))
                theirs = [
                    a for a in untold if a.ticket.person == person.key and a.kind is not ActionKind.VERIFY
                ]
                untold = [a for a in untold if a not in theirs]
                for action in theirs:
                    self._page.under(self._action(action))
        return untold

    def _turn(self, uow: UnitOfWork, kind: str, person: Account) -> str:
        name, facts = person.facts.display_name, person.facts
        if kind == events.PERSON_LEFT:
            return f"{name} left ({evidence_words(person.evidence)}). {_standing_in_groups(uow, person)}"
        if kind == events.PERSON_LEAVING_ANNOUNCED:
            return f"{name} will leave: {self._until(person)}."
        if kind == events.PERSON_RETURNED:
            return f"{name} is back: the account is enabled again."
        if kind == events.PERSON_MOVED:
            before = self._known.get(person.key)
            origin = f" from {place(before)}" if before else ""
            return f"{name} moved{origin} to {place(person)}."
        earlier = [p for p in uow.people.find(facts.employee_id or "") if p.key != person.key]
        again = " The employee number is known: a former colleague who is back." if earlier else ""
        return f"{name} joined: {facts.title or 'no title'}, {place(person)}.{again}"

    def _until(self, person: Account) -> str:
        ends = [at for at in (person.facts.leave_at, person.facts.expires_at) if at is not None]
        last = (min(ends) - timedelta(minutes=1)).astimezone(self._zone)
        return f"the last day is {last:%a %d %b}"

    def _absent(self, uow: UnitOfWork, now: datetime) -> None:
        rule = self._app.settings.leaver_policy().absent
        missed = {}
        for directory in self._app.settings.directories:
            for person, times, _since in uow.people.absent(directory.name):
                missed[person.key] = times
                if person.standing is Standing.LEFT or self._missed.get(person.key) == times:
                    continue
                hours = f"{rule.over.total_seconds() / 3600:g} h"
                self._page.say(
                    now,
                    f"{person.facts.display_name} is missing from the export for the {ORDINALS[times]} time. "
                    f"Absence counts after {rule.passes} exports over {hours}, so nothing is done yet.",
                )
        self._missed = missed

    # --- plans and tickets -----------------------------------------------------------------------

    def _held(self, plan: HeldPlan, now: datetime) -> None:
        if plan.is_of_controls:
            wants = listed([f"{cohort.size} of {cohort.id}" for cohort in plan.cohorts])
            self._page.say(now, f"Held: plan {plan.label} with the first tickets of controls, {wants}.")
            self._page.under("Nobody is asked until somebody decides.")
            return
        self._page.say(now, f"Held: plan {plan.label} with {plan.counted}. {opening(plan.why)}.")
        for cohort in plan.cohorts:
            self._page.under(f"{cohort.id}: {cohort.counted}, {cohort.cause}")
        self._page.under("Nobody is removed until somebody decides.")

    def _tickets(self, uow: UnitOfWork, actions: Sequence[Action], now: datetime) -> None:
        self._verified([a.ticket for a in actions if a.kind is ActionKind.VERIFY], now)
        opened: dict[str, list[Action]] = {}
        asked: dict[tuple[str, str], list[Ticket]] = {}
        for action in actions:
            if action.kind is ActionKind.OPEN and is_found_by_controls(action.ticket.kind):
                by = f"{action.ticket.due_at.astimezone(self._zone):%a %d %b}"
                asked.setdefault((asked_for(action.ticket), by), []).append(action.ticket)
            elif action.kind is ActionKind.OPEN:
                opened.setdefault(member_sentence(action.ticket), []).append(action)
            elif action.kind is not ActionKind.VERIFY:
                self._page.say(now, self._action(action).removeprefix("→ "))
        for why, same in opened.items():
            ticket = same[0].ticket
            self._page.say(now, f"{why}{self._suggestion(uow, ticket)}")
            for action in same:
                self._page.under(self._action(action))
        for (what, by), tickets in asked.items():
            self._page.say(now, asking(tickets, what, by))

    def _verified(self, tickets: Sequence[Ticket], now: datetime) -> None:
        proofs: dict[tuple[str, str], list[Ticket]] = {}
        for ticket in tickets:
            proofs.setdefault((came_true(ticket)[0], proof(ticket)), []).append(ticket)
        for (said, by), same in proofs.items():
            groups = listed([came_true(ticket)[1] for ticket in same])
            labels = listed([ticket.label for ticket in same])
            verb = "is" if len(same) == 1 else "are"
            self._page.say(now, f"{opening(said)} {groups}: {labels} {verb} verified by {by}.")
            if same[0].grade is Grade.A and not self._has_explained_grades:
                self._has_explained_grades = True
                self._page.under(GRADES)

    def _suggestion(self, uow: UnitOfWork, ticket: Ticket) -> str:
        if ticket.kind is not TicketKind.IDENTIFY_MEMBER:
            return ""
        link = uow.identities.get(HandleKey(ticket.home.source, ticket.handle))
        names = [suggestion.name for suggestion in link.suggestions] if link else []
        return f" The name is like {listed(names)}, but a name is no proof." if names else ""

    def _action(self, action: Action) -> str:
        ticket = action.ticket
        title = f"{ticket.label} {ticket_title(ticket)}"
        if action.kind is ActionKind.OPEN and ticket.state is TicketState.BLOCKED and ticket.blocked_by:
            blocker = ticket_label(ticket.blocked_by)
            return f"→ {title}: blocked by {blocker}, the group needs another admin first"
        if action.kind is ActionKind.OPEN:
            return f"→ {title} ({self._whose(ticket)})"
        if action.kind is ActionKind.CANCEL:
            return f"→ {title}: cancelled, {action.why}."
        if action.kind is ActionKind.REOPEN:
            return f"→ {title}: reopened, {action.why}."
        if action.kind is ActionKind.UNBLOCK:
            return f"→ {title}: no longer blocked, {action.why} ({self._whose(ticket)})."
        return f"→ {title}: {action.kind.value}, {action.why}."

    def _whose(self, ticket: Ticket) -> str:
        who = ticket.assignee.name or ticket.assignee.email if ticket.assignee else "nobody yet"
        return f"{who}, by {ticket.due_at.astimezone(self._zone):%a %H:%M}"

    def _climb(self, uow: UnitOfWork, entries: Sequence[Entry], now: datetime) -> None:
        """Tell each step that was taken; people who get the same reminder share a sentence."""
        reminded: list[Ticket] = []
        for entry in entries:
            ticket = uow.tickets.get(ticket_number(entry.subject.partition(":")[2]))
            if ticket is not None and ticket.kind is TicketKind.ATTEST:
                reminded.append(ticket)
            elif ticket is not None:
                self._escalated(uow, ticket, entry, now)
        if reminded:
            names, labels = zip(*((ticket.person_name, ticket.label) for ticket in reminded), strict=True)
            self._page.say(
                now, f"No answer yet from {listed(names)}, so a reminder goes out: {listed(labels)}."
            )

    def _escalated(self, uow: UnitOfWork, ticket: Ticket, entry: Entry, now: datetime) -> None:
        step, repeat = entry.data["step"], entry.data["repeat"]
        told = next(
            one.told
            for one in uow.tickets.steps(ticket.id)
            if (one.taken.step, one.taken.repeat) == (step, repeat)
        )
        names = [_recipient(uow, label) for label in told]
        whom = (
            f"{listed(names)} {'is' if len(names) == 1 else 'are'} told"
            if names
            else "nobody could be reached"
        )
        is_late = now >= ticket.due_at
        state = (
            f"is overdue since {ticket.due_at.astimezone(self._zone):%a %H:%M}"
            if is_late
            else "is still open"
        )
        again = ", again" if repeat else ""
        self._page.say(now, f"{ticket.label} {state} ({ticket_title(ticket)}). Step {step}{again}: {whom}.")


def _person_key(entry: Entry) -> AccountKey:
    source, _, person = entry.subject.partition(":")[2].partition("/")
    return AccountKey(source, person)


def _recipient(uow: UnitOfWork, label: str) -> str:
    """A recipient by the label in the steps: by name, else by address, or the channel."""
    if label == CHANNEL.label:
        return "the security channel"
    people = uow.people.find(label)
    return people[0].facts.display_name if people else label


def _standing_in_groups(uow: UnitOfWork, person: Account) -> str:
    groups = groups_of(uow, person)
    if not groups:
        return "Is in no group any more: nothing to do."
    roles = []
    for row, member in groups:
        if member.role.value == "creator":
            roles.append(f"created {row.name}")
        elif member.role.is_admin and not uow.rosters.active_admins(row.key):
            roles.append(f"is the only admin of {row.name}")
    return ", and ".join([f"Is in {count(len(groups), 'group')}", *roles]) + "."


_CROWDS = {
    events.PERSON_JOINED: "joined",
    events.PERSON_MOVED: "moved",
    events.PERSON_LEAVING_ANNOUNCED: "will leave",
    events.PERSON_LEFT: "left at once",
    events.PERSON_RETURNED: "are back, their accounts enabled again",
}


def _crowd(kind: str, evidence: Evidence | None, people: Sequence[Account]) -> str:
    places = Counter(person.facts.department or "no department" for person in people).most_common()
    where = (
        f"all in {places[0][0]}" if len(places) == 1 else ", ".join(f"{n} in {name}" for name, n in places)
    )
    why = f" ({evidence_words(evidence)})" if evidence and kind == events.PERSON_LEFT else ""
    names = sorted(person.facts.display_name for person in people) if len(people) <= NAMED_MAX else []
    named = f" They are {listed(names)}." if names else ""
    return f"{len(people)} people {_CROWDS[kind]}{why}, {where}.{named}"
