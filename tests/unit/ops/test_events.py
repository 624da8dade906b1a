"""Every event name is listed, used, and well formed; nothing else is logged."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import connectors
import worker
from connectors.kit.graph import notes
from worker.ops import events
from worker.ports import Noted

LISTED = {
    **{name: value for name, value in vars(events).items() if name.isupper()},
    **{name: note.name for name, note in vars(notes).items() if isinstance(note, Noted)},
}
EXPECTED = {
    "call.accepted",
    "call.refused",
    "clock.jumped",
    "config.changed",
    "config.refused",
    "connector.failed",
    "desk.left_unanswered",
    "desk.served",
    "graph.answered",
    "graph.held_back",
    "graph.left_unanswered",
    "graph.refused",
    "graph.throttled",
    "interaction.failed",
    "job.failed",
    "job.finished",
    "job.left_unrecorded",
    "job.skipped",
    "job.started",
    "job.stopped",
    "job.troubled",
    "lease.left_unreleased",
    "lease.left_unrenewed",
    "lease.lost",
    "library.logged",
    "loop.stalled",
    "metrics.served",
    "news.seen",
    "subscription.ended",
    "subscription.made",
    "subscription.refused",
    "subscription.renewed",
    "tables.awaited",
    "thread.crashed",
    "worker.started",
    "worker.stop_asked",
    "worker.stopped",
}
METHODS = {"debug", "info", "warning", "error", "exception", "critical"}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for package in (worker, connectors):
        for path in Path(next(iter(package.__path__))).rglob("*.py"):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_these_are_all_events() -> None:
    assert set(LISTED.values()) == EXPECTED
    assert len(LISTED) == len(EXPECTED), "each has one name"


def test_each_is_a_noun_and_what_happened_to_it() -> None:
    assert [value for value in LISTED.values() if not re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", value)] == []


def test_each_is_used() -> None:
    used = {
        node.attr
        for path, tree in trees()
        if path.name != "events.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"events", "notes"}
    }

    assert set(LISTED) - used == set()


def test_nothing_is_logged_under_a_name_that_is_not_listed() -> None:
    strays = [
        f"{path.name}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in METHODS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"log", "logger", "logging"}
        and node.args
        and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
    ]

    assert strays == []
