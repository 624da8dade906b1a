"""The company that the console's tests look at, and how they read its pages."""

from __future__ import annotations

import re
from html import unescape

from harness import Harness
from worker.domain.model import Member, Role

STAFF = ("ann", "ben", "cem", "dee", "eve", "fay", "gus", "hal", "ida", "jon")


def console_ward() -> Harness:
    """Ann left long ago; a storm of temps is held; somebody nobody knows is in the ward."""
    harness = Harness()
    harness.hire(*STAFF)
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"], name='Ward <7> & "nights"')
    harness.group("theatre", "ann", "eve", admins=["gus"])
    temps = [f"temp{number:02d}" for number in range(30)]
    harness.hire(*temps, org_unit="OU=Temps")
    harness.group("hall", *temps, admins=["dee"])
    harness.hire("tom", "una", phones=("+447700900777",))
    harness.wards.add_member("ward-7", Member("+447700900777", "T", Role.MEMBER, phone="+447700900777"))
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    harness.later(hours=30)
    harness.leave(*temps)
    harness.settle()
    harness.escalate()
    return harness


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def link_of(html: str, label: str) -> str:
    """Where the link with this text leads."""
    for href, text in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL):
        if text_of(text).strip() == label:
            return str(href)
    raise AssertionError(f"no link is called {label}")
