"""LDIF (RFC 2849) for the tests' own directories: entries written, and a server tool's output read."""

import base64
import re
from collections.abc import Iterable, Mapping

Value = str | bytes | int
Entry = dict[str, list[str]]

# What stands in a line as it is; everything else goes in base64
_SAFE = re.compile(r"[!-9;=-~][ -~]*(?<! )")


def entry(dn: str, attributes: Mapping[str, Value | Iterable[Value] | None]) -> str:
    """Return one entry with its blank line; an attribute that is None or has no value is left out."""
    lines = [_line("dn", dn)]
    for name, given in attributes.items():
        values = [given] if isinstance(given, str | bytes | int) else given or ()
        lines += [_line(name, value) for value in values]
    return "\n".join(lines) + "\n\n"


def modify(dn: str, changes: Mapping[str, Value | Iterable[Value] | None]) -> str:
    """Return the change that gives each attribute these values, or takes it away where they are None."""
    lines = [_line("dn", dn), "changetype: modify"]
    for name, given in changes.items():
        values = [given] if isinstance(given, str | bytes | int) else given or ()
        lines += [f"replace: {name}", *(_line(name, value) for value in values), "-"]
    return "\n".join(lines) + "\n\n"


def parse(text: str) -> list[Entry]:
    """Read what ldbsearch and ldapsearch print; `dn` is among the attributes, referrals are left out.

    Names are as printed. A value that isn't UTF-8 stays in base64.
    """
    blocks = (block.splitlines() for block in re.sub(r"\r?\n ", "", text).split("\n\n"))
    entries = (_parse_block(line for line in block if not line.startswith("#")) for block in blocks)
    return [found for found in entries if "dn" in found]


def _parse_block(lines: Iterable[str]) -> Entry:
    found: Entry = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name, []).append(_decode(value[1:]) if value.startswith(":") else value.lstrip())
    return found


def _decode(value: str) -> str:
    try:
        return base64.b64decode(value).decode()
    except UnicodeDecodeError:
        return value.strip()


def _line(name: str, value: Value) -> str:
    if not isinstance(value, bytes):
        value = str(value)
        if _SAFE.fullmatch(value):
            return f"{name}: {value}"
        value = value.encode()
    return f"{name}:: {base64.b64encode(value).decode()}"
