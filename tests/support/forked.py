"""The command `whosleft` in a process of its own, but without the second that Python takes to import it all.

A process that has imported everything waits; each command is a fork of it, with an environment, a folder and files of
its own, that runs the program and ends as the installed command does. What starting itself does is proven elsewhere.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

WIDTH = {"COLUMNS": "200"}  # read when the program is imported
REQUEST_MAX = 1 << 20


@cache
def _waiting() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process that waits; it ends with us, since its socket does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = (sys.executable, __file__, str(theirs.fileno()))
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], env={**os.environ, **WIDTH}
        )
    return ours, process


def run_command(*arguments: str, cwd: Path, env: Mapping[str, str]) -> tuple[int, str, str]:
    """Run the command to its end; returns its exit code, its standard output and its standard error."""
    channel, _ = _waiting()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        request = {"arguments": arguments, "cwd": str(cwd), "env": {**os.environ, **WIDTH, **env}}
        socket.send_fds(channel, [json.dumps(request).encode()], [out.fileno(), err.fileno()])
        code = int(channel.recv(REQUEST_MAX))
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _become_a_command(channel: socket.socket) -> None:
    """Fork for each request. Returns in the child, set up as the request says."""
    while True:
        text, files, _, _ = socket.recv_fds(channel, REQUEST_MAX, 2)
        if not text:
            sys.exit()
        child = os.fork()
        if child == 0:
            break
        for file in files:
            os.close(file)
        _, status = os.waitpid(child, 0)
        channel.send(str(os.waitstatus_to_exitcode(status)).encode())
    channel.close()
    request = json.loads(text)
    for file, number in zip(files, (1, 2), strict=True):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["whosleft", *request["arguments"]]


if __name__ == "__main__":
    from worker.program import run

    gc.freeze()  # as the command does; and no memory is copied only because a collection has looked at it
    _become_a_command(socket.socket(fileno=int(sys.argv[1])))
    run()
