"""Read one export in the child process: lines -> records -> what system lines say -> an `Export`.

Message text is dropped with its line. Of a message only its author is kept for a while, to see who still writes.

What a member can write must not become an event. So a record only begins at a true start of a line (iOS ends records
with CRLF, and lines within a message with LF), in the file's own shape, in the order of time; a system line of Android
has no author; one of iOS has a mark before its text, and the group as its author, or the person itself in a file where
the group is nowhere. And who writes after having gone has not gone. What can't be told apart: a message of Android with
a line that is made like a system line of the same hour, and one of iOS with the mark in a file without the group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import BinaryIO
from zoneinfo import ZoneInfo

from connectors.kit.dates import DateOrder
from connectors.kit.whatsapp_export.counting import Records
from connectors.kit.whatsapp_export.dates import Orders, instant, written_at
from connectors.kit.whatsapp_export.events import (
    Asked,
    Event,
    Export,
    Kind,
    OtherCalendar,
    Platform,
    TooLarge,
    Unread,
    Who,
)
from connectors.kit.whatsapp_export.heads import Head
from connectors.kit.whatsapp_export.names import EXPORTER, group_in, group_name, key, people, who
from connectors.kit.whatsapp_export.packing import lines, opened
from connectors.kit.whatsapp_export.sentences import Said, read
from connectors.kit.whatsapp_export.text import LEFT_TO_RIGHT, RIGHT_TO_LEFT, folded, shown, tidy
from worker.domain.groups.exported import ExportFault
from worker.ports import Incomplete

SYSTEM_MAX = 300_000  # lines that look like the system's
AUTHORS_MAX = 5_000  # a group has 1,024 members
APART = timedelta(hours=1)  # how far a system line may be from its neighbours' order
PAIR = 2
_SEPARATOR = ": "
_QUOTING = frozenset({Kind.CREATED, Kind.SUBJECT})  # their text may have a colon
_OF_A_GROUP = frozenset(Kind) - {Kind.NUMBER}


@dataclass(slots=True)
class _Line:
    """A system line until the file's end shows what its time is, and whether it stands in order."""

    head: Head
    before: Head | None
    said: Said
    author: str  # as shown; of iOS
    after: Head | None = None
    is_contradicted: bool = False


@dataclass(slots=True)
class _Chat(Records):
    """What is kept of a file while it is read."""

    system: int = 0
    unclear: int = 0
    lines: list[_Line] = field(default_factory=list)
    authors: dict[str, None] = field(default_factory=dict)
    gone: dict[str, _Line] = field(default_factory=dict)  # who went, and may write nevertheless
    first_author: str = ""  # of the first line, if it has the mark: the system's, or a picture
    marked: set[str] = field(
        default_factory=set
    )  # shown authors of lines like the system's, understood or not

    @property
    def platform(self) -> Platform:
        assert self.first is not None  # noqa: S101  a chat without a line is refused before
        return self.first.shape.platform


def read_file(file: BinaryIO, asked: Asked) -> Iterator[Export]:
    """Yield the one chat of a file. Raises Incomplete."""
    chat = _Chat(Orders(asked.now.astimezone(ZoneInfo(asked.timezone))))
    with opened(file, asked.name, asked.text_max) as (text, own_name):
        for line, is_start in lines(text, asked.name, asked.text_max):
            if is_start:
                _take(chat, line, asked)
            chat.ends_with(line)
    if chat.is_of_other_calendar:
        raise OtherCalendar(
            f"{asked.name}: its lines have no dates of a calendar that is read.",
            remedy="Set the phone to the Gregorian calendar, and export the chat again.",
        )
    if chat.first is None or chat.last is None:
        raise Incomplete(
            f"{asked.name}: no line is one of a WhatsApp export.",
            remedy="Export the chat in WhatsApp (the group's name, Export chat), and put that file here as it is.",
        )
    yield _export(chat, own_name, asked)


def read_given(file: BinaryIO, asked: Asked) -> Iterator[Export | Unread]:
    """Yield the one chat of a file that somebody gave on a page, or why it can't be read, which the page words."""
    try:
        yield from read_file(file, asked)
    except OtherCalendar:
        yield Unread(ExportFault.CALENDAR)
    except TooLarge:
        yield Unread(ExportFault.TOO_LARGE)
    except Incomplete:
        yield Unread(ExportFault.NO_EXPORT)


# --- While the file is read -------------------------------------------------------------------------------


def _take(chat: _Chat, line: str, asked: Asked) -> None:
    found = chat.begun_by(line)
    if found is None:
        return
    head, rest = found
    if chat.lines and chat.lines[-1].after is None:
        chat.lines[-1].after = head
    _record(chat, head, rest.rstrip("\r\n"), asked)
    chat.add(head)


def _record(chat: _Chat, head: Head, rest: str, asked: Asked) -> None:
    author, separator, body = rest.partition(_SEPARATOR)
    if head.shape.platform is Platform.IOS:
        body = body if separator else rest
        author = author if separator else ""
        if body.startswith((LEFT_TO_RIGHT, RIGHT_TO_LEFT)):
            if not chat.count:
                chat.first_author = author
            _system(chat, head, tidy(body), shown(author), asked)
        elif separator:
            _message(chat, author)
    elif not separator:
        _system(chat, head, tidy(rest), "", asked)
    elif not _names_a_group(chat, head, tidy(rest), asked):
        _message(chat, author)


def _message(chat: _Chat, author: str) -> None:
    if chat.first_author and shown(author) == shown(chat.first_author):
        chat.first_author = ""  # a person
    person = who(author)
    if person is None:
        return
    known = key(person)
    if len(chat.authors) < AUTHORS_MAX:
        chat.authors[known] = None
    if chat.gone and (line := chat.gone.pop(known, None)):
        line.is_contradicted = True


def _names_a_group(chat: _Chat, head: Head, text: str, asked: Asked) -> bool:
    """Take a line of Android whose colon stands within the quotes of a group's new name."""
    quote = text.find('"')
    if not 0 <= quote < text.find(_SEPARATOR):
        return False
    said = read(text)
    if len(said) != 1 or said[0].sentence.kind not in _QUOTING or _SEPARATOR in said[0].part("a"):
        return False
    _keep(chat, head, said[0], "", asked)
    return True


def _system(chat: _Chat, head: Head, text: str, author: str, asked: Asked) -> None:
    chat.system += 1
    if len(chat.marked) < AUTHORS_MAX:
        chat.marked.add(author)
    if chat.system > SYSTEM_MAX:
        raise _too_many(asked.name, f"{SYSTEM_MAX:,} lines without a message")
    said = read(text)
    if len(said) > 1:
        chat.unclear += 1
    if len(said) == 1:
        _keep(chat, head, said[0], author, asked)


def _keep(chat: _Chat, head: Head, said: Said, author: str, asked: Asked) -> None:
    if len(chat.lines) >= asked.events_max:
        raise _too_many(asked.name, f"{asked.events_max:,} changes of the group")
    line = _Line(head, chat.last, said, author)
    chat.lines.append(line)
    kind = said.sentence.kind
    for person in _subjects(said, lambda _person: True)[0]:
        if kind.is_departure:
            chat.gone[key(person)] = line
        elif kind.is_arrival:
            chat.gone.pop(key(person), None)


def _too_many(name: str, what: str) -> TooLarge:
    return TooLarge(
        f"{name}: it has more than {what}.",
        remedy="WhatsApp exports at most 40,000 messages; look at what the file is.",
    )


# --- At its end -------------------------------------------------------------------------------------------


def _export(chat: _Chat, own_name: str, asked: Asked) -> Export:
    order, zone = chat.orders.decided(), ZoneInfo(asked.timezone)
    assert chat.first is not None  # noqa: S101  see read_file
    assert chat.last is not None  # noqa: S101  see read_file
    first_at, last_at = _earliest(chat.first, order, zone), _earliest(chat.newest or chat.last, order, zone)
    of_file = group_in(own_name)
    kept, strange, out_of_order = _genuine(chat, of_file, order)
    events = tuple(event for line in kept if (event := _event(chat, line, order, asked)) is not None)
    name = next((e.text for e in reversed(events) if e.text), "") or of_file or _group_before(chat, of_file)
    if not name:
        raise Incomplete(
            f"{asked.name}: nothing in it names the group.",
            remedy="Give the file the name that WhatsApp gave it: WhatsApp Chat with GROUP.txt, or .zip.",
        )
    return Export(
        name,
        chat.platform,
        events,
        first_at if order is not None else None,
        last_at,
        order is not None,
        len(chat.authors) > PAIR or any(event.kind in _OF_A_GROUP for event in events),
        chat.count,
        tuple(_warnings(chat, order, strange, out_of_order, events)),
    )


def _earliest(head: Head, order: DateOrder | None, zone: ZoneInfo) -> datetime:
    """Return when a line was written, at the earliest. An order that the file has may still not fit one line."""
    both = [written_at(head, one) for one in (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST)]
    sure = order and written_at(head, order)
    return instant(sure or min(at for at in both if at is not None), zone)


def _genuine(chat: _Chat, of_file: str, order: DateOrder | None) -> tuple[list[_Line], int, int]:
    """Return the lines that only the system can have written, and how many others by author and by time there are."""
    groups = {shown(name) for name in (of_file, _group_before(chat, of_file)) if name}
    groups |= {shown(tidy(line.said.part("s"))) for line in chat.lines if _is_by(line, groups)}
    by_group = not groups.isdisjoint(chat.marked)
    by_right = [line for line in chat.lines if _is_genuine(line, chat.platform, groups, by_group=by_group)]
    limit = chat.orders.limit if chat.newest else datetime.max  # noqa: DTZ901  local
    in_order = [line for line in by_right if _is_in_order(line, order, limit)]
    return in_order, len(chat.lines) - len(by_right), len(by_right) - len(in_order)


def _group_before(chat: _Chat, of_file: str) -> str:
    """Return the author of the first line if it is the group, of a file that isn't called so; "" if it may be a person.

    A cut export may begin with somebody's picture, which has the mark, too. So of the first line's author there has to
    be a line about what another did, and neither a message, nor a number, nor the tilde of a name that somebody chose.
    """
    name, first = group_name(chat.first_author), who(chat.first_author)
    if first is None or first.phone or name.startswith("~") or shown(of_file) in chat.marked:
        return ""
    author = shown(name)
    is_group = any(line.author == author and not _is_by_who_acts(line) for line in chat.lines)
    return name if is_group else ""


def _is_by(line: _Line, groups: set[str]) -> bool:
    return line.author in groups and bool(line.said.part("s"))


def _is_genuine(line: _Line, platform: Platform, groups: set[str], *, by_group: bool) -> bool:
    """Whether a line's author is the group, or who acts; the latter only in files where the group never is."""
    if platform is Platform.ANDROID or not line.author or line.author in groups:
        return True
    return not by_group and _is_by_who_acts(line)


def _is_by_who_acts(line: _Line) -> bool:
    return folded(tidy(line.said.part("a") or line.said.part("b"))) == folded(line.author)


def _is_in_order(line: _Line, order: DateOrder | None, limit: datetime) -> bool:
    if order is None:
        return any(_is_in_order(line, one, limit) for one in (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST))
    at = written_at(line.head, order)
    before = line.before and written_at(line.before, order)
    after = line.after and written_at(line.after, order)
    if at is None or at > limit:
        return False
    return not (before and at < before - APART) and not (after and at > after + APART)


def _event(chat: _Chat, line: _Line, order: DateOrder | None, asked: Asked) -> Event | None:
    said, kind = line.said, line.said.sentence.kind
    if line.is_contradicted and kind.is_departure:
        return None

    def is_sure(person: Who) -> bool:
        is_known = person.phone is not None or person.is_exporter or key(person) in chat.authors
        return kind.is_arrival or is_known

    subjects, is_whole = _subjects(said, is_sure)
    if not subjects and (kind.is_arrival or kind.is_departure):
        return None
    new = who(said.part("n")) if kind is Kind.NUMBER else None
    return Event(
        _past(line.head, order, asked),
        kind,
        _actor(said),
        (new,) if new else subjects,
        group_name(said.part("s")),
        is_whole,
    )


def _past(head: Head, order: DateOrder | None, asked: Asked) -> datetime | None:
    """Return when a line was written; None if that isn't known: a time that is still to come is of another clock."""
    local = None if order is None else written_at(head, order)
    at = instant(local, ZoneInfo(asked.timezone)) if local else None
    return None if at is None or at > asked.now else at


def _actor(said: Said) -> Who | None:
    """Return who acts; of a new number, with the old one if the line says it."""
    if said.sentence.you == "a":
        return EXPORTER
    actor, before = who(said.part("a")), who(said.part("p"))
    return replace(actor, phone=before.phone) if actor and before else actor or before


def _subjects(said: Said, is_sure: Callable[[Who], bool]) -> tuple[tuple[Who, ...], bool]:
    if said.sentence.you == "b":
        return (EXPORTER,), True
    text = said.part("b")
    return people(text, said.sentence.conjunctions, is_sure) if text else ((), True)


def _warnings(
    chat: _Chat,
    order: DateOrder | None,
    strange: int,
    out_of_order: int,
    events: tuple[Event, ...],
) -> Iterator[str]:
    if order is None:
        yield "its dates can be read as day/month or month/day, so no event has a date"
    if chat.unclear:
        yield f"{chat.unclear} system lines can be read in two ways, and were left out"
    if strange:
        yield f"{strange} lines look like the system's but have a person as their author, and were left out"
    if out_of_order:
        yield f"{out_of_order} lines look like the system's but are out of the order of time, and were left out"
    if contradicted := sum(line.is_contradicted for line in chat.lines):
        yield f"{contradicted} times somebody is said to have gone who writes later; that was left out"
    if not all(event.is_whole for event in events):
        yield "some lines only count people that they don't name"
