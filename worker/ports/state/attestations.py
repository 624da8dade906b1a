"""What people said when they were asked for statements, and who still has to be asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.controls.statements import Attestation, StatementRule, TextSeen
from worker.domain.model import AccountKey, GroupKey
from worker.domain.reconcile.attesting import ToAsk
from worker.domain.tickets.ticket import Ticket

SENSITIVE = "~sensitive"  # where sensitive groups are noted: no rule has this name
CLOSED = "~closed"  # where closed groups are noted, in the same way


class StatementCounts(NamedTuple):
    """The subjects of a statement: people, or people in groups. `unknown`: members whom nobody has identified."""

    subjects: int
    passed: int
    declined: int
    waived: int
    unknown: int
    grades: dict[str, int]


class AskingRule(NamedTuple):
    """A rule that opens tickets, and whether it is for all governed groups."""

    rule: StatementRule
    is_everywhere: bool


class Attestations(Protocol):
    """Attestations, and the people whom rules ask for them."""

    def scope(self, rule: str, groups: Iterable[GroupKey], now: datetime) -> None:
        """Note which governed groups a rule is for, if it is not for all; by SENSITIVE and CLOSED, which are so."""

    def forget_scopes_before(self, now: datetime) -> None:
        """Forget the groups that were not noted at `now` or later."""

    def to_ask(self, rule: StatementRule, now: datetime, limit: int, *, is_everywhere: bool) -> list[ToAsk]:
        """People in a rule's scope whose statement is missing, out of date or over, and whom no ticket asks.

        By account; one person may come with several accounts. `is_everywhere`: it is for all governed groups.
        """

    def count_to_ask(self, rule: StatementRule, now: datetime, *, is_everywhere: bool) -> int:
        """How many there are."""

    def counts(self, rule: StatementRule, now: datetime, *, is_everywhere: bool) -> StatementCounts:
        """How many subjects a rule has, and how many of them made the statement."""

    def passed(self, rule: StatementRule, people: Collection[AccountKey], now: datetime) -> set[AccountKey]:
        """The accounts among these whose person made the statement, and it still counts."""

    def declined(self, rule: StatementRule, people: Collection[AccountKey]) -> set[AccountKey]:
        """The accounts among these whose person declined this version, or one that counts as this."""

    def excused(self, rule: StatementRule, people: Collection[AccountKey], now: datetime) -> set[AccountKey]:
        """The accounts among these that somebody excused from the statement: the ticket is waived."""

    def groups_of(self, rule: StatementRule, groups: Collection[GroupKey]) -> set[GroupKey]:
        """Those among these groups that were noted for a rule that is not for all."""

    def add(self, new: Attestation, accounts: Collection[AccountKey]) -> Attestation | None:
        """Keep an attestation, for all accounts of its person; returns it with its id.

        None if another system said the same before: the same answer, of the same instant.
        """

    def said_since(self, new: Attestation, rule: StatementRule) -> datetime | None:
        """When the list that says this now began to say it of that person, for the rule.

        None if it said something else since, or nothing; and, of what is so now, if what it said counts no more.
        `new.expires_at` is the end that the list gives, if any.
        """

    def void(self, ticket: int, at: datetime, now: datetime) -> None:
        """Take back what the answer to a ticket of this instant said, if there was one."""

    def leavers(
        self, policy: str, before: datetime, after: AccountKey | None, limit: int
    ) -> list[AccountKey]:
        """Return accounts that left before `before` and answered about a policy, by key.

        Other accounts of the same person are not looked at; the caller does that.
        """

    def delete(self, policy: str, people: Collection[AccountKey]) -> int:
        """Delete what these accounts said of a policy; return how much."""

    def page(self, after: int, limit: int) -> list[Attestation]:
        """Attestations that were not taken back, by id."""

    def newest(self, rule: StatementRule, now: datetime) -> Attestation | None:
        """Return the newest answer, of anybody, to a rule's version that still counts. It need not be a pass."""

    def needless(self, rules: Sequence[AskingRule]) -> list[Ticket]:
        """Return live tickets that none of these rules asks for any more.

        Either the person has left, or is in none of the rule's groups now; or the rule is gone, or has another
        version.
        """

    def said_elsewhere(self, rule: StatementRule, now: datetime) -> list[tuple[Ticket, Attestation]]:
        """Return a rule's live tickets that another system's word answers, with the newest such attestation.

        A pass that counts comes first, else the newest decline or wish for an exception.
        """

    def texts(self) -> Sequence[TextSeen]:
        """The texts that were shown so far."""

    def place_in_groups(self) -> None:
        """Fill in the group in tickets that a process of an older release wrote without it. Idempotent."""

    def under_other_accounts(self, asking: AskingRule, now: datetime) -> list[AccountKey]:
        """Return accounts that a rule would ask, where what may be another account of theirs has something for it.

        That is an answer that counts there and not here, or a ticket that is live or waived.
        """

    def share(self, rule: StatementRule, others: Mapping[AccountKey, AbstractSet[AccountKey]]) -> None:
        """Have what was said under the other accounts of these people count for these, too.

        Not what was said under an account that has left, or before it did.
        """

    def left_behind(
        self, asking: AskingRule, others: Mapping[AccountKey, AbstractSet[AccountKey]], now: datetime
    ) -> list[tuple[Ticket, AccountKey]]:
        """Return live and waived tickets of the other accounts of these people, whom the rule asks there no more.

        Each with the account that it is to be of, which has none of that occasion.
        """

    def see_texts(self, seen: Iterable[TextSeen], now: datetime) -> None:
        """Note texts that are shown from now on; known ones keep their hash and first instant."""
