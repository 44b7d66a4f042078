"""Programs that run in the background, one folder of `.local` for each stack."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


class StackTroubleError(Exception):
    """The local stack cannot do what was asked; the message says why, for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Background:
    """One program in the background: `<home>/<name>.pid` says which process, `<home>/<name>.log` what it printed."""

    home: Path
    name: str

    @property
    def log(self) -> Path:
        """Everything that the program printed since it was last started."""
        return self.home / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.home / f"{self.name}.pid"

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts the program in a session of its own, so that it outlives the terminal."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process.returncode = 0  # It is to outlive us: Python need not warn that nobody waited for it.
        started = {"pid": process.pid, "command": list(command)}
        self._pid_file.write_text(json.dumps(started), encoding="utf-8")

    def is_running(self) -> bool:
        """Whether the very program that was started still runs (a process id may have been given away since)."""
        return self._process_id() is not None

    def stop(self, patience: float = 10.0) -> None:
        """Asks the program to end, then makes it. Does nothing where none runs."""
        pid = self._process_id()
        self._pid_file.unlink(missing_ok=True)
        if pid is None:
            return
        os.killpg(pid, signal.SIGTERM)
        deadline = time.monotonic() + patience
        while _is_alive(pid):
            if time.monotonic() > deadline:
                os.killpg(pid, signal.SIGKILL)
                deadline += patience
            time.sleep(0.05)

    def last_words(self, lines: int = 15) -> str:
        """The end of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _process_id(self) -> int | None:
        try:
            started = json.loads(self._pid_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        pid: int = started["pid"]
        return pid if _is_alive(pid) and _runs(pid, started["command"]) else None


def _is_alive(pid: int) -> bool:
    try:
        # A child that has ended stays a zombie until somebody asks for it.
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _runs(pid: int, command: list[str]) -> bool:
    shown = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    # An interpreter may put itself in front of a script, so the arguments tell more than the program.
    return bool(shown) and all(argument in shown for argument in command[1:])


def free_port(preferred: int = 0) -> int:
    """A port of the loopback interface that nothing listens on: the preferred one if it is free."""
    for port in (preferred, 0):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise StackTroubleError("There is no free port on 127.0.0.1.")


def listening(
    process: Background,
    preferred: int,
    start: Callable[[int], None],
    answers: Callable[[int], bool],
    seconds: float,
) -> int:
    """Starts a server on a free port and waits until it answers.

    Somebody else may take a port between finding it and using it, and would even answer in the server's place.

    Returns:
        The port.

    Raises:
        StackTroubleError: it ended, or did not answer in time; the message holds the end of its log.
    """
    for wanted in (preferred, 0, 0):
        port = free_port(wanted)
        start(port)
        deadline = time.monotonic() + seconds
        while process.is_running():
            if answers(port) and process.is_running():
                return port
            if time.monotonic() > deadline:
                raise StackTroubleError(
                    f"{process.name} did not answer. The end of {process.log}:\n{process.last_words()}"
                )
            time.sleep(0.1)
    raise StackTroubleError(f"{process.name} ended at once. The end of {process.log}:\n{process.last_words()}")
