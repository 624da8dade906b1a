"""Reviews: whoever has one says of each row whether the member belongs in the group.

    ticket -> rows of the roster as it is now -> answers, saved in parts -> all answered: the review is completed
                          remove -> a ticket to remove the member;  not needed -> the accountable person decides

No answer removes nobody, and approves nothing. Rows of the reviewer are another's, and so are those of whom they don't
know: they get a second ticket, whoever the reviewer is by now. A review is not over before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from itsdangerous import Signer

from worker.app.acts.assignees import language_of, people_behind
from worker.app.acts.changes import change_ticket
from worker.app.acts.own_rows import RowsForAnother, rows_for_another, seconds_of_today
from worker.app.acts.review_answers import chosen_rows, counted, standing, sum_of
from worker.app.refused import Refused
from worker.app.tell.addressing import recipient_of, rules_now
from worker.app.tell.signed_links import SignedLinks, signing_key
from worker.app.tell.teller import Teller, journal_entry, withdraw_unsent
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.reviewing import (
    REVIEW,
    Review,
    ReviewRow,
    ReviewRows,
    ReviewRule,
    RowAnswer,
    open_rows,
    rows_of,
)
from worker.domain.controls.state import GroupState
from worker.domain.escalation.wall_clock import start_of_day
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM, Actor, Via
from worker.domain.evidence.explained import assignee_id
from worker.domain.kinds import REMOVALS, REVIEWS
from worker.domain.kinds.controlled import ONLY
from worker.domain.kinds.review_group import looks_at_all
from worker.domain.messages.overtaken import REMIND, passed_key
from worker.domain.messages.paragraphs import reminder_paragraph
from worker.domain.model import GroupKey
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.asking_out import asked_out, kept_in, not_asked_again
from worker.domain.reconcile.own_rows import for_another
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import (
    AssigneeWhy,
    Grade,
    Move,
    Ticket,
    TicketState,
    next_state,
)
from worker.ports.state.groups import GroupRow
from worker.ports.state.outbox import OutMessage
from worker.ports.state.reviews import AnsweredRow, CampaignGroup
from worker.ports.state.store import Store, UnitOfWork

ROWS_MAX = 50  # on one page
ANSWERED_WITHIN = timedelta(minutes=30)  # a page that was open for longer was left alone


class LastAdmin(Refused):
    """An answer would leave a group without an admin; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class ReviewShown:
    """A review as its page shows it: the rows without an answer, at most ROWS_MAX of them, and what was answered."""

    ticket: Ticket
    review: Review
    group: GroupRow
    rows: ReviewRows
    left: tuple[ReviewRow, ...]
    answers: Mapping[str, AnsweredRow]
    language: str | None

    @property
    def page(self) -> tuple[ReviewRow, ...]:
        return self.left[:ROWS_MAX]


class Reviewing:
    """The reviewer's side."""

    def __init__(
        self,
        store: Store,
        links: SignedLinks,
        teller: Teller,
        tickets: TicketRules,
        policy: ControlPolicy,
        accounts: AccountsRule,
    ) -> None:
        self._store = store
        self._links = links
        self._teller = teller
        self._tickets = tickets
        self._policy = policy
        self._accounts = accounts

    # --- looking ---------------------------------------------------------------------------------

    def look(self, token: str, now: datetime) -> ReviewShown:
        """The review of a link. Raises LinkDead, or Refused if there is none."""
        with self._store.reading() as uow:
            return self.shown(uow, self._links.ticket(uow, token, now))

    def shown(self, uow: UnitOfWork, ticket: Ticket) -> ReviewShown:
        """The review of a ticket, as it stands. Raises Refused if there is none, or the group is not there."""
        known = uow.reviews.of_ticket(ticket.id)
        group = uow.rosters.group(ticket.group) if ticket.group else None
        if known is None or group is None:
            raise Refused("There is no review of this group.")
        review = replace(known, is_full=known.is_full or looks_at_all(ticket))
        reviewer = people_behind(uow, ticket.assignee)
        accounts = {one.key for human in reviewer for one in human.accounts}
        members = uow.reviews.members(ticket.home, self._accounts)
        rows = rows_of(review, members, self._rule, accounts)
        answers = standing(uow.reviews.answers(ticket.id), members)
        left = open_rows(rows, {handle: one.answer for handle, one in answers.items()})
        return ReviewShown(ticket, review, group, rows, left, answers, language_of(reviewer))

    @property
    def _rule(self) -> ReviewRule:
        return self._policy.review[0].review if self._policy.review else ReviewRule(sample=0)

    # --- beginning -------------------------------------------------------------------------------

    def begin(
        self, uow: UnitOfWork, actions: Sequence[Action], groups: Mapping[GroupKey, GroupState], now: datetime
    ) -> list[Action]:
        """Begin the reviews of new tickets, and of those that are about other rows now.

        Returns the actions for rows that the reviewer may not answer, as far as the day has room for more tickets.
        `groups`: those of the tickets, by key.
        """
        more: dict[int, Action] = {}
        rules = rules_now(uow, self._tickets)
        for action in actions:
            ticket = action.ticket
            if ticket.kind is not REVIEWS or not _begins(uow, action):
                continue
            earlier = uow.reviews.finished(ticket.home)
            full_every = self._policy.review[0].review.full_every if self._policy.review else 1
            review = Review(
                ticket=ticket.id,
                occasion=ticket.occasion,
                number=earlier.number + 1,
                seed=seed_of(uow, ticket, now),
                is_full=earlier.number % full_every == 0 or looks_at_all(ticket),
                started_at=now,
                due_at=ticket.due_at,
                before_at=earlier.last_at,
                only=frozenset(ticket.details.get(ONLY, ())),
            )
            uow.reviews.start(review, ticket.home)
            if not review.only:
                own = self.shown(uow, ticket).rows.own
                second = for_another(ticket, own, (), groups[ticket.home], rules, now)
                if second is not None:
                    more[ticket.id] = second
        return seconds_of_today(uow, more, self._policy, start_of_day(self._teller.timezone, now))[0]

    def progress(self, uow: UnitOfWork, occasion: str) -> list[tuple[CampaignGroup, int]]:
        """The reviews of a campaign, each with the number of rows without an answer."""
        return [(one, self._left(uow, one)) for one in uow.reviews.of_campaign(occasion)]

    def _left(self, uow: UnitOfWork, one: CampaignGroup) -> int:
        ticket = uow.tickets.get(one.ticket) if one.completed_at is None else None
        if ticket is None or uow.rosters.group(ticket.home) is None:
            return 0
        return len(self.shown(uow, ticket).left)

    def look_again(self, uow: UnitOfWork) -> tuple[list[RowsForAnother], list[ReviewShown]]:
        """Return what second tickets of reviews have to ask, and the reviews without a row that waits for an answer.

        The second ticket of a review asks, where it does not yet, rows of whom its reviewer does not know, and their
        own, as if it went to them since. One that is not begun is looked at once each time it does.
        """
        begun = uow.reviews.begun()
        tickets = uow.tickets.many({*begun, *uow.reviews.take_handed_on()})
        shown = {number: self.shown(uow, ticket) for number, ticket in tickets.items()}
        asked = [
            rows_for_another(uow, one.ticket, one.review, one.rows, one.answers) for one in shown.values()
        ]
        over = [shown[number] for number in begun if not shown[number].left]
        return [one for one in asked if one is not None], over

    def finish(self, uow: UnitOfWork, over: Iterable[ReviewShown], now: datetime) -> None:
        """Complete these reviews."""
        for one in over:
            self._complete(uow, one, SYSTEM, now)

    # --- reminding -------------------------------------------------------------------------------

    def remind(self, uow: UnitOfWork, now: datetime) -> int:
        """Tell whoever has rows left, so long before their review is due; return how many are told.

        While somebody has said "I have it" or "later", the reminder waits, as other calls to act do.
        """
        if not self._policy.review:
            return 0
        before = self._policy.review[0].review.remind
        asked: dict[str, Ticket] = {}
        for ticket in uow.tickets.many(uow.reviews.open_tickets()).values():
            if ticket.is_acknowledged(now) or ticket.is_snoozed(now):
                continue
            passed = [one for one in before if ticket.due_at - one <= now < ticket.due_at]
            if passed and ticket.due_at - min(passed) > ticket.clock_from:
                key = f"{ticket.label}:{REMIND}:{ticket.due_at.isoformat()}:{min(passed).total_seconds():.0f}"
                asked[key] = ticket
        messages = []
        told = {key: key for key in asked} | {
            passed_key(key, ticket.assignee.email.casefold()): key
            for key, ticket in asked.items()
            if ticket.assignee is not None
        }
        for key in sorted(asked.keys() - {told[one] for one in uow.outbox.known(told)}):
            left = len(self.shown(uow, asked[key]).left)
            if left:
                messages += self._reminder(uow, asked[key], left, key, now)
        uow.outbox.add(messages, now)
        return len(messages)

    def _reminder(
        self, uow: UnitOfWork, ticket: Ticket, left: int, key: str, now: datetime
    ) -> list[OutMessage]:
        people = [ticket.assignee.person] if ticket.assignee and ticket.assignee.person else []
        to = recipient_of(ticket, uow.people.facts(people), self._teller.languages)
        body = reminder_paragraph(ticket, left, self._teller.timezone, self._teller.languages.of(to.language))
        message = OutMessage(key, to, body.headline, body, ticket=ticket.id)
        return self._teller.linked(uow, ticket, message, now)

    # --- answering -------------------------------------------------------------------------------

    def answer(
        self, token: str, said: Mapping[str, RowAnswer], now: datetime, shown_at: datetime | None = None
    ) -> ReviewShown:
        """Keep answers to rows that are shown, by the mark of the member. What was said already may be said again.

        `shown_at`: when the page was shown. From it comes the time that a row took, which is kept of the campaign only.
        Raises RowsChanged, LastAdmin, or another Refused for a review that is over, and LinkDead.
        """
        with self._store.begin() as uow:
            ticket = self._links.ticket(uow, token, now)
            if ticket.state is not TicketState.OPEN:
                raise Refused("This review is over.")
            shown = self.shown(uow, ticket)
            chosen = chosen_rows(shown.rows, shown.answers, said)
            if not chosen:
                return shown
            removals = [row for row, answer in chosen if answer is RowAnswer.REMOVE]
            self._check_admins(uow, ticket, removals)
            by = Actor(assignee_id(ticket.assignee), via=Via.LINK)
            kept = [self._kept(row, answer, by, shown, len(chosen), now) for row, answer in chosen]
            uow.reviews.answer(ticket.id, ticket.home, kept)
            if shown_at is not None and timedelta(0) <= now - shown_at <= ANSWERED_WITHIN:
                seconds = (now - shown_at).total_seconds() / len(chosen)
                uow.reviews.pace(shown.review.occasion, round(seconds), len(chosen))
            change = counted(kept)
            _, ticket = change_ticket(
                uow, ticket.id, change, events.TICKET_ANSWERED, by, now, answer=sum_of(kept)
            )
            self._remove(uow, ticket, removals, now)
            self._keep(uow, ticket, [row for row, answer in chosen if answer is RowAnswer.KEEP], now)
            after = self.shown(uow, ticket)
            another = rows_for_another(uow, ticket, after.review, after.rows, after.answers)
            return after if after.left or another is not None else self._complete(uow, after, by, now)

    def _check_admins(self, uow: UnitOfWork, ticket: Ticket, removals: Sequence[ReviewRow]) -> None:
        """Refuse to send away the last admin who is not asked out already: nobody would be left to act."""
        admins = [row.member for row in removals if row.member.is_admin]
        out = {account.key for row in removals for account in row.member.accounts}
        out |= {
            one.person
            for one in uow.tickets.of_group(ticket.home)
            if one.kind in REMOVALS and one.is_live and one.person
        }
        if admins and all(one.key in out for one in uow.rosters.active_admins(ticket.home)):
            raise LastAdmin(
                f"{admins[0].name} would leave the group without an admin. Make somebody else an admin first."
            )

    def _kept(
        self, row: ReviewRow, answer: RowAnswer, by: Actor, shown: ReviewShown, batch: int, now: datetime
    ) -> AnsweredRow:
        person = row.member.person
        return AnsweredRow(
            row.member.handle,
            answer,
            ",".join(why.name.lower() for why in row.reasons),
            by.name,
            now,
            shown.group.taken_at,
            batch,
            (person.facts.department or "") if person else "",
            person.key if person else None,
        )

    def _complete(self, uow: UnitOfWork, shown: ReviewShown, by: Actor, now: datetime) -> ReviewShown:
        """Close the ticket of a review."""
        ticket, grade = shown.ticket, _grade(shown)
        uow.reviews.complete(ticket.id, grade, now, is_full=shown.review.is_full)

        def change(one: Ticket) -> Ticket:
            return replace(
                one,
                state=next_state(one.state, Move.VERIFY),
                verified_at=now,
                verified_by=REVIEW,
                grade=grade,
                weighed_at=now,
                reason=because("all members who were shown are answered for"),
            )

        _, after = change_ticket(uow, ticket.id, change, events.TICKET_VERIFIED, by, now)
        return replace(shown, ticket=after)

    # --- what comes of it ------------------------------------------------------------------------

    def _remove(self, uow: UnitOfWork, ticket: Ticket, rows: Sequence[ReviewRow], now: datetime) -> None:
        """Ask whoever has the review to take these members out, unless a ticket asks for that already."""
        known = uow.tickets.of_group(ticket.home)
        asked = (asked_out(ticket, row.member, known, self._tickets, now) for row in rows)
        found = [action for action in asked if action is not None]
        opened = iter(uow.tickets.insert([one.ticket for one in found if one.kind is ActionKind.OPEN]))
        actions = [replace(a, ticket=next(opened)) if a.kind is ActionKind.OPEN else a for a in found]
        uow.tickets.update([one.ticket for one in actions if one.kind is ActionKind.REOPEN])
        uow.journal.append([journal_entry(action, now) for action in actions])
        uow.outbox.add(self._teller.acted(uow, actions, now), now)

    def _keep(self, uow: UnitOfWork, ticket: Ticket, rows: Sequence[ReviewRow], now: datetime) -> None:
        """End what an earlier review asked for: that these members go."""
        known, names = uow.tickets.of_group(ticket.home), {row.member.handle: row.member.name for row in rows}
        over = kept_in(names, known, now)
        uow.tickets.update([*(one.ticket for one in over), *not_asked_again(names, known)])
        uow.journal.append([journal_entry(one, now) for one in over])
        withdraw_unsent(uow, over)
        uow.outbox.add(self._teller.cancelled(uow, over, now), now)


def _grade(shown: ReviewShown) -> Grade:
    """How good a review is: the owner, who is no admin, is the better witness, where every answer is theirs."""
    who = shown.ticket.assignee
    said_by = {one.by for one in shown.answers.values()}
    is_owners = who is not None and who.why is AssigneeWhy.OWNER and said_by == {assignee_id(who)}
    return Grade.B if is_owners else Grade.C


def _begins(uow: UnitOfWork, action: Action) -> bool:
    """Whether a review begins: with its ticket, or because its ticket is about other rows now."""
    if action.kind is not ActionKind.ASSIGN:
        return action.kind in {ActionKind.OPEN, ActionKind.REOPEN}
    begun = uow.reviews.of_ticket(action.ticket.id)
    return begun is not None and begun.only != frozenset(action.ticket.details.get(ONLY, ()))


def seed_of(uow: UnitOfWork, ticket: Ticket, now: datetime) -> str:
    """What draws the sample of a review that begins now: nobody can know it before."""
    return Signer(signing_key(uow), salt="review").get_signature(f"{ticket.id}\n{now.isoformat()}").decode()
