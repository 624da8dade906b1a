"""Secrets that stand in the configuration itself, where `${env:NAME}` or `${file:/path}` should.

A configuration is read by more people than its secrets are for: it lies in a repository, and in a ConfigMap. What a
secret is, says the type of its key (SecretStr), or its name, or it is a password within an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args
from urllib.parse import unquote_plus

from pydantic import BaseModel, SecretStr

from worker.settings.document import Document
from worker.settings.explain import models_in
from worker.settings.problems import KeyPath, SettingsProblem
from worker.settings.references import REFERENCE, is_below_secret_key, is_secret_key

SWITCH = "allow_literal_secrets"
REMEDY = "Write ${env:NAME} or ${file:/path} in its place; for a lab there is allow_literal_secrets: true."
_REFERRED = "\0"  # in place of each reference: no text of YAML has it
# In a text that is an address as a whole, a password may have blanks and slashes; a port with a path after it is none
_IN_ADDRESS = re.compile(
    f"(?:^\\s*[a-z][a-z0-9+.-]*://[^/?#@:]*:(?!{_REFERRED}@|[0-9]*[/?#])[^@]+|://[^/?#\\s@:]*:(?!{_REFERRED}@)[^/?#\\s@]+)@",
    re.IGNORECASE,
)
_IN_QUERY = re.compile("[?&;]([^=&;]*)=([^&;#]*)")


def literal_secrets(document: Document, typed: set[KeyPath]) -> list[SettingsProblem]:
    """Each secret that is written out; `typed` are the paths of those that a model says are secret.

    All of them are hidden from now on, whatever their keys are called.
    """
    found = {path: what for path, text in document.written.items() if (what := _what(path, text, typed))}
    for path in (typed & document.written.keys()) | found.keys():
        document.hidden.setdefault(path, (document.written[path],))
        document.labels.setdefault(path, "the value")
    if document.at((SWITCH,)) is True:
        return []
    return [
        document.problem(path, document.value_mark(path), f"{what} is written here", REMEDY)
        for path, what in found.items()
    ]


def _what(path: KeyPath, text: str, typed: set[KeyPath]) -> str:
    if not text.strip():  # which its key refuses, where it needs one
        return ""
    referred = REFERENCE.sub(_REFERRED, text)
    if referred.replace(_REFERRED, "").strip() and (path in typed or is_below_secret_key(path)):
        return "a secret"
    return "a password" if _IN_ADDRESS.search(referred) or _is_in_query(referred) else ""


def _is_in_query(address: str) -> bool:
    """Whether a name that says so has a value of its own; programs read names with escapes as the letters they are."""
    return any(
        value not in {"", _REFERRED} and (is_secret_key(name) or name.casefold().endswith("password"))
        for name, value in ((unquote_plus(found[1]), found[2]) for found in _IN_QUERY.finditer(address))
    )


def secret_paths(model: type[BaseModel], data: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Where the data, which is to fit the model, has values of type SecretStr."""
    if not isinstance(data, dict):
        return
    for name, field in model.model_fields.items():
        if name in data:
            yield from _secrets_in(field.annotation, data[name], (*path, name))


def _secrets_in(annotation: Any, value: Any, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _secrets_in(annotation, item, (*path, number))
        return
    if _names_secret(annotation):
        yield path
    for inner in models_in(annotation):
        yield from secret_paths(inner, value, path)


def _names_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_names_secret, get_args(annotation)))
