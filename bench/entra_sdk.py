"""The peer: Microsoft's msgraph-sdk reads /users/delta in a process of its own, and keeps nobody.

    python -m bench.entra_sdk < where.json      to the delta's end, or to `peer_max` people

It is given its token, and speaks without the SDK's middleware. Imports don't count; since the SDK makes most of them
while it reads, a page is read before the clock starts.
"""

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from importlib import import_module
from typing import Any

from bench.measure import peak_mib, timed

warnings.simplefilter("ignore", DeprecationWarning)  # its own packages warn of one another
# By name: the type checker would follow an import statement into thousands of generated files
httpx: Any = import_module("httpx")
msgraph: Any = import_module("msgraph")
authentication: Any = import_module("kiota_abstractions.authentication.authentication_provider")
configuration: Any = import_module("kiota_abstractions.base_request_configuration")
delta: Any = import_module("msgraph.generated.users.delta.delta_request_builder").DeltaRequestBuilder


async def entries(where: dict[str, Any]) -> int:
    class Bearer(authentication.AuthenticationProvider):  # type: ignore[misc]
        async def authenticate_request(self, request: Any, _: Any = None) -> None:
            request.headers.try_add("Authorization", f"Bearer {where['token']}")

    async with httpx.AsyncClient(trust_env=False) as http:
        adapter = msgraph.GraphRequestAdapter(Bearer(), client=http)
        adapter.base_url = where["graph_url"] + "/v1.0"
        users = msgraph.GraphServiceClient(request_adapter=adapter).users
        query = delta.DeltaRequestBuilderGetQueryParameters(select=where["select"])
        page = await users.delta.get(configuration.RequestConfiguration(query_parameters=query))
        told = len(page.value)
        while told < where["peer_max"] and not page.odata_delta_link:
            page = await users.delta.with_url(page.odata_next_link).get()
            told += len(page.value)
    return told


def main() -> None:
    where = json.load(sys.stdin)
    asyncio.run(entries({**where, "peer_max": 1}))
    told, found = timed(lambda: asyncio.run(entries(where)))
    print(json.dumps({**found, "entries": told, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
