"""Durations as people write them in the configuration ("4h") and read them in a message ("3 days 4 h").

Text in, `timedelta` out, and back. A day is always 24 hours and a week 7 days here; business time is in
`worker.domain.escalation.calendar`. Messages are English; this module translates nothing.
"""

import re
from datetime import timedelta

LONGEST = timedelta(days=36_500)  # a century: added to any instant here, it stays inside datetime's years

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_WRITTEN = re.compile("".join(rf"(?:([0-9]{{1,12}}){unit}\s*)?" for unit in _UNITS))
_LOOSE_PART = re.compile(r"([0-9]+)\s*([a-z]+)")
_LOOSE_UNITS = {
    "weeks": "w", "week": "w", "wks": "w", "wk": "w", "w": "w",
    "days": "d", "day": "d", "d": "d",
    "hours": "h", "hour": "h", "hrs": "h", "hr": "h", "h": "h",
    "minutes": "m", "minute": "m", "mins": "m", "min": "m", "m": "m",
    "seconds": "s", "second": "s", "secs": "s", "sec": "s", "s": "s",
}  # fmt: skip
_SHOWN = (
    ("day", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)


def parse_duration(text: str) -> timedelta:
    """Return the duration that ``text`` names, e.g. ``4h``, ``90m``, ``1d12h``, ``2w 3d``.

    Whole numbers, each with a unit: ``w`` (7 days), ``d`` (24 hours), ``h``, ``m`` (minutes), ``s``; the
    larger unit first and each unit once. Spaces between the parts don't matter. ``0s`` is a duration.

    At most `LONGEST`. Raises ValueError that names what is valid, and the nearest valid spelling if any.
    """
    stated = text.strip()
    match = _WRITTEN.fullmatch(stated)
    if match is None or not stated:
        raise ValueError(
            f"duration {text!r}: expected whole numbers with the units w, d, h, m, s, the larger first, "
            f"such as '4h', '90m' or '1d12h'{_hint(stated)}"
        )
    total = sum(
        int(count or 0) * (unit // _UNITS["s"])
        for count, unit in zip(match.groups(), _UNITS.values(), strict=True)
    )
    if total > LONGEST // _UNITS["s"]:
        raise ValueError(f"duration {text!r}: longer than a century; use at most '{LONGEST.days}d'")
    return timedelta(seconds=total)


def format_duration(duration: timedelta) -> str:
    """Return ``duration`` for a person to read: its largest unit and the one below, e.g. ``3 days 4 h``.

    Rounded towards zero, never up: what has "1 h" left has at least an hour left. Below a second it is
    ``0 s``; a negative duration is the positive one after ``minus``.
    """
    if duration < timedelta(0):
        return f"minus {format_duration(-duration)}"
    shown: list[str] = []
    rest = duration
    for name, unit in _SHOWN:
        count, rest = divmod(rest, unit)
        if count:
            shown.append(f"{count} {name}{'s' if name == 'day' and count > 1 else ''}")
        elif shown:
            break
    return " ".join(shown[:2]) or "0 s"


def _hint(stated: str) -> str:
    """Return "; did you mean …?" if the text is close to a valid one, else nothing."""
    lowered = stated.casefold()
    parts = _LOOSE_PART.findall(lowered)
    leftover = _LOOSE_PART.sub("", lowered).replace("and", "").strip(" ,")
    if leftover or not parts or not all(word in _LOOSE_UNITS for _, word in parts):
        return ""
    spelled = "".join(f"{count}{_LOOSE_UNITS[word]}" for count, word in parts)
    return f"; did you mean '{spelled}'?" if _WRITTEN.fullmatch(spelled) else ""
