"""The command `whosleft`: imports the program without collecting garbage meanwhile, and runs it.

Nothing that is imported is ever let go. To look for what could be takes a third of a short command's time: while it is
imported, in every full collection afterwards, and at the end.
"""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line and exit."""
    gc.disable()
    from worker.ops.ending import unwind_at_signals
    from worker.program import run  # not before

    gc.freeze()
    gc.enable()
    unwind_at_signals()
    run()


if __name__ == "__main__":
    main()
