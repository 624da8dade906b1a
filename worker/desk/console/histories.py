"""Histories in words: who did what about what, with names in place of the journal's ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from worker.desk.words import WORDS
from worker.domain.evidence import events
from worker.domain.evidence.explained import person_in
from worker.domain.evidence.journal import Entry, Sealed, stated_at
from worker.domain.messages.message import RecipientKind
from worker.domain.messages.sentences import flat
from worker.domain.model import Account, AccountKey, GroupKey
from worker.domain.text.tongue import N_, Tongue
from worker.ports.state.deliveries import PostAbout, PostState
from worker.ports.state.store import UnitOfWork

_NAMED_IN = {  # where an entry names the person whom it is about: what is said, and the key in its data
    events.TICKET_OPENED: (N_("Opened, assigned to {name}"), "assignee"),
    events.TICKET_ASSIGNED: (N_("Assigned to {name}"), "assignee"),
    events.TICKET_PASSED_ON: (N_("{name} was asked to pass it on"), "by"),
    events.EVIDENCE_HANDED_OVER: (N_("Sealed file handed over to {name}"), "to"),
    events.LINK_CONFIRMED: (N_("Member identified as {name}"), "person"),
    events.LINK_REJECTED: (N_("Member is not {name}"), "person"),
}
_PAGES = {"ticket": "/tickets/", "plan": "/plans/", "source": "/sources/", "silence": "/silences#"}


class KnownNames(NamedTuple):
    """The usual names of people and groups that entries name by their ids; whose an address is, of people alone.

    `sources` are those that have a page: an entry may be about one that was taken out, or about an imported list.
    """

    people: Mapping[AccountKey, str]
    groups: Mapping[GroupKey, str]
    addresses: Mapping[str, AccountKey]
    sources: Collection[str] = ()


class Thing(NamedTuple):
    """Whom or what an entry names, and where a link leads: to a path, or to the page of a person or a group."""

    text: str
    path: str = ""
    person: AccountKey | None = None
    group: GroupKey | None = None


class Line(NamedTuple):
    """An entry in the reader's language."""

    by: Thing
    what: str
    about: Thing


NO_NAMES = KnownNames({}, {}, {})


def names_in(
    uow: UnitOfWork, history: Iterable[Sealed], actors: Iterable[str] = (), sources: Collection[str] = ()
) -> KnownNames:
    """The names of everybody and of every group in these entries, and of these actors; `sources` as in `KnownNames`."""
    people, groups, texts = set[AccountKey | None](), set[GroupKey](), set(actors)
    for entry in (sealed.entry for sealed in history):
        noun, _, identity = entry.subject.partition(":")
        texts |= {entry.actor, _named(entry)}
        if noun == "person":
            people.add(person_in(identity))
        elif noun == "group":
            groups.add(_group_in(identity))
    people |= set(map(person_in, texts))
    found = uow.overview.named([key for key in people if key])
    written = _by_address(uow, {text for text in texts if "@" in text and person_in(text) is None})
    return KnownNames(
        {one.key: one.facts.display_name for one in (*found.values(), *written.values())},
        uow.overview.group_names(groups),
        {address: one.key for address, one in written.items()},
        sources,
    )


def _by_address(uow: UnitOfWork, addresses: Collection[str]) -> dict[str, Account]:
    """The people who have these e-mail addresses, by the address in small letters; not where several have it."""
    found: dict[str, list[Account]] = {}
    for one in uow.overview.known_as(addresses) if addresses else ():
        found.setdefault((one.facts.email or "").casefold(), []).append(one)
    return {address: those[0] for address, those in found.items() if address and len(those) == 1}


def line_of(entry: Entry, names: KnownNames, tongue: Tongue) -> Line:
    """One entry. An id without a name stays as it is, and a sentence about it names nobody."""
    return Line(who(entry.actor, names), _said(entry, names, tongue), _about(entry.subject, names))


def _said(entry: Entry, names: KnownNames, tongue: Tongue) -> str:
    if entry.event == events.TICKET_ESCALATED and {"step", "policy", "told"} <= entry.data.keys():
        step, policy = int(entry.data["step"]), str(entry.data["policy"])
        if entry.data["told"]:
            return tongue.say("Escalated: step {step} of {policy}", step=step, policy=policy)
        return tongue.say("Escalated: step {step} of {policy} reached nobody", step=step, policy=policy)
    text, _ = _NAMED_IN.get(entry.event, ("", ""))
    named = who(_named(entry), names)
    if named.text and (named.person is not None or person_in(named.text) is None):
        return tongue.say(text, name=flat(named.text))
    word = WORDS["event"].get(entry.event, entry.event)
    return tongue.say(word)


def who(text: str, names: KnownNames) -> Thing:
    """Whom the journal means by an id, an address or a name."""
    key = person_in(text) or names.addresses.get(text.casefold())
    return Thing(names.people[key], person=key) if key and key in names.people else Thing(text)


def told_at(history: Sequence[Sealed], posts: Iterable[PostAbout], tongue: Tongue) -> dict[int, list[str]]:
    """By the number of an entry, a line for each message that was queued with it: to whom, and over what."""
    numbers: dict[datetime, int] = {}
    for sealed in history:
        numbers.setdefault(stated_at(sealed.entry), sealed.seq)
    found: dict[int, list[str]] = {}
    for one in posts:
        if one.queued_at in numbers:
            found.setdefault(numbers[one.queued_at], []).append(_told(one, tongue))
    return found


def _told(one: PostAbout, tongue: Tongue) -> str:
    post = one.post
    is_common = post.to.kind is RecipientKind.CHANNEL and not post.to.address
    name = tongue.say(N_("security channel")) if is_common else flat(post.to.label)
    said = tongue.say("{name}: over {channel}", name=name, channel=post.over) if post.over else name
    if post.state is PostState.SENT:
        return said
    state = WORDS["post"][post.state.value]
    return f"{said} ({tongue.say(state)})"


def _named(entry: Entry) -> str:
    _, key = _NAMED_IN.get(entry.event, ("", ""))
    return str(entry.data.get(key) or "")


def _about(subject: str, names: KnownNames) -> Thing:
    noun, _, identity = subject.partition(":")
    if noun in _PAGES and (noun != "source" or identity in names.sources):
        return Thing(identity, _PAGES[noun] + quote(identity, safe=""))
    if noun == "person":
        return who(identity, names)
    if noun == "group":
        key = _group_in(identity)
        return Thing(names.groups[key], group=key) if key in names.groups else Thing(identity)
    return Thing("" if noun in {"desk", "audit"} else identity)  # the event says all of it


def _group_in(identity: str) -> GroupKey:
    source, _, group_id = identity.partition("/")
    return GroupKey(source, group_id)
