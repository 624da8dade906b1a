"""Names in `controls:` that mean nothing: messengers and directories that there are not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeAlias

from worker.domain.messengers import MESSENGERS
from worker.domain.watch.products import MESSENGERS_WATCHED, is_known
from worker.settings.controls import ControlsSection
from worker.settings.controls.advisories import IN_USE
from worker.settings.controls.base import ControlSection
from worker.settings.problems import KeyPath, Wrong, did_you_mean, nearest

_Named: TypeAlias = Iterator[tuple[KeyPath, str]]


def require_names(
    controls: ControlsSection, directories: Collection[str], messengers: Collection[str]
) -> None:
    """Raise Wrong for the first name that can mean nothing. `messengers`: those that inventories name as theirs.

    A row of a register may name any messenger. So one that is not in the table is refused only if it looks like one
    that is; of advisories there are only those of the table.
    """
    known = {one.casefold() for one in (*MESSENGERS, *messengers) if one}
    for at, name in (*_of_entries(controls), *_of_sections(controls)):
        folded = name.casefold()
        if folded not in known and not set("*?[") & set(name) and nearest(folded, known):
            raise Wrong(f"{name!r} is no messenger", did_you_mean(name, known), at=("controls", *at))
    for at, name in _of_advisories(controls):
        if not is_known(name):
            remedy = did_you_mean(name, sorted(MESSENGERS_WATCHED), what="Messengers")
            raise Wrong(f"of {name!r} no vulnerabilities are known", remedy, at=("controls", *at))
    for messenger, names in controls.accounts.items():
        for number, name in enumerate(names):
            if name not in directories:
                remedy = did_you_mean(name, directories, what="Directories")
                where = ("controls", "accounts", messenger, number)
                raise Wrong(f"{name!r} is no directory", remedy, at=where)


def _of_entries(controls: ControlsSection) -> _Named:
    for messenger in controls.accounts:
        yield ("accounts", messenger), messenger
    for messenger in controls.providers or {}:
        yield ("providers", messenger), messenger
    for at, entry in enumerate(controls.classes):
        for number, name in enumerate(entry.messengers):
            yield ("classes", at, "messengers", number), name
        if entry.move_to:
            yield ("classes", at, "move_to"), entry.move_to


def _of_sections(controls: ControlsSection) -> _Named:
    """The messengers that sections are for (`when`)."""
    for field, model in type(controls).model_fields.items():
        value, key = getattr(controls, field), model.alias or field
        for path, section in _sections(value, (key,)):
            for number, name in enumerate(section.when.messenger):
                yield (*path, "when", "messenger", number), name


def _sections(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, ControlSection]]:
    if isinstance(value, ControlSection):
        yield path, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _sections(one, (*path, key))
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            yield from _sections(one, (*path, number))


def _of_advisories(controls: ControlsSection) -> _Named:
    section = controls.advisories
    if section is not None and section.messengers != IN_USE:
        for number, name in enumerate(section.messengers):
            yield ("advisories", "messengers", number), name
