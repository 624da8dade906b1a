"""Reads a file without a child: the same bytes go to and fro, in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from connectors.kit.child import Asked, Item, Work, loaded


def in_process(work: Work[Asked, Item], file: BinaryIO, _name: str, asked: Asked, /) -> Iterator[Item]:
    """Obeys `connectors.kit.child.Apart`."""
    for item in loaded(work.reads)(file, work.asked.validate_json(work.asked.dump_json(asked))):
        yield work.item.validate_json(work.item.dump_json(item))
