"""Controls that need no rule: other parts of the worker find them, and reports show them beside the rest."""

from __future__ import annotations

from worker.domain.controls.control import Control
from worker.domain.text.tongue import N_

LEAVER = Control("people.leaver", ("S10",), N_("that nobody keeps what was written before they were removed"))
JOINER = Control("people.joiner", ("S9",), N_("that they read what was written before"))
ACCOUNTABLE = Control("people.accountable", ("S11",), N_("that they look at it"))
HAND_OVER = Control("leaving.hand_over", ("S12",), N_("that the new admin knows the duties"))
SOURCES = Control("watch.sources", ("S30",), N_("that a messenger tolerates how it is read"))
POLICY = Control("people.policy", ("S7", "S13", "S27", "S28", "S29"), N_("that it is understood or obeyed"))
DUTIES = Control("group.duties", ("S4", "S26"), N_("that they do it"))
TRAINING = Control("people.training", ("S14",), N_("that something was learned"))
DEVICE = Control(
    "people.device", ("S16", "S17"), N_("the setting itself, unless the device management says so")
)
STATEMENT_CONTROLS = frozenset(one.id for one in (POLICY, DUTIES, TRAINING, DEVICE))
