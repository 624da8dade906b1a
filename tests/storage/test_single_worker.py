import errno
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from worker.storage.sql.engine import open_engine
from worker.storage.sql.errors import NotLockable, SecondWorker
from worker.storage.sql.migrate import migrate
from worker.storage.sql.single_worker import problem, sole_worker

HOLDER = textwrap.dedent("""
    import sys
    from worker.storage.sql.single_worker import sole_worker
    with sole_worker(sys.argv[1]):
        print("held", flush=True)
        sys.stdin.read()
""")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'whosleft.db'}"


def other_worker(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_worker_is_refused_and_told_who_holds_it(url: str) -> None:
    with other_worker(url) as other:
        with pytest.raises(SecondWorker) as refusal, sole_worker(url):
            pass
        other.communicate("")

    assert f"Another worker (process {other.pid} on {os.uname().nodename})" in str(refusal.value)
    assert "whosleft.db.worker-lock" in str(refusal.value)
    assert "stop that one first, or move to PostgreSQL" in str(refusal.value)


@pytest.mark.parametrize("before", [None, 0o644, 0o666])
def test_the_lock_is_its_owner_s_alone(url: str, tmp_path: Path, before: int | None) -> None:
    lock = tmp_path / "whosleft.db.worker-lock"
    if before is not None:
        lock.touch()
        lock.chmod(before)
    with sole_worker(url):
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_it_is_free_when_the_first_ends(url: str) -> None:
    with other_worker(url) as other:
        other.communicate("")

    with sole_worker(url):
        pass


def test_it_is_free_when_the_first_is_killed(url: str) -> None:
    with other_worker(url) as other:
        other.kill()
        other.wait()

        with sole_worker(url):
            pass


def test_a_second_worker_in_one_process_is_refused(url: str) -> None:
    with sole_worker(url), pytest.raises(SecondWorker), sole_worker(url):
        pass


def test_a_link_to_the_database_leads_to_the_same_lock(url: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(tmp_path / "whosleft.db")

    with sole_worker(url), pytest.raises(SecondWorker), sole_worker(f"sqlite:///{link}"):
        pass


def test_two_databases_in_a_folder_are_two_locks(url: str, tmp_path: Path) -> None:
    with sole_worker(url), sole_worker(f"sqlite:///{tmp_path / 'other.db'}"):
        pass


def test_the_desk_and_the_commands_write_beside_the_worker(url: str) -> None:
    with other_worker(url) as other:
        engine = open_engine(url)
        migrate(engine)
        engine.dispose()
        other.communicate("")


def test_a_full_disk_is_not_taken_for_a_network_file_system(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)  # the note of who has the lock

    with (
        pytest.raises(NotLockable, match=r"No space left on device.*Make room on the disk"),
        sole_worker(url),
    ):
        pass


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://nobody@nowhere/none", "sqlite://", "sqlite:///:memory:"]
)
def test_what_has_no_file_takes_no_lock(url: str) -> None:
    with sole_worker(url), sole_worker(url):
        pass


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(NotLockable, match=r"The folder .*/absent of the database .* does not exist"),
        sole_worker(f"sqlite:///{tmp_path}/absent/whosleft.db"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(url: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)

    with pytest.raises(NotLockable, match="cannot be written"), sole_worker(url):
        pass


@pytest.mark.parametrize(
    "number, words",
    [
        (errno.EACCES, "cannot be written (Permission denied)"),
        (errno.EROFS, "cannot be written (Read-only file system)"),
        (errno.ENOLCK, "cannot be locked (No locks available). Is it on a network file system?"),
        (errno.EOPNOTSUPP, "cannot be locked (Operation not supported). Is it on a network file system?"),
        (errno.ENOSPC, "cannot be written (No space left on device). Make room on the disk of w.db"),
    ],
)
def test_what_the_operating_system_says_becomes_advice(number: int, words: str) -> None:
    error = OSError(number, os.strerror(number))

    said = problem(error, Path("/data/w.db.worker-lock"), Path("w.db"), "")

    assert isinstance(said, NotLockable)
    assert words in str(said)
