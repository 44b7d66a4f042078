"""The simulator as a process with its state on disk: killed, stopped, started twice, started where it cannot be."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator
from local.quickbooks.store import Store, Unusable
from tests.simulator.caller import invoice
from tests.simulator.process import PATIENCE, Process, command, started

WRITERS = 8
BEFORE_THE_KILL = 200


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "books.sqlite"


def connected(process: Process) -> dict[str, str]:
    token = httpx.post(f"{process.base}/_simulator/tokens", json={"companyId": SAMPLE}).json()["access_token"]
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def written_until_killed(process: Process, headers: dict[str, str]) -> dict[str, bytes]:
    """Request id -> answer, of several writers at once; the server is killed in the middle of their writing."""
    answered: dict[str, bytes] = {}

    def write(writer: int) -> None:
        with httpx.Client(base_url=process.base, headers=headers) as http:
            for number in range(100_000):
                name = f"{writer}-{number}"
                try:
                    answer = http.post(f"/v3/company/{SAMPLE}/invoice?requestid={name}", json=invoice())
                except httpx.TransportError:
                    return
                answered[name] = answer.content
                if len(answered) == BEFORE_THE_KILL:
                    process.kill()

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(write, range(WRITERS)))
    return answered


def test_nothing_that_was_answered_is_lost_by_a_kill_in_the_middle_of_writes(file: Path, tmp_path: Path) -> None:
    with started(tmp_path, "--database", str(file)) as process:
        headers = connected(process)
        answered = written_until_killed(process, headers)
    assert len(answered) >= BEFORE_THE_KILL
    again = Simulator(file)
    before = again.store.count(SAMPLE, "Invoice")
    for name, body in answered.items():
        url = f"http://quickbooks.test/v3/company/{SAMPLE}/invoice?requestid={name}"
        assert again.handle("POST", url, headers, b"{}").body == body
    assert again.store.count(SAMPLE, "Invoice") == before
    # At most one of each writer was committed and not heard of.
    assert len(answered) <= before - 1 <= len(answered) + WRITERS
    numbers = [int(one["Id"]) for one in again.as_person(SAMPLE).all("Invoice")]
    assert int(again.as_person(SAMPLE).create("Invoice", invoice())["Id"]) == max(numbers) + 1
    again.close()


def refused(*arguments: str) -> str:
    """What a simulator says that does not start: one line, and no stack trace."""
    done = subprocess.run(  # noqa: S603  our own program
        command(*arguments), check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_second_process_on_the_same_file_is_refused(file: Path, tmp_path: Path) -> None:
    with started(tmp_path, "--database", str(file)) as process:
        assert "in use by another process" in refused("--database", str(file))
        assert httpx.get(f"{process.base}/_simulator/clock").status_code == 200


def test_a_file_is_free_again_once_it_is_closed(file: Path) -> None:
    store = Store(file)
    with pytest.raises(Unusable, match="in use"):
        Store(file)
    store.close()
    Store(file).close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert f"there is no folder {tmp_path / 'nowhere'}" in refused("--database", str(tmp_path / "nowhere" / "a.sqlite"))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=f"cannot open {tmp_path}: no file can be made there"):
        Store(tmp_path)


def test_a_file_that_cannot_be_written_is_named(file: Path) -> None:
    Store(file).close()
    with pytest.raises(Unusable, match="read-only"):
        Store(f"file:{file}?mode=ro")


def test_a_file_of_something_else_is_left_alone(file: Path) -> None:
    file.write_text("Not a database. " * 100)
    with pytest.raises(Unusable, match="no database of the simulator"):
        Store(file)
    assert file.read_text().startswith("Not a database.")


def test_a_port_that_cannot_be_is_told_so() -> None:
    assert "from 0 to 65535" in refused("--port", "65536")


def test_a_port_that_is_taken_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "cannot listen on" in refused("--port", str(taken.getsockname()[1]))


def held_up(process: Process) -> Iterator[socket.socket]:
    """Clients that have sent half a request, that wait for a slow answer, and for one that is lost."""
    headers = connected(process)
    for kind in ("slow", "lost-answer"):
        settings = {"kind": kind, "count": 1, "seconds": 3600}
        httpx.post(f"{process.base}/_simulator/faults", json=settings)
        line = socket.create_connection(("127.0.0.1", process.port), PATIENCE)
        said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        line.sendall(f"GET /v3/company/{SAMPLE}/companyinfo/1 HTTP/1.1\r\nHost: q\r\n{said}\r\n".encode())
        happened = 0
        while not happened:
            found = httpx.get(f"{process.base}/_simulator/faults").json()["faults"]
            happened = found[-1]["happened"]
        yield line
    line = socket.create_connection(("127.0.0.1", process.port), PATIENCE)
    line.sendall(b"POST / HTTP/1.1\r\nHost: q\r\nContent-Length: 9\r\n\r\n{")
    yield line


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_nobody_who_waits_holds_the_end_up(tmp_path: Path, how: signal.Signals) -> None:
    with started(tmp_path) as process:
        waiting = list(held_up(process))
        process.popen.send_signal(how)
        process.popen.wait(PATIENCE)
        for line in waiting:
            line.close()
        assert process.errors.read_text() == ""
