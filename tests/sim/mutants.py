"""All deliberately broken variants of the worker, at least one for each invariant: each proves that it can fail.

They are in files by what they break. Those of `sim.tracker_mutants` and `sim.escalation_mutants` need other worlds:
there are lists of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.control_mutants import CONTROL_MUTANTS
from sim.proof_mutants import PROOF_MUTANTS
from sim.removal_mutants import REMOVAL_MUTANTS
from sim.telling_mutants import TELLING_MUTANTS

NEITHER: Mapping[str, Any] = {"controls": {}, "trackers": []}

MUTANTS = (*REMOVAL_MUTANTS, *PROOF_MUTANTS, *TELLING_MUTANTS, *CONTROL_MUTANTS)
