"""`make bench`: every benchmark, and each by its name."""

import re
import sys
from pathlib import Path

import pytest

from bench import __main__ as program

MAKEFILE = Path(program.__file__).parents[1] / "Makefile"


def test_what_is_run_smaller_is_a_benchmark_and_each_but_the_quickest_has_a_target() -> None:
    assert program.SMALLER.keys() <= program.ALL.keys()
    targets = set(re.findall(r"^bench-(\w+):", MAKEFILE.read_text(), re.MULTILINE))
    assert targets == {*program.ALL, *program.QUICK} - {"bulk"}


def test_a_name_that_is_none_is_refused_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "speed"])
    with pytest.raises(SystemExit, match=r"no benchmark 'speed'; there are: core, .*, quick"):
        program.main()
