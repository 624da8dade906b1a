"""The hospital's units with their groups, and the people of the story.

Data only. A person of the story is in the groups named here, and in no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.domain.model import Role

WARDS = tuple(f"Ward {number}" for number in range(1, 9))
_M, _A, _C = Role.MEMBER, Role.ADMIN, Role.CREATOR


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit. `groups`: name, size, and whether the group is for everybody in the unit."""

    name: str
    department: str
    size: int
    titles: tuple[str, ...]
    groups: tuple[tuple[str, int, bool], ...]
    manager_title: str

    @property
    def ou(self) -> str:
        return f"OU={self.department},OU=People,DC=corp,DC=example"

    @property
    def office(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class UnitPart:
    """A person of the story; `groups` are their groups with their role."""

    name: str
    unit: str
    title: str
    groups: Mapping[str, Role] = field(default_factory=dict)
    is_sole_admin_of: str = ""
    has_left: bool = False


_NURSES = ("Staff nurse", "Healthcare assistant", "Staff nurse", "Sister", "Student nurse", "Staff nurse")


def _ward(name: str) -> Unit:
    groups = ((f"{name} days", 13, False), (f"{name} nights", 11, False), (f"{name} announcements", 24, True))
    return Unit(name, "Nursing", 24, _NURSES, groups, "Ward manager")


UNITS = (
    *(_ward(name) for name in WARDS),
    Unit("Theatres", "Theatres", 26, ("Theatre nurse", "Anaesthetist", "Technician"),
         (("Theatres team", 26, True), ("Theatres on call", 9, False)), "Theatre manager"),
    Unit("Pharmacy", "Pharmacy", 18, ("Pharmacist", "Technician"),
         (("Pharmacy team", 18, True), ("Pharmacy on call", 6, False)), "Chief pharmacist"),
    Unit("Radiology", "Radiology", 18, ("Radiographer", "Radiologist"),
         (("Radiology team", 18, True), ("Radiology nights", 8, False)), "Head of radiology"),
    Unit("Emergency", "Emergency", 36, ("Staff nurse", "Registrar", "Paramedic"),
         (("Emergency nurses", 20, False), ("Emergency doctors", 16, False)), "Matron"),
    Unit("Maternity", "Maternity", 22, ("Midwife", "Maternity assistant"),
         (("Maternity team", 22, True), ("Maternity on call", 8, False)), "Head of midwifery"),
    Unit("Porters", "Porters", 20, ("Porter",),
         (("Porters days", 12, False), ("Porters nights", 9, False)), "Portering manager"),
    Unit("Catering", "Catering", 45, ("Cook", "Catering assistant"),
         (("Catering kitchen", 45, True),), "Catering manager"),
    Unit("Reception", "Reception", 14, ("Receptionist",),
         (("Reception desk", 11, False),), "Reception manager"),
    Unit("IT", "IT", 10, ("Engineer", "Analyst"),
         (("IT team", 10, True), ("IT on call", 6, False)), "Head of IT"),
)  # fmt: skip

LIVE = (
    "Emergency nurses",
    "Emergency doctors",
    "IT on call",
)  # the groups with the linked phone, as an admin
SECURITY = "Margaret Obi"
AGENCY_DESK = (
    "Bianca Ferretti", "Desmond Clarke", "Hye-jin Park", "Lorna Tait", "Mustafa Yildiz", "Tessa van Dijk",
)  # fmt: skip

CAST = (
    UnitPart(SECURITY, "IT", "Security lead"),
    UnitPart("Pauline Archer", "Ward 1", "Staff nurse", {"Ward 1 days": _M, "Ward 1 announcements": _M},
         has_left=True),
    UnitPart("Priya Nair", "Ward 1", "Staff nurse", {"Ward 1 days": _M, "Ward 1 announcements": _M}),
    UnitPart("Siobhan Murphy", "Ward 2", "Staff nurse", {"Ward 2 days": _M, "Ward 2 announcements": _M}),
    UnitPart("Tomasz Zielinski", "Ward 3", "Staff nurse", {"Ward 3 announcements": _M}),
    UnitPart("Kenji Mori", "Ward 3", "Staff nurse", {"Ward 3 days": _M, "Ward 3 announcements": _M}),
    UnitPart("Fatou Diop", "Ward 4", "Healthcare assistant", {"Ward 4 announcements": _M}),
    UnitPart("Olga Petrova", "Ward 6", "Staff nurse", {"Ward 6 days": _M, "Ward 6 announcements": _M}),
    UnitPart("Amina Yusuf", "Ward 7", "Sister",
         {"Ward 7 days": _M, "Ward 7 nights": _A, "Ward 7 announcements": _M},
         is_sole_admin_of="Ward 7 nights"),
    UnitPart("Yusra Haddad", "Ward 8", "Staff nurse", {"Ward 8 nights": _M, "Ward 8 announcements": _M}),
    UnitPart("Hannah Price", "Theatres", "Anaesthetist", {"Theatres team": _M, "Theatres on call": _C}),
    UnitPart("Ewan Fraser", "Pharmacy", "Pharmacist", {"Pharmacy team": _M, "Pharmacy on call": _M}),
    UnitPart("Rashid Karimi", "Radiology", "Radiographer", {"Radiology team": _M}, has_left=True),
    UnitPart("Li Na Chen", "Radiology", "Radiographer", {"Radiology team": _M, "Radiology nights": _A},
         is_sole_admin_of="Radiology nights"),
    UnitPart("Megan Lloyd", "Emergency", "Staff nurse", {"Emergency nurses": _M}, has_left=True),
    UnitPart("Peter Novak", "Emergency", "Registrar", {"Emergency doctors": _M}),
    UnitPart("Gareth Pugh", "Maternity", "Maternity assistant", {"Maternity team": _M}),
    UnitPart("Beatriz Duarte", "Maternity", "Midwife", {"Maternity team": _M, "Maternity on call": _A},
         is_sole_admin_of="Maternity on call"),
    UnitPart("Joseph Adeyemi", "Porters", "Porter", {"Porters nights": _M}),
    *(UnitPart(name, "Reception", "Agency receptionist", {"Reception desk": _M}) for name in AGENCY_DESK),
    UnitPart("Marcus Webb", "IT", "Engineer", {"IT on call": _M}),
)  # fmt: skip
