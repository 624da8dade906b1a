"""One name is one thing: no two classes of the worker have the same one."""

import ast
from collections import defaultdict
from pathlib import Path

WORKER = Path(__file__).parents[2] / "worker"


def test_no_two_classes_share_a_name() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(WORKER.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path.relative_to(WORKER).as_posix())

    assert {name: files for name, files in places.items() if len(files) > 1} == {}
