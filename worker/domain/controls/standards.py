"""Which clauses of which standards a control supports. It never meets one: a chat membership is not an account there.

ISO/IEC 27001:2022 Annex A by its titles, from secondary sources; NIST SP 800-53 r5 from its own catalogue; HIPAA from
45 CFR 164.308; the others as named. All read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ISO, NIST, HIPAA, ESSENTIALS, CIS, ICO, GDPR = (
    "iso27001",
    "nist80053",
    "hipaa",
    "cyber_essentials",
    "cis8",
    "ico",
    "gdpr",
)


class Confidence(StrEnum):
    """How sure it is that a clause is about this."""

    HIGH = "high"  # by the standard's own text
    MEDIUM = "medium"  # by secondary sources


@dataclass(frozen=True, slots=True)
class Support:
    """One clause that a control supports."""

    framework: str
    clause: str
    confidence: Confidence


_HIGH, _MEDIUM = Confidence.HIGH, Confidence.MEDIUM
_LEAVING = ("people.leaver", "leaving.hand_over")
_KNOWING = ("group.registered", "group.complete", "group.census", "group.roster_fresh")
_RIGHTS = ("group.review", "group.admins_few", "group.admins_many", "group.admins_fit")
_RULES = ("people.policy", "group.duties")
_DEVICES = ("people.device", "watch.advisories")
_PLACES = ("group.class_fits", "watch.provider")
_MAP = (
    (_LEAVING, ISO, ("5.11", "5.16", "5.18", "6.5"), _MEDIUM),
    (_LEAVING, NIST, ("PS-4 a c e", "PS-5", "AC-2 h l", "AC-2(3)"), _HIGH),
    (_LEAVING, HIPAA, ("164.308(a)(3)(ii)(C)",), _HIGH),
    (_LEAVING, ICO, ("accountability: access control",), _HIGH),
    (_LEAVING, ESSENTIALS, ("user access control",), _MEDIUM),
    (_LEAVING, CIS, ("6.2",), _MEDIUM),
    (_KNOWING, ISO, ("5.9",), _MEDIUM),
    (_KNOWING, NIST, ("AC-2 d", "CM-8 b"), _MEDIUM),
    (_RIGHTS, ISO, ("5.15", "5.18", "8.2"), _MEDIUM),
    (_RIGHTS, NIST, ("AC-2 b c j", "AC-6(7)"), _HIGH),
    (_RIGHTS, HIPAA, ("164.308(a)(4)(ii)(C)",), _MEDIUM),
    (_RIGHTS, ICO, ("accountability: sample of starters, movers and leavers",), _HIGH),
    (("profile.join",), ISO, ("5.18",), _MEDIUM),
    (("profile.join",), NIST, ("AC-2 k",), _MEDIUM),
    (_RULES, ISO, ("5.1", "5.2", "5.10", "6.4"), _MEDIUM),
    (_RULES, NIST, ("PL-4 b d", "PS-6 c", "PS-8"), _HIGH),
    (_RULES, HIPAA, ("164.308(a)(1)(ii)(C)",), _MEDIUM),
    (("people.training",), ISO, ("6.3",), _MEDIUM),
    (("people.training",), NIST, ("AT-2", "AT-4"), _HIGH),
    (("people.training",), HIPAA, ("164.308(a)(5)(i)",), _MEDIUM),
    (_DEVICES, ISO, ("8.1", "8.8", "5.7"), _MEDIUM),
    (_DEVICES, NIST, ("AC-19", "SI-2 c", "SI-5 a c d"), _HIGH),
    (_DEVICES, ESSENTIALS, ("device locking", "14-day updates"), _MEDIUM),
    (("leaving.conversations",), ISO, ("5.28", "5.33", "5.34"), _MEDIUM),
    (("leaving.conversations",), NIST, ("AU-11",), _HIGH),
    (("content.report",), ISO, ("5.26", "6.8"), _MEDIUM),
    (("content.report",), NIST, ("IR-6",), _HIGH),
    (_PLACES, ISO, ("5.14", "5.23"), _MEDIUM),
    (_PLACES, NIST, ("SA-9",), _HIGH),
)
OF_ALL = (
    Support(HIPAA, "164.308(a)(1)(ii)(D)", _MEDIUM),
    Support(GDPR, "5(1)(c,e,f), 25, 32(1)(b,d)", _MEDIUM),
)
FRAMEWORKS = tuple(sorted({*(framework for _, framework, _, _ in _MAP), *(one.framework for one in OF_ALL)}))


def supported_by(control: str, framework: str | None = None) -> tuple[Support, ...]:
    """The clauses that a control supports, of all frameworks or of one."""
    own = (
        Support(name, clause, confidence)
        for controls, name, clauses, confidence in _MAP
        if control in controls
        for clause in clauses
    )
    return tuple(one for one in (*own, *OF_ALL) if framework in {None, one.framework})
