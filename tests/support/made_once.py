"""Templates that take long to make: made once on a machine, then copied by each test process.

They lie in WHOSLEFT_TEST_CACHE, else ~/.cache/whosleft-tests (XDG_CACHE_HOME is obeyed).
"""

import fcntl
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from throwaway import Absent


def cache_folder() -> Path:
    """Return the folder of all templates. Raises Absent where there can be none."""
    own = os.environ.get("WHOSLEFT_TEST_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(own) if own else Path(home) / "whosleft-tests"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Absent(f"no folder for templates ({error}): name one in WHOSLEFT_TEST_CACHE") from None
    return folder.absolute()


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of a template. Whoever comes first makes it under a lock, and it is moved into place whole."""
    made = cache_folder() / name
    if made.exists():
        return made
    with made.with_name(f"{name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if made.exists():
            return made
        folder = made.with_name(f"{name}.{uuid.uuid4().hex}.part")
        folder.mkdir(mode=0o700)
        try:
            make(folder)
            folder.rename(made)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return made
