"""The desk as one ASGI application: every route, and the layers around all of them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from worker.desk import good_group
from worker.desk.api.app import api_app
from worker.desk.api.errors import UNAVAILABLE_FOR_S, answer_http
from worker.desk.assignee import WRONG_MAX, WRONG_WITHIN, AssigneePages
from worker.desk.calls import call_of, choose_language, error_page, route
from worker.desk.census import CensusPages
from worker.desk.console.frame import NOT_FOUND, lost
from worker.desk.console.routes import routes
from worker.desk.declared import GroupPages
from worker.desk.guarding import API, Attempts, Guarded
from worker.desk.handovers import HandoverPages
from worker.desk.pages import STATIC, asset
from worker.desk.reporting import ReportPages
from worker.desk.sealing import SealUploads
from worker.desk.services import Services
from worker.desk.sessions import SignInPages
from worker.desk.uploads import Receiving, Uploads
from worker.storage.sql.errors import OF_DATABASE, passes

NAME_MAX = 200  # of a static file; for a much longer name, the system refuses to look for the file
FOREVER = "public, max-age=31536000, immutable"
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
}


def desk_app(services: Services) -> Starlette:
    """The application over these use cases."""
    receiving = Receiving()
    sealed = SealUploads(receiving)
    every = [
        *AssigneePages(_attempts(services), sealed).routes(),
        *GroupPages(_attempts(services), Uploads(receiving)).routes(),
        *HandoverPages(_attempts(services)).routes(),
        *ReportPages(_attempts(services)).routes(),
        *CensusPages(_attempts(services)).routes(),
        *good_group.routes(),
        *SignInPages(_attempts(services)).routes(),
        *routes(sealed),
        route("/language", choose_language),
        Mount("/api/v1", app=api_app(services, _attempts(services)), name="api"),
        Route("/static/{name:path}", _static, name="static"),
    ]
    app = Starlette(
        routes=every,
        middleware=[
            Middleware(Guarded, services=services),
            Middleware(GZipMiddleware, minimum_size=800),
        ],
        exception_handlers=dict.fromkeys((HTTPException, ClientDisconnect, Exception), _error_page)
        | dict.fromkeys(OF_DATABASE, _database_page),
    )
    app.router.redirect_slashes = False  # Guarded does it, without naming the scheme of the last hop
    app.state.services = services
    return app


def _attempts(services: Services) -> Attempts:
    """A counter for one kind of secret; each kind has its own."""
    return Attempts(WRONG_MAX, WRONG_WITHIN, services.clock)


async def _static(request: Request) -> Response:
    """One of our static files, by its exact name."""
    name = request.path_params["name"]
    suffix = name.rpartition(".")[2]
    is_plain = all(part and not part.startswith(".") for part in name.split("/"))
    file = STATIC.joinpath(name)
    if len(name) > NAME_MAX or suffix not in TYPES or not is_plain or not file.is_file():
        raise HTTPException(404)
    # Pages of another release beside this one ask for their own files: ours must not be cached in their place
    is_asked_for = asset(name).endswith(f"?v={request.query_params.get('v')}")
    headers = {"Cache-Control": FOREVER if is_asked_for else "no-cache"}
    return Response(file.read_bytes(), media_type=TYPES[suffix], headers=headers)


def _lost(request: Request) -> Response | None:
    return lost(call_of(request, is_page=request.method == "GET"))


async def _error_page(request: Request, error: Exception) -> Response:
    """Say what went wrong, in the reader's language; details of our own errors are only in the log."""
    headers: Mapping[str, str] | None = None
    if isinstance(error, HTTPException):
        if request.url.path.startswith(API):  # beside its addresses, such as one of another version
            return await answer_http(request, error)
        status, headers = error.status_code, error.headers
        try:
            if status == NOT_FOUND and (page := await run_in_threadpool(_lost, request)):
                return page
        except OF_DATABASE as unreachable:  # no other handler is asked for an error of this one
            return await _database_page(request, unreachable)
    elif isinstance(error, ClientDisconnect):  # nobody is there to read it
        status = 400
    else:
        status = 500
    return error_page(request, request.app.state.services, status, headers)


async def _database_page(request: Request, error: Exception) -> Response:
    """Ask the reader to try again, if that may help; any other error of the database is one of ours."""
    if not passes(error):
        raise error
    services: Services = request.app.state.services
    services.note_outage(error)
    is_cut = isinstance(error, DBAPIError) and error.connection_invalidated  # as may be after a commit
    is_unclear = is_cut and request.method != "GET"
    return error_page(request, services, 503, {"Retry-After": str(UNAVAILABLE_FOR_S)}, is_unclear=is_unclear)
