import io
from contextlib import suppress

import pytest
from rich.console import Console

from worker.ops.progress import SHOW_AFTER_S, ProgressBars, progress_bars


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def terminal() -> tuple[Console, io.StringIO]:
    screen = io.StringIO()
    return Console(file=screen, force_terminal=True, width=80), screen


def test_a_short_pass_shows_nothing(seconds: Seconds) -> None:
    console, screen = terminal()
    bars = ProgressBars(console, seconds)

    bars.progressed("corp", 1000)
    seconds.now += SHOW_AFTER_S / 2
    bars.progressed("corp", 1000)
    bars.close()

    assert screen.getvalue() == ""


def test_a_long_pass_shows_how_much_was_done_and_how_fast(seconds: Seconds) -> None:
    console, screen = terminal()
    bars = ProgressBars(console, seconds)

    bars.progressed("corp", 1000)
    seconds.now += 2
    bars.progressed("corp", 500)
    bars.progressed("wards [1]", 7)
    bars.close()

    shown = screen.getvalue()
    assert "corp" in shown
    assert "1,500" in shown
    assert "750/s" in shown
    assert "wards [1]" in shown, "a name is no markup"


def test_after_the_end_it_starts_anew(seconds: Seconds) -> None:
    console, screen = terminal()
    bars = ProgressBars(console, seconds)
    seconds.now += 2
    bars.progressed("corp", 1000)
    bars.close()
    screen.truncate(0)

    bars.progressed("corp", 5)

    assert "corp" not in screen.getvalue()


def test_without_a_terminal_nothing_is_ever_shown(seconds: Seconds) -> None:
    screen = io.StringIO()
    bars = ProgressBars(Console(file=screen, force_terminal=False), seconds)

    seconds.now += 60
    bars.progressed("corp", 1000)
    bars.close()

    assert screen.getvalue() == ""


def test_the_bars_are_gone_when_the_pass_fails() -> None:
    console, screen = terminal()

    with suppress(ZeroDivisionError), progress_bars(console) as bars:
        bars._since -= 60
        bars.progressed("corp", 1)
        _ = 1 / 0

    hidden, shown = screen.getvalue().rfind("\x1b[?25l"), screen.getvalue().rfind("\x1b[?25h")
    assert 0 <= hidden < shown, "the cursor was given back"
    assert bars._bars is None
