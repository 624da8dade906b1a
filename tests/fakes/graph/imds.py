"""The endpoint of Azure's virtual machines that hands out tokens of a managed identity (IMDS), on loopback.

It answers as Microsoft's page "How to use managed identities … to acquire an access token" says (read 2026-11). A
client finds it by AZURE_POD_IDENTITY_AUTHORITY_HOST.
"""

from __future__ import annotations

from datetime import timedelta

from fakes.graph.faults import Faults
from fakes.graph.http import LoopbackServer, Reply, Request
from fakes.graph.shapes import encode
from fakes.graph.tokens import CLIENT_ID, TokenServer

PATH = "/metadata/identity/oauth2/token"


class Imds(LoopbackServer):
    """Gives out the tokens of `tokens` to a machine with these identities (client ids; None: its own)."""

    def __init__(self, tokens: TokenServer) -> None:
        super().__init__()
        self.faults = Faults()
        self.identities: set[str | None] = {None, CLIENT_ID}
        self._tokens = tokens

    def answer(self, request: Request) -> Reply:
        fault = self.faults.take(request)
        if fault and fault.status:
            error = {"error": fault.code or "unavailable", "error_description": fault.message}
            return fault.spoil(Reply(fault.status, encode(error) if fault.body is None else fault.body))
        reply = self._answer(request)
        return fault.spoil(reply) if fault else reply

    def _answer(self, request: Request) -> Reply:
        if request.path != PATH or request.method != "GET":
            return Reply(404, encode({"error": "not_found", "error_description": "No such endpoint."}))
        if request.headers.get("metadata", "").lower() != "true" or "x-forwarded-for" in request.headers:
            return _refused("invalid_request", "Required metadata header not specified")
        if "api-version" not in request.query:
            return _refused("invalid_request", "Required query variable 'api-version' is missing")
        resource = request.query.get("resource", "").rstrip("/")
        if resource not in self._tokens.graphs:
            return _refused(
                "invalid_resource", f"AADSTS500011: The resource principal named {resource} was not found"
            )
        client_id = request.query.get("client_id")
        if client_id not in self.identities:
            return _refused("invalid_request", "Identity not found")
        app = self._tokens.apps[client_id or CLIENT_ID]
        token = self._tokens.mint(*app.roles, how="managed", client_id=app.client_id)
        life = self._tokens.lifetime_s
        ends = self._tokens.clock() + timedelta(seconds=life)
        body = {
            "access_token": token,
            "client_id": app.client_id,
            "expires_in": str(life),  # a text, as the real one says it
            "expires_on": str(int(ends.timestamp())),
            "resource": resource,
            "token_type": "Bearer",
        }
        return Reply(body=encode(body))


def _refused(error: str, words: str) -> Reply:
    return Reply(400, encode({"error": error, "error_description": words}))
