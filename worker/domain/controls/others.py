"""Controls that are not of groups: other parts of the worker find them, and reports show them beside the rest."""

from __future__ import annotations

from worker.domain.controls.control import Control
from worker.domain.controls.statements import Statement
from worker.domain.text.tongue import N_

LEAVER = Control(
    "people.leaver",
    N_("Whoever left is out of the groups"),
    ("S10",),
    N_("that nobody keeps what was written before they were removed"),
)
JOINER = Control(
    "people.joiner",
    N_("Whoever joined is in the groups"),
    ("S9",),
    N_("that they read what was written before"),
)
ACCOUNTABLE = Control(
    "people.accountable", N_("Somebody answers for all admins"), ("S11",), N_("that they look at it")
)
CONVERSATIONS = Control(
    "leaving.conversations",
    N_("Work conversations are reviewed before somebody leaves"),
    ("S20",),
    N_("what was written in private chats, or was deleted"),
)
SOURCES = Control(
    "watch.sources",
    N_("Sources keep to the terms of their messengers"),
    ("S30",),
    N_("that a messenger tolerates how it is read"),
)
POLICY = Control(
    "people.policy",
    N_("People have accepted the policies"),
    ("S7", "S13", "S27", "S28", "S29"),
    N_("that they are understood or obeyed"),
)
DUTIES = Control(
    "group.duties", N_("Admins have accepted their duties"), ("S4", "S26"), N_("that they do them")
)
TRAINING = Control(
    "people.training", N_("People have done the training"), ("S14",), N_("that something was learned")
)
DEVICE = Control(
    "people.device",
    N_("People have secured their phones"),
    ("S16", "S17"),
    N_("the setting itself, unless the device management says so"),
)
CENSUS = Control(
    "group.census",
    N_("Managers have said which work groups there are"),
    ("S23",),
    N_("that there is no group that nobody names"),
)
CONSENT = Control(
    "people.consent",
    N_("Private numbers are shown to groups with consent alone"),
    ("S9",),
    N_("that the consent was free"),
)
REPORTS = Control(
    "content.report",
    N_("Whoever sees a bad message can report it, and it is looked after"),
    ("S8",),
    N_("that no copy is left"),
)
ADVISORIES = Control(
    "watch.advisories",
    N_("Messengers have no open vulnerability"),
    ("S21", "S31"),
    N_("that phones have the version that repairs it"),
)
PROVIDER = Control(
    "watch.provider",
    N_("The providers of messengers are agreed with"),
    ("S30",),
    N_("that the contract is enough"),
)
CONTROL_OF = {
    Statement.POLICY: POLICY.id,
    Statement.DUTIES: DUTIES.id,
    Statement.TRAINING: TRAINING.id,
    Statement.DEVICE: DEVICE.id,
    Statement.CENSUS: CENSUS.id,
    Statement.CONSENT: CONSENT.id,
    Statement.UPDATE: ADVISORIES.id,
    Statement.PROVIDER: PROVIDER.id,
}
STATEMENT_CONTROLS = frozenset(CONTROL_OF.values())
MESSENGER_CONTROLS = frozenset({ADVISORIES.id, PROVIDER.id})  # of messengers, and people answer for them
