"""A YAML file as plain values with their places in it.

    bytes -> text -> nodes (PyYAML's safe composer) -> dicts, lists, scalars + the mark of each key and value

Scalars follow YAML 1.2, not 1.1: `NO` is Norway and `02:30` a time, and `007` and `+447700900123` stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from worker.settings.problems import KeyPath, SettingsError, SettingsProblem, key_text

NODES_MAX = 200_000  # aliases of aliases can make a small file huge


class YamlMark(NamedTuple):
    """A place in the file; line and column count from 1, 0 means unknown."""

    line: int
    column: int


NOWHERE = YamlMark(0, 0)


@dataclass(slots=True)
class Document:
    """One file. `keys` and `values` have the places of each path's key and value.

    By path, `hidden` has texts that a message must not repeat, and `labels` has the names to use instead.
    `unresolved` are the paths with a `${…}` that could not be replaced; `written` are the values as in the file.
    """

    file: str
    base_dir: Path
    data: Any = None
    keys: dict[KeyPath, YamlMark] = field(default_factory=dict)
    values: dict[KeyPath, YamlMark] = field(default_factory=dict)
    hidden: dict[KeyPath, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[KeyPath, str] = field(default_factory=dict)
    unresolved: set[KeyPath] = field(default_factory=set)
    written: dict[KeyPath, str] = field(default_factory=dict)

    def problem(self, path: KeyPath, mark: YamlMark, message: str, remedy: str = "") -> SettingsProblem:
        return SettingsProblem(self.file, mark.line, mark.column, key_text(path), message, remedy)

    def key_mark(self, path: KeyPath) -> YamlMark:
        """The place of the key; for a list's item, which has no key, the item's place."""
        return self.keys.get(path) or self.values.get(path, NOWHERE)

    def value_mark(self, path: KeyPath) -> YamlMark:
        return self.values.get(path, NOWHERE)

    def at(self, path: KeyPath) -> Any:
        """The value at a path; None if there is none."""
        value = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a mapping, so that a later check of it can name the line."""

    document: Document
    path: KeyPath


class PlacedDict(dict[str, Any]):
    """A mapping of the file that knows its place."""

    place: Position


def read_document(path: Path) -> tuple[Document, list[SettingsProblem]]:
    """Read a file; return the document and the problems of its YAML.

    Raises SettingsError if nothing of it can be used: missing, not UTF-8, not YAML, empty.
    """
    document = Document(str(path), path.absolute().parent)
    text = _text(document, path)
    try:
        node = _Loader(text).get_single_node()
        if node is None:
            raise _fatal(document, NOWHERE, "the file is empty", "Start from config/whosleft.example.yaml.")
        walk = _Walk(document)
        document.data = walk.value(node, ())
    except yaml.MarkedYAMLError as error:
        raise _fatal(document, *_syntax(error)) from None
    except yaml.reader.ReaderError as error:
        raise _fatal(document, *_bad_character(error, text)) from None
    except RecursionError:
        raise _fatal(
            document, NOWHERE, "lists or mappings are nested too deeply", "Write it flatter."
        ) from None
    return document, walk.problems


def _fatal(document: Document, mark: YamlMark, message: str, remedy: str) -> SettingsError:
    return SettingsError([document.problem((), mark, message, remedy)])


def _text(document: Document, path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise _fatal(document, NOWHERE, "there is no such file", "Check the path.") from None
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise _fatal(
            document, NOWHERE, message, "Give the path of a file that this account may read."
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        mark = YamlMark(before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        raise _fatal(document, mark, "this is not UTF-8 text", "Save the file as UTF-8.") from None


def _bad_character(error: yaml.reader.ReaderError, text: str) -> tuple[YamlMark, str, str]:
    before = text[: error.position]
    mark = YamlMark(before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    return mark, f"the character U+{ord(text[error.position]):04X} is not allowed in YAML", "Delete it."


_HINTS = (
    ("'\\t'", "Indent with spaces, not with tabs."),
    ("expected a single document", "Keep one document: delete what follows the line ---."),
    ("mapping values are not allowed", "Put the value in quotes, or check the indentation."),
    ("found undefined alias", "Define it before with &, or put the text in quotes."),
    ("cannot start any token", "Put text that starts with such a character in quotes."),
    ("while scanning a quoted scalar", "Close the quotes."),
    ("found unexpected end of stream", "Close the quotes."),
    ("expected ',' or", "Close the bracket, or put a comma between the items."),
    ("expected <block end>", "Check the indentation: keys of one mapping start in one column."),
    ("could not find expected ':'", "Write the key, a colon and a space, then the value."),
)


def _syntax(error: yaml.MarkedYAMLError) -> tuple[YamlMark, str, str]:
    said = " ".join(filter(None, [error.context, error.problem]))
    is_open_quote = "quoted scalar" in (error.context or "")  # its start helps more than the file's end
    place = error.context_mark if is_open_quote else error.problem_mark or error.context_mark
    mark = YamlMark(place.line + 1, place.column + 1) if place else NOWHERE
    remedy = next(
        (hint for sign, hint in _HINTS if sign in said), "Check the quotes and the indentation before it."
    )
    return mark, f"this is not YAML: {said}", remedy


class _Loader(yaml.SafeLoader):
    """Only composes nodes; it constructs no objects."""


_NULL, _BOOL, _INT, _FLOAT, _STR = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")
)
_Loader.yaml_implicit_resolvers = {}
# A number of ten digits or more, with a plus or a leading zero, is an id or a phone number: it stays text.
for _tag, _pattern, _first in (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"-?(?:0|[1-9][0-9]{0,8})", list("-0123456789")),
    (_FLOAT, r"-?(?:0|[1-9][0-9]{0,8})?(?:\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?", list("-.0123456789")),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _first)


def _boolean(text: str) -> bool:
    if text.casefold() not in {"true", "false"}:
        raise ValueError(text)
    return text.casefold() == "true"


_MAKE: Mapping[str, Any] = {_NULL: lambda _: None, _BOOL: _boolean, _INT: int, _FLOAT: float, _STR: str}
_COLLECTIONS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


class _Walk:
    """Turns nodes into values, and notes their places."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[SettingsProblem] = []
        self._nodes = 0
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        mark = _mark(node)
        self.document.values[path] = mark
        self._nodes += 1
        if self._nodes > NODES_MAX:
            raise _fatal(self.document, mark, "aliases make the file too large", "Write out what is meant.")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open or node.tag not in _COLLECTIONS:
            return self._refuse(node, path)
        self._open.add(id(node))
        made = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        self._open.discard(id(node))
        return made

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        try:
            return _MAKE[node.tag](node.value)
        except (KeyError, ValueError):
            return self._refuse(node, path)

    def _refuse(self, node: yaml.Node, path: KeyPath) -> None:
        if id(node) in self._open:
            message, remedy = "the alias stands for something that contains it", "Write out what is meant."
        else:
            message, remedy = (
                f"the tag {node.tag.replace('tag:yaml.org,2002:', '!!')} does not fit here",
                "Delete the tag, or put the text in quotes.",
            )
        self.problems.append(self.document.problem(path, _mark(node), message, remedy))
        self.document.unresolved.add(path)

    def _sequence(self, node: yaml.Node, path: KeyPath) -> list[Any]:
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> PlacedDict:
        made = PlacedDict()
        made.place = Position(self.document, path)
        for key_node, value_node in node.value:
            mark = _mark(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                remedy = "Put text that starts with { or [ in quotes."
                self.problems.append(self.document.problem(path, mark, "this key is not plain text", remedy))
                self.document.unresolved.add(path)
                continue
            key = str(key_node.value)
            if key in made:
                first = self.document.keys[*path, key]
                remedy = f"It is in line {first.line} already; keep one of the two."
                self.problems.append(
                    self.document.problem((*path, key), mark, "this key is there twice", remedy)
                )
                continue
            self.document.keys[*path, key] = mark
            made[key] = self.value(value_node, (*path, key))
        return made


def _mark(node: yaml.Node) -> YamlMark:
    return YamlMark(node.start_mark.line + 1, node.start_mark.column + 1)
