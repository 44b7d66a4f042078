"""Programs in the background: started, found again, stopped, and never mistaken for somebody else's."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.processes import Background, StackTroubleError, free_port, listening

SERVER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        server.accept()[0].close()
"""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Background]:
    background = Background(tmp_path, "server")
    yield background
    background.stop()


def start(process: Background, port: int) -> None:
    script = process.home / "server.py"
    script.write_text(SERVER)
    process.start([sys.executable, str(script), str(port)], os.environ)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_program_is_found_again_and_stopped(process: Background) -> None:
    port = listening(process, 0, lambda port: start(process, port), answers, seconds=20)
    again = Background(process.home, process.name)
    assert again.is_running()
    again.stop()
    assert not process.is_running()
    assert not answers(port)


def test_a_program_with_a_long_command_line_is_recognized_on_a_narrow_terminal(
    process: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    listening(process, 0, lambda port: start(process, port), answers, seconds=20)
    assert process.is_running()


def test_a_process_that_got_the_id_of_an_ended_one_is_left_alone(process: Background) -> None:
    command = ["some", "other program"]
    (process.home / "server.pid").write_text(json.dumps({"pid": os.getpid(), "command": command}))
    assert not process.is_running()
    process.stop()


def test_nothing_is_running_where_nothing_was_started(process: Background) -> None:
    assert not process.is_running()
    process.stop()
    assert process.last_words() == ""


def test_a_server_whose_port_was_taken_meanwhile_gets_another(process: Background) -> None:
    tried: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as somebody_else:
        taken: int = somebody_else.getsockname()[1]

        def start_on_a_taken_port_first(port: int) -> None:
            tried.append(port)
            start(process, taken if len(tried) == 1 else port)

        port = listening(process, 0, start_on_a_taken_port_first, answers, seconds=20)
    assert len(tried) == 2
    assert port != taken


def test_a_server_that_ends_at_once_is_reported_with_its_last_words(process: Background) -> None:
    def fail(_: int) -> None:
        process.start([sys.executable, "-c", "raise SystemExit('no licence')"], os.environ)

    with pytest.raises(StackTroubleError, match="no licence"):
        listening(process, 0, fail, answers, seconds=20)


def test_a_port_that_is_taken_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody_else:
        taken = somebody_else.getsockname()[1]
        assert free_port(taken) != taken
