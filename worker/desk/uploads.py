"""Files that people give on a page: received as they come, into a file without a name, and gone with the answer.

A phone sends tens of megabytes over minutes. So nothing is received before the link was found to work, memory holds a
megabyte of a file, and only so many are received, and fewer read, at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from threading import BoundedSemaphore
from typing import TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.desk.calls import Call, Handler, call_of

RECEIVED_AT_ONCE_MAX = 8  # each at most guarding.FILE_MAX of the temporary folder, or sealed and dropped
READ_AT_ONCE_MAX = 2  # each in a process of its own
FIELDS_MAX, FIELD_BYTES_MAX = 4, 4096  # beside the file
MULTIPART = "multipart/form-data"

Before: TypeAlias = Callable[[Call], Response | None]


class Receiving:
    """Counts the files that are being received. One is for all the routes of a desk, since they share its one loop."""

    def __init__(self, most: int = RECEIVED_AT_ONCE_MAX) -> None:
        self._most = most
        self._now = 0  # only the server's one loop counts

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether one more file may be received, which counts until the end of the block."""
        if self._now >= self._most:
            yield False
            return
        self._now += 1
        try:
            yield True
        finally:
            self._now -= 1


class Uploads:
    """Makes routes that take one file."""

    def __init__(self, receiving: Receiving) -> None:
        self._receiving = receiving
        self._reading = BoundedSemaphore(READ_AT_ONCE_MAX)

    def reading(self) -> AbstractContextManager[object]:
        """Wait for a turn to read a file."""
        return self._reading

    def route(self, path: str, before: Before, handler: Handler, busy: Handler) -> Route:
        """A route that answers what `before` answers, without the file; else receives it and runs the handler.

        `busy` answers if too many are being received.
        """

        async def endpoint(request: Request) -> Response:
            refusal = await run_in_threadpool(lambda: before(call_of(request)))
            if refusal is not None:
                return refusal
            with self._receiving.turn() as is_mine:
                if not is_mine:
                    return await run_in_threadpool(lambda: busy(call_of(request)))
                async with _form(request) as form:
                    return await run_in_threadpool(lambda: handler(call_of(request, form)))

        found: Callable[[Request], Awaitable[Response]] = endpoint
        return Route(path, found, methods=["POST"], name=handler.__name__)


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    """The form, until its file is closed. A form of another kind would be read into memory, so it counts as empty."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != MULTIPART:
        yield FormData()
        return
    async with request.form(max_files=1, max_fields=FIELDS_MAX, max_part_size=FIELD_BYTES_MAX) as form:
        yield form


def given_file(call: Call, name: str) -> UploadFile | None:
    """The file in a field of the form; None if there is none, or an empty one."""
    value = call.form.get(name)
    return value if isinstance(value, UploadFile) and value.size else None
