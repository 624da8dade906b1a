"""What people are asked to say: that they accept a text, did a training, secured or updated a device, know of a group.

A statement is kept as an attestation: who said what of which text and when. It is never proof of a deed: an acceptance
is a fact by itself, a statement about the world stays somebody's word. Pure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from worker.domain.controls.switch import ControlSwitch
from worker.domain.model import AccountKey, GroupKey
from worker.domain.text.language_codes import fitting
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade
from worker.domain.watch.versions import Fix


class Statement(StrEnum):
    """The sort of a statement."""

    POLICY = "policy"
    DUTIES = "duties"
    TRAINING = "training"
    DEVICE = "device"
    CENSUS = "census"
    CONSENT = "consent"  # to show a private number to the members of a group
    UPDATE = "update"
    PROVIDER = "provider"

    @property
    def is_acceptance(self) -> bool:
        """Whether saying so is the fact itself, and not a word about the world."""
        return self in {Statement.POLICY, Statement.DUTIES, Statement.CONSENT}

    @property
    def is_revocable(self) -> bool:
        """Whether it can be taken back, and given again, at any time: the newest answer counts."""
        return self is Statement.CONSENT

    @property
    def is_of_now(self) -> bool:
        """Whether a list that has no days says what is so as it is read, rather than what was done at some time."""
        return self is Statement.DEVICE

    @property
    def is_of_managers(self) -> bool:
        """Whether it is asked of whoever has people under them, and not of the members of groups."""
        return self is Statement.CENSUS

    @property
    def answers(self) -> frozenset[ItemAnswer]:
        """What may be answered to one of its items."""
        return _ANSWERS.get(self, frozenset({ItemAnswer.YES, ItemAnswer.NO, ItemAnswer.CANNOT}))


class AttestAnswer(StrEnum):
    """What somebody answers."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXCEPTION = "exception"  # they ask for an exception, which somebody else has to grant


class Assurance(StrEnum):
    """How sure it is who answered."""

    LINK = "link"  # by a signed link, which can be forwarded
    SIGNED_IN = "signed_in"
    IMPORTED = "imported"  # from another system's file, or a list on paper


class ItemAnswer(StrEnum):
    """The answer to one item of a list."""

    YES = "yes"
    NO = "no"
    CANNOT = "cannot"  # their device can't do it
    ELSEWHERE = "elsewhere"  # they don't use the messenger there


_ANSWERS = {
    Statement.UPDATE: frozenset({ItemAnswer.YES, ItemAnswer.CANNOT, ItemAnswer.ELSEWHERE}),
    Statement.PROVIDER: frozenset({ItemAnswer.YES, ItemAnswer.NO}),
}
COMPLETE = "complete"  # the one item of a statement about a provider: everything is there, and right


# The items about a device, in the order in which they are asked
DEVICE_ITEMS = {
    "screen_lock": N_("My phone has a screen lock with a code, fingerprint or face."),
    "auto_lock": N_("It locks by itself after one minute at the latest."),
    "app_lock": N_("The messenger has a lock of its own."),
    "previews_off": N_("Messages are not shown on the locked screen."),
    "photos_unlinked": N_("Photos from chats are not saved in my gallery."),
    "not_shared": N_("Nobody else uses this phone."),
    "linked_devices": N_("I looked through the list of linked devices, and know them all."),
    "updated": N_("The phone and the messenger are up to date."),
}


@dataclass(frozen=True, slots=True)
class StatementRule:
    """One statement that is asked for.

    control           the id of its control
    subject, version  what it is about: a policy's id, a course, or nothing; and its version
    title             by language, for people; empty for sorts that have a name of their own
    texts, changed    by language: the text to accept, and what is new in it
    is_material       whether a new version asks everybody again
    every             when it is asked again; None: never
    due, joiner_due   time for the ticket; of a joiner, from the first day
    only_admins       whether only admins are asked
    for_each_group    whether they are asked for each of their groups
    items             what is asked one by one
    has_typed_name    whether initials are typed
    is_gate           whether nobody is added to a group before they made it
    private           of consent: the directories' attributes whose numbers are private
    sensitive_due     time for whoever is in a sensitive group; None: the same
    messengers        only members of groups of these are asked, in lower case; empty: of all
    to                the e-mail address of whoever is asked; empty: everybody in scope
    fixes             the version to reach, by messenger and platform (`whatsapp.ios`)
    records           what the configuration says of a provider, by the field's name
    is_exploited      whether what an update repairs is used in attacks
    keep              how long after somebody left what they said is kept; None: for good
    """

    statement: Statement
    control: str
    switch: ControlSwitch
    subject: str
    version: str
    title: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    is_material: bool = True
    every: timedelta | None = None
    due: timedelta = timedelta(days=14)
    joiner_due: timedelta | None = None
    only_admins: bool = False
    for_each_group: bool = False
    items: tuple[str, ...] = ()
    has_typed_name: bool = False
    is_gate: bool = False
    private: tuple[str, ...] = ()
    sensitive_due: timedelta | None = None
    messengers: tuple[str, ...] = ()
    to: str = ""
    fixes: Mapping[str, Fix] = field(default_factory=dict)
    records: Mapping[str, str] = field(default_factory=dict)
    is_exploited: bool = False
    keep: timedelta | None = None

    @property
    def name(self) -> str:
        """Its name among all rules."""
        return f"{self.statement.value}:{self.subject}" if self.subject else self.statement.value

    def occasion(self, day: date, group: GroupKey | None) -> str:
        """The occasion of a ticket that asks for it on a local day."""
        if group is not None:
            return f"{self.family}@{group.source}/{group.group_id}"
        if self.statement is Statement.CONSENT:
            return self.name
        if self.statement is Statement.UPDATE:
            return self.start
        if self.statement in {Statement.CENSUS, Statement.PROVIDER}:
            return f"{self.start}{day:%Y}"
        if self.statement.is_acceptance:
            return f"{self.name}@{self.version}"
        return f"{self.family}@{day:%Y-%m-%d}"

    @property
    def start(self) -> str:
        """The beginning of the occasions of its tickets; for an update and for consent, the whole occasion."""
        if self.statement in {Statement.UPDATE, Statement.CONSENT}:
            return self.name
        return "census:" if self.statement is Statement.CENSUS else f"{self.family}@"

    @property
    def family(self) -> str:
        """The part of `start` that tells rules apart."""
        is_of_version = self.statement in {Statement.DUTIES, Statement.DEVICE, Statement.CENSUS}
        return f"{self.statement.value}:{self.version}" if is_of_version else self.name

    @property
    def is_of_person(self) -> bool:
        """Whether it is asked of people whatever groups they are in."""
        return bool(self.to) or self.statement.is_of_managers

    @property
    def is_shown_live(self) -> bool:
        """Whether its page shows what is so now, under the same ticket, rather than a text of a version."""
        return self.statement in {Statement.UPDATE, Statement.PROVIDER}

    @property
    def facts(self) -> str:
        """What its page shows besides a text, in a fixed form that differs whenever what is shown differs."""
        fixes = (f"{name} {one.short}" for name, one in self.fixes.items())
        return "\n".join([*fixes, *(f"{name}: {said}" for name, said in self.records.items())])

    @property
    def seen(self) -> tuple[TextSeen, ...]:
        """Its texts, by hash."""
        return tuple(
            TextSeen(self.name, self.version, code, text_hash(text), self.is_material)
            for code, text in self.texts.items()
        )

    def differs_from(self, known: Iterable[TextSeen]) -> bool:
        """Return True if one of its texts differs from the one that was shown under the same version."""
        hashes = {one[:3]: one.sha256 for one in known}
        return any(
            hashes.get(one[:3], one.sha256) not in {one.sha256, *_earlier_hashes(self.texts[one.language])}
            for one in self.seen
        )

    def text_in(self, languages: Sequence[str]) -> tuple[str, str]:
        """The language and text for a reader: in the first of these languages that there is, else in any."""
        known = fitting(self.texts, languages) or next(iter(self.texts), "")
        return known, self.texts.get(known, "")


class TextSeen(NamedTuple):
    """The hash of a text that was shown under a version of a rule, by the rule's name.

    `is_material`: what the configuration said last, while it had this version; True if that is not known.
    """

    rule: str
    version: str
    language: str
    sha256: str
    is_material: bool = True


def text_hash(text: str) -> str:
    """SHA-256 of a text's NFC bytes with LF for each line's end, in hex: what exactly somebody read."""
    return _hash(_with_lf(text))


def _earlier_hashes(text: str) -> tuple[str, ...]:
    """Its hashes by earlier releases, which took line ends as they were: as they are now, and as Windows has them."""
    return _hash(text), _hash(_with_lf(text).replace("\n", "\r\n"))


def _with_lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _hash(text: str) -> str:
    return sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Attestation:
    """One statement of one person. `id` 0 is one not stored yet; instants are aware UTC.

    `person` is None for somebody who was erased. `source`: the file that it was imported from.
    """

    statement: Statement
    subject: str
    version: str
    person: AccountKey | None
    answer: AttestAnswer
    at: datetime
    assurance: Assurance
    id: int = 0
    language: str = ""
    text_sha256: str = ""
    group: GroupKey | None = None
    items: Mapping[str, ItemAnswer] = field(default_factory=dict, hash=False)
    expires_at: datetime | None = None
    source: str = ""
    ticket: int | None = None
    reason: str = ""
    initials: str = ""

    @property
    def label(self) -> str:
        """The id that people see."""
        return f"A-{self.id:06d}"

    @property
    def is_pass(self) -> bool:
        """Whether it is what was asked for: accepted, and every item that concerns them answered with yes."""
        return self.answer is AttestAnswer.ACCEPTED and all(
            one in {ItemAnswer.YES, ItemAnswer.ELSEWHERE} for one in self.items.values()
        )

    @property
    def grade(self) -> Grade:
        """An acceptance by somebody who signed in, and what another system says, are B; somebody's word is C."""
        if self.assurance is Assurance.IMPORTED:
            return Grade.B
        is_sure = self.assurance is Assurance.SIGNED_IN and self.statement.is_acceptance
        return Grade.B if is_sure else Grade.C


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A row of a list: who, by e-mail address or employee id, and what. `line` counts from 1.

    `answer` is None for words that are no certain answer; `items` has what is said, and no others.
    """

    line: int
    who: str
    subject: str = ""
    on: date | None = None
    until: date | None = None
    answer: AttestAnswer | None = AttestAnswer.ACCEPTED
    items: Mapping[str, ItemAnswer] = field(default_factory=dict, hash=False)
