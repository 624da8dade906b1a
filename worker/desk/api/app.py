"""The API as one application, to be mounted at `/api/v1`. It describes itself in `/api/v1/openapi.json`."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from worker.app.acts.access import Access
from worker.desk.api import (
    advisories,
    attestations,
    controls,
    groups,
    journal,
    links,
    messages,
    people,
    plans,
    reports,
    sources,
    tickets,
)
from worker.desk.api.errors import RESPONSES, handle_errors
from worker.desk.api.parts import Parts
from worker.desk.guarding import Attempts
from worker.desk.services import Services

ABOUT = (
    "What the command line does, for programs. Send a token of `whosleft desk token` as `Authorization: Bearer`; "
    "each address names the scope that it asks for. Lists go on at `after` = the `next` of the page before."
)


class Api(FastAPI):
    """Describes its shapes by the names that programs know them by: TicketShape is `Ticket`."""

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            document = json.loads(re.sub(r'Shape(?=[][_"])', "", json.dumps(super().openapi())))
            schemas = document["components"]["schemas"]
            document["components"]["schemas"] = {name: schemas[name] for name in sorted(schemas)}
            self.openapi_schema = document
        return self.openapi_schema


def api_app(services: Services, attempts: Attempts) -> FastAPI:
    """The application over these use cases. `attempts` counts wrong tokens by address.

    It has no documentation pages: FastAPI's load their scripts from elsewhere.
    """
    app = Api(
        title="Whosleft",
        description=ABOUT,
        version=version("whosleft"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=RESPONSES,
    )
    app.state.parts = Parts(services, Access(services.store), attempts)
    modules = (
        tickets,
        plans,
        people,
        groups,
        links,
        attestations,
        controls,
        reports,
        sources,
        messages,
        advisories,
        journal,
    )
    for module in modules:
        app.include_router(module.router)
    handle_errors(app)
    return app
