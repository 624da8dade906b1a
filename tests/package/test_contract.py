"""What programs read is made in one place: no command makes a document by hand."""

import ast
from pathlib import Path

CLI = Path(__file__).parents[2] / "worker" / "cli"
# A JSON Schema is no shape of ours, and what a connector's own command says is its connector's
BY_HAND = {"files.py", "connectors.py"}


def test_what_a_command_prints_for_programs_is_a_shape() -> None:
    users = {
        path.name
        for path in CLI.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and "print_json" in {alias.name for alias in node.names}
    }

    assert users == BY_HAND
