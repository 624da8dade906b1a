"""Parse a stranger's file in a child process, with limits and without our secrets.

    open file + request (JSON)  ->  child: python -m connectors.kit.child  ->  one line for each item (JSON)  ->  parent

A hostile file can only crash, block or take over the child's parser: the child has limits of memory, processor time
and waiting, an empty environment, and only this file open. The worker has threads, so it can't be forked; the child
is started as a new process, and imports only one reader. Its output is data of our own types, and is checked one item
at a time. So the parent's memory grows with the largest item, not with the file. A register's item is a group with all
its members, and one with 200,000 took 940 MB. macOS does not enforce the memory limit, but the others hold there, too.
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
from worker.ports import BadConfig, ConnectorContext, ConnectorError, Incomplete, InUse, Transient

Asked = TypeVar("Asked")
Item = TypeVar("Item")

ITEM, ERROR, END = b"i", b"e", b"."  # the first byte of a line
MESSAGE_MAX = 600
CHUNK = 1 << 16
TURN_S = 1.0  # the longest wait at a time, so that a worker can stop
_KEPT = ("LD_LIBRARY_PATH",)  # some builds of Python need it to start


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits for reading one file. The chart's limit for a worker has room for two readers of usual groups."""

    memory_bytes: int = 512 << 20
    cpu_s: int = 180
    wait_s: float = 600.0  # for waiting for the child, without the time to process its items
    item_bytes: int = 64 << 20


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Work(Generic[Asked, Item]):
    """A reader: `place` ("module:NAME") is this object's own place, so that the child can find it.

    `reads` ("module:function") is imported only in the child: (open file, request) -> items. Only the types named
    here pass between the processes.
    """

    place: str
    reads: str
    asked: TypeAdapter[Asked]
    item: TypeAdapter[Item]


class Apart(Protocol):
    """Does a work on an open file; `name` is the file's, for messages.

    For any contents of the file, it raises only ConnectorErrors.
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
# `InUse` stands before `Transient`, which it also is: the first that fits names an error
_KINDS: dict[str, type[ConnectorError]] = {
    kind.__name__: kind for kind in (BadConfig, Incomplete, InUse, Transient)
}
_REMEDY = "Look at who wrote it and what is in it. Copy what is used to a new file, or export it again."


# --- The parent's side ------------------------------------------------------------------------------------


def in_child(
    work: Work[Asked, Item], file: BinaryIO, name: str, asked: Asked, /, *, bounds: Bounds = BOUNDS
) -> Iterator[Item]:
    """Do a work in a child process, which ends when the iterator is closed: see `Apart`."""
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
    """Do a work in this process: for files that nobody else can have written."""
    yield from loaded(work.reads)(file, asked)


def apart_for(context: ConnectorContext) -> Apart:
    """Return the way to read a connector's files."""
    return unbounded if context.has_own_files else in_child


def _ask(stdin: IO[bytes], asked: bytes) -> None:
    with suppress(BrokenPipeError), stdin:  # it died at its start; waiting for it shows how
        stdin.write(asked)


def _lines(number: int, name: str, bounds: Bounds) -> Iterator[bytes]:
    """Yield the child's output, line by line, without an unfinished last line."""
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
    """Return the child's next output, and the waiting time that is left after it."""
    while left_s > 0:
        began = monotonic()
        ready, _, _ = select.select([number], [], [], min(TURN_S, left_s))
        left_s -= monotonic() - began
        if ready:
            return os.read(number, CHUNK), max(left_s, 1e-3)
    return b"", 0


def _said(work: Work[Asked, Item], line: bytes, name: str, bounds: Bounds) -> Item:
    """Return the item in a line, checked for its type. Raises the child's own error."""
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
    """Return a text from a file in a form that is safe to show: one line, of limited length, isolated."""
    return cut(one_line(text), MESSAGE_MAX)


def _died(name: str, code: int, bounds: Bounds) -> ConnectorError:
    if code == -signal.SIGXCPU:
        return _over(name, f"{bounds.cpu_s} seconds of processor time")
    if code in _WITHOUT_MEMORY:
        return _over(name, f"{bounds.memory_bytes >> 20} MB of memory")
    return Incomplete(f"{name}: its reader ended without a word ({code}).", remedy=_REMEDY)


# How libraries in C and Rust end if they get no memory, and how the system ends a process if it has none left
_WITHOUT_MEMORY = frozenset({-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGKILL})


def _over(name: str, bound: str) -> Incomplete:
    return Incomplete(f"{name}: reading it takes more than {bound}, so it was given up.", remedy=_REMEDY)


# --- The child's side -------------------------------------------------------------------------------------


def serve(place: str, number: int, memory_bytes: int, cpu_s: int) -> None:
    """Run as the child: the request is on standard input, items go to standard output."""
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
        out.write(_line(_Failure(_kind_of(error), error.message, error.remedy)))
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
    """Set a limit. The soft limit ends the process; for processor time by a signal of its own."""
    _soft, hard = resource.getrlimit(what)
    bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with suppress(ValueError, OSError):  # macOS refuses a memory limit
        resource.setrlimit(what, (bounded, hard))


def _kind_of(error: ConnectorError) -> str:
    """Return the name by which the worker knows this error: a reader may have classes of its own below it."""
    names = (name for name, kind in _KINDS.items() if isinstance(error, kind))
    return next(names, type(error).__name__)


def _place_of(error: BaseException) -> str:
    """Return where in the code an error happened, without anything from the file."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(at.filename).name} line {at.lineno}"


def _line(failure: _Failure) -> bytes:
    return ERROR + _FAILURE.dump_json(failure) + b"\n"


_NO_MEMORY = _line(_Failure(MemoryError.__name__, ""))  # made while there is memory

if __name__ == "__main__":
    serve(sys.argv[1], *map(int, sys.argv[2:]))
