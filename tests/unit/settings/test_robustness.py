"""Whatever is in the file, the answer is settings or a list of problems, never a traceback."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fakes.kinds import KINDS
from worker.settings import problems_in

CONFIG = Path(__file__).parents[3] / "config"
EXAMPLE = yaml.safe_load((CONFIG / "whosleft.example.yaml").read_text(encoding="utf-8"))
ENV = {
    "SLACK_TOKEN": "xoxb-invented",
    "SLACK_APP_TOKEN": "xapp-invented",
    "AD_PASSWORD": "invented",
    "DESK_CLIENT_SECRET": "invented",
    "ENTRA_SECRET": "invented",
    "GRAPH_CLIENT_STATE": "invented-and-long-enough",
}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def places(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def replaced(node: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(node, dict):
        return {
            key: replaced(item, path[1:], value) if key == path[0] else item for key, item in node.items()
        }
    return [replaced(item, path[1:], value) if i == path[0] else item for i, item in enumerate(node)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config") / "whosleft.yaml"


@given(place=st.sampled_from(places(EXAMPLE)), value=values)
def test_any_value_in_any_place(path: Path, place: tuple[str | int, ...], value: object) -> None:
    path.write_text(yaml.safe_dump(replaced(EXAMPLE, place, value), allow_unicode=True), encoding="utf-8")
    assert all(problem.message for problem in problems_in(path, kinds=KINDS, env=ENV))


@given(text=st.text(alphabet=st.sampled_from("ab:{}[]-#&*!|>'\"%@`,?~<\t\n $0."), max_size=60))
def test_any_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    assert all(problem.message for problem in problems_in(path, kinds=KINDS, env=ENV))


@given(raw=st.binary(max_size=60))
def test_any_bytes(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    assert all(problem.message for problem in problems_in(path, kinds=KINDS, env=ENV))
