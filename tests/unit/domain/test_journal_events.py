"""Every name in the journal is listed, used, past and well formed; nothing else is written or looked for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import worker
from builders import NOW
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry

LISTED = {name: value for name, value in vars(events).items() if re.fullmatch(r"[A-Z][A-Z_]*", name)}
EARLIER = vars(events)["_EARLIER"]
NOUNS = {value.partition(".")[0] for value in LISTED.values()}
EXPECTED = {
    "advisory.dismissed",
    "advisory.announced",
    "audit.exported",
    "evidence.handed_over",
    "evidence.sealed",
    "census.decided",
    "census.link_made",
    "desk.key_rotated",
    "desk.login_link_made",
    "desk.signed_in",
    "desk.token_made",
    "desk.token_revoked",
    "group.declared",
    "group.gone",
    "group.link_made",
    "group.links_revoked",
    "group.paired",
    "group.unpaired",
    "group.roster_changed",
    "group.seen",
    "handover.accepted",
    "handover.missed",
    "link.carried",
    "link.confirmed",
    "link.rejected",
    "person.erased",
    "person.joined",
    "person.leaving_announced",
    "person.left",
    "person.moved",
    "person.returned",
    "plan.approved",
    "plan.held",
    "plan.objected",
    "plan.rejected",
    "plan.released",
    "source.failed",
    "source.first_read",
    "source.read_asked",
    "source.recovered",
    "source.repaired",
    "ticket.acknowledged",
    "ticket.passed_on",
    "ticket.snoozed",
    "report.confirmed",
    "report.link_made",
    "report.received",
    "report.texts_deleted",
    "silence.ended",
    "silence.made",
    "delivery.dropped",
    "delivery.retried",
    "ticket.day_moved",
    "ticket.moved",
    "ticket.remediation_started",
    "ticket.copy_requested",
    "ticket.remediation_done",
    "ticket.remediation_refused",
    "ticket.remediation_not_done",
    "ticket.assigned",
    "ticket.blocked",
    "ticket.cancelled",
    "ticket.declined",
    "ticket.answered",
    "ticket.held",
    "ticket.hold_ended",
    "ticket.noted",
    "ticket.reported_again",
    "attestations.imported",
    "attestations.deleted",
    "ticket.disowned",
    "ticket.disputed",
    "ticket.done",
    "ticket.escalated",
    "ticket.found_gone",
    "ticket.left_to_creator",
    "ticket.link_shown",
    "ticket.links_revoked",
    "ticket.opened",
    "ticket.reopened",
    "ticket.unblocked",
    "ticket.undone",
    "ticket.verified",
    "ticket.waived",
}
IRREGULAR = {"done", "found", "gone", "held", "left", "made", "read", "seen", "shown", "undone"}
ABOUT = {"person."}  # the demo asks which events are about people
WRITERS = {
    "Entry": 2,
    "acted": 2,
    "change_ticket": 3,
}  # the place of the name among what they are called with


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in Path(next(iter(worker.__path__))).rglob("*.py"):
        if path.name != "events.py" or path.parent.name != "evidence":
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_these_are_all_names() -> None:
    assert set(LISTED.values()) == EXPECTED
    assert len(LISTED) == len(EXPECTED), "each has one constant"
    assert {name: value.replace(".", "_").upper() for name, value in LISTED.items()} == {n: n for n in LISTED}


def test_each_is_a_noun_and_what_happened_to_it() -> None:
    assert [value for value in EXPECTED if not re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", value)] == []
    words = {value: re.split(r"[._]", value)[1:] for value in EXPECTED}
    assert [v for v, of in words.items() if not any(w.endswith("ed") or w in IRREGULAR for w in of)] == []


def test_each_is_used() -> None:
    used = {
        name
        for _, tree in trees()
        for node in ast.walk(tree)
        for name in (
            [node.attr]
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "events"
            else [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom) and node.module == "worker.domain.evidence.events"
            else []
        )
    }

    assert set(LISTED) - used == set()


def is_name(text: object) -> bool:
    """Whether a text is a name of the journal, of today or before, or begins one that is put together."""
    if not isinstance(text, str):
        return False
    return text in EXPECTED or text in EARLIER or (text.endswith(".") and text[:-1] in NOUNS)


def strays(tree: ast.AST) -> Iterator[int]:
    """The lines that spell a name, or write an entry under one that is spelled there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and is_name(node.value) and node.value not in ABOUT:
            yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WRITERS:
            written = node.args[WRITERS[node.func.id] :][:1]
            yield from (one.lineno for one in written if isinstance(one, ast.Constant | ast.JoinedStr))


def test_nothing_is_written_or_looked_for_under_a_name_that_is_spelled_where_it_is_used() -> None:
    assert [f"{path.name}:{line}" for path, tree in trees() for line in strays(tree)] == []


@pytest.mark.parametrize(
    "source",
    [
        'kind = "ticket.opened"',
        'kind = "ticket.open"',
        'kind = f"ticket.{answer.value}"',
        'uow.journal.append([Entry(now, "whosleft", "thing.happened", "x")])',
        'acted(by, now, "thing.happened", "x")',
    ],
)
def test_a_name_that_is_spelled_is_found(source: str) -> None:
    assert list(strays(ast.parse(source))) != []


def test_an_earlier_name_is_read_as_the_one_of_today() -> None:
    assert {Entry(NOW, "sam", old, "x").event for old in EARLIER} <= EXPECTED
    assert Entry(NOW, "sam", "ticket.open", "x").event == "ticket.opened"
    assert Entry(NOW, "sam", "plan.held", "x").event == "plan.held"
    assert Entry(NOW, "sam", "of.another_release", "x").event == "of.another_release"


def test_an_earlier_name_is_none_of_today_and_is_about_the_same() -> None:
    assert EARLIER.keys() & EXPECTED == set()
    assert [old for old, new in EARLIER.items() if old.partition(".")[0] != new.partition(".")[0]] == []


@pytest.mark.parametrize("asked", ["ticket.reopen", "ticket.reopened"])
def test_every_spelling_is_found_by_any(asked: str) -> None:
    assert events.spellings(asked) == ("ticket.reopened", "ticket.reopen")
    assert events.spellings("plan.held") == ("plan.held",)
