"""Files that the desk makes: each is written whole, so that a fault is still an error page, and then sent in pieces."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import IO, BinaryIO, cast

from starlette.responses import StreamingResponse

SPOOL_MAX = 4 << 20  # bytes in memory; more goes to a temporary file
CHUNK = 1 << 16


def download(write: Callable[[BinaryIO], object], name: str, media_type: str) -> StreamingResponse:
    """A file of this name, which `write` writes."""
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_MAX)  # noqa: SIM115  closed when it was sent
    try:
        write(cast("BinaryIO", file))
    except BaseException:
        file.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(file), media_type=media_type, headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece
