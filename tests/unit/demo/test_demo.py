"""The demo is played once for all tests; what its text says is held against the database that it leaves."""

import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from worker.__main__ import app as cli
from worker.app.refused import Refused
from worker.demo.files import DemoFolder
from worker.demo.hospital import FIRST_PHONE, Hospital
from worker.demo.story import HABITS, STORY
from worker.domain.controls.statements import Assurance, AttestAnswer
from worker.domain.evidence.journal import Sealed, first_broken
from worker.domain.identity.matching import IdentityState
from worker.domain.model import Evidence, Standing
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.ports.state.tickets import TicketSort
from worker.running.app import App
from worker.running.wiring import load_settings, open_app

END = datetime(2026, 11, 29, 20, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Played:
    folder: Path
    text: str
    left_beside: list[str]

    @property
    def config(self) -> Path:
        return self.folder / "whosleft.yaml"

    @property
    def flowing(self) -> str:
        """The text without line ends and gutters, so that sentences can be looked for."""
        return " ".join(self.text.split())


def run(*arguments: str) -> Result:
    """The story alone; `test_the_desk_opens_at_the_end` has the rest."""
    return CliRunner().invoke(cli, ["demo", "--no-desk", *arguments])


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Play it once in a run of the tests, whichever of its processes asks first; the others take what came of it."""
    mine = tmp_path_factory.getbasetemp()
    beside = (mine.parent if os.environ.get("PYTEST_XDIST_WORKER") else mine) / "played"
    told = beside.with_name("played.json")
    with beside.with_name("played.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not told.exists():
            told.write_text(json.dumps(_play(beside)))
    text, left_beside = json.loads(told.read_text())
    return Played(beside / "hospital", text, left_beside)


def _play(beside: Path) -> tuple[str, list[str]]:
    beside.mkdir()
    done = run("--dir", str(beside / "hospital"))
    assert done.exit_code == 0, done.output
    return done.stdout, sorted(one.name for one in beside.iterdir())


@pytest.fixture(scope="session")
def app(played: Played) -> Iterator[App]:
    with open_app(load_settings(played.config), lambda: END) as opened:
        yield opened


@pytest.fixture(scope="session")
def tickets(app: App) -> list[Ticket]:
    with app.store.begin() as uow:
        return uow.tickets.page(list(TicketState), 0, 1000)


@pytest.fixture(scope="session")
def journal(app: App) -> list[Sealed]:
    with app.store.begin() as uow:
        return list(uow.journal.chain())


def one(tickets: list[Ticket], group: str, kind: TicketKind, person: str = "") -> Ticket:
    found = [t for t in tickets if (t.group_name, t.kind) == (group, kind) and person in {"", t.person_name}]
    assert len(found) == 1, [t.label for t in found]
    return found[0]


def kinds_of(app: App, ticket: Ticket) -> list[str]:
    with app.store.begin() as uow:
        return [sealed.entry.kind for sealed in uow.journal.of(f"ticket:{ticket.label}")]


# --- the play ---------------------------------------------------------------------------------------------


def test_it_fits_80_columns_and_has_no_colours_when_piped(played: Played) -> None:
    assert [
        line for line in played.text.splitlines() if len(line) > 80 and "WHOSLEFT_CONFIG" not in line
    ] == []
    assert [line for line in played.text.splitlines() if line != line.rstrip()] == []
    assert "\x1b" not in played.text


def test_every_day_has_its_lines(played: Played) -> None:
    days = re.findall(r"^\w{3} (\d\d) Nov", played.text, re.MULTILINE)

    assert days == [f"{day:02}" for day in range(2, 30)]


def test_quiet_days_are_one_line(played: Played) -> None:
    quiet = re.findall(r"^Sun 08 Nov .*\n\n", played.text, re.MULTILINE)

    assert len(quiet) == 1
    assert "Quiet" in quiet[0]


def test_nothing_is_written_outside_the_folder(played: Played) -> None:
    assert played.left_beside == ["hospital"]
    names = {path.name for path in played.folder.iterdir()} - {"whosleft.db-wal", "whosleft.db-shm"}
    texts = {"rules.en.txt", "policy.en.md"}
    assert names == {"people", "groups.xlsx", "gateway.key", "whosleft.yaml", "whosleft.db"} | texts
    assert len(list((played.folder / "people").iterdir())) == 28


def test_another_process_tells_the_same_story(played: Played, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "worker", "demo", "--days", "3", "--no-desk"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )

    story = done.stdout.partition("\nWhere things stand")[0]
    assert story.count("\n") > 40
    assert played.text.startswith(story)
    assert done.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["whosleft-demo"]
    assert "Where things stand on Wed 04 Nov 2026" in done.stdout


def test_an_output_without_arrows_gets_plain_letters(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "worker", "demo", "--days", "1", "--no-desk"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)

    assert b"    > T-000003 Remove Pauline Archer from Ward 1 days" in done.stdout


def test_the_journal_is_whole(journal: list[Sealed]) -> None:
    assert len(journal) > 200
    assert first_broken(journal) is None


def test_whatever_the_text_names_is_in_the_database(played: Played, app: App, tickets: list[Ticket]) -> None:
    with app.store.begin() as uow:
        plans = {plan.label for plan in uow.episodes.plans()}

    spans = re.findall(r"T-(\d{6}) to T-(\d{6})", played.flowing)
    within = {f"T-{number:06d}" for first, last in spans for number in range(int(first), int(last) + 1)}
    assert within | set(re.findall(r"T-\d{6}", played.text)) == {ticket.label for ticket in tickets}
    assert set(re.findall(r"P-\d{6}", played.text)) == plans


# --- the story --------------------------------------------------------------------------------------------

_REMOVE, _ADD = TicketKind.REMOVE_MEMBER, TicketKind.ADD_MEMBER


@pytest.mark.parametrize(
    "person, group, kind, state, evidence",
    [
        ("Pauline Archer", "Ward 1 days", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Chidi Okafor", "Ward 5 announcements", _ADD, TicketState.VERIFIED, None),
        ("Tomasz Zielinski", "Ward 3 announcements", _REMOVE, TicketState.VERIFIED, Evidence.MOVED),
        ("Tomasz Zielinski", "Ward 5 announcements", _ADD, TicketState.VERIFIED, None),
        ("Amina Yusuf", "Ward 7 nights", TicketKind.REASSIGN_ADMIN, TicketState.VERIFIED, Evidence.DISABLED),
        ("Amina Yusuf", "Ward 7 nights", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Li Na Chen", "Radiology nights", _REMOVE, TicketState.VERIFIED, Evidence.LEAVE_DATE),
        (
            "Li Na Chen",
            "Radiology nights",
            TicketKind.REASSIGN_ADMIN,
            TicketState.VERIFIED,
            Evidence.LEAVE_DATE,
        ),
        ("Gareth Pugh", "Maternity team", _REMOVE, TicketState.VERIFIED, Evidence.ABSENT_CONFIRMED),
        ("Ewan Fraser", "Pharmacy on call", _REMOVE, TicketState.CANCELLED, Evidence.DISABLED),
        ("Siobhan Murphy", "Ward 2 announcements", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Siobhan Murphy", "Ward 2 announcements", _ADD, TicketState.VERIFIED, None),
        ("Pauline Archer", "Ward 1 announcements", _ADD, TicketState.VERIFIED, None),
        (
            "Hannah Price",
            "Theatres on call",
            TicketKind.CREATOR_MUST_LEAVE,
            TicketState.VERIFIED,
            Evidence.DISABLED,
        ),
        ("Olga Petrova", "Ward 6 days", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Joseph Adeyemi", "Porters nights", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Marcus Webb", "IT on call", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("", "Ward 4 nights", TicketKind.IDENTIFY_MEMBER, TicketState.VERIFIED, None),
        ("", "Emergency nurses", TicketKind.IDENTIFY_MEMBER, TicketState.VERIFIED, None),
        ("", "Theatres team", TicketKind.IDENTIFY_MEMBER, TicketState.VERIFIED, None),
        ("", "Emergency swaps", TicketKind.IDENTIFY_MEMBER, TicketState.VERIFIED, None),
        ("Kenji Mori", "Emergency swaps", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Peter Novak", "Emergency doctors", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Yusra Haddad", "Ward 8 nights", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        (
            "Beatriz Duarte",
            "Maternity on call",
            TicketKind.REASSIGN_ADMIN,
            TicketState.OPEN,
            Evidence.DISABLED,
        ),
        ("Beatriz Duarte", "Maternity on call", _REMOVE, TicketState.BLOCKED, Evidence.DISABLED),
    ],
)
def test_everybody_of_the_story_ends_as_they_should(
    tickets: list[Ticket],
    person: str,
    group: str,
    kind: TicketKind,
    state: TicketState,
    evidence: Evidence | None,
) -> None:
    ticket = one(tickets, group, kind, person)

    assert (ticket.state, ticket.evidence) == (state, evidence)


@pytest.mark.parametrize(
    "person, group, kind, moves",
    [
        (
            "Amina Yusuf",
            "Ward 7 nights",
            _REMOVE,
            ["ticket.opened", "ticket.unblocked", "ticket.done", "ticket.verified"],
        ),
        (
            "Olga Petrova",
            "Ward 6 days",
            _REMOVE,
            [
                "ticket.opened", "ticket.done", "ticket.reopened", "ticket.done", "ticket.verified",  # a false claim
                "ticket.reopened", "ticket.done", "ticket.verified",  # came back
            ],
        ),
        (
            "Joseph Adeyemi",
            "Porters nights",
            _REMOVE,
            ["ticket.opened", *["ticket.escalated"] * 4, "ticket.assigned", "ticket.done", "ticket.verified"],
        ),
        ("Ewan Fraser", "Pharmacy team", _REMOVE, ["ticket.opened", "ticket.escalated", "ticket.cancelled"]),
    ],
)  # fmt: skip
def test_the_turns_of_a_ticket_come_in_order(
    app: App, tickets: list[Ticket], person: str, group: str, kind: TicketKind, moves: list[str]
) -> None:
    assert kinds_of(app, one(tickets, group, kind, person)) == moves


@pytest.mark.parametrize(
    "sentence",
    [
        "Chidi Okafor joined: Staff nurse, Ward 5. → T-",
        "Tomasz Zielinski moved from Ward 3 to Ward 5. → T-",
        "Amina Yusuf left (the account is disabled). Is in 3 groups, and is the only admin of Ward 7 nights. → T-",
        "the group needs another admin first",
        "no longer blocked, the group has another admin now",
        "Li Na Chen will leave: the last day is Fri 13 Nov.",
        "Sat 14 Nov 00:00 Li Na Chen left (the leave date has passed).",
        "Gareth Pugh is missing from the export for the first time.",
        "Gareth Pugh left (no longer in the directory).",
        "Can't see corp: people-2026-11-10.csv: the export lists nobody. Nothing is concluded from this",
        "corp is read again, and is green again.",
        "Ewan Fraser is back: the account is enabled again. → T-",
        "Remove Ewan Fraser from Pharmacy team: cancelled, the person returned.",
        "reopened, marked done, but still in the group",
        "reopened, came back: Olga Petrova has left",
        "created Theatres on call. → T-",
        "Ask Hannah Price to leave Theatres on call",
        "Siobhan Murphy is back: the account is enabled again. → T-",
        "The employee number is known: a former colleague who is back.",
        "The name is like Fatou Diop, but a name is no proof.",
        "it is Fatou Diop's new phone. The link is confirmed.",
        "an agency nurse, nobody of ours",
        "The linked phone shows 3 of them live: Emergency doctors, Emergency nurses and IT on call.",
        "the phone that IT linked to the gateway, nobody of ours",
        "Megan Lloyd is out of Emergency nurses: T-000002 is verified by the linked phone (grade A). Grade A: the",
        "is verified by the register (grade B).",
        "so both are Peter Novak, and nobody is asked.",
        "A finding: no register has Emergency swaps, which the linked phone shows with 7 members.",
        "6 of its 7 hidden ids are known from another group, with their numbers; 1 is not.",
        "@lid in Emergency swaps? WhatsApp hides the number",
        "it is Kenji Mori, who takes extra shifts there. The link is confirmed.",
        "Kenji Mori left (the account is disabled). Is in 3 groups.",
        "47 people left at once (the account is disabled), 45 in Catering",
        "Held: plan P-000002 with the first tickets of controls, 9 of people.policy and 3 of profile.description.",
        "Margaret Obi looks at what P-000002 would ask, and of whom, and releases it: released.",
        "In IT on call, Emergency nurses and Emergency doctors the description doesn't have the rules: T-000013 to",
        '9 people are asked to accept "Rules for admins": T-000016 to T-000024, by Wed 18 Nov.',
        "Layla Khalil accept; Sean Tierney declines.",
        "forgets the description of Emergency doctors, and marks T-000015 done.",
        "T-000015 Mend the profile of Emergency doctors: reopened, marked done, but still so when it was read again.",
        "The rules are in the description of Emergency doctors: T-000015 is verified by the linked phone (grade A).",
        "T-000013 is overdue since Sat 16:00 (Mend the profile of IT on call). Step 2: Layla Khalil and",
        "No answer yet from Ailsa Munro and Tendai Sibanda, so a reminder goes out: T-000018 and T-000022.",
        "Li Na Chen hands over before the last day, makes Elena Popescu an admin of Radiology nights, and marks",
        "There is another admin in Radiology nights: T-000029 is verified by the register (grade B).",
        "Held: plan P-000003 with 47 people. 47 leavers within 24 h, the limit is 25",
        "rejects c1 (a script took the wrong unit). The plan is decided: partly.",
        "45 people are back, their accounts enabled again, all in Catering.",
        "Step 1: ",
        "Step 3: the security channel is told.",
        "Remove Marcus Webb from IT on call (",
        "6 people left at once (the account has expired), all in Reception.",
    ],
)
def test_the_text_tells_it(played: Played, sentence: str) -> None:
    assert sentence in played.flowing


def test_the_readme_shows_the_live_source_as_the_demo_does(played: Played) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"<!-- demo-live:begin -->\n```\n(.*?)\n```\n", readme, re.DOTALL)

    assert f"\n\n{shown}\n\n" in played.text


def test_a_changed_number_is_one_person_in_both_sources(app: App) -> None:
    with app.store.begin() as uow:
        [person] = uow.people.find("peter.novak@corp.example")
        links = uow.identities.page([IdentityState.LINKED], None, 10_000)
    his = {key for key, identity in links if identity.person == person.key}

    assert {key.source for key in his} == {"phones", "wards"}
    assert len({key.handle for key in his}) == 2


def test_what_the_linked_phone_shows_is_proved_with_grade_a(app: App, tickets: list[Ticket]) -> None:
    proved = {t.person_name: t.grade for t in tickets if t.verified_by == "phones" and t.kind is _REMOVE}

    assert proved == dict.fromkeys(("Megan Lloyd", "Peter Novak", "Marcus Webb", "Kenji Mori"), Grade.A)


def test_the_rules_in_a_description_are_proved_by_the_live_phone(app: App, tickets: list[Ticket]) -> None:
    nurses, doctors, it = (
        one(tickets, group, TicketKind.FIX_PROFILE)
        for group in ("Emergency nurses", "Emergency doctors", "IT on call")
    )

    assert [(t.state, t.grade, t.verified_by) for t in (nurses, doctors)] == [
        (TicketState.VERIFIED, Grade.A, "phones")
    ] * 2
    assert kinds_of(app, doctors) == [
        "ticket.opened", "ticket.done", "ticket.reopened", "ticket.done", "ticket.verified"
    ]  # fmt: skip
    assert kinds_of(app, it) == ["ticket.opened", "ticket.escalated", "ticket.escalated"]
    assert it.state is TicketState.OPEN


def test_of_the_admins_most_accept_one_declines_and_two_say_nothing(app: App, tickets: list[Ticket]) -> None:
    asked = [ticket for ticket in tickets if ticket.kind is TicketKind.ATTEST]
    with app.store.begin() as uow:
        said = uow.attestations.page(0, 100)

    answers = Counter((one.answer, one.assurance) for one in said)
    assert answers == {
        (AttestAnswer.ACCEPTED, Assurance.LINK): 6,
        (AttestAnswer.DECLINED, Assurance.LINK): 1,
    }
    assert {t.person_name for t in asked if t.is_live} == {"Ailsa Munro", "Tendai Sibanda"}


def test_the_admin_right_is_handed_over_before_the_last_day(tickets: list[Ticket]) -> None:
    handed = one(tickets, "Radiology nights", TicketKind.REASSIGN_ADMIN, "Li Na Chen")
    removal = one(tickets, "Radiology nights", _REMOVE, "Li Na Chen")

    assert handed.state is TicketState.VERIFIED
    assert handed.verified_at is not None
    assert handed.verified_at < removal.opened_at


def test_nobody_is_asked_by_controls_before_the_plan_is_released(app: App, tickets: list[Ticket]) -> None:
    with app.store.begin() as uow:
        plan = uow.episodes.plan(2)
    assert plan is not None
    decided = {cohort.decided_at for cohort in plan.cohorts}

    asked = [t.opened_at for t in tickets if t.kind in {TicketKind.ATTEST, TicketKind.FIX_PROFILE}]
    assert (plan.is_of_controls, len(decided), len(asked)) == (True, 1, 12)
    assert min(asked) > max(filter(None, decided))


def test_every_habit_is_somebody_s(tickets: list[Ticket]) -> None:
    names = {name for t in tickets for name in ((t.person_name, t.group_name), ("", t.group_name))}

    assert set(HABITS) - names == set()


def test_who_hides_a_number_is_removed_by_their_lid(tickets: list[Ticket]) -> None:
    assert one(tickets, "Emergency swaps", _REMOVE).handle.endswith("@lid")


def test_an_empty_export_changes_nobody(journal: list[Sealed]) -> None:
    day = [s.entry for s in journal if s.entry.at.date() == datetime(2026, 11, 10, tzinfo=UTC).date()]

    assert [entry.kind for entry in day if entry.kind.startswith("source.")] == ["source.failed"]
    assert [entry for entry in day if entry.kind == "person.left"] == []
    assert [s.entry.at.day for s in journal if s.entry.kind == "source.recovered"] == [11]


def test_the_mass_change_is_held_split_and_leaves_no_ticket(app: App, tickets: list[Ticket]) -> None:
    with app.store.begin() as uow:
        plan = uow.episodes.plan(3)
    assert plan is not None

    assert plan.state is HoldState.PARTLY
    assert [(len(c.people), c.state) for c in plan.cohorts] == [
        (45, HoldState.REJECTED),
        (2, HoldState.RELEASED),
    ]
    rejected = {departure.person for departure in plan.cohorts[0].people}
    assert [ticket for ticket in tickets if ticket.person in rejected] == []


def test_overdue_tickets_climb_step_by_step_to_the_channel(app: App, tickets: list[Ticket]) -> None:
    ticket = one(tickets, "Porters nights", _REMOVE)
    with app.store.begin() as uow:
        steps = uow.tickets.steps(ticket.id)

    assert [(taken.step, taken.repeat) for taken, _, _ in steps] == [(1, 0), (2, 0), (3, 0), (3, 1)]
    assert [(taken.at - ticket.opened_at).total_seconds() / 3600 for taken, _, _ in steps] == [12, 24, 28, 52]
    assert steps[2][2] == ("channel",)


def test_whoever_left_and_is_still_in_a_group_has_a_live_ticket_or_is_held(
    app: App, tickets: list[Ticket]
) -> None:
    live = {ticket.person for ticket in tickets if ticket.is_live}
    with app.store.begin() as uow:
        held = {
            n.person
            for p in uow.episodes.plans()
            for c in p.cohorts
            if c.state is HoldState.HELD
            for n in c.people
        }
        left = [p.key for p in uow.people.page(None, 1000) if p.standing is Standing.LEFT]
        still_in = {key for key in left if uow.rosters.groups_of(key)}

    assert len(held) == 6
    assert still_in <= live | held


# --- the end ----------------------------------------------------------------------------------------------


def test_the_end_counts_what_the_database_holds(played: Played, app: App) -> None:
    with app.store.begin() as uow:
        counts = uow.tickets.counts()
    row = re.search(r"^remove_member(.*)$", played.text, re.MULTILINE)
    assert row is not None

    shown = [int(cell.replace("-", "0")) for cell in row[1].split()]
    assert shown == [counts.get(TicketSort(state, TicketKind.REMOVE_MEMBER), 0) for state in TicketState]
    end = played.text.partition("Where things stand")[2]
    assert "overdue" in end
    assert re.search(r"^with tickets +\d+ +\d+ +people.policy \(3\), ", end, re.MULTILINE)
    assert "close_group" not in end  # no ticket of this kind


def test_a_text_to_paste_is_printed_with_its_ticket(played: Played, tickets: list[Ticket]) -> None:
    label = next(one.label for one in tickets if one.kind is TicketKind.FIX_PROFILE and one.is_live)
    done = CliRunner().invoke(cli, ["tickets", "show", label, "-c", str(played.config)])
    assert done.exit_code == 0
    assert "Text to paste:" in done.stdout


def test_the_commands_that_it_suggests_work(played: Played, tmp_path: Path) -> None:
    copy = shutil.copytree(played.folder, tmp_path / "copy")
    config = {"WHOSLEFT_CONFIG": str(copy / "whosleft.yaml")}
    commands = re.findall(r"^  whosleft (.*)$", played.text, re.MULTILINE)
    assert len(commands) > 8

    for command in commands:
        done = CliRunner().invoke(cli, shlex.split(command), env=config)
        assert done.exit_code == 0, f"{command}\n{done.output}\n{done.exception!r}"


# --- the folder -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["thesis.docx", "whosleft.yaml", "rules.en.txt", "people/people.csv"])
def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")

    done = run("--days", "1", "--dir", str(tmp_path))

    assert isinstance(done.exception, Refused)
    assert "nothing was changed" in str(done.exception)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine")

    done = run("--days", "1", "--dir", str(tmp_path / "demo"))

    assert "is not a folder" in str(done.exception)
    assert (tmp_path / "demo").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_said_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = run("--days", "1", "--dir", str(tmp_path / "file" / "demo"))

    assert isinstance(done.exception, Refused)
    assert "can't be written to: Not a directory" in str(done.exception)


def test_a_link_to_somewhere_else_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "demo").symlink_to(tmp_path / "elsewhere")

    assert isinstance(run("--days", "1", "--dir", str(tmp_path / "demo")).exception, Refused)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    first = run("--days", "2", "--dir", str(tmp_path))
    second = run("--days", "1", "--dir", str(tmp_path))

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert [path.name for path in (tmp_path / "people").iterdir()] == ["people-2026-11-02.csv"]
    with open_app(load_settings(tmp_path / "whosleft.yaml"), lambda: END) as app, app.store.begin() as uow:
        assert len(uow.tickets.page(list(TicketState), 0, 100)) == 5


@pytest.mark.parametrize("days", ["0", "29", "many"])
def test_days_are_one_to_28(days: str) -> None:
    assert run("--days", days).exit_code == 2


# --- the hospital -----------------------------------------------------------------------------------------


def test_the_hospital_is_as_big_as_the_help_says() -> None:
    hospital = Hospital()

    assert len(hospital.people) == 401
    assert len(hospital.groups) == 40


def test_names_are_unique_and_numbers_are_of_the_drama_range() -> None:
    people = Hospital().people

    assert len({person.name for person in people}) == len({person.email for person in people}) == len(people)
    assert len({person.mobile for person in people}) == len(people)
    assert all(FIRST_PHONE <= int(person.mobile) <= FIRST_PHONE + 999 for person in people)


def test_the_story_lies_within_its_days() -> None:
    assert set(STORY) <= set(range(1, 29))


def test_the_configuration_is_written_with_its_mark(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "new")
    folder.prepare("127.0.0.1:8099")

    assert load_settings(folder.config).organisation.name == "St Mary's (invented)"
    folder.prepare("127.0.0.1:8099")


def test_it_ends_in_the_hospital_s_desk(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "worker", "demo", "--days", "1"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        said = next(line for line in demo.stdout if "http://" in line)
        link = said[said.index("http://") :].strip()
        with urllib.request.urlopen(link, timeout=30) as page:  # noqa: S310  our own, on loopback
            shown = page.read().decode()
        checked = CliRunner().invoke(
            cli,
            ["check", "--now", "2026-11-02T20:02:00Z"],
            env={"WHOSLEFT_CONFIG": str(tmp_path / "whosleft-demo" / "whosleft.yaml")},
        )
        demo.send_signal(signal.SIGTERM)
        demo.stdout.read()

    assert "whosleft" in shown.casefold()
    assert checked.exit_code == 0, checked.output
    assert "the phone is linked, and is in 3 groups" in " ".join(checked.output.split())
    assert demo.returncode == 0
