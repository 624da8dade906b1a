"""The demo's page: a date and a time at the left, sentences of at most 80 columns at the right.

The text is the same on a terminal and in a file. A terminal also gets colours, which only repeat the words, and
pauses for reading.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

WIDTH = 80
LINE_S = 0.03
GUTTER = len("Mon 02 Nov  08:00  ")
_COLOURS = (
    (r"\b[TP]-\d{6}\b", "cyan"),
    (r"\b(overdue|reopened|Can't see)\b", "bold red"),
    (r"\b(Held|held|blocked)\b", "bold yellow"),
    (r"\b(verified|green again)\b", "green"),
)


class Page:
    """Prints; `pause` gets the seconds that a line takes to read."""

    def __init__(self, console: Console, timezone: str, pause: Callable[[float], None]) -> None:
        self._console = console
        self._zone = ZoneInfo(timezone)
        self._pause = pause
        self._width = min(WIDTH, console.width) if console.is_terminal else WIDTH
        self._day: date | None = None
        self._at: datetime | None = None
        self._was_quiet = False

    def has_said_something(self, on: date) -> bool:
        """True if this day has a line."""
        return self._day == on

    def say(self, at: datetime, text: str) -> None:
        """Print a sentence about an instant."""
        local = at.astimezone(self._zone)
        day, time = " " * len("Mon 02 Nov"), " " * len("08:00")
        if local.date() != self._day:
            day, time = f"{local:%a %d %b}", f"{local:%H:%M}"
            self.line("")
        elif local != self._at:
            time = f"{local:%H:%M}"
        self._day, self._at, self._was_quiet = local.date(), local, False
        self._wrapped(f"{day}  {time}  ", text)

    def under(self, text: str) -> None:
        """Print a consequence of the sentence before."""
        self._wrapped(" " * GUTTER, text, hang="  ")

    def quiet(self, at: datetime, text: str) -> None:
        """Print a whole day in one line."""
        local = at.astimezone(self._zone)
        if not self._was_quiet:
            self.line("")
        self._day, self._at, self._was_quiet = local.date(), None, True
        self._wrapped(f"{local:%a %d %b}  {'':5}  ", text)

    def paragraph(self, text: str) -> None:
        """Print text over the whole width."""
        for line in textwrap.wrap(text, self._width, break_on_hyphens=False, break_long_words=False):
            self.line(line)

    def line(self, text: str, style: str = "") -> None:
        """Print a line as it is."""
        shown = Text(self._encodable(text), style=style)
        for pattern, colour in _COLOURS:
            shown.highlight_regex(pattern, colour)
        self._console.print(shown, soft_wrap=True)
        self._pause(LINE_S)

    def _encodable(self, text: str) -> str:
        """The text; letters that the output's encoding lacks are replaced by plainer ones of the same width."""
        encoding = self._console.encoding
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return text.replace("→", ">").encode(encoding, "replace").decode(encoding)
        return text

    def row(self, cells: Sequence[str], widths: Sequence[int], style: str = "") -> None:
        """Print one row of a table; the last cell is wrapped in its column."""
        *first, last = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        start = "".join(f"{cell}  " for cell in first)
        room = max(self._width - len(start), 20)
        for number, part in enumerate(textwrap.wrap(last.rstrip(), room, break_on_hyphens=False) or [""]):
            self.line(f"{start if number == 0 else ' ' * len(start)}{part}".rstrip(), style)

    def _wrapped(self, start: str, text: str, hang: str = "") -> None:
        lines = textwrap.wrap(
            text,
            self._width,
            initial_indent=start,
            subsequent_indent=" " * GUTTER + hang,
            break_on_hyphens=False,
            break_long_words=False,
        )
        for line in lines:
            self.line(line.rstrip())
