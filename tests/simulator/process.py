"""The simulator as a process of its own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PATIENCE = 20


@dataclass
class Process:
    """A running simulator. What it says on its error output goes to a file."""

    base: str
    popen: subprocess.Popen[str]
    errors: Path

    @property
    def port(self) -> int:
        return int(self.base.rsplit(":", 1)[1])

    def kill(self) -> None:
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait(PATIENCE)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "local.quickbooks", "--port", "0", "--seed", "1", *arguments]


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[Process]:
    errors = folder / "errors"
    with (
        errors.open("w") as stream,
        subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=stream, text=True) as popen,  # noqa: S603  our own program
    ):
        try:
            yield Process(first_line(popen.stdout).rsplit(" ", 1)[-1].strip(), popen, errors)
        finally:
            popen.kill()


def first_line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()
