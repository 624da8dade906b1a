"""Sign-in at a fake Entra ID that fails, and sign-in through a proxy."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.graph.setup import Lab
from fakes.graph.tokens import SECRET
from fakes.graph.tunnel import Tunnel
from worker.ports import ConnectorError


def failure(lab: Lab, **changes: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        lab.tokens(**changes).get()
    assert SECRET not in str(caught.value)
    return caught.value


def through(tunnel: Tunnel, patch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "http_proxy", "https_proxy"):
        patch.delenv(name, raising=False)
    patch.setenv("HTTPS_PROXY", tunnel.url)
