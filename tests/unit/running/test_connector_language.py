"""The language that connectors take for the organisation's: the one that is really said."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.running.wiring import context_of
from worker.settings.loading import load


@pytest.mark.parametrize("language, said", [("de-AT", "de-AT"), ("he", "en")])
def test_a_language_without_texts_is_the_one_that_they_are_in(
    tmp_path: Path, language: str, said: str
) -> None:
    file = tmp_path / "whosleft.yaml"
    file.write_text(f"organisation: {{name: X, timezone: UTC, language: {language}}}\n", encoding="utf-8")
    assert context_of(load(file), "mail", clock=None).language == said  # type: ignore[arg-type]
