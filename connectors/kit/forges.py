"""What trackers of forges (GitHub, GitLab) share: accounts by address, and how a copy reads as an issue.

An issue's description has a hidden comment with the copy's identity, which is what it is found by.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from connectors.kit.calls import instant
from connectors.kit.markdown import fenced, paragraphs, unreferenced
from connectors.kit.text import cut, one_line
from connectors.kit.trackers import TrackerConfig
from worker.domain.mirror.outside import Draft
from worker.ports import Rejected

BODY_MAX = 60_000  # characters of a description or comment; GitHub takes 65,536
TITLE_MAX = 255
_MARKER = re.compile(r"(?<!`)<!-- whosleft: ([A-Za-z0-9-]+) -->")
_QUOTED = re.compile(r" {0,3}>")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class ForgeConfig(TrackerConfig):
    """The keys that each forge has."""

    accounts: dict[str, str] = Field(
        default_factory=dict,
        description="Who has which account: {amina.yusuf@example.org: amina-y}. Nobody else gets a copy assigned.",
    )

    @field_validator("accounts")
    @classmethod
    def _are_accounts(cls, accounts: dict[str, str]) -> dict[str, str]:
        for email, login in accounts.items():
            if "@" not in email or not _LOGIN.fullmatch(login):
                raise ValueError(
                    "write an address and the name of an account: {amina.yusuf@example.org: amina-y}"
                )
        return {email.casefold(): login for email, login in accounts.items()}

    @model_validator(mode="after")
    def _are_apart(self) -> Self:
        logins = [login.casefold() for login in self.accounts.values()]
        twice = {login for login in logins if logins.count(login) > 1}
        if twice:
            raise ValueError(f"accounts: {min(twice)} has two addresses; write one")
        return self

    def login(self, email: str) -> str:
        """Return somebody's account. Raises Rejected."""
        login = self.accounts.get(email.casefold())
        if login is None:
            raise Rejected(
                f"Nobody knows which account is that of {email}.",
                remedy=f"Write it in accounts: {{{email}: …}}.",
            )
        return login

    def email(self, login: str) -> str:
        """Return the address of an account; empty if none is configured."""
        return next((one for one, of in self.accounts.items() if of.casefold() == login.casefold()), "")

    def shown(self, login: str) -> str:
        """Return an account's address or, where none is configured, its name."""
        return self.email(login) or login


def title(draft: Draft) -> str:
    """Return the title, in which nobody is mentioned."""
    return cut(unreferenced(one_line(draft.title)), TITLE_MAX)


def description(draft: Draft) -> str:
    """Return the description, which has the identity at its end."""
    text = cut(paragraphs([*draft.paragraphs, draft.url]), BODY_MAX)
    return f"{text}\n\n<!-- whosleft: {draft.identity} -->"


def identity(body: object) -> str:
    """Return the identity in a description, wherever people's lines left it; empty where there is none.

    The last one counts. One in a quotation or in a block of code is somebody's paste, which everybody sees.
    """
    found = outside = fence = ""
    for line in body.splitlines() if isinstance(body, str) else ():
        run = _FENCE.fullmatch(line)
        if fence and run and run[1].startswith(fence) and not run[2].strip():
            found, fence = outside, ""
        elif run and not fence:
            outside, fence = found, run[1]
        elif not _QUOTED.match(line):
            found = next(reversed(_MARKER.findall(line)), found)
    return found


def has_said(comments: Iterable[Mapping[str, Any]], text: str, since: datetime | None) -> bool:
    """Whether one of these comments is this text, and not older. Raises KeyError or ValueError for odd ones."""
    return any(
        str(one.get("body") or "").strip() == text.strip()
        and (since is None or (instant(str(one["created_at"])) or since) >= since)
        for one in comments
    )


def folded(name: str, data: bytes) -> tuple[str, str]:
    """Return a comment that holds a file, and what it can be told by. Raises Rejected for one that is no text."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Rejected(
            f"{name} is no text, and files are added as folded comments.", remedy="See the README."
        ) from error
    if len(text) > BODY_MAX:
        raise Rejected(f"{name} is longer than a comment may be.", remedy="See the README.")
    digest = f"sha256 {hashlib.sha256(data).hexdigest()[:16]}"
    summary = escape(unreferenced(one_line(f"{name} ({digest})")))  # within HTML nothing is Markdown
    return f"<details><summary>{summary}</summary>\n\n{fenced(text)}\n\n</details>", digest
