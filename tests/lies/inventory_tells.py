"""How inventories are made to lie: families of lies, by what they change."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.kit.whatsapp import member_of
from lies.company import Company
from lies.lie import Tell
from lies.sources import Shown
from worker.domain.identity.phones import to_e164
from worker.domain.model import Coverage, Departed, Going, Group, Member, Renumbered, Role, Roster
from worker.ports import ConnectorError, Malformed, SnapshotEnd

Members = tuple[Member, ...]
Items = list[Roster | SnapshotEnd]


# --- whole reads ----------------------------------------------------------------------------------------


def read(change: Callable[[Items], Items]) -> Tell:
    """Change the whole sequence of a read."""
    return lambda company, _rng: company.wards.bend(lambda items: iter(change(list(items))))


def groups(change: Callable[[list[Roster]], list[Roster]]) -> Tell:
    """Change which groups are listed, and say that these are all."""

    def changed(items: Items) -> Items:
        rosters = change([item for item in items if isinstance(item, Roster)])
        ends = [item for item in items if isinstance(item, SnapshotEnd)]
        return [*rosters, *(replace(end, groups_total=len(rosters)) for end in ends)]

    return read(changed)


def end(**changes: Any) -> Tell:
    """Change how a read ends."""
    return read(
        lambda items: [replace(one, **changes) if isinstance(one, SnapshotEnd) else one for one in items]
    )


def broken(share: float, error: Callable[[], ConnectorError] | None) -> Tell:
    """Stop after so much of a read: with an error, or without a word."""

    def bend(items: Shown) -> Shown:
        every = list(items)
        yield from [item for item in every[: int(share * len(every))] if isinstance(item, Roster)]
        if error is not None:
            raise error()

    return lambda company, _rng: company.wards.bend(bend)


def both(*tells: Tell) -> Tell:
    """Tell several lies as one."""

    def tell(company: Company, rng: random.Random) -> None:
        for one in tells:
            one(company, rng)

    return tell


def only_the_first_read(tell: Tell) -> Tell:
    """Lie in the first read, and be honest in those after it."""

    def lying_once(company: Company, rng: random.Random) -> None:
        until = company.harness.now + timedelta(hours=3)
        before = len(company.wards.bends)
        tell(company, rng)
        lying = company.wards.bends[before:]
        del company.wards.bends[before:]

        def bend(items: Shown) -> Shown:
            for one in lying if company.harness.now < until else ():
                items = one(items)
            return items

        company.wards.bend(bend)

    return lying_once


def without_group(*lost: str) -> Tell:
    return groups(lambda every: [one for one in every if one.group.group_id not in lost])


def doubled(*of: str, emptied: bool | None, new_id: str = "") -> Tell:
    """List groups (all, unless some are named) twice, the second time under `new_id`.

    `emptied`: the first (True) or the last (False) of the two is without members. An operator who is told that the
    groups under the new ids are missing has the configuration leave them out.
    """

    def twice(every: list[Roster]) -> list[Roster]:
        made = []
        for one in every:
            if of and one.group.group_id not in of:
                made.append(one)
                continue
            other = replace(one, group=replace(one.group, group_id=new_id + one.group.group_id))
            empty = replace(other, members=())
            made += {True: [empty, one], False: [one, empty], None: [one, other]}[emptied]
        return made

    def tell(company: Company, rng: random.Random) -> None:
        groups(twice)(company, rng)
        if new_id:
            company.ends.append(lambda: company.leave_out(new_id))

    return tell


def as_another(first: str, second: str, *, both: bool) -> Tell:
    """Show one group's members under another's id, or each under the other's."""

    def mixed(every: list[Roster]) -> list[Roster]:
        of = {one.group.group_id: one.members for one in every}
        takes = {first: second} | ({second: first} if both else {})
        return [replace(one, members=of.get(takes.get(one.group.group_id, ""), one.members)) for one in every]

    return groups(mixed)


def malformed(company: Company, _rng: random.Random) -> None:
    """Set many rows aside."""
    rows = tuple(Malformed("It can't be read.", record_id=f"row {number}") for number in range(30))
    end(malformed=rows)(company, _rng)


# --- rosters --------------------------------------------------------------------------------------------


def rosters(change: Callable[[Roster], Roster], *of: str) -> Tell:
    """Change rosters: of these groups, or of all."""
    return lambda company, _rng: company.wards.bend_rosters(
        lambda one: change(one) if not of or one.group.group_id in of else one
    )


def members(change: Callable[[Members], Members], *of: str) -> Tell:
    """Change whom rosters list."""
    return rosters(lambda one: replace(one, members=change(one.members)), *of)


def covers(coverage: Coverage, keep: float = 1) -> Tell:
    """Say how much a roster shows, and show so much of it."""
    return rosters(
        lambda one: replace(one, coverage=coverage, members=one.members[: int(keep * len(one.members))])
    )


def named(change: Callable[[Group], Group]) -> Tell:
    return rosters(lambda one: replace(one, group=change(one.group)))


def without_people(*people: str) -> Tell:
    """Leave people out of every group, and call it whole."""

    def tell(company: Company, rng: random.Random) -> None:
        lost = {company.number(one) for one in people}
        members(lambda every: tuple(one for one in every if one.handle not in lost))(company, rng)

    return tell


def with_strangers(count: int) -> Tell:
    made = tuple(
        Member(f"+4477009008{number:02d}", f"Stranger {number}", phone=f"+4477009008{number:02d}")
        for number in range(count)
    )
    return members(lambda every: (*every, *made))


def with_person(person: str, *of: str) -> Tell:
    """List somebody who is not in the group."""
    return lambda company, rng: members(lambda every: (*every, company.harness.member(person)), *of)(
        company, rng
    )


def each(change: Callable[[Member], Member]) -> Tell:
    """Change every member."""
    return members(lambda every: tuple(change(one) for one in every))


def one_of(person: str, change: Callable[[Member], Member]) -> Tell:
    """Change one person, wherever they are."""

    def tell(company: Company, rng: random.Random) -> None:
        number = company.number(person)
        each(lambda one: change(one) if one.handle == number else one)(company, rng)

    return tell


def roles_at_random(company: Company, rng: random.Random) -> None:
    each(lambda one: replace(one, role=rng.choice((Role.MEMBER, Role.ADMIN))))(company, rng)


def lid(member: Member) -> str:
    return f"9{member.handle[1:]}@lid"


def by_lid(*, has_number: bool) -> Tell:
    """Show the hidden identity in place of the number, or beside it."""
    return each(
        lambda one: replace(one, handle=lid(one), lid=lid(one), phone=one.phone if has_number else None)
    )


def lid_in_place_of_number(member: Member) -> Member:
    """What a gateway gives that fills in the digits of the hidden identity as the number."""
    digits = lid(member).partition("@")[0]
    if not digits.isdecimal():
        return member  # another lie made something else of it
    return replace(
        member_of((f"{digits}@lid", f"{digits}@c.us"), member.role, "GB"), display_name=member.display_name
    )


def written(form: Callable[[str], str]) -> Tell:
    """Write numbers in another form, and read them as the connectors do."""

    def change(member: Member) -> Member:
        shown = member.phone or member.handle
        number = to_e164(form(shown), "GB") or form(shown)
        handle = number if member.handle == shown else member.handle
        return replace(member, handle=handle, phone=number if number.startswith("+") else None)

    return each(change)


def swapped(first: str, second: str, field: str) -> Tell:
    """Give two members each other's value, wherever they are."""

    def tell(company: Company, rng: random.Random) -> None:
        a, b = company.harness.member(first), company.harness.member(second)
        other = {a.handle: getattr(b, field), b.handle: getattr(a, field)}
        each(lambda one: replace(one, **{field: other.get(one.handle, getattr(one, field))}))(company, rng)

    return tell


def renumbered(old: str, new: str) -> Tell:
    """Record in every group that a number became another one."""

    def tell(company: Company, rng: random.Random) -> None:
        change = Renumbered(company.number(old), company.number(new), company.harness.now)
        rosters(lambda one: replace(one, renumbered=(change,)))(company, rng)

    return tell


def departed(person: str, coverage: Coverage) -> Tell:
    """Record in every group that somebody was removed; they are listed as before."""

    def tell(company: Company, rng: random.Random) -> None:
        gone = Departed(
            company.number(person), person, company.number(person), company.harness.now, Going.REMOVED
        )
        rosters(lambda one: replace(one, departed=(gone,), coverage=coverage))(company, rng)

    return tell


# --- time -----------------------------------------------------------------------------------------------


def dated(off: Callable[[datetime], datetime]) -> Tell:
    """Date rosters, and the end of the read, otherwise."""
    return read(lambda items: [replace(one, taken_at=off(one.taken_at)) for one in items])


def clock(**off: float) -> Tell:
    return dated(lambda at: at + timedelta(**off))


def clock_jumps(company: Company, rng: random.Random) -> None:
    dated(lambda at: at + timedelta(days=rng.choice((-1, 1))))(company, rng)


def late(**by: float) -> Tell:
    """Date lists so long before they are read, and go on with that when they are honest again."""

    def tell(company: Company, _rng: random.Random) -> None:
        company.wards.lag(timedelta(**by))
        company.ends.append(lambda: company.wards.lag(timedelta(**by)))

    return tell


def cached(*, dated_now: bool) -> Tell:
    """Show what was true when the lie began, with its date or with today's."""

    def tell(company: Company, rng: random.Random) -> None:
        company.wards.freeze()
        if dated_now:
            dated(lambda _at: company.harness.now)(company, rng)

    return tell


def flapping(company: Company, rng: random.Random) -> None:
    """Show other thirds of each group in each read, and call each whole."""
    members(lambda every: tuple(one for one in every if rng.random() > 1 / 3))(company, rng)
