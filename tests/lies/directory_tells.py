"""How directories are made to lie: families of lies, by what they change."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from connectors.kit import dates
from lies.company import HERE, Company
from lies.lie import Tell
from lies.sources import Said
from worker.domain.model import AccountFacts
from worker.ports import ConnectorError, DirectoryPage, Malformed, PassEnd, PermissionDenied, Unshown

Records = tuple[AccountFacts, ...]
Pages = list[Records]
MANY = 6  # from five on, the guard's shares count


# --- pages ----------------------------------------------------------------------------------------------


def pages(change: Callable[[Pages], Pages], *, end: Callable[[PassEnd], PassEnd] = lambda end: end) -> Tell:
    """Change a read's pages, all of them together, and how it ends."""

    def bend(items: Said) -> Said:
        every = list(items)
        records = [item.records for item in every if isinstance(item, DirectoryPage)]
        yield from (DirectoryPage(page) for page in change(records))
        yield from (end(item) for item in every if isinstance(item, PassEnd))

    return lambda company, _rng: company.corp.bend(bend)


def end(change: Callable[[PassEnd], PassEnd]) -> Tell:
    """Change only how a read ends."""
    return pages(lambda every: every, end=change)


def total(more: int) -> Tell:
    """Say another number of people than were given."""
    return end(lambda one: replace(one, total=None if one.total is None else one.total + more))


def unproven(share: float) -> Tell:
    """Stop after so much of the pages, without an error and without the proof."""

    def bend(items: Said) -> Said:
        every = list(items)
        yield from [item for item in every[: int(share * len(every))] if isinstance(item, DirectoryPage)]

    return lambda company, _rng: company.corp.bend(bend)


def broken(share: float, error: Callable[[], ConnectorError]) -> Tell:
    """Raise an error after so much of the pages."""

    def bend(items: Said) -> Said:
        every = list(items)
        yield from every[: int(share * len(every))]
        raise error()

    return lambda company, _rng: company.corp.bend(bend)


def refused(error: Callable[[], ConnectorError]) -> Tell:
    """Answer everything with an error, look-ups too."""
    return lambda company, _rng: company.corp.fail(error())


def with_end(change: Callable[[list[DirectoryPage | PassEnd]], list[DirectoryPage | PassEnd]]) -> Tell:
    """Change the whole sequence of a read."""
    return lambda company, _rng: company.corp.bend(lambda items: iter(change(list(items))))


# --- who is listed --------------------------------------------------------------------------------------


def without(chosen: Callable[[AccountFacts], bool]) -> Tell:
    """Leave people out of lists, not out of look-ups."""

    def tell(company: Company, _rng: random.Random) -> None:
        company.corp.bend_facts(lambda facts: None if chosen(facts) else facts, asked=False)

    return pages_without_total(tell)


def without_some(count: int, *, denied: bool = False, unknown: bool = False) -> Tell:
    """Leave so many out; their look-ups may be refused, or say that there is no such person."""

    def tell(company: Company, rng: random.Random) -> None:
        lost = set(rng.sample(HERE, count))
        company.corp.bend_facts(lambda facts: None if facts.person_id in lost else facts, asked=False)
        if denied or unknown:
            company.corp.answers.append(
                lambda one, found: _no_answer(found, is_lost=one in lost, raises=denied)
            )

    return pages_without_total(tell)


def _no_answer(found: AccountFacts | None, *, is_lost: bool, raises: bool) -> AccountFacts | None:
    if is_lost and raises:
        raise PermissionDenied("They may be hidden.", missing="the right to see them", remedy="Give it.")
    return None if is_lost else found


def pages_without_total(tell: Tell) -> Tell:
    """Take back the number of people, too: the list is shorter, and says that it is whole."""

    def both(company: Company, rng: random.Random) -> None:
        tell(company, rng)
        end(lambda one: replace(one, total=None))(company, rng)

    return both


def strangers(count: int, **facts: Any) -> Tell:
    """Add people who do not exist."""

    def add(every: Pages) -> Pages:
        made = [AccountFacts(f"s{number}", f"Stranger {number}", enabled=True) for number in range(count)]
        return [*every, tuple(replace(one, **facts) for one in made)]

    return pages(add)


def other_company(every: Pages) -> Pages:
    """Everybody under an id of another place."""
    return [tuple(replace(facts, person_id=f"other-{facts.person_id}") for facts in page) for page in every]


# --- what is said of people -----------------------------------------------------------------------------


def all_say(**changes: Any) -> Tell:
    """Say the same of everybody."""
    return lambda company, _rng: company.corp.bend_facts(lambda facts: replace(facts, **changes))


def some_say(count: int, **changes: Any) -> Tell:
    """Say it of some people who are here."""

    def tell(company: Company, rng: random.Random) -> None:
        of = set(rng.sample(HERE, count))
        company.corp.bend_facts(lambda facts: replace(facts, **changes) if facts.person_id in of else facts)

    return tell


def say(chosen: Callable[[AccountFacts], bool], change: Callable[[AccountFacts], AccountFacts]) -> Tell:
    """Say something else of the people who are chosen."""
    return lambda company, _rng: company.corp.bend_facts(
        lambda facts: change(facts) if chosen(facts) else facts
    )


def everybody(_facts: AccountFacts) -> bool:
    return True


def is_one(*person_ids: str) -> Callable[[AccountFacts], bool]:
    return lambda facts: facts.person_id in person_ids


def dated(written: str, field: str) -> Tell:
    """Write a date as the directory does, and read it as the connectors do."""
    stamp = dates.parse(written, UTC, dates.DateOrder.MIXED)
    return all_say(**{field: stamp.at if stamp else None})


def in_days(days: float, field: str, count: int = len(HERE)) -> Tell:
    """Give people a date so many days from now."""

    def tell(company: Company, rng: random.Random) -> None:
        some_say(count, **{field: company.harness.now + timedelta(days=days)})(company, rng)

    return tell


def swapped(first: str, second: str, *fields: str) -> Tell:
    """Give two people each other's values."""

    def tell(company: Company, _rng: random.Random) -> None:
        known = {facts.person_id: facts for facts in company.corp.people()}
        other = {first: known[second], second: known[first]}
        company.corp.bend_facts(
            lambda facts: (
                replace(facts, **{name: getattr(other[facts.person_id], name) for name in fields})
                if facts.person_id in other
                else facts
            )
        )

    return tell


def second_account(of: str, **changes: Any) -> Tell:
    """List somebody under another id as well."""

    def add(every: Pages) -> Pages:
        found = [facts for page in every for facts in page if facts.person_id == of]
        return [*every, *(((replace(found[-1], person_id=f"{of}-2", **changes)),) for _ in found[:1])]

    return pages(add)


def earlier(of: Callable[[AccountFacts], bool], change: Callable[[AccountFacts], AccountFacts]) -> Tell:
    """Say something of people on a page before the one that says the truth of them."""

    def add(every: Pages) -> Pages:
        told = tuple(change(facts) for facts in chain.from_iterable(every) if of(facts))
        return [told, *every]

    return pages(add)


def unshown(fact: str) -> Tell:
    """Show a fact for nobody, and say so."""

    def tell(company: Company, rng: random.Random) -> None:
        all_say(**{fact: None})(company, rng)
        company.corp.unshown = (Unshown(fact, "It is shown for nobody.", "Give the right to read it."),)
        company.ends.append(lambda: setattr(company.corp, "unshown", ()))

    return tell


# --- time, cursors, records -----------------------------------------------------------------------------


def clock(**off: float) -> Tell:
    """Date every read as a clock that is wrong by so much does."""
    return end(lambda one: replace(one, taken_at=one.taken_at + timedelta(**off)))


def clock_jumps(_company: Company, rng: random.Random) -> None:
    """Date one read a day ahead, the next one a day behind."""
    _company.corp.bend(lambda items: _jumping(items, rng))


def _jumping(items: Said, rng: random.Random) -> Said:
    for item in items:
        off = timedelta(days=rng.choice((-1, 1)))
        yield replace(item, taken_at=item.taken_at + off) if isinstance(item, PassEnd) else item


def hurried(count: int) -> Tell:
    """Leave so many people out, and date reads as a clock does that runs twenty times too fast."""

    def tell(company: Company, rng: random.Random) -> None:
        without_some(count)(company, rng)
        begun = company.harness.now
        end(lambda one: replace(one, taken_at=begun + 20 * (one.taken_at - begun)))(company, rng)

    return tell


def epoch(_company: Company, _rng: random.Random) -> None:
    """Date every read at the beginning of computers' time."""
    end(lambda one: replace(one, taken_at=datetime(1970, 1, 1, tzinfo=UTC)))(_company, _rng)


def forgets(*, always: bool) -> Tell:
    """Refuse the cursor once, or each that it gave."""

    def tell(company: Company, _rng: random.Random) -> None:
        company.corp.forget_cursors()
        if always:
            company.corp.bend(lambda items: _forgetting(company, items))

    return tell


def _forgetting(company: Company, items: Said) -> Said:
    yield from items
    company.corp.forget_cursors()


def rewinds(company: Company, _rng: random.Random) -> None:
    """Name everybody in every delta, with nothing new of most of them."""
    company.corp.is_quiet = True
    company.corp.bend(lambda items: _rewinding(company, items))


def _rewinding(company: Company, items: Said) -> Said:
    yield from items
    company.corp.rewind()


def no_news(company: Company, _rng: random.Random) -> None:
    """Say in each delta that nothing changed; a full read says what is true."""

    def bend(items: Said) -> Said:
        every = list(items)
        ends = [item for item in every if isinstance(item, PassEnd)]
        yield from every if ends and ends[0].is_full else ends

    company.corp.bend(bend)


def unchanged(company: Company, _rng: random.Random) -> None:
    """Say in each read, full ones too, that nothing is newer than the cursor."""
    company.corp.bend(
        lambda items: (replace(one, is_unchanged=True) for one in items if isinstance(one, PassEnd))
    )


def delta_as_full(company: Company, rng: random.Random) -> None:
    """Name only who changed, and say that this is everybody."""
    company.corp.is_quiet = True
    end(lambda one: replace(one, is_full=True))(company, rng)


def old_copy(company: Company, _rng: random.Random) -> None:
    """Say what was true when the lie began, whatever happens later."""
    known = {facts.person_id: facts for facts in company.corp.people()}
    company.corp.bend_facts(lambda facts: known.get(facts.person_id, facts))


def malformed(count: int) -> Tell:
    """Show so many people's records so that they can't be understood."""

    def tell(company: Company, rng: random.Random) -> None:
        bad = set(rng.sample(HERE, count))
        company.corp.bend(lambda items: _garbled(items, bad))
        company.corp.answers.append(lambda one, found: _unless_garbled(one, found, bad))

    return tell


def _garbled(items: Said, bad: set[str]) -> Iterator[DirectoryPage | PassEnd]:
    for item in items:
        if isinstance(item, DirectoryPage):
            good = tuple(facts for facts in item.records if facts.person_id not in bad)
            lost = [facts.person_id for facts in item.records if facts.person_id in bad]
            yield replace(item, records=good, malformed=tuple(map(_unreadable, lost)))
        else:
            yield item


def _unless_garbled(one: str, found: AccountFacts | None, bad: set[str]) -> AccountFacts | None:
    if one in bad:
        raise _unreadable(one)
    return found


def _unreadable(person_id: str) -> Malformed:
    return Malformed(f"{person_id} can't be understood.", record_id=person_id, remedy="Mend it.")
