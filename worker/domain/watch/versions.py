"""The version of an app that is good again, by platform. Two sources may disagree: then the stricter one counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ANY = "any"  # a record that names no platform
_PIECES = re.compile(r"\d{1,12}|[a-z]{1,20}")
_VERSION = re.compile(r"v?\d[\w.+-]{0,60}", re.IGNORECASE)
# Words of CPE names, product names and platforms -> platform; the first that is found counts
_PLATFORMS = (
    ("windows_phone", "windows_phone"), ("windows phone", "windows_phone"), ("tizen", "tizen"), ("iphone_os", "ios"),
    ("ipados", "ios"), ("ios", "ios"), ("iphone", "ios"), ("ipad", "ios"), ("android", "android"), ("macos", "macos"),
    ("mac_os_x", "macos"), ("mac os", "macos"), ("mac", "macos"), ("windows", "windows"), ("linux", "linux"),
    ("linux_kernel", "linux"), ("desktop", "desktop"), ("web", "web"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fix:
    """`version` repairs it, or, with `is_newer`, only what is newer than `version`."""

    version: str
    is_newer: bool = False

    @property
    def short(self) -> str:
        """The fix in the form `>= 2.26.1`."""
        return f"{'>' if self.is_newer else '>='} {self.version}"

    def includes(self, other: Fix) -> bool:
        """Return True if every version that satisfies this fix satisfies the other one, too."""
        return _strictness(self) >= _strictness(other)


def version_in(text: str) -> str:
    """Return a version as written, without a leading v; "" for a text that is none, such as `unspecified`."""
    found = text.strip()
    return found.lstrip("vV") if _VERSION.fullmatch(found) else ""


def stricter(one: Fix | None, other: Fix | None) -> Fix | None:
    """Return the fix that fewer versions satisfy; None if neither is known."""
    known = [fix for fix in (one, other) if fix is not None]
    return max(known, key=_strictness) if known else None


def stricter_all(parts: Iterable[Mapping[str, Fix]]) -> dict[str, Fix]:
    """The stricter of all, by platform, in the platforms' order."""
    found: dict[str, Fix] = {}
    for part in parts:
        for platform, fix in part.items():
            found[platform] = stricter(found.get(platform), fix) or fix
    return dict(sorted(found.items()))


def platform_in(text: str) -> str:
    """The platform that a text names as a whole word; "" if it names none."""
    folded = text.casefold()
    return next((key for word, key in _PLATFORMS if re.search(rf"(?<![a-z]){word}(?![a-z])", folded)), "")


def _strictness(fix: Fix) -> tuple[tuple[tuple[int, int, str], ...], bool]:
    pieces = [
        (1, int(piece), "") if piece.isdecimal() else (0, 0, piece)
        for piece in _PIECES.findall(fix.version.casefold())
    ]
    while pieces and pieces[-1] == (1, 0, ""):  # 7.13.0 is 7.13
        pieces.pop()
    return tuple(pieces), fix.is_newer
