"""Replace `${env:NAME}` and `${file:/path}` in any text of the configuration, when it is loaded.

Their values are secret: they are noted as hidden, so that no message repeats them. Values are not searched again,
so a secret with `${` in it stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from worker.settings.document import Document
from worker.settings.files import open_regular
from worker.settings.problems import KeyPath, SettingsProblem, Wrong, did_you_mean, nearest

BYTES_MAX = 1_000_000  # a secret is short; a path that names a device or a log is a mistake
REFERENCE = re.compile(r"\$\{([^}]*)\}?")
_SECRET_KEY = re.compile(r"(?:.*[_-])?(?:token|password|passphrase|secret|api_key)", re.IGNORECASE)


def is_secret_key(key: object) -> bool:
    """True if the value under this key is secret by the key's name."""
    return isinstance(key, str) and _SECRET_KEY.fullmatch(key) is not None


def is_below_secret_key(path: KeyPath) -> bool:
    """True if the value at a path is secret by the name of one of the path's keys."""
    return any(is_secret_key(part) for part in path)


def resolve(document: Document, env: Mapping[str, str]) -> list[SettingsProblem]:
    """Replace a document's references in place, and note hidden values; return the problems."""
    problems: list[SettingsProblem] = []
    document.data = _resolved(document, env, document.data, (), problems)
    return problems


def _resolved(
    document: Document, env: Mapping[str, str], value: Any, path: KeyPath, problems: list[SettingsProblem]
) -> Any:
    if isinstance(value, dict):
        for key in value:
            value[key] = _resolved(document, env, value[key], (*path, key), problems)
    elif isinstance(value, list):
        value[:] = [_resolved(document, env, item, (*path, i), problems) for i, item in enumerate(value)]
    elif isinstance(value, str):
        return _resolved_text(document, env, value, path, problems)
    elif value is not None:
        _note(document, str(value), path)
    return value


def _note(document: Document, text: str, path: KeyPath) -> None:
    document.written[path] = text
    if is_below_secret_key(path):
        document.hidden[path] = (text,)
        document.labels[path] = "the value"


def _resolved_text(
    document: Document, env: Mapping[str, str], text: str, path: KeyPath, problems: list[SettingsProblem]
) -> str:
    _note(document, text, path)
    if "${" not in text:
        return text
    given: list[str] = []

    def replace(match: re.Match[str]) -> str:
        given.append(_look_up(document, env, match))
        return given[-1]

    try:
        result = REFERENCE.sub(replace, text)
    except Wrong as wrong:
        problems.append(document.problem(path, document.value_mark(path), wrong.message, wrong.remedy))
        document.unresolved.add(path)
        return text
    document.hidden[path] = (result, *given)
    # The references alone: what stands beside them may be secret, too
    document.labels[path] = f"the value of {' '.join(match[0] for match in REFERENCE.finditer(text))}"
    return result


def _look_up(document: Document, env: Mapping[str, str], match: re.Match[str]) -> str:
    kind, _, name = match[1].partition(":")
    if not match[0].endswith("}") or kind not in {"env", "file"} or not name:
        near = (
            f"${{env:{match[1]}}}"
            if re.fullmatch(r"[A-Za-z_]\w*", match[1])
            else "${env:NAME} or ${file:/path}"
        )
        raise Wrong(f"'{match[0]}' is no reference to a secret", f"Write {near}.")
    return _from_env(env, name) if kind == "env" else _from_file(document, name)


def _from_env(env: Mapping[str, str], name: str) -> str:
    if value := env.get(name):
        return value
    problem = "is empty" if name in env else "is not set"
    near = nearest(name, env)
    remedy = did_you_mean(name, [near]) if near and near != name else "Set it for this process."
    raise Wrong(f"the environment variable {name} {problem}", remedy)


def _from_file(document: Document, name: str) -> str:
    try:
        with open_regular(document.base_dir / name) as file:
            raw = file.read(BYTES_MAX + 1)
        text = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except FileNotFoundError:
        raise Wrong(f"there is no file {name}", "Mount or create it, or correct the path.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise Wrong(
            f"the file {name} cannot be read: {why}", "It must be a text file that this account may read."
        ) from None
    if len(raw) > BYTES_MAX:
        raise Wrong(
            f"the file {name} is over {BYTES_MAX // 1_000_000} MB", "Name the file with the secret alone."
        )
    if not text:
        raise Wrong(f"the file {name} is empty", "Put the secret in it.")
    return text
