"""The values that the worker and the process that writes days into a register exchange. Plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from connectors.inventory.register.formats.work import Asked
from connectors.kit.child import Work
from worker.ports.connectors.kept_list import ProvenRow

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class AskedDays:
    """The request: how to read the register, and what was verified."""

    reading: Asked
    proven: tuple[ProvenRow, ...]


@checked(frozen=True, slots=True, config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"))
class Written:
    """A piece of the new file, at most `CHUNK` bytes; the last has how many rows got a day, and the others 0."""

    data: bytes
    rows: int = 0


def in_chunks(data: bytes, rows: int) -> Iterator[Written]:
    """Yield a file in pieces; nothing if no row got a day."""
    if rows:
        yield from (Written(data[at : at + CHUNK]) for at in range(0, len(data), CHUNK))
        yield Written(b"", rows)


WORK: Work[AskedDays, Written] = Work(
    "connectors.inventory.register.write_back.work:WORK",
    "connectors.inventory.register.write_back.writing:write_days",
    TypeAdapter(AskedDays),
    TypeAdapter(Written),
)
