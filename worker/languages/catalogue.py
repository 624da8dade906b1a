"""The translations of one language, read from its .po file at their first use."""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations
from importlib import resources
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

SOURCE = "en"


@cache
def catalogue(language: str) -> NullTranslations:
    """The translations of a language; a text without one stays English.

    Compiled in memory, so that no compiled file can be older than its source.
    """
    if language == SOURCE:
        return NullTranslations()
    file = resources.files("worker.languages") / "catalogues" / f"{language}.po"
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return Translations(compiled)
