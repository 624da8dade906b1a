"""The demo's text, its end, its folder and its hospital."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chains import first_broken
from played_demo import END, Played, run
from worker.app.refused import Refused
from worker.demo.files import DemoFolder
from worker.demo.hospital import FIRST_PHONE, Hospital
from worker.demo.story import STORY
from worker.domain.evidence.journal import Sealed
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports.state.tickets import TicketSort
from worker.program import app as cli
from worker.running.app import App
from worker.running.wiring import load_settings, open_app

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
    assert re.search(r"^with tickets +\d+ +\d+ +people.leaver \(7\), people.policy \(3\)", end, re.MULTILINE)
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
