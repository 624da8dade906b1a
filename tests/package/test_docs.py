"""The documents say what the program does: commands, keys, events, states and links are all there and true.

`WHOSLEFT_REWRITE=1 pytest tests/package/test_docs.py` writes what is generated in them anew.
"""

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from builders import NOW
from connectors import registry
from connectors.kit.graph import notes as entra_notes
from connectors.notify.slack import notes as slack_notes
from controls_document import controls_text
from lies.document import lies_text
from worker.app.jobs.table import JOBS
from worker.app.tell.health import Freshness
from worker.demo.command import demo
from worker.domain.mirror.copy import CopyState
from worker.domain.tickets.ticket import ALLOWED, TicketKind, TicketState
from worker.ops import events
from worker.ops.metrics import Metrics
from worker.ops.statusz import Source
from worker.ops.stored_metrics import StoredMetrics
from worker.ports import Noted, Port
from worker.ports.state.figures import Figures, Pile, ProcessState
from worker.ports.state.mirrors import CopySort
from worker.ports.state.overview import Part, PartCount
from worker.ports.state.sources import SourceState
from worker.ports.state.tickets import TicketSort
from worker.program import app

CHECKOUT = Path(__file__).parents[2]
OPERATOR = CHECKOUT / "docs" / "operator.md"
CONTROLS = CHECKOUT / "docs" / "controls.md"
CONCEPTS = CHECKOUT / "docs" / "concepts.md"
LIES = CHECKOUT / "docs" / "lies.md"
README = CHECKOUT / "README.md"
EXAMPLE = CHECKOUT / "config" / "whosleft.example.yaml"
METRICS = CHECKOUT / "docs" / "metrics.md"
RUNBOOKS = sorted((CHECKOUT / "docs" / "runbooks").glob("*.md"))
SCHEMA = CHECKOUT / "config" / "whosleft.schema.json"
HEADINGS = ("Rights needed", "Endpoints", "Limits", "Known gaps")
FOREIGN = {"node_modules", "dist", "build", "mutants", "whosleft-demo"}

_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)

DOCUMENTS = sorted(
    path
    for path in CHECKOUT.rglob("*.md")
    if not any(part.startswith(".") or part in FOREIGN for part in path.relative_to(CHECKOUT).parts)
)
MANUALS = sorted(CHECKOUT.glob("connectors/*/*/README.md"))


def named(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


# --- What is generated --------------------------------------------------------------------------------------


def block(path: Path, name: str) -> str:
    """What stands between a document's markers of this name."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    text = path.read_text(encoding="utf-8")
    assert text.count(begin) == text.count(end) == 1, f"{named(path)} lacks the markers of '{name}'"
    return text.partition(begin)[2].partition(end)[0]


def check_block(path: Path, name: str, current: str) -> None:
    if os.environ.get("WHOSLEFT_REWRITE"):
        begin = f"<!-- {name}:begin -->\n"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(begin + block(path, name), begin + current), encoding="utf-8")
    assert block(path, name) == current, f"WHOSLEFT_REWRITE=1 pytest {named(Path(__file__))} writes it anew"


def states_diagram() -> str:
    """The ticket's states as Mermaid draws them; a ticket starts open, or blocked."""
    starts = [f"    [*] --> {state}: open" for state in (TicketState.OPEN, TicketState.BLOCKED)]
    moves = [f"    {before} --> {after}: {move}" for (before, move), after in ALLOWED.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *starts, *moves, "```", ""])


@pytest.mark.parametrize(
    "page, heading",
    [(OPERATOR, "## What each job does"), (CONCEPTS, "## One path")],
    ids=["operator", "concepts"],
)
def test_the_tables_of_jobs_have_each_job_in_its_order(page: Path, heading: str) -> None:
    section = page.read_text().partition(f"{heading}\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([a-z]+) \|", section, re.MULTILINE)[1:] == list(JOBS)


def test_the_picture_of_the_states_is_that_of_the_code() -> None:
    check_block(CONCEPTS, "states", states_diagram())


def test_the_demo_in_the_readme_is_what_the_demo_prints(tmp_path: Path) -> None:
    command = (str(Path(sys.executable).with_name("whosleft")), "demo", "--days", "2", "--no-desk")
    environ = {**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    second_day = re.search(r"^Tue 03 Nov .*?(?=^\S|\Z)", done.stdout, re.MULTILINE | re.DOTALL)
    assert second_day is not None, done.stdout

    check_block(README, "demo", f"```\n{second_day[0].rstrip()}\n```\n")


def test_the_list_of_controls_is_that_of_the_code() -> None:
    check_block(CONTROLS, "controls", controls_text())


def test_the_list_of_lies_is_that_of_the_tests() -> None:
    check_block(LIES, "lies", lies_text())


# --- What must be mentioned ---------------------------------------------------------------------------------


def commands(group: Any, path: tuple[str, ...] = ("whosleft",)) -> Iterator[str]:
    """Every command below a group, in full: `whosleft tickets list`."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        here = (*path, name)
        if hasattr(command, "commands"):
            yield from commands(command, here)
        else:
            yield " ".join(here)


COMMANDS = tuple(commands(typer.main.get_command(app)))


def test_there_are_many_commands() -> None:
    assert len(COMMANDS) > 20


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_operator_s_table(command: str) -> None:
    assert re.search(rf"^\| `{re.escape(command)}[ `]", OPERATOR.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_operator_s_table_has_no_command_that_is_not_there() -> None:
    rows = re.findall(r"^\| `(whosleft [^`]+)`", OPERATOR.read_text(encoding="utf-8"), re.MULTILINE)
    strays = [row for row in rows if not any(f"{row} ".startswith(f"{command} ") for command in COMMANDS)]
    assert strays == []


def keys(node: Any) -> Iterator[str]:
    """Every key that the JSON Schema lets a configuration have."""
    if isinstance(node, dict):
        properties = node.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for inner in node.values():
            yield from keys(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from keys(inner)


def test_every_key_of_the_configuration_is_shown() -> None:
    shown = set(re.findall(r"([a-z_]+):", EXAMPLE.read_text(encoding="utf-8")))
    shown |= set(re.findall(r"`(?:[a-z_]+\.)*([a-z_]+)`", OPERATOR.read_text(encoding="utf-8")))
    found = set(keys(json.loads(SCHEMA.read_text(encoding="utf-8"))))

    assert len(found) > 80
    assert found - shown == set()


def test_every_log_event_is_listed_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", OPERATOR.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(rows) == sorted(
        [
            *(value for name, value in vars(events).items() if name.isupper()),
            *(note.name for note in notes_of_all()),
        ]
    )


def notes_of_all() -> list[Noted]:
    """The notes of all of our connectors."""
    places = [(port, kind) for port, kinds in registry.OURS.items() for kind in kinds]
    return [note for place in places for note in registry.spec(*place).notes]


def shown_metrics() -> set[tuple[str, str, str]]:
    """Name, type and labels of every figure of ours that a process may show."""
    metrics = Metrics(["soc"], notes_of_all())
    metrics.noted(entra_notes.GRAPH_ANSWERED, {"source": "tenant", "status": 200})
    metrics.noted(entra_notes.CALL_ACCEPTED, {"source": "tenant"})
    metrics.noted(slack_notes.SOCKET_OPENED, {"source": "soc", "connections": 2})
    state = SourceState("corp", Port.DIRECTORY, counts={"people": 1})
    pile = Pile(1, NOW)
    tickets = {TicketSort(TicketState.OPEN, TicketKind.REMOVE_MEMBER): pile}
    figures = Figures(
        ProcessState(sources=(state,)),
        tickets,
        0,
        0,
        0,
        dict.fromkeys(Part, PartCount(0, 0)),
        {CopySort("desk", CopyState.LINKED): 1},
    )
    source = Source("corp", Port.DIRECTORY, "file", Freshness(timedelta(hours=1), {}))
    metrics.registry.register(StoredMetrics(lambda _now: figures, [source], lambda: NOW, set))
    return {
        (
            f"{family.name}_total" if family.type == "counter" else family.name,
            family.type,
            ", ".join(label for label in family.samples[0].labels if label != "le") or "–",
        )
        for family in metrics.registry.collect()
        if family.name.startswith("whosleft_")
    }


def test_every_metric_is_listed_with_its_type_and_labels_and_no_other() -> None:
    rows = re.findall(
        r"^\| `(whosleft_\w+)` \| (\w+) \| ([\w, –]+) \|", METRICS.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert len(rows) > 20
    assert sorted(rows) == sorted(shown_metrics())


ALERT_HEADINGS = ("What it means", "Who is affected", "What to look at", "What to do", "How it ends")


def kebab(name: str) -> str:
    """WhosleftSourceDown -> whosleft-source-down."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    listed = re.findall(r"^\| \[(Whosleft\w+)\]\(runbooks/([\w-]+)\.md\)", METRICS.read_text(), re.MULTILINE)

    assert [page for _, page in listed] == [kebab(alert) for alert, _ in listed]
    assert sorted(page for _, page in listed) == sorted(path.stem for path in RUNBOOKS)


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=named)
def test_a_runbook_says_what_who_where_and_when_it_is_over(runbook: Path) -> None:
    text = runbook.read_text(encoding="utf-8")
    title = re.findall(r"^# (.+)$", text, re.MULTILINE)[0]

    assert runbook.stem == kebab(title)
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == ALERT_HEADINGS
    assert {figure.split("{")[0] for figure in re.findall(r"`(whosleft_\w+)", text)} <= {
        name for name, _, _ in shown_metrics()
    }


@pytest.mark.parametrize("manual", MANUALS, ids=named)
def test_every_connector_s_manual_has_the_fixed_headings(manual: Path) -> None:
    found = re.findall(r"^## (.+)$", manual.read_text(encoding="utf-8"), re.MULTILINE)

    assert tuple(heading for heading in found if heading in HEADINGS) == HEADINGS
    assert f"]({os.path.relpath(manual, OPERATOR.parent)})" in OPERATOR.read_text(encoding="utf-8")


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = CHECKOUT / "docs" / "decisions"
    listed = re.findall(r"\((\d{4}-[^)]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))

    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


# --- Links --------------------------------------------------------------------------------------------------


def links(document: Path) -> Iterator[tuple[str, str]]:
    """Text and target of each link; what stands in a fenced block is none."""
    for found in _LINK.finditer(_FENCE.sub("", document.read_text(encoding="utf-8"))):
        yield found["text"], found["target"]


def anchors(document: Path) -> set[str]:
    """The fragments that a document's headings have on GitHub."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_nowhere(document: Path, target: str) -> bool:
    path, _, fragment = target.partition("#")
    file = (document.parent / path).resolve() if path else document
    if not file.exists() or not file.is_relative_to(CHECKOUT):
        return True
    return bool(fragment) and file.suffix == ".md" and fragment not in anchors(file)


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    relative = [target for _, target in links(document) if not re.match(r"[a-z][a-z0-9+.-]*:", target)]

    assert [target for target in relative if leads_nowhere(document, target)] == []


def test_every_test_that_the_concepts_name_is_in_its_file() -> None:
    named_tests = [(text.strip("`"), target) for text, target in links(CONCEPTS) if text.startswith("`test_")]
    proofs = [(name, target) for name, target in named_tests if not name.endswith(".py")]

    assert len(proofs) > 10
    missing = [
        name
        for name, target in proofs
        if f"def {name}(" not in (CONCEPTS.parent / target).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_what_the_demo_leaves_in_a_checkout_is_nothing_that_git_lists() -> None:
    left = inspect.signature(demo).parameters["folder"].default
    ignored = (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()

    assert f"/{left}/" in ignored
