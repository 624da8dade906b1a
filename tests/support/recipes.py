"""The recipes of the manual that are programs, as modules."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

BRIDGE = Path(__file__).parents[2] / "docs" / "recipes" / "roundup_bridge.py"
_SPEC = importlib.util.spec_from_file_location("roundup_bridge", BRIDGE)
assert _SPEC is not None
assert _SPEC.loader is not None
bridge: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(bridge)
