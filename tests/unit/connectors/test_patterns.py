"""Every regular expression that is given text of strangers takes time in proportion to the text.

They are collected from the code, not listed. Each is tried with texts that are made from its own parts: what comes
before one of its repeats, that repeat thousands of times, and something that lets it fail; and runs of its letters.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import permutations
from re import _constants as sre
from re import _parser
from time import process_time
from typing import Any, NamedTuple

import pytest

import connectors
import worker.desk
import worker.domain
import worker.ops.masking

FEW, MANY, ALL = 1_000, 4_000, 200_000
LETTERS_TRIED = 7
NOISE_S = 0.001  # what a run of so few letters may take for any reason
TIMES_AT_MOST = 8  # for four times the letters; a square would be sixteen
# A pattern of a text that is surely short, with the bound that makes it so
SHORT = {
    "worker.domain.identity.phones": "TEXT_MAX: a text of more than 250 letters is no number",
    "connectors.directory.active_directory.read.deltas": "the configuration's own",
    "worker.domain.escalation.calendar": "the configuration's own",
    "worker.domain.text.durations": "the configuration's own",
}

Pattern = re.Pattern[str] | re.Pattern[bytes]
WHOLE = frozenset({"fullmatch", "match"})  # tried at the start of a text only


@cache
def patterns() -> dict[str, tuple[Pattern, bool]]:
    """All patterns of the code that reads what strangers write, by their place, and whether they are searched for."""
    found: dict[str, tuple[Pattern, bool]] = {}
    for name in modules():
        if name in SHORT:
            continue
        module = importlib.import_module(name)
        source = inspect.getsource(module)
        for key, value in vars(module).items():
            kept = list(patterns_in(value))
            used = set(re.findall(rf"\b{key}\.(\w+)\(", source) if kept else ()) or {"search"}
            for number, pattern in enumerate(kept):
                found[f"{name}.{key}[{number}]"] = pattern, not used <= WHOLE
        for number, (pattern, how) in enumerate(written_in_calls(source)):
            found[f"{name}, call {number}: {pattern.pattern!r}"] = pattern, how not in WHOLE
    return found


def modules() -> Iterator[str]:
    for package in (connectors, worker.domain, worker.desk):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if "__main__" not in module.name:
                yield module.name
    yield worker.ops.masking.__name__


def patterns_in(value: object) -> Iterator[Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from patterns_in(part)


def written_in_calls(source: str) -> Iterator[tuple[Pattern, str]]:
    """What is given to re.sub and its like where it is used."""
    for node in ast.walk(ast.parse(source)) if re.search(r"\bre\.", source) else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            first = node.args[0] if node.args else None
            if (
                is_re
                and node.func.attr != "compile"
                and isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                flags = re.DOTALL if "DOTALL" in ast.dump(node) else 0
                yield re.compile(first.value, flags), node.func.attr


# --- Texts that are bad for a pattern ---------------------------------------------------------------------


class Attack(NamedTuple):
    before: str
    one: str
    after: str = ""

    def of(self, letters: int) -> str:
        return self.before + self.one * (letters // len(self.one)) + self.after


def attacks(pattern: Pattern) -> list[Attack]:
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = list(_parser.parse(text, pattern.flags & ~re.LOCALE))
    letters = list(dict.fromkeys([*letters_of(tree), " ", "a", "1", "\n"]))[:LETTERS_TRIED]
    texts = [Attack("", one) for one in letters]
    texts += [Attack("", one + other) for one, other in permutations(letters, 2)]
    for before, one in repeats(tree):
        texts += [Attack(before, one, after) for after in ("", "\0", "\n\0", "x")]
        texts.append(Attack("", before + one * 30))
    return texts


def letters_of(tree: Iterable[Any]) -> Iterator[str]:
    for op, value in tree:
        if op is sre.LITERAL:
            yield chr(value)
        elif op is sre.IN:
            yield example([(op, value)])
        for part in parts(op, value):
            yield from letters_of(part)


def repeats(tree: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield what can stand before a repeat, and one round of it."""
    for op, value in tree:
        for part in parts(op, value):
            yield from repeats(part, before)
        if op in {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT} and (one := example(value[2])):
            yield before, one
        before += example([(op, value)])


def parts(op: Any, value: Any) -> list[list[Any]]:
    if op in {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}:
        return [list(value[2])]
    if op is sre.SUBPATTERN:
        return [list(value[3])]
    if op is sre.BRANCH:
        return [list(branch) for branch in value[1]]
    if op is sre.ATOMIC_GROUP:
        return [list(value)]
    return [list(value[1])] if op in {sre.ASSERT, sre.ASSERT_NOT} else []


def example(tree: Iterable[Any]) -> str:
    """A text that the pattern takes, or nearly so."""
    return "".join(map(_example, tree))


CATEGORIES = {
    sre.CATEGORY_DIGIT: "1",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_WORD: "a",
    sre.CATEGORY_NOT_SPACE: "a",
    sre.CATEGORY_NOT_WORD: "-",
}


def _example(item: Any) -> str:
    op, value = item
    if op is sre.LITERAL:
        return chr(value)
    if op in {sre.ANY, sre.NOT_LITERAL}:
        return "a"
    if op is sre.IN:
        return _one_of(value)
    if op in {sre.ASSERT, sre.ASSERT_NOT}:
        return ""
    found = parts(op, value)
    times = max(value[0], 1) if op in {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT} else 1
    return example(found[0]) * min(times, 20) if found else ""


def _one_of(members: list[Any]) -> str:
    op, value = members[0]
    if op is sre.NEGATE:
        barred = re.compile(
            "[" + "".join(re.escape(chr(v)) for o, v in members[1:] if o is sre.LITERAL) + "]"
            if any(o is sre.LITERAL for o, _ in members)
            else "(?!)"
        )
        return next(letter for letter in "a1 -.\n" if not barred.match(letter))
    if op is sre.LITERAL:
        return chr(value)
    return chr(value[0]) if op is sre.RANGE else CATEGORIES.get(value, "a")


# --- The test ---------------------------------------------------------------------------------------------


def took_s(pattern: Pattern, text: str, *, is_searched: bool) -> float:
    given: Any = text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")
    began = process_time()
    pattern.fullmatch(given)
    for _ in pattern.finditer(given) if is_searched else ():
        pass
    return process_time() - began


def slowest(pattern: Pattern, *, is_searched: bool) -> Attack:
    return max(attacks(pattern), key=lambda attack: took_s(pattern, attack.of(FEW), is_searched=is_searched))


def is_linear(pattern: Pattern, worst: Attack, *, is_searched: bool) -> bool:
    few, many = (
        min(took_s(pattern, worst.of(n), is_searched=is_searched) for _ in range(3)) for n in (FEW, MANY)
    )
    return many < max(few, NOISE_S) * TIMES_AT_MOST


@pytest.mark.parametrize("place", patterns())
def test_a_pattern_takes_time_in_proportion_to_the_text(place: str) -> None:
    pattern, is_searched = patterns()[place]
    worst = slowest(pattern, is_searched=is_searched)
    assert is_linear(pattern, worst, is_searched=is_searched), repr(worst.of(40))
    assert took_s(pattern, worst.of(ALL), is_searched=is_searched) < NOISE_S * TIMES_AT_MOST * ALL / FEW


@pytest.mark.parametrize(
    "text",
    [
        r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}",
        r"\s*[,;]\s*",
        r"<c(?=[^>]*\br=\"1\")(?=[^>]*\bt=\"e\")[^>]*>",
    ],
)
def test_patterns_that_are_not_linear_are_found(text: str) -> None:
    pattern = re.compile(text)
    assert not is_linear(pattern, slowest(pattern, is_searched=True), is_searched=True)
