"""A link that signs in is shown to a person at a terminal, and is in no log."""

from __future__ import annotations

import io

from worker.cli.working import announced
from worker.ops.terminal import Terminal


def said(*, is_terminal: bool) -> tuple[str, int]:
    """What is printed, and how many links were made for it."""
    file = io.StringIO()
    made: list[str] = []

    def link() -> str:
        made.append("http://127.0.0.1:8080/login/secret")
        return made[-1]

    announced(
        link, "whosleft desk login-link", Terminal(file=file, force_terminal=is_terminal, color_system=None)
    )
    return file.getvalue(), len(made)


def test_a_terminal_is_shown_the_link() -> None:
    assert said(is_terminal=True) == ("http://127.0.0.1:8080/login/secret\n", 1)


def test_elsewhere_no_link_is_made_and_the_command_is_said() -> None:
    assert said(is_terminal=False) == ("whosleft desk login-link\n", 0)
