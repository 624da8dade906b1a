"""Texts in several languages, each in a file beside the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, PrivateAttr, ValidationInfo, computed_field, field_validator, model_validator

from worker.domain.controls.statements import text_hash
from worker.settings.fields import Language, Text
from worker.settings.files import open_regular
from worker.settings.problems import Wrong, shown
from worker.settings.section import Section

_TEXT_MAX = 100_000  # characters of a text file


class TextFiles(Section):
    """A text in several languages, each in a file beside the configuration."""

    texts: dict[Language, Text] = Field(description="Language: file.")
    _read: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("texts")
    @classmethod
    def _has_a_language(cls, texts: dict[str, str]) -> dict[str, str]:
        if not texts:
            raise Wrong("no language is given", "Write a file for each, such as {en: rules.en.txt}.")
        return texts

    @model_validator(mode="after")
    def _can_be_read(self, info: ValidationInfo) -> Self:
        for language, name in self.texts.items():
            try:
                self._read[language] = _text_of(name, info)
            except Wrong as wrong:
                raise Wrong(wrong.message, wrong.remedy, at=("texts", language)) from None
        return self

    @computed_field(repr=False)  # type: ignore[prop-decorator]
    @property
    def sha256(self) -> dict[str, str]:
        """The hash of each text, as it is kept of what people were shown; a dump with other texts differs."""
        return {language: text_hash(text) for language, text in self._read.items()}

    @property
    def read(self) -> Mapping[str, str]:
        """The texts by language, as they were when the configuration was read."""
        return self._read


def _text_of(name: str, info: ValidationInfo) -> str:
    """The text of a file beside the configuration. Raises Wrong."""
    base: Path = (info.context or {}).get("base_dir", Path())
    try:
        with open_regular(base / name) as file:
            text = file.read().decode("utf-8-sig")
    except OSError as error:
        raise Wrong(f"{shown(name)} can't be read: {error.strerror}", "Check the path.") from None
    except UnicodeDecodeError:
        raise Wrong(f"{shown(name)} is no UTF-8 text", "Save it as UTF-8.") from None
    if len(text) > _TEXT_MAX:
        raise Wrong(f"{shown(name)} is too long", f"Write {_TEXT_MAX} characters at most.")
    if not text.strip():
        raise Wrong(f"{shown(name)} is empty", "Write the text into it.")
    return text.strip()
