"""The project's image, built for real by .ci/image, and commands in it as a container runtime runs them.

Inside it is as in Kubernetes with a strict security context: uid 10001, no capabilities, no new privileges, a root file
system that is read-only, process number 1 of its own process namespace; /tmp and /var/lib/whosleft can be written to.
There is no shell in it, whatever its base brings along.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throwaway import IN_CI, Absent, run

CHECKOUT = Path(__file__).parents[2]
USER = 10001
SOON_S = 60
TOOLS = ("buildah", "netavark", "mmdebstrap", "mount", "setpriv", "unshare")
SEARCH_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/lib/podman"

# Runs in namespaces of its own, so what it mounts is gone with it
START = """
root=$1 config=$2 data=$3; shift 3
mount --bind "$root" "$root"
for shell in sh dash bash rbash; do
    shell="$root/usr/bin/$shell"
    if [ -f "$shell" ] && [ ! -L "$shell" ]; then mount --bind /dev/null "$shell"; fi
done
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777,nosuid,nodev,noexec tmpfs "$root/tmp"
mount --bind "$config" "$root/etc/whosleft"
mount -o remount,bind,ro "$root/etc/whosleft"
mount --bind "$data" "$root/var/lib/whosleft"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs unshare --root="$root" --wd="$FOLDER" --setuid="$USER_ID" --setgid="$USER_ID" -- "$@"
"""


@dataclass(frozen=True)
class Image:
    """What the archive holds: its configuration, and its layers one upon another in `root`."""

    config: dict[str, Any]
    root: Path

    @property
    def labels(self) -> dict[str, str]:
        found: dict[str, str] = self.config["Labels"]
        return {name.removeprefix("org.opencontainers.image."): value for name, value in found.items()}

    @property
    def environ(self) -> dict[str, str]:
        return dict(text.split("=", 1) for text in self.config["Env"])

    def size(self) -> int:
        """Bytes of all files; one with several names counts once."""
        stats = (os.lstat(Path(folder, name)) for folder, _, names in os.walk(self.root) for name in names)
        return sum({(stat.st_dev, stat.st_ino): stat.st_size for stat in stats}.values())


@dataclass(frozen=True)
class Container:
    """An image with a configuration (read-only at /etc/whosleft) and a place for its data (/var/lib/whosleft)."""

    image: Image
    config: Path
    data: Path

    def command(self, *arguments: str, entrypoint: str = "") -> tuple[tuple[str, ...], dict[str, str]]:
        """The command that starts it and its environment; without arguments it does what the image does."""
        entry = [entrypoint] if entrypoint else self.image.config["Entrypoint"]
        start = (
            "unshare", "--mount", "--propagation=private", "--pid", "--kill-child", "--", "sh", "-eu", "-c", START,
            "start", str(self.image.root), str(self.config), str(self.data),
            *entry, *(arguments or self.image.config["Cmd"]),
        )  # fmt: skip
        environ = {"FOLDER": self.image.config["WorkingDir"], "USER_ID": str(USER)}
        return start, {**self.image.environ, **environ}

    def run(self, *arguments: str, entrypoint: str = "", code: int = 0) -> str:
        """Run a command to its end; its standard output. Fails on another exit code."""
        command, environ = self.command(*arguments, entrypoint=entrypoint)
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=SOON_S, check=False, cwd="/"
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        """Run a piece of Python on the interpreter that the worker runs on."""
        return self.run("-c", code, entrypoint="/opt/whosleft/bin/python")

    def start(self, *arguments: str) -> Running:
        command, environ = self.command(*arguments)
        return Running(
            subprocess.Popen(
                command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/"
            )
        )


@dataclass(frozen=True)
class Running:
    """A container that runs. `process` is what started it, and ends with its exit code."""

    process: subprocess.Popen[str]

    def first_pid(self) -> int:
        """The number, out here, of its process number 1."""
        pid = self.process.pid
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(child)

    def wait_for(self, event: str) -> None:
        """Read the log until an event comes."""
        assert self.process.stderr is not None
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if line.startswith("{") and json.loads(line)["event"] == event:
                return
        raise AssertionError(f"it ended before {event}:\n{''.join(lines)}")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def build() -> Path:
    """Build the image, or find that it is built; the folder with the archive and what it is made of.

    Raises Absent where this machine can't: outside of CI nothing is installed on a machine by a test.
    """
    if os.geteuid() != 0 or sys.platform != "linux":
        raise Absent("the image can be built and run as root on Linux only")
    lacking = [tool for tool in TOOLS if shutil.which(tool, path=SEARCH_PATH) is None]
    if lacking and not IN_CI:
        raise Absent(f"no {' and no '.join(lacking)} (Debian: .ci/image as root)")
    run(CHECKOUT / ".ci" / "image", env={"PYTHON": sys.executable})
    return CHECKOUT / "dist"


def unpack(archive: Path, folder: Path) -> Image:
    """Read an OCI archive of one image into a folder that is empty."""
    blobs, root = folder / "oci", folder / "root"
    blobs.mkdir()
    root.mkdir()
    run("tar", "-xf", archive, "-C", blobs)
    (entry,) = json.loads((blobs / "index.json").read_bytes())["manifests"]
    manifest = json.loads(_blob(blobs, entry).read_bytes())
    for layer in manifest["layers"]:
        run("tar", "-xpf", _blob(blobs, layer), "-C", root, "--numeric-owner")
    removed = sorted(root.rglob(".wh.*"))
    assert not removed, f"a layer takes away what an earlier one brought, which isn't heeded here: {removed}"
    config = json.loads(_blob(blobs, manifest["config"]).read_bytes())["config"]
    shutil.rmtree(blobs)
    return Image(config, root)


def _blob(folder: Path, descriptor: dict[str, Any]) -> Path:
    digest: str = descriptor["digest"]
    return folder / "blobs" / digest.replace(":", "/")
