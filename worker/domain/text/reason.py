"""Why something is so: an English sentence that can also be said in any other language.

`because("{name} has left", name="Ann Example")` is the text `Ann Example has left`, and remembers what it was made of.
Storage keeps both: the sentence, which programs read and people search, and the words, from which `say` makes it in
the reader's language. Pure; no decision reads a reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self, TypeAlias

from worker.domain.text.durations import format_duration
from worker.domain.text.tongue import ENGLISH, Tongue

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_PLACE = re.compile(r"\{(\w+)\}")
_OWN = "{words}"


class LocalInstant(NamedTuple):
    """An aware instant, and the IANA time zone in which it is said."""

    at: datetime
    timezone: str


class Share(NamedTuple):
    """A part of a whole, 1 for all of it; said as a percentage."""

    of: float


class Written(NamedTuple):
    """A day, an instant, a length of time or a share that the English sentence writes in a form of its own."""

    english: str
    value: date | LocalInstant | timedelta | Share


class Reason(str):
    """A reason as its English sentence. `words`: its text and its values, as JSON; empty if nobody knows them.

    Two reasons are equal if their sentences are. Without words it is said in English in every language: so is what was
    stored before reasons had words.
    """

    __slots__ = ("words",)
    words: str

    def __new__(cls, english: str = "", words: str = "") -> Self:
        made = super().__new__(cls, english)
        made.words = words
        return made

    @property
    def is_translated(self) -> bool:
        """False if it is English in every language, or says nothing."""
        return self._known() is not None

    def say(self, tongue: Tongue) -> str:
        """The sentence in a language; in English to the letter as it is stored. What a person wrote stays as it is."""
        known = None if tongue is ENGLISH else self._known()
        return str(self) if known is None else _said(known, tongue)

    def _known(self) -> Mapping[str, Any] | None:
        """The words, if they are this sentence's: the release before writes another one, and leaves the old words."""
        try:
            known = json.loads(self.words) if self.words else None
            return known if known is not None and _said(known, None) == str(self) else None
        except (LookupError, TypeError, ValueError):
            return None


NO_REASON = Reason()
Value: TypeAlias = "str | int | date | timedelta | LocalInstant | Written | Reason"


def because(text: str, **values: Value) -> Reason:
    """The reason that an English text with {named} places gives, once its values are filled in.

    A reason among the values is translated with it; a plain text never is. `make messages` collects the text.
    """
    return _made((text,), values)


def because_many(one: str, many: str, n: int, **values: Value) -> Reason:
    """As `because`, in the plural form for `n`; {n} is the number."""
    return _made((one, many), {"n": n, **values})


def in_own_words(words: str) -> Reason:
    """What a person wrote, which is said as it is in every language. A reason of ours in place of it stays one."""
    if isinstance(words, Reason):
        return words
    return _made((_OWN,), {"words": words}) if words else NO_REASON


def together(reasons: Iterable[Reason], between: str = "; ") -> Reason:
    """Several reasons as one: `a; b; c`."""
    parts = {f"r{at}": reason for at, reason in enumerate(reasons)}
    return _made((between.join(f"{{{name}}}" for name in parts),), parts)


def _made(texts: tuple[str, ...], values: Mapping[str, Value]) -> Reason:
    words = {"text": texts, "values": {name: _stored(value) for name, value in values.items()}}
    return Reason(_said(words, None), _ENCODER.encode(words))


def _stored(value: Value | Share) -> Any:
    if isinstance(value, Reason):
        return json.loads(value.words) if value.words else str(value)
    if isinstance(value, Written):
        return {"english": value.english, **_stored(value.value)}
    if isinstance(value, LocalInstant):
        return {"at": value.at.isoformat(), "in": value.timezone}
    if isinstance(value, Share):
        return {"share": value.of}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    return {"day": value.isoformat()} if isinstance(value, date) else value


def _said(words: Mapping[str, Any], tongue: Tongue | None) -> str:
    """The sentence that the words are in a language; None: in plain English, as it is stored."""
    texts, stored = words["text"], words["values"]
    values: dict[str, Any] = {name: _value(value, tongue) for name, value in stored.items()}
    if tongue is None:
        text = texts[-1] if len(texts) == 1 or stored["n"] != 1 else texts[0]
        return _PLACE.sub(lambda place: str(values[place[1]]), text)
    return tongue.say(*texts, **values) if len(texts) == 1 else tongue.count(*texts, **values)


def _value(value: Any, tongue: Tongue | None) -> str | int:
    if not isinstance(value, dict):
        return value if isinstance(value, int) else str(value)
    if "text" in value:
        return _said(value, tongue)
    if tongue is None and "english" in value:
        return str(value["english"])
    own = tongue or ENGLISH
    if "at" in value:
        return own.instant(datetime.fromisoformat(value["at"]), value["in"])
    if "share" in value:
        return own.percent(value["share"])
    if "day" in value:
        return own.day(date.fromisoformat(value["day"]))
    length = timedelta(seconds=value["seconds"])
    return own.span(length) if tongue else format_duration(length)
