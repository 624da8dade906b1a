"""The files of the demo: its folder, the exports, the register, the configuration and its texts.

A folder with anything other than an earlier demo is refused; an earlier demo is replaced.
"""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from pathlib import Path

from worker.demo.hospital import Employee, Hospital
from worker.demo.texts import POLICY, RULES, TEXTS
from worker.demo.units import LIVE, WARDS
from worker.running.wiring import write_rosters

EXPORT = re.compile(r"people-\d{4}-\d\d-\d\d\.csv")
CONFIG, REGISTER, DATABASE, PEOPLE = "whosleft.yaml", "groups.xlsx", "whosleft.db", "people"
KEY = "gateway.key"
MARK = "# Written by `whosleft demo`"
_OURS = {CONFIG, REGISTER, KEY, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", PEOPLE, *TEXTS}
_COLUMNS = (
    "ObjectGUID", "SamAccountName", "UserPrincipalName", "DisplayName", "mail", "mobile", "Department",
    "Title", "Office", "Manager", "EmployeeID", "Enabled", "AccountExpirationDate", "lastDay",
    "DistinguishedName",
)  # fmt: skip


class NotOurs(Exception):
    """The folder has something that the demo did not write."""


class DemoFolder:
    """The folder of the demo, which writes nothing outside of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / CONFIG

    def prepare(self, gateway: str) -> None:
        """Make the folder, or empty it of an earlier demo. `gateway`: its host:port. Raises NotOurs, OSError."""
        if self.path.exists() or self.path.is_symlink():
            self._refuse_strangers()
            for old in sorted(self._old_files()):
                old.unlink()
        (self.path / PEOPLE).mkdir(parents=True, exist_ok=True)
        (self.path / KEY).write_text("any key will do\n", encoding="utf-8")
        for name, text in TEXTS.items():
            (self.path / name).write_text(text, encoding="utf-8")
        self.config.write_text(_configuration(gateway), encoding="utf-8")

    def _refuse_strangers(self) -> None:
        if not self.path.is_dir() or self.path.is_symlink():
            raise NotOurs(f"{self.path} is not a folder. Choose another one: --dir FOLDER.")
        names = {entry.name for entry in self.path.iterdir()}
        strange = sorted(names - _OURS) + [f"{PEOPLE}/{name}" for name in self._strange_exports()]
        if strange or (names and not self._is_marked()):
            first = strange[0] if strange else min(names)
            raise NotOurs(
                f"{self.path} holds {first}, which the demo did not write, so nothing was changed. "
                "Choose another folder: --dir FOLDER."
            )

    def _is_marked(self) -> bool:
        return self.config.is_file() and self.config.read_text(encoding="utf-8", errors="replace").startswith(
            MARK
        )

    def _strange_exports(self) -> list[str]:
        exports = self.path / PEOPLE
        if not exports.exists():
            return []
        if not exports.is_dir() or exports.is_symlink():
            return [""]
        return sorted(entry.name for entry in exports.iterdir() if not EXPORT.fullmatch(entry.name))

    def _old_files(self) -> list[Path]:
        return [*(self.path / PEOPLE).glob("people-*.csv"), *(p for p in self.path.iterdir() if p.is_file())]

    def write_export(self, hospital: Hospital, on: date) -> None:
        """Write the directory's export of one day."""
        self._write_export(on, [employee for employee in hospital.people if employee.is_listed])

    def write_empty_export(self, on: date) -> None:
        """Write the export of a lost connection: a header without people."""
        self._write_export(on, [])

    def _write_export(self, on: date, people: list[Employee]) -> None:
        path = self.path / PEOPLE / f"people-{on:%Y-%m-%d}.csv"
        beside = path.with_suffix(".tmp")
        with beside.open("w", encoding="utf-8-sig", newline="") as text:
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow(_COLUMNS)
            writer.writerows(map(_row, people))
        beside.replace(path)

    def write_register(self, hospital: Hospital, taken_at: datetime) -> None:
        """Write the register as the ward clerks keep it."""
        write_rosters("register", self.path / REGISTER, hospital.rosters(taken_at), taken_at)


def _row(person: Employee) -> list[str]:
    mobile = f"0{person.mobile.removeprefix('+44')}"
    return [
        person.guid, person.account[:20], f"{person.account}@corp.example", person.name, person.email,
        f"{mobile[:5]} {mobile[5:]}", person.department, person.title, person.office,
        _dn(person.manager) if person.manager else "", person.employee_id, str(person.is_enabled),
        f"{person.expires_on} 00:00" if person.expires_on else "", str(person.last_day or ""), _dn(person),
    ]  # fmt: skip


def _dn(person: Employee) -> str:
    return f"CN={person.name} {person.employee_id},{person.ou}"


_FIRST = f"when: {{groups: [{', '.join(LIVE)}]}}"
_CONTROLS = f"""\
controls:                         # beyond leavers: most of it is only reported, and nobody is asked
  register: {{required: [owner_email, purpose]}}
  admins:   {{min: 2, max: 4}}
  dormant:  {{after: 180d}}
  review:   {{every: 90d, sensitive_every: 30d}}
  classes:
    - {{name: patient, groups: ["Ward * days", "Ward * nights"], messengers: [teams], move_to: teams}}
  reports:  {{}}                    # a form for bad messages
  profile:                        # these three ask people, the first two in a few groups
    mode: ticket
    {_FIRST}
    description: {{texts: {{en: {RULES}}}}}
  policies:
    - id: rules-for-admins
      version: "1"
      mode: ticket
      {_FIRST}
      texts: {{en: {POLICY}}}
      who: admins
  leaving:  {{mode: ticket, hand_over: {{lead: 14d}}}}
escalation:
  policies:
    - name: controls              # they can wait longer than leavers
      when: {{kinds: [fix_profile, attest]}}
      steps:
        - {{after: 50%, to: [assignee]}}
        - {{after: due, to: [assignee, accountable]}}
"""


def _configuration(gateway: str) -> str:
    rules = "\n".join(
        f'  - {{when: {{department: Nursing, office: {ward}}}, groups: ["{ward} announcements"]}}'
        for ward in WARDS
    )
    return f"""\
{MARK}, for an invented hospital. Look around with it:
#   whosleft tickets list -c FILE --all

organisation: {{name: "St Mary's (invented)", default_region: GB, timezone: Europe/London, language: en}}
desk: {{listen: "127.0.0.1:0"}}
database:     {{url: "sqlite:///{DATABASE}"}}
directories:
  - name: corp
    kind: file
    path: {PEOPLE}                # a folder: one Active Directory export a day
    stale_after: 36h
    attributes: {{leave_date: lastDay}}
inventories:
  - {{name: wards, kind: register, path: {REGISTER}, messenger: whatsapp}}
  - name: phones                  # a linked phone; the demo plays its gateway while it runs
    kind: waha
    url: "http://{gateway}"
    api_key: "${{file:{KEY}}}"
    accept_terms_risk: true       # linking a phone breaks WhatsApp's terms; this one is invented
    requests_per_minute: 6000     # four weeks pass in seconds here; a real phone gets 30
groups:       {{sensitive: ["IT on call"]}}
joiners:                          # who belongs where
{rules}
tickets:      {{due: {{default: 24h, sensitive: 4h}}, accountable: "it-security@corp.example"}}
{_CONTROLS}\
notify:
  - {{name: terminal, kind: console}}
"""
