"""The catalogues and the code: `make messages` runs this file, and a test asks it what is wrong.

Collects every text inside `say(…)`, `count(…, …)`, `because(…)`, `because_many(…, …)` and `N_(…)` of the code and the
templates, writes messages.pot, and brings each language's .po up to date: new texts come in without a translation,
those that nobody says any more go out, nothing is guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from babel.plural import to_gettext

from worker.languages import LANGUAGES

WORKER = Path(__file__).parents[2] / "worker"
FOLDER = WORKER / "languages" / "catalogues"
TEMPLATE = FOLDER / "messages.pot"
SOURCE = "en"

METHODS = [("desk/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
OPTIONS = {"desk/templates/**.html": {"extensions": "jinja2.ext.do", "silent": "false"}}
KEYWORDS = {"say": None, "count": (1, 2), "N_": None, "because": None, "because_many": (1, 2)}
ENGLISH_ONLY = {"cli", "demo"}  # the command line and the demonstration speak English
_HEADER = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: {plural};\n"
"""
_PLACES = re.compile(r"\{\w*\}")
_DATED = re.compile(
    rb'^"(?:(?:POT-Creation|PO-Revision)-Date|Generated-By|Last-Translator|Language-Team|Project-Id-Version|'
    rb"Report-Msgid-Bugs-To):.*\n",
    re.MULTILINE,
)


def extracted() -> Catalog:
    """Every text that is said, and nothing else."""
    catalog = Catalog(
        project="whosleft", charset="utf-8", fuzzy=False, header_comment="# What Whosleft says."
    )
    for _, _, text, comments, context in _found(WORKER):
        catalog.add(text, auto_comments=comments, context=context)
    return catalog


@cache  # the code takes seconds to read, and does not change meanwhile
def _found(folder: Path) -> Sequence[Any]:
    return [
        *extract_from_dir(
            folder, METHODS, OPTIONS, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True,
            directory_filter=lambda inner: Path(inner).name not in {*ENGLISH_ONLY, "__pycache__"},
        )
    ]  # fmt: skip


def languages() -> list[str]:
    """All but the source, which needs no catalogue."""
    return sorted(set(LANGUAGES) - {SOURCE})


def read(language: str) -> Catalog:
    """One language's catalogue as it is stored; an empty one for a language that is new."""
    path = FOLDER / f"{language}.po"
    text = path.read_bytes() if path.exists() else _HEADER.format(plural=plural(language)).encode()
    return read_po(BytesIO(text), locale=language)


def plural(language: str) -> str:
    """CLDR's plural forms as gettext writes them: every category, fractions' too."""
    forms = to_gettext(Locale.parse(language).plural_form).rstrip(";")
    return re.sub(r"\be\b", "0", forms)  # e: the exponent of 1M, which no whole number has


def written(catalog: Catalog) -> bytes:
    """The catalogue as a file: by text, and without dates and lines, so that a diff shows what changed."""
    file = BytesIO()
    write_po(file, catalog, width=110, no_location=True, sort_output=True, ignore_obsolete=True)
    return _DATED.sub(b"", file.getvalue())


def updated(language: str, template: Catalog) -> Catalog:
    """A language's catalogue with exactly the template's texts; translations that it has are kept."""
    catalog = read(language)
    catalog.update(template, no_fuzzy_matching=True, update_header_comment=False)
    return catalog


def missing(catalog: Catalog) -> list[str]:
    """The texts without a translation, or without one in every plural form."""
    return [key(message) for message in messages(catalog) if not all(forms(message))]


def messages(catalog: Catalog) -> Iterator[Message]:
    """All but the header."""
    return (message for message in catalog if message.id)


def key(message: Message) -> str:
    """The English text, of two forms the first."""
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(message: Message) -> tuple[str, ...]:
    """The translation, in each plural form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def places(text: str) -> list[str]:
    """The {named} places of a text, sorted."""
    return sorted(_PLACES.findall(text))


def main() -> None:
    """Write the template and the catalogues, and say which translations are missing in which languages."""
    template = extracted()
    FOLDER.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(written(template))
    lacking: dict[str, list[str]] = {}
    for language in languages():
        catalog = updated(language, template)
        (FOLDER / f"{language}.po").write_bytes(written(catalog))
        for text in missing(catalog):
            lacking.setdefault(text, []).append(language)
    print("\n".join(report(len(template), lacking)))  # noqa: T201  a command's answer


def report(total: int, lacking: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What `make messages` prints: a line for each text that has no translation, then a summary."""
    for text, where in sorted(lacking.items()):
        yield f"{'all' if list(where) == languages() else ' '.join(where)}: {text}"
    counts = Counter(language for where in lacking.values() for language in where)
    state = ", ".join(f"{language} {counts[language]}" for language in languages() if counts[language])
    yield f"{total} texts in {FOLDER.relative_to(WORKER.parent)}; to translate: {state or 'nothing'}"


if __name__ == "__main__":
    main()
