"""The catalogues are complete, current and well-formed: for whoever adds a text, and for whoever translates one."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from catalogues import (
    ENGLISH_ONLY,
    FOLDER,
    KEYWORDS,
    TEMPLATE,
    WORKER,
    extracted,
    forms,
    key,
    languages,
    messages,
    missing,
    places,
    plural,
    read,
    report,
    updated,
    written,
)
from worker.languages.catalogue import catalogue

HINT = "run `make messages`, then translate what it lists"
LANGUAGES = languages()
SAMPLE = (*range(201), 1_000_000)


def test_there_is_a_catalogue_for_every_language_and_no_other() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.po")) == LANGUAGES


def test_the_template_is_current() -> None:
    assert TEMPLATE.read_bytes() == written(extracted()), HINT


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    lacking = missing(updated(language, extracted()))

    assert not lacking, f"{language}: {HINT}\n" + "\n".join(lacking)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_no_text_that_nobody_says_and_is_as_the_tool_writes_it(language: str) -> None:
    stored = read(language)

    assert {key(message) for message in messages(stored)} == {key(m) for m in messages(extracted())}, HINT
    assert not any(message.fuzzy for message in messages(stored))
    assert (FOLDER / f"{language}.po").read_bytes() == written(updated(language, extracted())), HINT


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    wrong = [
        f"{language}: {key(message)!r} -> {form!r}"
        for message in messages(read(language))
        for at, form in enumerate(forms(message))
        if form and not _has_its_places(message, form, _numbers(language, at))
    ]

    assert not wrong, "\n".join(wrong)


def _has_its_places(message: Message, form: str, numbers: list[int]) -> bool:
    """A form of one number alone (Arabic for two) may say it in a word in place of {n}."""
    texts = [message.id] if isinstance(message.id, str) else [*message.id]
    allowed = [places(texts[-1])]
    if len(texts) > 1 and len(numbers) == 1:
        allowed.append([place for place in allowed[0] if place != "{n}"])
    if 1 in numbers:
        allowed.append(places(texts[0]))
    return places(form) in allowed


def _numbers(language: str, form: int) -> list[int]:
    """The whole numbers that take a form."""
    choose = gettext.c2py(plural(language).partition("plural=")[2])
    return [n for n in SAMPLE if choose(n) == form]


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_those_of_cldr(language: str) -> None:
    stored = read(language)
    counted = [message for message in messages(stored) if not isinstance(message.id, str)]

    assert stored.plural_forms.rstrip(";") == plural(language)
    assert counted
    assert {len(forms(message)) for message in counted} == {stored.num_plurals}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_no_stray_spaces_or_marks_of_direction(language: str) -> None:
    """Isolates are set where a value is filled in; one typed into a translation would stay open."""
    wrong = [
        form
        for message in messages(read(language))
        for form in forms(message)
        if form != form.strip() or "  " in form or re.search("[\u202a-\u202e\u2066-\u2069]", form)
    ]

    assert wrong == []


def test_a_catalogue_is_compiled_once_and_the_source_needs_none() -> None:
    assert catalogue("de") is catalogue("de")
    assert catalogue("de").gettext("never") == "noch nie"
    assert catalogue("en").gettext("never") == "never"


def _said(path: Path) -> list[tuple[int, ast.expr]]:
    """What `say` is called with on a tongue, but for a name (a text that was marked where it was declared)."""
    calls = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    return [
        (call.lineno, call.args[0])
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in KEYWORDS and call.args
        if isinstance(call.func.value, ast.Name) and call.func.value.id == "tongue"
    ]


def test_no_text_is_put_together_where_it_is_said() -> None:
    """An f-string or a sum is not in any catalogue."""
    wrong = [
        f"{path.relative_to(WORKER)}:{line}"
        for path in WORKER.rglob("*.py")
        if path.relative_to(WORKER).parts[0] not in ENGLISH_ONLY
        for line, text in _said(path)
        if isinstance(text, (ast.JoinedStr, ast.BinOp))
    ]

    assert wrong == []


def test_texts_of_templates_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the web pages say is collected like what messages say."""
    folder = tmp_path / "desk" / "templates" / "parts"
    folder.mkdir(parents=True)
    (folder / "page.html").write_text(
        '{% if x %}<p>{{ say("Hello {name}", name=x) }}</p>{% endif %}{{ count("{n} row", "{n} rows", 2) }}'
        "{{ other('no') }}<b title=\"{{ say('It’s here') }}\"></b>"
    )
    (tmp_path / "one.py").write_text(
        'tongue.say("From code")\nN_("Declared")\nx.count("{n} day", "{n} days", 1)\n'
    )
    monkeypatch.setattr("catalogues.WORKER", tmp_path)

    found = {message.id for message in messages(extracted())}

    assert found == {
        "Hello {name}", ("{n} row", "{n} rows"), "It’s here", "From code", "Declared", ("{n} day", "{n} days"),
    }  # fmt: skip


def test_what_is_to_be_translated_is_listed_with_its_languages() -> None:
    said = list(report(3, {"Hello": LANGUAGES, "Bye": ["ar", "tr"]}))

    counts = "ar 2, de 1, es 1, fr 1, hi 1, pl 1, pt 1, tr 2, ur 1"
    assert said[:-1] == ["ar tr: Bye", "all: Hello"]
    assert said[-1] == f"3 texts in worker/languages/catalogues; to translate: {counts}"
    assert list(report(3, {}))[-1].endswith("to translate: nothing")
