"""The people whose work conversations are to be reviewed before they leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from worker.domain.controls.policy import ConversationsRule
from worker.domain.model import Account, AccountKey, Standing
from worker.domain.people.leaving import episode_name
from worker.domain.people.persons import Person
from worker.domain.reconcile.leaving import has_review
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork

PAGE = 200


@dataclass(frozen=True, slots=True)
class LeavingPerson:
    """Somebody who will have left `at` an instant, and the account by which tickets name them.

    `taken_back` is the review of this leaving that was cancelled when it was taken back.
    """

    human: Person
    account: Account
    at: datetime
    taken_back: Ticket | None = None


def reviews_wanted(uow: UnitOfWork, rule: ConversationsRule, now: datetime) -> Iterator[LeavingPerson]:
    """The people whose review a rule asks for and who have none, each once; `now` is aware UTC."""
    after: AccountKey | None = None
    while page := uow.leavings.to_review(now, now + rule.before, after, PAGE):
        humans = uow.people.humans([account.key for account in page])
        reviews = defaultdict[AccountKey | None, list[Ticket]](list)
        accounts = {one.key for human in humans.values() for one in human.accounts}
        for ticket in uow.leavings.reviews_of(accounts):
            reviews[ticket.person].append(ticket)
        for account in page:
            human, at = humans[account.key], account.leaves_at
            theirs = [ticket for one in human.accounts for ticket in reviews[one.key]]
            if at is not None and _is_first(account, human) and _is_meant(human, rule, theirs):
                name = episode_name(account.key, at)
                same = next((ticket for ticket in theirs if ticket.occasion == name), None)
                yield LeavingPerson(human, account, at, same)
        after = page[-1].key


def _is_first(account: Account, human: Person) -> bool:
    """Whether it is the first of the accounts that leave, so that each person comes once."""
    return account.key == min(one.key for one in human.accounts if one.standing is Standing.LEAVING)


def _is_meant(human: Person, rule: ConversationsRule, reviews: Iterable[Ticket]) -> bool:
    """Whether somebody leaves as a whole, in the rule's departments, and was not asked about before."""
    person = human.person
    if person.leaves_at is None or not rule.fits(person.facts.department):
        return False
    return not has_review(reviews, person.leaves_at)
