"""Problems of a configuration, in a form that a person can mend: file, line, column, key, remedy.

Code that refuses a value raises `Wrong`; code that reports makes a `SettingsProblem`. No text has a secret.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
SHOWN_MAX = 60  # characters of a wrong value that a message repeats
LISTED_MAX = 20  # valid values that a message lists


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One thing to mend. Lines and columns count from 1; 0 means the file as a whole."""

    path: str
    line: int
    column: int
    key: str
    message: str  # a phrase without a full stop
    remedy: str  # whole sentences

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return " ".join(
            filter(None, [f"{place}:", self.key and f"{self.key}:", f"{self.message}.", self.remedy])
        )


def format_problems(problems: Iterable[SettingsProblem]) -> str:
    """One line for each problem, by file and line, without a line feed at the end; "" for none."""
    return "\n".join(str(problem) for problem in in_order(problems))


def in_order(problems: Iterable[SettingsProblem]) -> tuple[SettingsProblem, ...]:
    """Sorted by place, each once."""
    return tuple(sorted(set(problems), key=lambda p: (p.path, p.line, p.column, p.key, p.message)))


class SettingsError(Exception):
    """The configuration cannot be used. `problems` has all problems, by line; the text has one line for each."""

    def __init__(self, problems: Iterable[SettingsProblem]) -> None:
        self.problems = in_order(problems)
        super().__init__(format_problems(self.problems))


class Wrong(ValueError):
    """A value is refused. `at` is the place, below the value that was checked."""

    def __init__(self, message: str, remedy: str = "", *, at: KeyPath = ()) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.at = at


def shown(value: Any) -> str:
    """A wrong value in the form for a message."""
    if isinstance(value, str):
        return f"'{value if len(value) <= SHOWN_MAX else value[:SHOWN_MAX] + '…'}'"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping of keys"
    if isinstance(value, list | tuple):
        return "a list"
    return "an empty value" if value is None else str(value)


def nearest(word: str, valid: Iterable[str], *, alike: float = 0.6) -> str | None:
    """The valid word that was most likely meant, in any case; None if none is so much `alike` (0 to 1)."""
    folded = {name.casefold(): name for name in sorted(valid)}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=alike)
    return folded[close[0]] if close else None


def did_you_mean(word: str, valid: Iterable[str], *, what: str = "Valid") -> str:
    """The remedy for a word that is not valid: name the nearest, else all valid ones."""
    names = list(valid)
    near = nearest(word, names)
    if near is not None:
        return f"Did you mean '{near}'?"
    listed = ", ".join(names[:LISTED_MAX]) + (", …" if len(names) > LISTED_MAX else "")
    return f"{what}: {listed}." if names else ""


def key_text(path: KeyPath) -> str:
    """A key path as people write it: `escalation.policies[0].name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
