"""Invented households whose handles change, by the cases that there are of them.

A *household* is one or a few people whose handles have to do with one another: two who share a name, a leaver and
whoever gets the number next. Its case says what happens to it over three reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bench.company import START
from bench.identity_names import LOCALES, Locale
from worker.domain.model import AccountFacts, Member, Renumbered, Role

READS = (START, START + timedelta(days=30), START + timedelta(days=120))
PER = 100_000  # households, of which a case has its share
RESPELLING = tuple(locale for locale in LOCALES if locale.respelled)
SHOWS_LID = 7  # of ten households; the others' messenger shows numbers alone


@dataclass(frozen=True, slots=True)
class Seat:
    """A member, who it is in truth (an account's id; None: nobody of the directory), and the human's own name."""

    member: Member
    person: str | None
    human: str


@dataclass(slots=True)
class Moment:
    """A household at one read."""

    records: list[AccountFacts] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    renumbered: list[Renumbered] = field(default_factory=list)


class Household:
    """The people number `at`, with their numbers and ids."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.locale: Locale = LOCALES[at % len(LOCALES)]
        self.is_odd = at // len(LOCALES) % 2 == 1
        self.has_lid = at % 10 < SHOWS_LID
        self.moments = tuple(Moment() for _ in READS)

    def number(self, which: int = 0) -> str:
        return self.locale.number.format(self.at * 8 + which)

    def respelled(self, which: int = 0) -> str:
        return (self.locale.respelled or self.locale.number).format(self.at * 8 + which)

    def lid(self, which: int = 0) -> str:
        return f"{10**14 + self.at * 8 + which}@lid"

    def usual_lid(self, which: int = 0) -> str | None:
        return self.lid(which) if self.has_lid else None

    def record(
        self, when: str, *phones: str, who: int = 0, name: int | None = None, has_left: bool = False
    ) -> None:
        """Have the directory say so at these reads: "012", "12"."""
        first, last = self.locale.name(self.at if name is None else name)
        facts = AccountFacts(
            f"{self.at}-{who}", f"{first} {last}", email=f"p{self.at}-{who}@example.org", phones=phones,
            employee_id=f"E{self.at}-{who}", enabled=not has_left,
        )  # fmt: skip
        for read in when:
            self.moments[int(read)].records.append(facts)

    def seat(
        self,
        when: str,
        phone: str | None = None,
        lid: str | None = None,
        *,
        who: int = 0,
        is_known: bool = True,
        business_id: str | None = None,
        username: str | None = None,
    ) -> None:
        """Have the group show so at these reads. `is_known`: they are in the directory."""
        handle = phone or lid or business_id or ""
        member = Member(
            handle, self.locale.shown(self.at), Role.MEMBER, phone, lid, username, business_id, business_id
        )
        person = f"{self.at}-{who}"
        for read in when:
            self.moments[int(read)].seats.append(Seat(member, person if is_known else None, person))

    def changed(self, old: str, new: str) -> None:
        """Have the chat record the change between the first and the second read."""
        self.moments[1].renumbered.append(Renumbered(old, new, READS[0] + timedelta(days=20)))


def _plain(h: Household) -> None:
    h.record("012", h.number())
    h.seat("012", h.number(), h.usual_lid())


def _respelled(h: Household) -> None:
    h.locale = RESPELLING[h.at % len(RESPELLING)]
    h.record("012", h.number())
    h.seat("012", h.respelled(), h.usual_lid())


def _leaver(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.seat("012", h.number(), h.usual_lid())


def _removed(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.seat("01", h.number(), h.usual_lid())


def _half_removed(h: Household) -> None:
    h.record("0", h.number(), h.number(1))
    h.record("12", h.number(), h.number(1), has_left=True)
    h.seat("01", h.number(), h.usual_lid())
    h.seat("012", h.number(1), h.usual_lid(1))


def _two_numbers(h: Household) -> None:
    h.record("012", h.number(), h.number(1))
    h.seat("012", h.number(), h.usual_lid())
    h.seat("012", h.number(1), h.usual_lid(1))


def _twins(h: Household) -> None:
    for who in (0, 1):
        h.record("012", h.number(who), who=who)
        h.seat("012", h.number(who), h.usual_lid(who), who=who)


def _family_phone(h: Household) -> None:
    for who in (0, 1):
        h.record("012", h.number(), who=who)
    h.seat("01", h.number(), h.lid())
    h.seat("2", None, h.lid())


def _ward_phone(h: Household) -> None:
    for who in range(4):
        h.record("012", h.number(who), h.number(7), who=who, name=h.at + who)
        h.seat("012", h.number(who), h.usual_lid(who), who=who)
    h.seat("012", h.number(7), h.usual_lid(7), who=7, is_known=False)


def _private(h: Household) -> None:
    h.record("012")
    h.seat("0", h.number(), h.lid() if h.is_odd else None)
    h.seat("1", *((None, h.lid()) if h.is_odd else (h.number(), h.lid())))
    h.seat("2", h.number(1), h.lid())


def _hidden_always(h: Household) -> None:
    h.record("012", h.number())
    h.seat("0", None, h.lid())
    h.seat("12", h.number() if h.is_odd else None, h.lid())


def _stranger(h: Household) -> None:
    h.seat("0", h.number(), h.lid(), is_known=False)
    h.seat("12", h.number() if h.is_odd else None, h.lid(), is_known=False)


def _hidden_later(h: Household) -> None:
    h.record("012", h.number())
    h.seat("0", h.number(), h.lid())
    h.seat("1", None, h.lid())
    h.seat("2", h.number() if h.is_odd else None, h.lid())


def _leaver_hides(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.seat("01", h.number(), h.lid())
    h.seat("2", None, h.lid())


def _leaver_changes(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.seat("01", h.number(), h.lid() if h.is_odd else None)
    h.seat("2", h.number(1), h.lid() if h.is_odd else None)
    if not h.is_odd:
        h.moments[2].renumbered.append(Renumbered(h.number(), h.number(1), READS[1] + timedelta(days=20)))


def _leaver_vanishes(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.seat("01", h.number())
    h.seat("2", h.number(1))


def _changed_shown(h: Household) -> None:
    h.record("01", h.number())
    h.record("2", h.number(1) if h.is_odd else h.number())
    h.seat("0", h.number(), h.lid())
    h.seat("12", h.number(1), h.lid())


def _changed_recorded(h: Household) -> None:
    h.record("01", h.number())
    h.record("2", h.number(1) if h.is_odd else h.number())
    h.seat("0", h.number())
    h.seat("12", h.number(1))
    h.changed(h.number(), h.number(1))


def _changed_silently(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(1) if h.is_odd else h.number())
    h.seat("0", h.number())
    h.seat("12", h.number(1))


def _recycled_outside(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.seat("0", h.number(), h.usual_lid())
    h.seat("2", h.number(), h.usual_lid(1), who=1, is_known=False)


def _taken_over(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.seat("0", h.number(), h.lid())
    h.seat("12", h.number(), h.lid(1), who=1, is_known=False)


def _recycled_inside(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.record("2", h.number(), who=1, name=h.at + 1)
    h.seat("0", h.number(), h.usual_lid())
    h.seat("2", h.number(), h.usual_lid(1), who=1)


def _given_up_inside(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(1))
    h.record("2", h.number(), who=1, name=h.at + 1)
    h.seat("0", h.number(), h.usual_lid())
    h.seat("12", h.number(1), h.usual_lid())
    h.seat("2", h.number(), h.usual_lid(1), who=1)


def _given_up_outside(h: Household) -> None:
    h.record("012", h.number())
    h.seat("0", h.number(), h.usual_lid())
    h.seat("12", h.number(1), h.usual_lid())
    h.changed(h.number(), h.number(1))
    h.seat("2", h.number(), h.usual_lid(1), who=1, is_known=False)


def _handed_over(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.record("12", who=1, name=h.at + 1)
    h.seat("0", h.number())
    h.seat("12", h.number(), who=1)


def _back(h: Household) -> None:
    h.record("0", h.number())
    h.record("12", h.number(), has_left=True)
    h.seat("0", h.number(), h.usual_lid())
    h.seat("2", h.number(), h.usual_lid())


def _typing_error(h: Household) -> None:
    h.record("01", h.number(1))
    h.record("2", h.number())
    h.record("012", h.number(1), who=1, name=h.at + 1)
    h.seat("012", h.number(), h.usual_lid())
    h.seat("012", h.number(1), h.usual_lid(1), who=1)


def _business(h: Household) -> None:
    h.record("012", h.number())
    h.seat("0", h.number(), business_id=f"GB.{h.at}", username=f"u{h.at}")
    h.seat("12", business_id=f"GB.{h.at}", username=f"u{h.at}" if h.is_odd else f"new{h.at}")


def _business_changed(h: Household) -> None:
    h.record("012", h.number())
    h.seat("0", h.number(), business_id=f"GB.{h.at}", username=f"u{h.at}")
    h.seat("12", business_id=f"GB.{h.at}x", username=f"u{h.at}")


@dataclass(frozen=True, slots=True)
class Case:
    """What happens to a share of the households, per `PER`."""

    name: str
    share: int
    make: Callable[[Household], None]
    is_blind: bool = False  # nothing at all shows what happens


CASES = (
    Case("in the directory, by number", 0, _plain),  # all the others
    Case("shown in another spelling (Brazil, Mexico, Argentina)", 9_000, _respelled),
    Case("left, and is still in the group", 2_000, _leaver),
    Case("left, and is taken out", 500, _removed),
    Case("left with two numbers, of which one is taken out", 30, _half_removed),
    Case("two numbers, both in the directory and in the group", 1_000, _two_numbers),
    Case("twins: one name, two numbers", 600, _twins),
    Case("a number is hidden later: only the LID is shown", 3_000, _hidden_later),
    Case("left, and then the number is hidden", 200, _leaver_hides),
    Case("left, and then changes the number", 100, _leaver_changes),
    Case("a changed number; the LID is shown", 1_000, _changed_shown),
    Case("a changed number; the chat records it", 500, _changed_recorded),
    Case("a changed number; nothing shows it, half is in the directory", 100, _changed_silently),
    Case("a business-scoped id beside the number, then without it", 300, _business),
    Case("number and business-scoped id change; the username stays", 20, _business_changed),
    Case("one number in two records (a family, a married couple)", 60, _family_phone),
    Case("a ward's phone in four records", 20, _ward_phone),
    Case("a private number that no directory has, then changed or hidden", 250, _private),
    Case("the LID alone from the beginning", 120, _hidden_always),
    Case("from outside: in no directory", 150, _stranger),
    Case("a leaver's number is a stranger's next", 50, _recycled_outside),
    Case("a leaver's number shows another account at the next read", 30, _taken_over),
    Case("a leaver's number is a new colleague's next", 50, _recycled_inside),
    Case("a number that was given up is a new colleague's next", 50, _given_up_inside),
    Case("a number that was given up is a stranger's next; the directory is behind", 30, _given_up_outside),
    Case("left, and is added again months later", 40, _back),
    Case("a typing error in the directory: a colleague's number, put right later", 10, _typing_error),
    Case("blind: a leaver's phone is handed over", 5, _handed_over, is_blind=True),
    Case("blind: left, and then changes the number", 10, _leaver_vanishes, is_blind=True),
)
