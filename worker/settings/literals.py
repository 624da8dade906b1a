"""Find secrets that are written out in the configuration instead of `${env:NAME}` or `${file:/path}`.

More people read a configuration than may know its secrets: it is in a repository, and in a ConfigMap. A value is
secret by its key's type (SecretStr) or name, or because it is a password within an address.
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
_REFERRED = "\0"  # replaces each reference; no text of YAML has it
# In a text that is only an address, a password may have blanks and slashes; a port with a path is no password
_IN_ADDRESS = re.compile(
    f"(?:^\\s*[a-z][a-z0-9+.-]*://[^/?#@:]*:(?!{_REFERRED}@|[0-9]*[/?#])[^@]+|://[^/?#\\s@:]*:(?!{_REFERRED}@)[^/?#\\s@]+)@",
    re.IGNORECASE,
)
_IN_QUERY = re.compile("[?&;]([^=&;]*)=([^&;#]*)")


def literal_secrets(document: Document, typed: set[KeyPath]) -> list[SettingsProblem]:
    """A problem for each secret that is written out; `typed` are the paths that are secret by a model.

    Messages hide all of them from now on, also under ordinary key names.
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
    if not text.strip():  # the key itself refuses it if it needs a value
        return ""
    referred = REFERENCE.sub(_REFERRED, text)
    if referred.replace(_REFERRED, "").strip() and (path in typed or is_below_secret_key(path)):
        return "a secret"
    return "a password" if _IN_ADDRESS.search(referred) or _is_in_query(referred) else ""


def _is_in_query(address: str) -> bool:
    """True if the query has a secret: a key with a secret's name and a value. Escapes in names are decoded."""
    return any(
        value not in {"", _REFERRED} and (is_secret_key(name) or name.casefold().endswith("password"))
        for name, value in ((unquote_plus(found[1]), found[2]) for found in _IN_QUERY.finditer(address))
    )


def secret_paths(model: type[BaseModel], data: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The paths of values with type SecretStr, in data for this model."""
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
