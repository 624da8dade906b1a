"""The languages: each has a catalogue, and CLDR's forms of numbers, dates and plurals for its region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from gettext import NullTranslations
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time, get_timezone_gmt, get_timezone_name
from babel.localedata import locale_identifiers
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from worker.domain.text.language_codes import Tag, accepted, tag_of
from worker.domain.text.tongue import ENGLISH, Tongue, fill, parts_of
from worker.languages.catalogue import SOURCE, catalogue

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {  # the script of each: a reader of hi-Latn can't read our Hindi
        SOURCE: "Latn", "ar": "Arab", "de": "Latn", "es": "Latn", "fr": "Latn", "hi": "Deva", "pl": "Latn",
        "pt": "Latn", "tr": "Latn", "ur": "Arab",
    }
)  # fmt: skip

_LATIN = "latn"
_DIGITS = {  # Babel always writes Latin digits, in any numbering system
    system: str.maketrans("0123456789", digits)
    for system, digits in {
        _LATIN: "0123456789",
        "arab": "٠١٢٣٤٥٦٧٨٩",
        "arabext": "۰۱۲۳۴۵۶۷۸۹",
        "deva": "०१२३४५६७८९",
    }.items()
}
_TWO_DAYS = (
    "يومان",
    "يومين",
)  # CLDR's nominative, and the case after a preposition, as all of our texts have it


@dataclass(frozen=True, slots=True)
class CldrTongue:
    """One language as one region writes it."""

    code: str
    locale: Locale
    numbers: str
    texts: NullTranslations = field(repr=False)

    @property
    def is_rtl(self) -> bool:
        return self.locale.text_direction == "rtl"

    def say(self, text: str, **values: object) -> str:
        # the empty text is the key of the catalogue's own header
        return fill(self.texts.gettext(text), values, self) if text else ""

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        return fill(self.texts.ngettext(one, many, n), {"n": n, **values}, self)

    def number(self, n: int) -> str:
        return self._digits(format_decimal(n, locale=self.locale, numbering_system=self.numbers))

    def percent(self, share: float) -> str:
        written = format_percent(
            share, locale=self.locale, numbering_system=self.numbers, decimal_quantization=False
        )
        return self._digits(written)

    def instant(self, at: datetime, timezone: str) -> str:
        local = at.astimezone(ZoneInfo(timezone))
        return f"{self._moment(local, 'yMMMEd')} {self._digits(self._zone(local))}"

    def moment(self, at: datetime, timezone: str, now: datetime) -> str:
        zone = ZoneInfo(timezone)
        local, year = at.astimezone(zone), now.astimezone(zone).year
        return self._moment(local, "MMMEd" if local.year == year else "yMMMEd")

    def day(self, on: date, today: date | None = None) -> str:
        noon = datetime.combine(on, time(12), UTC)
        parts = "MMMd" if today and on.year == today.year else "yMMMd"
        return self._digits(format_skeleton(parts, noon, tzinfo=UTC, locale=self.locale))

    def span(self, length: timedelta) -> str:
        units = (
            format_unit(n, f"duration-{unit}", "short", locale=self.locale) for unit, n in parts_of(length)
        )
        said = " ".join(units)
        return self._digits(said.replace(*_TWO_DAYS) if self.locale.language == "ar" else said)

    def _moment(self, local: datetime, day: str) -> str:
        """A local date, as this skeleton of CLDR says which parts of it, and the time."""
        on = format_skeleton(day, local, tzinfo=local.tzinfo, locale=self.locale)
        clock = format_time(local, "short", tzinfo=local.tzinfo, locale=self.locale)
        return self._digits(str(self.locale.datetime_formats["medium"]).format(clock, on))

    def _zone(self, local: datetime) -> str:
        """A zone's short name if the language has one, else its distance from Greenwich."""
        name = get_timezone_name(local, "short", locale=self.locale)
        if name[:1] not in "+-":
            return name
        if not local.utcoffset():  # Babel has no use for CLDR's "GMT" alone
            return str(self.locale.zone_formats["gmt"] % "").strip()
        return get_timezone_gmt(local, "long", locale=self.locale)

    def _digits(self, text: str) -> str:
        return text.translate(_DIGITS[self.numbers])


class BabelLanguages:
    """The port `Languages`: the ten languages, and the organisation's for any other.

    Any code may be given; a code of another language, or no code, means the organisation's language.
    """

    def __init__(self, organisation: str = SOURCE) -> None:
        self._own = _tongue_of(organisation) or ENGLISH

    def of(self, code: str | None) -> Tongue:
        return self.best(accepted(code or ""))

    def best(self, wanted: Sequence[str]) -> Tongue:
        return next(filter(None, map(_tongue_of, wanted)), self._own)


def _tongue_of(code: str) -> Tongue | None:
    tag = tag_of(code)
    if tag is None or tag.script not in {"", LANGUAGES.get(tag.language)} or tag.language not in LANGUAGES:
        return None
    is_region = f"{tag.language}_{tag.region}" in _regions()
    numbers = tag.numbers if tag.numbers in _DIGITS else ""
    return _tongue(Tag(tag.language, region=tag.region if is_region else "", numbers=numbers))


@cache
def _regions() -> frozenset[str]:
    return frozenset(locale_identifiers())


@cache  # tags of our languages: a hundred or so at most
def _tongue(tag: Tag) -> Tongue:
    if tag == Tag(SOURCE):
        return ENGLISH
    locale = Locale(tag.language, tag.region or None)
    own = locale.default_numbering_system if locale.default_numbering_system in _DIGITS else _LATIN
    extension = f"u-nu-{tag.numbers}" if tag.numbers else ""
    code = "-".join(filter(None, (tag.language, tag.region, extension)))
    return CldrTongue(code, locale, tag.numbers or own, catalogue(tag.language))
