"""No decision reads a sentence: nothing under worker/ compares a reason, or looks at what is in one.

Reasons are for people. What is decided by has a code or a column; an enumeration is compared by `is`. And every reason
that is stored can be said in every language.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogues import extracted, key, messages
from worker.desk.console import questions
from worker.domain.controls import GROUP_CONTROLS
from worker.domain.controls.reports import OUTCOME_WORDS
from worker.domain.groups.case import KeptOut
from worker.domain.kinds import KINDS
from worker.domain.people.evidence_words import EVIDENCE_SAYS, EVIDENCE_SHARED
from worker.domain.reconcile import answering, attesting, engine
from worker.domain.tickets.ticket import TicketState

WORKER = Path(__file__).parents[2] / "worker"
REASONS = {"why", "reason", "said"}
LOOKS = {
    "contains", "count", "endswith", "find", "fullmatch", "ilike", "index", "like", "match", "partition",
    "removeprefix", "removesuffix", "rfind", "rpartition", "rsplit", "search", "split", "startswith",
}  # fmt: skip
COMPARED = ast.Eq | ast.NotEq | ast.In | ast.NotIn
# What the release before writes while it works beside this one, and what was written before a migration
OF_EARLIER_RELEASES = {("storage/sql/mapping.py", "_assignee")}
MIGRATIONS = "storage/migrations/"


def is_reason(node: ast.AST) -> bool:
    """Whether an expression is a reason: a variable, an attribute or a value of a mapping with its name."""
    if isinstance(node, ast.Name):
        return node.id in REASONS - {"said"}  # people say other things, too
    if isinstance(node, ast.Attribute):
        return node.attr in REASONS
    return isinstance(node, ast.Subscript) and getattr(node.slice, "value", None) in REASONS


def has_reason(node: ast.AST) -> bool:
    called = {id(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
    return any(is_reason(part) for part in ast.walk(node) if id(part) not in called)


def reads(node: ast.AST) -> bool:
    """Whether this very node compares a reason, or looks at what is in it."""
    if isinstance(node, ast.Compare):
        is_compared = any(isinstance(op, COMPARED) for op in node.ops)
        return is_compared and any(map(has_reason, (node.left, *node.comparators)))
    if isinstance(node, ast.Match):
        return has_reason(node.subject)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS:
        return has_reason(node.func.value) or any(map(has_reason, node.args))
    return False


def found(tree: ast.AST, function: str = "") -> Iterator[tuple[str, int]]:
    """The function and the line of each place that reads a reason."""
    for node in ast.iter_child_nodes(tree):
        if reads(node):
            yield function, getattr(node, "lineno", 0)
        inside = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        yield from found(node, inside)


def test_no_decision_reads_a_sentence() -> None:
    places = [
        f"{path}:{line}"
        for file in sorted(WORKER.rglob("*.py"))
        if not (path := file.relative_to(WORKER).as_posix()).startswith(MIGRATIONS)
        for function, line in found(ast.parse(file.read_text(encoding="utf-8")))
        if (path, function) not in OF_EARLIER_RELEASES
    ]

    assert places == []


@pytest.mark.parametrize(
    "source",
    [
        'why.startswith("came back")',
        "current.why not in _WHY_THEY",
        'link.why == f"confirmed by {email}"',
        'flat(ticket.reason) == "x"',
        '"came back" in action.why',
        're.match("came back", reason)',
        'row["why"] != "x"',
        'ticket.c.reason.like("came back%")',
        'assignee.said == "owner of the group"',
        "next(text for start, text in _HAPPENED.items() if why.startswith(start))",
        'match ticket.reason:\n    case "came back":\n        pass',
    ],
)
def test_a_decision_that_reads_one_is_found(source: str) -> None:
    assert list(found(ast.parse(source))) != []


@pytest.mark.parametrize(
    "source", ["why is AssigneeWhy.ASSIGNED", "print(why)", 'f"{why}: so"', "if why: pass"]
)
def test_to_say_one_or_to_have_one_is_no_reading(source: str) -> None:
    assert list(found(ast.parse(source))) == []


# --- reasons that are stored -------------------------------------------------------------------------------

MAKERS = {"because", "because_many"}
KEEPERS = {
    "domain/evidence/journal.py",
    "domain/text/reason.py",
    "storage/sql/mapping.py",
}  # they give words back
MARKED = {  # texts that are chosen when the reason is made, by where: their N_ is where they are declared
    "desk/console/questions.py: said": questions.NOBODY.values(),
    "domain/groups/case.py: EVIDENCE_SAYS[account.evidence]": EVIDENCE_SAYS.values(),
    "domain/groups/case.py: EVIDENCE_SAYS[leaving.evidence]": EVIDENCE_SAYS.values(),
    "domain/kinds/add_member.py: why.value": [why.value for why in KeptOut],
    "domain/kinds/controlled.py: text": [
        text for one in GROUP_CONTROLS.values() for text in (one.fails, one.asks)
    ],
    "domain/kinds/controlled.py: words[part]": [
        text for one in GROUP_CONTROLS.values() for text in one.words.values()
    ],
    "domain/tickets/ticket.py: state.value": [state.value for state in TicketState],
    "domain/reconcile/answering.py: _SAID[answer]": answering._SAID.values(),
    "domain/reconcile/attesting.py: _WHY[rule.statement.value]": attesting._WHY.values(),
    "domain/reconcile/guard.py: EVIDENCE_SHARED[mark.evidence]": EVIDENCE_SHARED.values(),
    "domain/reconcile/reporting.py: OUTCOME_WORDS[outcome]": OUTCOME_WORDS.values(),
    "domain/reconcile/engine.py: _AGAIN[again]": engine._AGAIN.values(),
    "domain/reconcile/verification.py: contradiction.text": [
        kind.contradiction.text for kind in KINDS.values()
    ],
}


def calls(names: set[str]) -> Iterator[tuple[str, ast.Call]]:
    """Each call under worker/ of a function with one of these names, with its file."""
    for file in sorted(WORKER.rglob("*.py")):
        path = file.relative_to(WORKER).as_posix()
        if path in KEEPERS:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield path, node


def test_every_stored_reason_has_words_so_that_it_is_said_in_every_language() -> None:
    assert [path for path, _ in calls({"Reason"})] == []


def test_every_text_of_a_reason_is_in_the_catalogues() -> None:
    chosen = {
        f"{path}: {ast.unparse(call.args[0])}"
        for path, call in calls(MAKERS)
        if not isinstance(call.args[0], ast.Constant)
    }
    assert chosen == MARKED.keys(), "list the texts that such a reason can have"
    known = {key(message) for message in messages(extracted())}
    assert {text for texts in MARKED.values() for text in texts} <= known
