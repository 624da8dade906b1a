"""Each broken configuration in this folder gives exactly the text beside it.

`WHOSLEFT_REWRITE=1 pytest …` writes the texts anew; read what changed before you keep it.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.kinds import KINDS
from worker.settings import SettingsError, format_problems, load, problems_in

FOLDER = Path(__file__).parent
BROKEN = sorted(FOLDER.glob("*.yaml"))
SECRETS = {
    "SLACK_TOKEN": "xoxb-0123456789-invented",
    "DATABASE_PASSWORD": "invented/with:a#slash",
}
ENV = {**SECRETS, "EMPTY": ""}


@pytest.mark.parametrize("path", BROKEN, ids=[path.stem for path in BROKEN])
def test_a_broken_configuration_says_what_to_mend(path: Path) -> None:
    problems = problems_in(path, kinds=KINDS, env=ENV)
    text = format_problems(replace(problem, path=path.name) for problem in problems) + "\n"
    expected = path.with_suffix(".txt")
    if os.environ.get("WHOSLEFT_REWRITE"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert not [secret for secret in SECRETS.values() if secret[:8] in text]
    assert [p.line for p in problems] == sorted(p.line for p in problems)
    with pytest.raises(SettingsError) as error:
        load(path, kinds=KINDS, env=ENV)
    assert error.value.problems == problems


def test_every_text_has_its_configuration() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == {path.stem for path in BROKEN}
