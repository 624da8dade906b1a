"""The story: what people and computers do on each day. Whosleft decides what follows.

A turn changes the hospital, or uses the desk as a person would. It returns a witness's sentence about it, or nothing
if the directory's next export shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from worker.demo.files import DemoFolder
from worker.demo.hospital import Employee, Hospital
from worker.demo.staff import Habit, Habits, Staff
from worker.demo.units import AGENCY_DESK, SECURITY, UNITS
from worker.demo.words import listed
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.reconcile.guard import Cohort, HeldPlan, HoldState
from worker.domain.tickets.ticket import TicketKind, ticket_label
from worker.running.app import App

FIRST_DAY = date(2026, 11, 2)
SWAPPING = 5  # nurses in a group of their own
CATERING = next(unit for unit in UNITS if unit.name == "Catering")


class Slot(Enum):
    """A time of the day at which something happens; (hour, minute), local."""

    NIGHT = (7, 0)  # before the day's export is written
    MORNING = (10, 40)
    AFTERNOON = (14, 20)
    EVENING = (18, 10)


@dataclass(slots=True)
class Scene:
    """The things that a turn may use."""

    app: App
    hospital: Hospital
    folder: DemoFolder
    staff: Staff
    now: datetime
    today: date
    is_export_lost: bool = False

    def who(self, name: str) -> Employee:
        return self.hospital.person(name)

    def held(self, *, of_controls: bool = False) -> HeldPlan:
        """The plan that waits for a decision: of people who left, or of what controls found."""
        with self.app.store.begin() as uow:
            held = [plan for plan in uow.episodes.plans() if plan.state is HoldState.HELD]
        return next(plan for plan in held if plan.is_of_controls is of_controls)

    def decide(self, plan: HeldPlan, cohorts: list[Cohort], reason: str, *, release: bool) -> HeldPlan:
        by = Actor(self.who(SECURITY).email)
        names = [cohort.id for cohort in cohorts]
        return self.app.approvals.decide(plan.id, names, by, reason, self.now, release=release)


Turn = Callable[[Scene], str]


# --- the directory ----------------------------------------------------------------------------------------


def disable(*names: str) -> Turn:
    def turn(scene: Scene) -> str:
        for name in names:
            scene.who(name).is_enabled = False
        return ""

    return turn


def enable(*names: str) -> Turn:
    def turn(scene: Scene) -> str:
        for name in names:
            scene.who(name).is_enabled = True
        return ""

    return turn


def delete(name: str) -> Turn:
    def turn(scene: Scene) -> str:
        scene.who(name).is_listed = False
        return ""

    return turn


def join(name: str, title: str, ward: str) -> Turn:
    """A new account; a person who was here before gets a second one, with their old employee id."""

    def turn(scene: Scene) -> str:
        unit = next(unit for unit in UNITS if unit.name == ward)
        before = next((e for e in scene.hospital.people if e.name == name), None)
        new = scene.hospital.hire(name, title, ou=unit.ou, department=unit.department, office=ward, of=before)
        new.manager = scene.hospital.manager_of(ward)
        return ""

    return turn


def move(name: str, ward: str) -> Turn:
    def turn(scene: Scene) -> str:
        scene.who(name).office = ward
        scene.who(name).manager = scene.hospital.manager_of(ward)
        return ""

    return turn


def set_last_day(name: str, on: date) -> Turn:
    def turn(scene: Scene) -> str:
        scene.who(name).last_day = on
        return ""

    return turn


def end_contracts(scene: Scene) -> str:
    for name in AGENCY_DESK:
        scene.who(name).expires_on = FIRST_DAY + timedelta(days=26)
    return "The contract with the reception agency ends; IT lets its accounts expire."


def lose_export(scene: Scene) -> str:
    scene.is_export_lost = True
    return "The export of the directory loses its connection, and writes a file that lists nobody."


def mend_export(scene: Scene) -> str:
    scene.folder.write_export(scene.hospital, scene.today - timedelta(days=1))
    return "IT mends the export, and writes yesterday's file again."


def run_the_wrong_script(scene: Scene) -> str:
    staff = scene.hospital.unit_of(CATERING.ou)
    for employee in staff:
        employee.is_enabled = False
    return (
        f"A clean-up script of IT takes the wrong unit, and disables all {len(staff)} accounts in Catering."
    )


def undo_the_script(scene: Scene) -> str:
    for employee in scene.hospital.unit_of(CATERING.ou):
        employee.is_enabled = True
    return "IT enables the accounts in Catering again."


# --- the groups -------------------------------------------------------------------------------------------


def new_number(group: str, name: str) -> Turn:
    def turn(scene: Scene) -> str:
        scene.hospital.add_number(group, name)
        return f"Somebody adds a new number to {group}; the register has it as {name}."

    return turn


def add_again(group: str, name: str) -> Turn:
    def turn(scene: Scene) -> str:
        scene.hospital.add(group, scene.who(name))
        return f"A colleague who has not heard adds {name} to {group} again."

    return turn


def change_number(name: str) -> Turn:
    def turn(scene: Scene) -> str:
        scene.hospital.change_number(name)
        return f"{name} has a new number. HR enters it, and WhatsApp takes it along; the register keeps the old one."

    return turn


def show_unregistered(group: str, guest: str) -> Turn:
    """A group of some of Emergency's nurses and a guest, which no register has, gets the linked phone."""

    def turn(scene: Scene) -> str:
        members = scene.hospital.groups["Emergency nurses"].members.values()
        creator, *nurses = [name for name, role in members if role is Role.MEMBER][:SWAPPING]
        scene.hospital.start_unregistered(group, creator, [*nurses, guest])
        return (
            f"{creator} adds the linked phone to {group}, a group that nobody registered. It is no admin "
            "there, so WhatsApp shows it hidden ids (LIDs) instead of numbers."
        )

    return turn


# --- the desk ---------------------------------------------------------------------------------------------


def release_first_plan(scene: Scene) -> str:
    plan = scene.held()
    after = scene.decide(plan, [], "all of them are on HR's list of leavers", release=True)
    return (
        f"{SECURITY} compares {plan.label} with HR's list of leavers, and releases it: {after.state.value}."
    )


def release_controls(scene: Scene) -> str:
    plan = scene.held(of_controls=True)
    after = scene.decide(plan, [], "few enough, and agreed with the matrons", release=True)
    return (
        f"{SECURITY} looks at what {plan.label} would ask, and of whom, and releases it: {after.state.value}."
    )


def split_the_plan(scene: Scene) -> str:
    """Let the real leavers through, but not the accounts that a script disabled."""
    plan = scene.held()
    wrong = [cohort for cohort in plan.cohorts if CATERING.ou in cohort.cause]
    right = [cohort for cohort in plan.cohorts if cohort not in wrong]
    scene.decide(plan, right, "on HR's list of leavers", release=True)
    after = scene.decide(plan, wrong, "a script took the wrong unit; IT is undoing it", release=False)
    released = ", ".join(cohort.id for cohort in right)
    rejected = ", ".join(cohort.id for cohort in wrong)
    return (
        f"{SECURITY} rings IT and HR, then releases {released} of {plan.label} (they are on HR's list) "
        f"and rejects {rejected} (a script took the wrong unit). The plan is decided: {after.state.value}."
    )


def confirm_number(group: str, name: str, what: str) -> Turn:
    """The assignee finds out who a member is, and what there is to say of it."""

    def turn(scene: Scene) -> str:
        ticket = scene.staff.ticket(group, TicketKind.IDENTIFY_MEMBER)
        if ticket is None or ticket.assignee is None:
            return ""
        by = Actor(ticket.assignee.email)
        scene.app.identifying.confirm(ticket.label, scene.who(name).email, by, scene.now, "asked on the ward")
        return f"{ticket.assignee.name} asks around: it is {name}{what}. The link is confirmed."

    return turn


def reject_number(group: str, what: str) -> Turn:
    """The assignee knows that the number is nobody's in the directory, but `what`."""

    def turn(scene: Scene) -> str:
        ticket = scene.staff.ticket(group, TicketKind.IDENTIFY_MEMBER)
        if ticket is None or ticket.assignee is None:
            return ""
        by = Actor(ticket.assignee.email)
        scene.app.identifying.reject(ticket.label, by, what, scene.now)
        return f"{ticket.assignee.name} knows the number: {what}, nobody of ours."

    return turn


def look_up(name: str) -> Turn:
    """The security lead looks at what each source shows of somebody."""

    def turn(scene: Scene) -> str:
        with scene.app.store.begin() as uow:
            person = uow.people.find(scene.who(name).email)[0]
            found = uow.rosters.groups_of(person.key)
        shown = listed([f"{row.key.source} shows {member.handle} in {row.name}" for row, member in found])
        return (
            f"{SECURITY} looks up {name}: {shown}. The directory has the new number, and the old one stays "
            f"linked from before, so both are {name}, and nobody is asked."
        )

    return turn


def hand_on(group: str) -> Turn:
    """The security lead learns that the assignee is away, and gives the ticket to another admin."""

    def turn(scene: Scene) -> str:
        ticket = scene.staff.ticket(group, TicketKind.REMOVE_MEMBER)
        if ticket is None or ticket.assignee is None:
            return ""
        with scene.app.store.begin() as uow:
            admins = uow.rosters.active_admins(ticket.home)
        other = next(a.facts for a in admins if a.facts.email and a.facts.email != ticket.assignee.email)
        reason = f"{ticket.assignee.name} is on holiday"
        by = Actor(scene.who(SECURITY).email)
        scene.app.desk.assign(ticket.id, other.email or "", by, scene.now, reason)
        return f"{SECURITY} rings: {reason}. {ticket_label(ticket.id)} goes to {other.display_name}."

    return turn


def tell(text: str) -> Turn:
    def turn(_scene: Scene) -> str:
        return text

    return turn


STORY: Mapping[int, Mapping[Slot, tuple[Turn, ...]]] = {
    1: {
        Slot.AFTERNOON: (
            release_first_plan,
            reject_number("Emergency nurses", "the phone that IT linked to the gateway"),
        )
    },
    2: {Slot.NIGHT: (disable("Amina Yusuf"), join("Chidi Okafor", "Staff nurse", "Ward 5"))},
    3: {Slot.NIGHT: (disable("Siobhan Murphy"),), Slot.AFTERNOON: (release_controls,)},
    4: {
        Slot.NIGHT: (move("Tomasz Zielinski", "Ward 5"), change_number("Peter Novak")),
        Slot.AFTERNOON: (look_up("Peter Novak"),),
    },
    5: {
        Slot.NIGHT: (new_number("Ward 4 nights", "Fatou Diop (new)"),),
        Slot.AFTERNOON: (confirm_number("Ward 4 nights", "Fatou Diop", "'s new phone"),),
    },
    8: {
        Slot.NIGHT: (
            disable("Joseph Adeyemi"),
            join("Noor Rahman", "Staff nurse", "Ward 1"),
            set_last_day("Li Na Chen", FIRST_DAY + timedelta(days=11)),
        )
    },
    9: {Slot.NIGHT: (lose_export,)},
    10: {
        Slot.NIGHT: (mend_export, disable("Ewan Fraser")),
        Slot.MORNING: (
            tell("Ewan Fraser is at work and can't log in: the account was disabled by mistake."),
        ),
        Slot.AFTERNOON: (hand_on("Porters nights"),),
    },
    11: {Slot.NIGHT: (enable("Ewan Fraser"), disable("Olga Petrova"), delete("Gareth Pugh"))},
    12: {
        Slot.NIGHT: (show_unregistered("Emergency swaps", "Kenji Mori"),),
        Slot.AFTERNOON: (confirm_number("Emergency swaps", "Kenji Mori", ", who takes extra shifts there"),),
    },
    15: {Slot.NIGHT: (enable("Siobhan Murphy"), disable("Hannah Price"))},
    16: {Slot.MORNING: (add_again("Ward 6 days", "Olga Petrova"),)},
    17: {
        Slot.NIGHT: (run_the_wrong_script, disable("Yusra Haddad", "Peter Novak")),
        Slot.MORNING: (split_the_plan,),
    },
    18: {Slot.NIGHT: (undo_the_script, move("Priya Nair", "Ward 6"))},
    19: {
        Slot.NIGHT: (
            join("Pauline Archer", "Staff nurse", "Ward 1"),
            new_number("Theatres team", "Jo (agency)"),
        ),
        Slot.AFTERNOON: (reject_number("Theatres team", "an agency nurse"),),
    },
    22: {Slot.NIGHT: (end_contracts, join("Ife Balogun", "Staff nurse", "Ward 2"))},
    23: {Slot.NIGHT: (disable("Marcus Webb"),)},
    25: {Slot.NIGHT: (disable("Beatriz Duarte"),)},
    26: {Slot.NIGHT: (disable("Kenji Mori"),)},
}

HABITS: Habits = {
    ("", "Ward 7 nights"): Habit.LATE,
    ("", "Maternity on call"): Habit.IGNORE,
    ("Joseph Adeyemi", "Porters nights"): Habit.IGNORE,
    ("Ewan Fraser", "Pharmacy team"): Habit.IGNORE,
    ("Ewan Fraser", "Pharmacy on call"): Habit.IGNORE,
    ("Olga Petrova", "Ward 6 days"): Habit.CLAIM,
    ("", "Emergency doctors"): Habit.CLAIM,
    ("", "IT on call"): Habit.IGNORE,
    ("Sean Tierney", ""): Habit.DECLINE,
    ("Tendai Sibanda", ""): Habit.IGNORE,
    ("Ailsa Munro", ""): Habit.IGNORE,
}
