"""The API's errors: one shape for every error anywhere.

Of a caller's texts, only names of fields are repeated, cut and in ASCII, so that making an error can't fail itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from worker.app.refused import Refused
from worker.storage.sql.errors import OF_DATABASE, passes

NOT_ALLOWED = 405
WRONG_SHOWN = 5
FIELD_SHOWN = 60
UNAVAILABLE_FOR_S = 5


class Code(StrEnum):
    """What went wrong, for programs to branch on."""

    UNREADABLE = "unreadable"
    UNAUTHENTICATED = "unauthenticated"
    SCOPE_MISSING = "scope_missing"
    FOREIGN = "foreign"  # a browser says that another site sent it
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    INVALID = "invalid"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


class ErrorSaid(BaseModel):
    """What happened, and what helps."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    message: str
    remedy: str


class Error(BaseModel):
    """Every answer that is not a success."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorSaid


class Problem(Exception):
    """An answer that is not a success."""

    def __init__(
        self, status: int, code: Code, message: str, remedy: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
        self.headers = headers


def not_found(what: str, remedy: str) -> Problem:
    """The problem that there is no such thing."""
    return Problem(404, Code.NOT_FOUND, what, remedy)


def _header(text: str, of: str) -> dict[str, Any]:
    return {"description": text, "required": True, "schema": {"type": of}}


_WAIT = {"Retry-After": _header("Seconds to wait.", "integer")}
_CHALLENGE = {"WWW-Authenticate": _header("`Bearer`.", "string")}
_DECLARED: Mapping[int, tuple[str, Mapping[str, Any]]] = {
    400: ("The body can't be read.", {}),
    401: ("No token, or one that opens nothing.", _CHALLENGE),
    403: ("The token lacks the scope.", _CHALLENGE),
    404: ("There is no such thing.", {}),
    409: ("It can't be done as things stand.", {}),
    413: ("The body is too long.", {}),
    422: ("A parameter or the body is not what it should be.", {}),
    429: ("Too many wrong tokens from this address.", _WAIT),
    503: ("The database can't be reached.", _WAIT),
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Error, "description": text, **({"headers": dict(headers)} if headers else {})}
    for status, (text, headers) in _DECLARED.items()
}


def handle_errors(app: FastAPI) -> None:
    """Give every error of this application the one shape."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, answer_http)
    for of_database in OF_DATABASE:
        app.add_exception_handler(of_database, _unavailable)
    app.add_exception_handler(Exception, _failed)


def answer(
    status: int, code: Code, message: str, remedy: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error in the one shape."""
    said = {"error": {"code": code.value, "message": message, "remedy": remedy}}
    return JSONResponse(said, status, headers)


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    problem = cast("Problem", error)
    return answer(problem.status, problem.code, problem.message, problem.remedy, problem.headers)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    return answer(409, Code.REFUSED, str(error), "Look at it again: it may have changed since.")


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    wrong = cast("RequestValidationError", error).errors()
    if any(one.get("type") == "json_invalid" for one in wrong):
        return answer(400, *_HTTP[400])
    told = "; ".join(f"{_place(one['loc'])}: {_ascii(one['msg'])}" for one in wrong[:WRONG_SHOWN])
    remedy = "Send what /api/v1/openapi.json declares, in JSON with its Content-Type."
    return answer(422, Code.INVALID, told, remedy)


def _place(parts: Sequence[Any]) -> str:
    return ".".join(_ascii(str(part))[:FIELD_SHOWN] for part in parts)


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


_HTTP: Mapping[int, tuple[Code, str, str]] = {
    400: (Code.UNREADABLE, "The body can't be read.", "Send JSON in UTF-8, of less than 128 KiB."),
    404: (Code.NOT_FOUND, "There is no such address.", "/api/v1/openapi.json has them all."),
    405: (
        Code.METHOD_NOT_ALLOWED,
        "This address has no such method.",
        "The header Allow names those it has.",
    ),
    413: (Code.TOO_LARGE, "The body is too long.", "Send less than 128 KiB."),
}


async def answer_http(request: Request, error: Exception) -> JSONResponse:
    """The answer to an address or a method that there is not, or to a body that can't be received."""
    raised = cast("HTTPException", error)
    headers = (
        {"Allow": allowed} if raised.status_code == NOT_ALLOWED and (allowed := _allowed(request)) else {}
    )
    code, message, remedy = _HTTP.get(raised.status_code, (Code.FAILED, str(raised.detail), "See the log."))
    return answer(raised.status_code, code, message, remedy, {**(raised.headers or {}), **headers})


def _allowed(request: Request) -> str:
    """Every method of an address without parts to fill in; the router names those of its first route alone."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return ", ".join(sorted(name.upper() for name in request.app.openapi()["paths"].get(path, ())))


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    """The answer if the database fails for a while, without its own text, which may have its address."""
    if not passes(error):
        raise error
    request.app.state.parts.services.note_outage(error)
    headers = {"Retry-After": str(UNAVAILABLE_FOR_S)}
    message, remedy = "The database can't be reached just now.", "Try again; if it lasts, see the desk's log."
    return answer(503, Code.UNAVAILABLE, message, remedy, headers)


async def _failed(_request: Request, _error: Exception) -> JSONResponse:
    return answer(500, Code.FAILED, "This should not have happened.", "The desk's log says more.")
