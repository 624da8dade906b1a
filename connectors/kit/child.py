"""What parses a file of somebody else's, in a process of its own: bounded, and without our secrets.

    open file + what is asked (JSON)  ->  child: python -m connectors.kit.child  ->  one line an item (JSON)  ->  parent

A parser that a hostile file blows up, holds or takes over is the child's: it has bounds of memory, processor time
and waiting, an empty environment, and nothing open but the file. The worker has threads, so it can't be forked; the
child is started anew, and imports no more than one reader. What it says is data of our own types and is checked as
such, one item at a time: the parent's memory does not grow with the file, but with its largest item. A register's item
is a group with all its members, and one of 200,000 took 940 MB. On macOS the system doesn't hold to the bound of
memory; the others count there, too.
"""

from __future__ import annotations

import importlib
import os
import resource
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, Any, BinaryIO, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from connectors.kit.text import cut, one_line
from worker.ports import BadConfig, ConnectorContext, ConnectorError, Incomplete, Transient

Asked = TypeVar("Asked")
Item = TypeVar("Item")

ITEM, ERROR, END = b"i", b"e", b"."  # how a line begins
MESSAGE_MAX = 600
CHUNK = 1 << 16
TURN_S = 1.0  # a worker that stops isn't kept waiting for longer
_KEPT = ("LD_LIBRARY_PATH",)  # what some builds of Python need to start at all


@dataclass(frozen=True, slots=True)
class Bounds:
    """What reading one file may take. The chart's limit for a worker has room for two readers of usual groups."""

    memory_bytes: int = 512 << 20
    cpu_s: int = 180
    wait_s: float = 600.0  # spent waiting for the child, not what is done with its items
    item_bytes: int = 64 << 20


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Work(Generic[Asked, Item]):
    """A reader: `place` ("module:NAME") is where this very object is, for the child to find it.

    `reads` ("module:function") is imported in the child only: (open file, what is asked) -> items. Nothing but the
    types that are named here crosses.
    """

    place: str
    reads: str
    asked: TypeAdapter[Asked]
    item: TypeAdapter[Item]


class Apart(Protocol):
    """Does a work on an open file, whose `name` is for messages.

    Raises ConnectorError, and nothing else, for whatever is in the file.
    """

    def __call__(
        self, work: Work[Asked, Item], file: BinaryIO, name: str, asked: Asked, /
    ) -> Iterator[Item]: ...


@dataclass(frozen=True, slots=True)
class _Failure:
    kind: str
    message: str
    remedy: str = ""


_FAILURE = TypeAdapter(_Failure)
_KINDS: dict[str, type[ConnectorError]] = {kind.__name__: kind for kind in (BadConfig, Incomplete, Transient)}
_REMEDY = "Look at who wrote it and what is in it. Copy what is used to a new file, or export it again."


# --- The parent's side ------------------------------------------------------------------------------------


def in_child(
    work: Work[Asked, Item], file: BinaryIO, name: str, asked: Asked, /, *, bounds: Bounds = BOUNDS
) -> Iterator[Item]:
    """Do a work in a child, which is ended when the iterator is closed: see `Apart`."""
    numbers = map(str, (file.fileno(), bounds.memory_bytes, bounds.cpu_s))
    process = subprocess.Popen(  # noqa: S603  our own interpreter and module
        [sys.executable, "-I", "-m", "connectors.kit.child", work.place, *numbers],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=[file.fileno()],
        env={key: os.environ[key] for key in _KEPT if key in os.environ},
    )
    assert process.stdin is not None  # noqa: S101  as asked for
    assert process.stdout is not None  # noqa: S101  as asked for
    with process:
        try:
            _ask(process.stdin, work.asked.dump_json(asked))
            for line in _lines(process.stdout.fileno(), name, bounds):
                if line == END:
                    return
                yield _said(work, line, name, bounds)
            raise _died(name, process.wait(), bounds)
        finally:
            process.kill()


def unbounded(work: Work[Asked, Item], file: BinaryIO, _name: str, asked: Asked, /) -> Iterator[Item]:
    """Do a work at once, in this process: for files that nobody else could have written."""
    yield from loaded(work.reads)(file, asked)


def apart_for(context: ConnectorContext) -> Apart:
    """Return how the files of a connector are read."""
    return unbounded if context.has_own_files else in_child


def _ask(stdin: IO[bytes], asked: bytes) -> None:
    with suppress(BrokenPipeError), stdin:  # it died at its start: how, is seen when it is waited for
        stdin.write(asked)


def _lines(number: int, name: str, bounds: Bounds) -> Iterator[bytes]:
    """Yield what the child writes, line by line; one that it began and didn't end is not kept."""
    left_s = bounds.wait_s
    parts: list[bytes] = []
    size = 0
    while True:
        data, left_s = _next(number, left_s)
        if left_s <= 0:
            raise _over(name, f"{bounds.wait_s:g} seconds")
        if not data:
            return
        first, *more = data.split(b"\n")
        parts.append(first)
        size += len(first)
        if size > bounds.item_bytes:
            raise _over(name, f"{bounds.item_bytes >> 20} MB for one group or page")
        for line in more:
            yield b"".join(parts)
            parts, size = [line], len(line)


def _next(number: int, left_s: float) -> tuple[bytes, float]:
    """Return what the child writes next, and how long may still be waited for it after that."""
    while left_s > 0:
        began = monotonic()
        ready, _, _ = select.select([number], [], [], min(TURN_S, left_s))
        left_s -= monotonic() - began
        if ready:
            return os.read(number, CHUNK), max(left_s, 1e-3)
    return b"", 0


def _said(work: Work[Asked, Item], line: bytes, name: str, bounds: Bounds) -> Item:
    """Return an item of the type that was agreed. Raises what the child raised."""
    try:
        if line[:1] == ITEM:
            return work.item.validate_json(line[1:])
        failure = _FAILURE.validate_json(line[1:])
    except ValidationError:
        raise Incomplete(f"{name}: its reader says what makes no sense.", remedy=_REMEDY) from None
    raise _error(failure, name, bounds)


def _error(failure: _Failure, name: str, bounds: Bounds) -> ConnectorError:
    if kind := _KINDS.get(failure.kind):
        return kind(plain(failure.message), remedy=plain(failure.remedy))
    if failure.kind == MemoryError.__name__:
        return _over(name, f"{bounds.memory_bytes >> 20} MB of memory")
    return Incomplete(
        f"{name}: its reader failed ({plain(failure.kind)} at {plain(failure.message)}).",
        remedy=f"{_REMEDY} If it is a good file, this is a fault of Whosleft: please report it, without the file.",
    )


def plain(text: str) -> str:
    """Return what is said of a file as it may be shown: one line, of some length, that moves no other text."""
    return cut(one_line(text), MESSAGE_MAX)


def _died(name: str, code: int, bounds: Bounds) -> ConnectorError:
    if code == -signal.SIGXCPU:
        return _over(name, f"{bounds.cpu_s} seconds of processor time")
    if code in _WITHOUT_MEMORY:
        return _over(name, f"{bounds.memory_bytes >> 20} MB of memory")
    return Incomplete(f"{name}: its reader ended without a word ({code}).", remedy=_REMEDY)


# What libraries in C and Rust do when they are given no memory, and what the system does when it has none left
_WITHOUT_MEMORY = frozenset({-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGKILL})


def _over(name: str, bound: str) -> Incomplete:
    return Incomplete(f"{name}: reading it takes more than {bound}, so it was given up.", remedy=_REMEDY)


# --- The child's side -------------------------------------------------------------------------------------


def serve(place: str, number: int, memory_bytes: int, cpu_s: int) -> None:
    """Be the child: what is asked is on standard input, items go to standard output."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CPU, cpu_s)
    out = sys.stdout.buffer
    try:
        work = loaded(place)
        with os.fdopen(number, "rb") as file:
            for item in loaded(work.reads)(file, work.asked.validate_json(sys.stdin.buffer.read())):
                out.write(ITEM + work.item.dump_json(item) + b"\n")
        out.write(END + b"\n")
    except ConnectorError as error:
        out.write(_line(_Failure(type(error).__name__, error.message, error.remedy)))
    except MemoryError:
        out.write(_NO_MEMORY)
    except BaseException as error:  # noqa: BLE001  a panic of a library in Rust, too
        out.write(_line(_Failure(type(error).__name__, _place_of(error))))
    out.flush()


def loaded(place: str) -> Any:
    """Import "module:name"."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def _limit(what: int, value: int) -> None:
    """The soft bound ends the process, with a signal of its own for processor time."""
    _soft, hard = resource.getrlimit(what)
    bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with suppress(ValueError, OSError):  # macOS refuses a bound of memory
        resource.setrlimit(what, (bounded, hard))


def _place_of(error: BaseException) -> str:
    """Return where in the code it happened: nothing of what is in the file."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(at.filename).name} line {at.lineno}"


def _line(failure: _Failure) -> bytes:
    return ERROR + _FAILURE.dump_json(failure) + b"\n"


_NO_MEMORY = _line(_Failure(MemoryError.__name__, ""))  # made while there is some

if __name__ == "__main__":
    serve(sys.argv[1], *map(int, sys.argv[2:]))
