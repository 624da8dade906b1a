"""What people said when they were asked for statements, and who still has to be asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.controls.statements import Attestation, StatementRule, TextSeen
from worker.domain.model import AccountKey, GroupKey
from worker.domain.reconcile.attesting import ToAsk
from worker.domain.tickets.ticket import Ticket

SENSITIVE = "~sensitive"  # where sensitive groups are noted: no rule has this name


class StatementCounts(NamedTuple):
    """The subjects of a statement: people, or people in groups. `unknown`: members whom nobody has identified."""

    subjects: int
    passed: int
    declined: int
    waived: int
    unknown: int
    grades: dict[str, int]


class Attestations(Protocol):
    """Attestations, and the people whom rules ask for them."""

    def scope(self, rule: str, groups: Iterable[GroupKey], now: datetime) -> None:
        """Note which governed groups a rule is for, if it is not for all; by SENSITIVE, which are sensitive."""

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
        """The accounts among these whose person declined this version."""

    def excused(self, rule: StatementRule, people: Collection[AccountKey], now: datetime) -> set[AccountKey]:
        """The accounts among these that somebody excused from the statement: the ticket is waived."""

    def groups_of(self, rule: StatementRule, groups: Collection[GroupKey]) -> set[GroupKey]:
        """Those among these groups that were noted for a rule that is not for all."""

    def add(self, new: Attestation, accounts: Collection[AccountKey]) -> Attestation | None:
        """Keep an attestation, for all accounts of its person; returns it with its id.

        None if another system said the same before: the same answer, of the same instant.
        """

    def void(self, ticket: int, now: datetime) -> None:
        """Take back what the last answer to a ticket said."""

    def leavers(
        self, policy: str, before: datetime, after: AccountKey | None, limit: int
    ) -> list[AccountKey]:
        """Accounts that left before then and said something of a policy, by key; a person's others are judged later."""

    def delete(self, policy: str, people: Collection[AccountKey]) -> int:
        """Delete what these accounts said of a policy; return how much."""

    def page(self, after: int, limit: int) -> list[Attestation]:
        """Attestations that were not taken back, by id."""

    def newest(self, rule: StatementRule, now: datetime) -> Attestation | None:
        """The newest answer to a rule's version that still counts, whoever gave it, also one that is no pass."""

    def needless(self, rules: Sequence[tuple[StatementRule, bool]]) -> list[Ticket]:
        """Live tickets that none of these rules asks for any more: the person left, or is in none of its groups now, or
        the rule is gone or has another version. Each rule comes with whether it is for all governed groups.
        """

    def said_elsewhere(self, rule: StatementRule, now: datetime) -> list[tuple[Ticket, Attestation]]:
        """Live tickets of a rule with the newest attestation from another system that makes them needless."""

    def texts(self) -> Sequence[TextSeen]:
        """The texts that were shown so far."""

    def place_in_groups(self) -> None:
        """Say of tickets that a process of an older release wrote in which group their person is asked."""

    def see_texts(self, seen: Iterable[TextSeen], now: datetime) -> None:
        """Note texts that are shown from now on; known ones stay as they are."""
