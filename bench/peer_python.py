"""A Python of a peer's own: it is no dependency of the project, and brings others along."""

from __future__ import annotations

import subprocess
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def python_with(*packages: str, needs: str = "") -> Iterator[Path | None]:
    """An interpreter that has these packages, from the registry, while it is used; None where they can't be had.

    Then it is said why; `needs` is what may be lacking.
    """
    with tempfile.TemporaryDirectory(prefix="whosleft-bench-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        pip = (str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
        done = subprocess.run([*pip, *packages], check=False, capture_output=True, text=True)
        if done.returncode:
            why = " ".join(done.stderr.strip().splitlines()[-1:])
            print(f"Without {' '.join(packages)}, which can't be had here{needs and f' ({needs})'}: {why}")
        yield None if done.returncode else python
