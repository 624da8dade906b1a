"""Declared rosters: an admin of a group says by a link who is in it, and that is a roster of that instant.

    link -> page of the known members -> what they said, understood -> said once more -> roster, journal, pairing
                  chat export -> ticks -^

Looking and checking change nothing. What is declared belongs to the first inventory that is `can.is_declared`, under
the group's own id where no other group has it there, and is paired with the group that the link is for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO

from worker.app.acts.assignees import account_of
from worker.app.acts.declared_people import carry_answers, judged
from worker.app.acts.looking_up import one_group
from worker.app.acts.pairing import Pairing, ones, roster_of
from worker.app.refused import Refused
from worker.app.tell.group_links import GroupLinks, OpenedGroup
from worker.app.tell.signed_links import Opened
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, acted, claimants
from worker.domain.evidence.journal import stamp
from worker.domain.groups.declaring import (
    MEMBERS_MAX,
    Added,
    Declared,
    MemberList,
    NamedMember,
    added_as,
    declared,
    folded,
    under,
)
from worker.domain.groups.exported import ChatExport, Readers, Ticks, is_of_group, ticked
from worker.domain.model import Group, GroupKey, Member, Renumbered, Roster
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.text.reason import because
from worker.ports.state.access import GroupLink
from worker.ports.state.groups import GroupRow, KnownMember, Unlisted
from worker.ports.state.store import Store, UnitOfWork

MARK_LENGTH = 12
LAST = "\uffff"  # sorts behind every name


class TooMuch(Refused):
    """What was pasted, or the roster that it makes, is longer than any group."""


class Outdated(Refused):
    """The group has changed since the page was shown; it has to be looked at again."""


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group as a link's page shows it: the newest of what is known. `mark` changes with its members and a doubt.

    `members` are by name, each with the mark by which the page ticks them; none if there are too many to tick.
    """

    group: GroupRow
    members: tuple[tuple[str, Member], ...]
    mark: str
    language: str | None


@dataclass(frozen=True, slots=True)
class FilledIn:
    """What the admin filled in. `kept` are the marks of who is still here, of the group with the mark `known`.

    If a list is `pasted`, it counts, and not the ticks. `added` is read as such a list, too. An export offers more
    ticks: `came` are members to add, and `numbers` the new ones (E.164) of known members, by their marks.
    """

    known: str
    kept: frozenset[str] = frozenset()
    added: str = ""
    pasted: str = ""
    came: tuple[Added, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GivenExport:
    """A group with the ticks of a chat export; nothing counts yet. `is_other_group`: the export's has another name."""

    known: KnownGroup
    export: ChatExport
    ticks: Ticks
    is_other_group: bool


@dataclass(frozen=True, slots=True)
class Understood:
    """What was said, as it would count. `unknown` and `left` are handles of its members; `changed` are numbers.

    `mark` has to come back with the last word. `is_cut`: the list says itself that there are more, so it can't count.
    """

    known: KnownGroup
    roster: Declared
    unknown: frozenset[str]
    left: frozenset[str]
    changed: tuple[tuple[str, str], ...]
    not_understood: tuple[str, ...]
    is_cut: bool
    mark: str

    @property
    def can_count(self) -> bool:
        """Whether it can be the whole roster of a group."""
        return not self.is_cut and bool(self.roster.members)


class Declaring:
    """The links to groups, and what is declared by them.

    `source` is the inventory that it belongs to; empty: there is none, and no link is made. `readers` read what
    is given on the page.
    """

    def __init__(
        self,
        store: Store,
        links: GroupLinks,
        source: str,
        readers: Readers,
        pairing: Pairing,
        limits: GuardLimits,
    ) -> None:
        self._store = store
        self._links = links
        self._source = source
        self._readers = readers
        self._pairing = pairing
        self._limits = limits

    def at(self, links: GroupLinks) -> Declaring:
        """Return the same with links to another address."""
        return Declaring(self._store, links, self._source, self._readers, self._pairing, self._limits)

    # --- links -----------------------------------------------------------------------------------

    def link(self, which: str, by: Actor, now: datetime, reason: str = "") -> str:
        """Make a link for the first active admin of a group, and show it to whoever asks, which is written down.

        Raises Refused without a declared inventory, for a group that is gone, or without such an admin.
        """
        with self._store.begin() as uow:
            self._require_source()
            group = one_group(uow, which)
            admins = uow.rosters.active_admins(group.key)
            if group.is_gone:
                raise Refused(
                    because("{group} is gone, so there is nobody to give a link to.", group=group.name)
                )
            if not admins:
                raise Refused(
                    because(
                        "{group} has no active admin whom a directory knows, so there is nobody to give a link to.",
                        group=group.name,
                    )
                )
            link = self._links.make(uow, group.key, admins[0].key, now, claimants([by]))
            return self._given(uow, link, by, now, reason)

    def _given(self, uow: UnitOfWork, link: GroupLink, by: Actor, now: datetime, reason: str = "") -> str:
        data = {"to": "/".join(link.person), "link": link.id, "until": stamp(link.until)}
        uow.journal.append([acted(by, now, events.GROUP_LINK_MADE, _subject(link.group), reason, data)])
        return self._links.url(uow, link)

    def link_of(self, opened: Opened, now: datetime) -> str:
        """Make a link to a ticket's group for the assignee, who asks for it by the ticket's own link, and ends with it.

        Raises Refused if no directory has the assignee, since a link ends with its person.
        """
        with self._store.begin() as uow:
            person = account_of(uow, opened.ticket.assignee)
            if person is None:
                raise Refused("Nobody whom a directory knows has this ticket.")
            link = self._links.lead_on(uow, opened, person)
            return self._given(uow, link, Actor("/".join(person), via=Via.LINK), now)

    def revoke(self, which: str, by: Actor, now: datetime, reason: str = "") -> tuple[GroupRow, int]:
        """End the links to a group that still work, and to those that are one with it; return it, and how many.

        Raises Refused.
        """
        with self._store.begin() as uow:
            group = one_group(uow, which)
            ended = sum(uow.access.revoke_group_links(key, now) for key in ones(uow, group.key))
            data = {"links": ended}
            uow.journal.append(
                [acted(by, now, events.GROUP_LINKS_REVOKED, _subject(group.key), reason, data)]
            )
            return group, ended

    # --- the page --------------------------------------------------------------------------------

    def look(self, token: str, now: datetime) -> KnownGroup:
        """The data for the link's page. Raises LinkDead."""
        with self._store.reading() as uow:
            return self._known(uow, self._links.opened(uow, token, now))[0]

    def exported(self, token: str, file: BinaryIO, name: str, now: datetime) -> GivenExport:
        """Read a chat export (an open file with a number, and its name) for the ticks that it changes.

        Nothing of it is kept. Raises LinkDead, or UnreadableExport. No transaction is open while it is read.
        """
        group = self.look(token, now).group
        export = self._readers.export(file, name, group.name, now)
        known = self.look(token, now)
        ticks = ticked([member for _, member in known.members], export)
        return GivenExport(known, export, ticks, not is_of_group(export, group.name))

    def check(self, token: str, said: FilledIn, now: datetime) -> Understood:
        """Understand what was said, and change nothing. Raises LinkDead, Outdated or TooMuch."""
        with self._store.reading() as uow:
            return self._understood(uow, self._links.opened(uow, token, now), said)[0]

    def declare(self, token: str, said: FilledIn, mark: str, now: datetime) -> bool:
        """Count what was said and shown as `mark`: it is the group's roster of this instant.

        Return False if so many are gone at once that nobody counts as gone until it is declared once more. Raises
        LinkDead, Outdated, TooMuch, or Refused for what can't be a whole roster.
        """
        with self._store.begin() as uow:
            opened = self._links.opened(uow, token, now)
            self._require_source()
            if self._doubt(uow, opened.group) and self._known(uow, opened)[0].mark != said.known:
                return False  # a page of before says nothing once more, as by a second tap
            understood, people = self._understood(uow, opened, said)
            if understood.mark != mark:
                raise Outdated("The group has changed meanwhile.")
            if not understood.can_count:
                raise Refused("This is not the whole list of the group's members.")
            return self._count(uow, opened, understood, people, now)

    # --- what both do ----------------------------------------------------------------------------

    def _known(self, uow: UnitOfWork, opened: OpenedGroup) -> tuple[KnownGroup, list[KnownMember]]:
        """What is known of the group: what the best of the sources that show it shows."""
        best = self._best(uow, opened.group)
        people = uow.rosters.members(best.key)
        shown = [(_mark(one.member.handle), one.member) for one in people]
        shown.sort(key=lambda one: (folded(one[1].display_name) or LAST, one[1].handle))
        mark = _mark(*(one.member.handle for one in people), *self._doubt(uow, opened.group))
        ticked = tuple(shown) if len(shown) <= MEMBERS_MAX else ()
        return KnownGroup(best, ticked, mark, opened.human.person.facts.language), people

    def _doubt(self, uow: UnitOfWork, group: GroupRow) -> list[str]:
        """When what was declared was too little to believe at once; empty if it is believed."""
        at = uow.rosters.doubted_at(roster_of(uow, group.key, self._source))
        return [stamp(at)] if at else []

    def _best(self, uow: UnitOfWork, group: GroupRow) -> GroupRow:
        """Of the groups that are one with this one, the one whose source is the best witness."""
        best = group
        for key in ones(uow, group.key):
            row = uow.rosters.group(key)
            if row is not None and not (row.is_gone or row.is_unseen):
                best = row if self._pairing.in_order(best.key, key)[1] == key else best
        return best

    def _understood(
        self, uow: UnitOfWork, opened: OpenedGroup, said: FilledIn
    ) -> tuple[Understood, list[KnownMember]]:
        known, people = self._known(uow, opened)
        if known.mark != said.known:
            raise Outdated("The group has changed meanwhile.")
        names = {one.member.display_name for one in people}
        numbers = {one.member.phone for one in people if one.member.phone}
        lists = [self._listed(text, names, numbers) for text in (said.pasted, said.added) if text.strip()]
        before, people = people, _as_they_are_now(people, said)
        kept = [] if said.pasted.strip() else list(_kept(known, said))
        entries: list[NamedMember] = [entry for one in lists for entry in one.entries]
        entries += [] if said.pasted.strip() else said.came
        roster = declared([one.member for one in people], kept, entries, _me(opened, people))
        if len(roster.members) > MEMBERS_MAX:
            raise TooMuch(f"There are more than {MEMBERS_MAX:,} members.")
        unknown, left = judged(uow, people, roster)
        understood = Understood(
            known,
            roster,
            unknown,
            left,
            tuple(_changed(before, people)),
            tuple(part for one in lists for part in one.not_understood),
            any(one.is_cut for one in lists),
            _mark(known.mark, *sorted(f"{one.handle} {one.phone}" for one in roster.members)),
        )
        return understood, people

    def _listed(self, text: str, names: Collection[str], numbers: Collection[str]) -> MemberList:
        try:
            return self._readers.members(text, names, numbers)
        except ValueError as error:
            raise TooMuch(str(error)) from None

    def _count(
        self,
        uow: UnitOfWork,
        opened: OpenedGroup,
        understood: Understood,
        people: Iterable[KnownMember],
        now: datetime,
    ) -> bool:
        of, roster = opened.group, understood.roster
        key = roster_of(uow, of.key, self._source)
        group = Group(key.group_id, of.name, of.messenger, of.owner_email)
        uow.rosters.clear_stage(key.source)
        renumbered = tuple(Renumbered(old, new, now) for old, new in understood.changed)
        uow.rosters.stage(key.source, [Roster(group, roster.members, now, renumbered=renumbered)])
        rest = Unlisted(is_unread=True)
        changes = uow.rosters.apply_stage(key.source, now=now, limits=self._limits, rest=rest)
        who = opened.link.person
        uow.rosters.declared(key, _declarers(uow, opened, now - self._links.life))
        carry_answers(uow, key.source, roster, people, now)
        lists = {"members": roster.members, "added": roster.added, "gone": roster.gone,
                 "unknown": understood.unknown, "left": understood.left}  # fmt: skip
        data = {name: len(members) for name, members in lists.items()} | {"link": opened.link.id}
        by = Actor("/".join(who), via=Via.LINK)
        uow.journal.append([acted(by, now, events.GROUP_DECLARED, _subject(key), data=data)])
        uow.rosters.mark_dirty({key, of.key}, now)
        self._pairing.declare(uow, of.key, key, now)
        self._pairing.pair(uow, now)
        return not changes.shrunken

    def _require_source(self) -> None:
        if not self._source:
            raise Refused(
                "Links need an inventory of kind declared: add it to inventories in the configuration."
            )


def _declarers(uow: UnitOfWork, opened: OpenedGroup, since: datetime) -> set[str]:
    """The marks of everybody who may have used the link: the person by each account, whoever made it, and whoever was
    shown a link of theirs after `since`, which may lead to it.
    """
    own = [Actor(one.facts.email or "", one.key.person_id) for one in opened.human.accounts]
    shown = [
        Actor(one.name, one.actor_id)
        for who in own
        if who.name
        for one in uow.access.shown_links(who.name, since)
    ]
    return {*claimants([*own, *shown]), *opened.link.made_by}


def _kept(known: KnownGroup, said: FilledIn) -> Iterator[Member]:
    """The ticked members, with the numbers that they have now."""
    return (_as_now(member, said) for mark, member in known.members if mark in said.kept)


def _as_they_are_now(people: Iterable[KnownMember], said: FilledIn) -> list[KnownMember]:
    """Everybody who is known, with the numbers that they have now."""
    return [one._replace(member=_as_now(one.member, said)) for one in people]


def _as_now(member: Member, said: FilledIn) -> Member:
    numbers = {} if said.pasted.strip() else said.numbers
    return under(member, numbers.get(_mark(member.handle), member.phone))


def _changed(before: Iterable[KnownMember], now: Iterable[KnownMember]) -> Iterator[tuple[str, str]]:
    """The numbers that members had before, each with the one that they have now."""
    phones = ((old.member.phone, new.member.phone) for old, new in zip(before, now, strict=True))
    return ((old, new) for old, new in phones if old and new and old != new)


def _me(opened: OpenedGroup, people: Iterable[KnownMember]) -> Member:
    """The person of the link as a member of the group."""
    accounts = {one.key for one in opened.human.accounts}
    known = (one.member for one in people if one.account is not None and one.account.key in accounts)
    facts = opened.human.person.facts
    return next(known, None) or added_as(facts.display_name, next(iter(facts.phones), None))


def _mark(*texts: str) -> str:
    return sha256("\n".join(texts).encode()).hexdigest()[:MARK_LENGTH]


def _subject(key: GroupKey) -> str:
    return f"group:{key.source}/{key.group_id}"
