"""Turn pydantic's errors into problems that a person can mend: line, key, what is wrong, the nearest valid value.

Works for the models of the settings and of connectors. A hidden value is called by its label, and a text that has
a part of it is replaced.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from worker.settings.document import Document
from worker.settings.problems import KeyPath, SettingsProblem, Wrong, did_you_mean, nearest, shown

LEAK_MIN = 6  # this many characters of a secret in a row are a part of it, not chance


@dataclass(frozen=True, slots=True)
class Described:
    """What was validated: a model, and its mapping's place. `also`: valid keys besides the model's."""

    document: Document
    model: type[BaseModel]
    path: KeyPath = ()
    also: tuple[str, ...] = ()


def explain(error: ValidationError, subject: Described) -> list[SettingsProblem]:
    """One problem for each error, without errors at unresolved references, which have problems of their own."""
    details = error.errors(include_url=False)
    return [problem for detail in details if (problem := _problem(detail, subject)) is not None]


def _problem(detail: ErrorDetails, subject: Described) -> SettingsProblem | None:
    document = subject.document
    loc = (*subject.path, *detail["loc"])
    path = _existing(document, loc)
    if any(path[: len(bad)] == bad for bad in document.unresolved):
        return None
    if detail["type"] == "missing":
        return _missing(document, _existing(document, loc[:-1]), subject, detail["loc"])
    if detail["type"] == "extra_forbidden":
        return _unknown_key(document, path, subject, detail["loc"])
    if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
        return None  # pydantic counts a wrong item as absent, but the item has its own problem
    wrong = detail.get("ctx", {}).get("error")
    if isinstance(wrong, Wrong):
        path = _existing(document, (*path, *wrong.at))
    message, remedy = _safe(document, path, *_words(detail, _label(document, path, detail["input"])))
    return document.problem(path, document.value_mark(path), message, remedy)


def _existing(document: Document, loc: Sequence[str | int]) -> KeyPath:
    """The place in the file for a location, without pydantic's own parts (branches of a union)."""
    if not document.values:
        return tuple(loc)  # it does not come from a file
    path: KeyPath = ()
    for part in loc:
        if (*path, part) in document.values:
            path = (*path, part)
    return path


def _missing(
    document: Document, path: KeyPath, subject: Described, loc: Sequence[str | int]
) -> SettingsProblem:
    key, there = str(loc[-1]), document.at(path)
    valid = _valid_here(subject, loc)
    near = nearest(key, [one for one in there if one not in valid]) if isinstance(there, dict) else None
    remedy = f"Did you mean it by '{near}'?" if near else f"Add '{key}: …'."
    return document.problem(path, document.key_mark(path), f"the key '{key}' is missing", remedy)


def _unknown_key(
    document: Document, path: KeyPath, subject: Described, loc: Sequence[str | int]
) -> SettingsProblem:
    valid = _valid_here(subject, loc)
    remedy = did_you_mean(str(loc[-1]), valid, what="Valid keys") or "It has no keys; delete this one."
    return document.problem(path, document.key_mark(path), f"there is no key '{loc[-1]}' here", remedy)


def _valid_here(subject: Described, loc: Sequence[str | int]) -> list[str]:
    """The keys that are valid beside the one at a location."""
    return [*(subject.also if len(loc) == 1 else ()), *_valid_keys(subject.model, loc[:-1])]


def _valid_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    models = [model]
    for part in loc:
        fields = [
            field for m in models for name, field in m.model_fields.items() if part == (field.alias or name)
        ]
        models = [m for field in fields for m in models_in(field.annotation)] or models
    return [field.alias or name for m in models for name, field in m.model_fields.items()]


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model in an annotation, including unions and containers."""
    is_plain = isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias)
    if is_plain and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def _label(document: Document, path: KeyPath, given: Any) -> str:
    return document.labels.get(path) or shown(given)


_KINDS_OF_VALUE = (
    (("string",), "text", "Put it in quotes."),
    (("int", "decimal"), "a whole number", "Write digits only."),
    (("float", "finite"), "a number", "Write it like 12 or 0.5."),
    (("bool",), "true or false", "Write true or false."),
    (("list", "tuple", "set", "frozen", "iterable"), "a list", "Start each item with '- ', or write [a, b]."),
    (
        ("model", "dict", "mapping", "dataclass"),
        "a mapping of keys",
        "Write its keys below it, or {key: value}.",
    ),
    (("path",), "a path", "Put it in quotes."),
)
_BOUNDS = {
    "greater_than_equal": ("ge", "too small", "Write {} or more."),
    "greater_than": ("gt", "too small", "Write more than {}."),
    "less_than_equal": ("le", "too large", "Write {} or less."),
    "less_than": ("lt", "too large", "Write less than {}."),
}


def _words(detail: ErrorDetails, label: str) -> tuple[str, str]:
    """Message and remedy of one error."""
    kind, context = detail["type"], detail.get("ctx", {})
    if detail["input"] is None:
        return "there is no value", "Give it one, or delete the key."
    if kind in _BOUNDS:
        name, problem, remedy = _BOUNDS[kind]
        return f"{label} is {problem}", remedy.format(context[name])
    if kind in {"enum", "literal_error"}:
        valid = re.findall(r"'([^']*)'", context["expected"])
        return f"{label} is not valid here", did_you_mean(str(detail["input"]), valid)
    if kind in {"too_short", "string_too_short"}:
        return _too_short(kind, context["min_length"], label)
    if kind == "value_error":
        return _validator_words(context["error"])
    if kind.endswith(("_type", "_parsing", "_from_float", "_number", "_parsing_size")):
        return _kind_words(kind, detail, label)
    return f"{label} is not valid here: {detail['msg']}", ""


def _too_short(kind: str, count: int, label: str) -> tuple[str, str]:
    if count > 1:
        return f"{label} is too short", f"At least {count} are needed."
    return "this is empty", "Write a text." if kind.startswith("string") else "At least one is needed."


def _kind_words(kind: str, detail: ErrorDetails, label: str) -> tuple[str, str]:
    if kind == "string_type" and isinstance(detail["input"], dict | list):
        return f"{label} is not text", "Write one text."
    for starts, expected, remedy in _KINDS_OF_VALUE:
        if kind.startswith(starts):
            return f"{label} is not {expected}", remedy
    return f"{label} is not valid here: {detail['msg']}", ""


def _validator_words(error: Exception) -> tuple[str, str]:
    """A validator's own text, split at the first semicolon, after which it says what to do."""
    if isinstance(error, Wrong):
        return error.message, error.remedy
    message, _, remedy = str(error).rstrip(".").partition("; ")
    end = "" if not remedy or remedy.endswith("?") else "."
    return message, f"{remedy[:1].upper()}{remedy[1:]}{end}"


def _safe(document: Document, path: KeyPath, message: str, remedy: str) -> tuple[str, str]:
    """Message and remedy; a text with a part of a hidden value is replaced."""
    near = {at: texts for at, texts in document.hidden.items() if _are_related(at, path)}
    leaking = next(
        (at for at, texts in near.items() if any(_leaks(text, message + remedy) for text in texts)), None
    )
    if leaking is None:
        return message, remedy
    return (
        f"{document.labels[leaking]} is not valid here",
        "It is not shown, since it may be secret: check it.",
    )


def _are_related(one: KeyPath, other: KeyPath) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _leaks(secret: str, text: str) -> bool:
    return any(part in text.casefold() for part in _parts(secret.casefold()))


def _parts(secret: str) -> Iterable[str]:
    """Every run of `LEAK_MIN` characters; a shorter secret as a whole."""
    if len(secret) <= LEAK_MIN:
        return (secret,)
    return (secret[start : start + LEAK_MIN] for start in range(len(secret) - LEAK_MIN + 1))
