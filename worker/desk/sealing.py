"""Files that are sealed on a page: measured as they come, and dropped.

Starlette's own reader of forms writes a file of more than a megabyte to the temporary folder. So the parts of the form
are taken one by one here: of a file only a piece is in memory, and nothing of it is ever stored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.app.acts.sealing import SealDone
from worker.app.refused import Refused
from worker.desk.calls import Call, Stale, call_of
from worker.desk.uploads import Receiving
from worker.domain.controls.seals import LINE_MAX, Measured, Measuring

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PIECE = 1 << 20  # bytes that are measured at a time, in a thread
FIELDS_MAX, FIELD_BYTES_MAX = 6, 4096  # beside the file
FILE, HOW, TO = "file", "how", "to"
TOO_LARGE = 413


class Unsealed(StrEnum):
    """Why a file was not sealed; a page says what to do."""

    NO_FILE = "no_file"
    LARGE = "large"
    BUSY = "busy"
    BROKEN = "broken"  # the form was cut, or is none


class NotSealed(Exception):
    """Nothing was sealed."""

    def __init__(self, why: Unsealed) -> None:
        super().__init__(why.value)
        self.why = why


# With now (aware UTC), how the file was made, and to whom it is handed over
Keep = Callable[[Measured, datetime, str, str], SealDone]


@dataclass(frozen=True, slots=True)
class Sealer:
    """Who seals a file. `of`: what the form's token is made of, a session or a link. `seal` keeps what was measured."""

    of: str
    seal: Keep


Opened = Callable[[Call], Sealer | Response]  # who seals, or the answer to whoever may not
Answered = Callable[[Call, SealDone | NotSealed | Refused | Stale], Response]


class SealUploads:
    """Makes routes that take a file to be sealed."""

    def __init__(self, receiving: Receiving) -> None:
        self._receiving = receiving

    def route(self, path: str, opened: Opened, answered: Answered) -> Route:
        """A route that asks `opened` before anything is received, seals the file, and answers what came of it.

        Both are called in a thread.
        """

        async def endpoint(request: Request) -> Response:
            call = await run_in_threadpool(call_of, request)
            sealer = await run_in_threadpool(opened, call)
            if isinstance(sealer, Response):
                return sealer
            try:
                done = await self._sealed(call, sealer)
            except (NotSealed, Refused, Stale) as error:
                return await run_in_threadpool(answered, call, error)
            return await run_in_threadpool(answered, call, done)

        return Route(path, endpoint, methods=["POST"], name=answered.__name__)

    async def _sealed(self, call: Call, sealer: Sealer) -> SealDone:
        with self._receiving.turn() as is_mine:
            if not is_mine:
                raise NotSealed(Unsealed.BUSY)
            return await seal_upload(call, sealer)


async def seal_upload(call: Call, sealer: Sealer) -> SealDone:
    """Receive the form of a call, and seal its file. The call has the form's other fields afterwards.

    Raises NotSealed; Stale, before any of the file is taken, for a form without its token; Refused as its `Sealer`.
    """
    form = _Form(call, sealer)
    try:
        parser = MultipartParser(_boundary(call.request), form.callbacks)
        async for piece in _pieces(call.request):
            await run_in_threadpool(parser.write, piece)
        await run_in_threadpool(parser.finalize)
    except FormParserError:
        raise NotSealed(Unsealed.BROKEN) from None
    except HTTPException as error:
        if error.status_code == TOO_LARGE:
            raise NotSealed(Unsealed.LARGE) from None
        raise
    return await run_in_threadpool(form.sealed)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise Stale  # no form of ours
    return options[b"boundary"]


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of at least PIECE bytes, but for the last."""
    waiting = bytearray()
    async for data in request.stream():
        waiting += data
        if len(waiting) >= PIECE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


class _Form:
    """The parts of a form as they come."""

    def __init__(self, call: Call, sealer: Sealer) -> None:
        self._call = call
        self._sealer = sealer
        self._fields: list[tuple[str, str | UploadFile]] = []
        self._measuring: Measuring | None = None
        self._is_whole = False
        self._is_in_file = False
        self._name, self._data = "", bytearray()
        self._heading, self._header, self._disposition = bytearray(), bytearray(), b""

    @property
    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._take_heading,
            "on_header_value": self._take_header,
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_data,
            "on_part_data": self._take,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def sealed(self) -> SealDone:
        """Seal the file of the whole form. Raises NotSealed, Refused."""
        call, sealer = self._call, self._sealer
        if not self._is_whole:
            raise NotSealed(Unsealed.BROKEN)
        if self._measuring is None:
            call.check_token(sealer.of)
            raise NotSealed(Unsealed.NO_FILE)
        how, to = call.text(HOW, LINE_MAX), call.text(TO, LINE_MAX)
        return sealer.seal(self._measuring.end(), call.now, how, to)

    # --- what the parser calls -------------------------------------------------------------------

    def _begin(self) -> None:
        self._disposition = b""

    def _take_heading(self, data: bytes, start: int, end: int) -> None:
        self._heading += data[start:end]

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _end_header(self) -> None:
        if self._heading.lower() == b"content-disposition":
            self._disposition = bytes(self._header)
        self._heading.clear()
        self._header.clear()

    def _begin_data(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode(errors="replace")
        file = options.get(b"filename", b"").decode(errors="replace")
        self._is_in_file = bool(file)
        self._data.clear()
        if not self._is_in_file:
            return
        if self._measuring is not None or self._name != FILE:
            raise NotSealed(Unsealed.BROKEN)
        self._call.check_token(self._sealer.of)  # before any of it is taken
        self._measuring = self._call.services.sealing.measuring(file, self._call.now)

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._is_in_file and self._measuring is not None:
            self._measuring.take(data[start:end])
            return
        self._data += data[start:end]
        if len(self._data) > FIELD_BYTES_MAX:
            raise NotSealed(Unsealed.BROKEN)

    def _end(self) -> None:
        if self._is_in_file:
            return
        if len(self._fields) >= FIELDS_MAX:
            raise NotSealed(Unsealed.BROKEN)
        self._fields.append((self._name, self._data.decode(errors="replace")))
        self._call.form = FormData(self._fields)

    def _finish(self) -> None:
        self._is_whole = True
