import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from local.quickbooks.app import listening, running
from local.quickbooks.limits import Latency, Limits
from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator
from local.quickbooks.store import OtherVersion, Store
from tests.simulator.caller import Caller, invoice


def test_the_server_answers_as_the_simulator_does(simulator: Simulator, company: Caller) -> None:
    with running(simulator) as base, httpx.Client(base_url=base, headers=company.headers) as http:
        answer = http.post(f"/v3/company/{SAMPLE}/invoice?requestid=a", json=invoice())
        assert answer.status_code == 200
        assert "intuit_tid" in answer.headers
        id_ = answer.json()["Invoice"]["Id"]
        page = http.get(f"/app/invoice?txnId={id_}&companyId={SAMPLE}")
        assert "Amy&#x27;s Bird Sanctuary" in page.text
        assert http.get("/nothing").status_code == 404


def test_an_answer_waits_for_nobody() -> None:
    with listening("127.0.0.1", 0) as door, socket.create_connection(door.getsockname()):
        connection, _ = door.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_lost_answer_closes_the_connection_without_a_byte(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("lost-answer", how="reset", count=1)
    with running(simulator) as base, httpx.Client(base_url=base, headers=company.headers) as http:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            http.post(f"/v3/company/{SAMPLE}/invoice", json=invoice())
        assert http.get(f"/v3/company/{SAMPLE}/invoice/102").status_code == 200


def test_a_client_that_waits_in_vain_times_out_and_the_request_lands_later(
    simulator: Simulator, company: Caller
) -> None:
    simulator.mishaps.add("late-landing", seconds=60, count=1)
    with running(simulator) as base, httpx.Client(base_url=base, headers=company.headers, timeout=0.2) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.post(f"/v3/company/{SAMPLE}/invoice", json=invoice())
        assert http.get(f"/v3/company/{SAMPLE}/invoice/102").status_code == 400
        http.post("/_simulator/clock", json={"advanceSeconds": 60})
        assert http.get(f"/v3/company/{SAMPLE}/invoice/102").status_code == 200


def test_nothing_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "books.sqlite"
    command = [sys.executable, "-m", "local.quickbooks", "--port", "0", "--database", str(file), "--seed", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own program
    try:
        assert process.stdout is not None
        base = process.stdout.readline().rsplit(" ", 1)[-1].strip()
        with httpx.Client(base_url=base) as http:
            tokens = http.post("/_simulator/tokens", json={"companyId": SAMPLE}).json()
            headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"}
            url = f"/v3/company/{SAMPLE}/invoice?requestid="
            answers = [http.post(url + str(one), json=invoice(), headers=headers) for one in range(20)]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    again = Simulator(file)
    for number, answer in enumerate(answers):
        path = f"http://quickbooks.test{url}{number}"
        assert again.handle("POST", path, headers, b"{}").body == answer.content
    assert again.store.count(SAMPLE, "Invoice") == 21
    again.close()


@pytest.mark.parametrize(
    "target", ["//x/../y?a=%zz&&", "/v3/company/1/invoice/%ff?query=%ff", "/%00", "/app/invoice?txnId=%ff"]
)
@pytest.mark.parametrize("host", ["[", "a b", "x:y:z"])
def test_odd_targets_and_hosts_are_answered(simulator: Simulator, target: str, host: str) -> None:
    with running(simulator) as base, socket.create_connection(("127.0.0.1", int(base.rsplit(":", 1)[1])), 5) as line:
        line.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert line.makefile("rb").readline().split()[1] in (b"400", b"401", b"404")


def test_latencies_are_told_in_process_and_waited_for_over_http(simulator: Simulator, company: Caller) -> None:
    simulator.latency = Latency(fixed=0.2)
    assert company.get("companyinfo/1").seconds == 0.2
    with running(simulator) as base:
        begun = time.monotonic()
        httpx.get(f"{base}/v3/company/{SAMPLE}/companyinfo/1", headers=company.headers)
        assert time.monotonic() - begun >= 0.2


def test_requests_that_are_on_their_way_count_as_running(simulator: Simulator, company: Caller) -> None:
    simulator.latency, simulator.limits = Latency(fixed=0.5), Limits(at_once=2)
    with running(simulator) as base, ThreadPoolExecutor(4) as people:
        url = f"{base}/v3/company/{SAMPLE}/companyinfo/1"
        answers = list(people.map(lambda _: httpx.get(url, headers=company.headers).status_code, range(4)))
    assert sorted(answers) == [200, 200, 429, 429]


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "books.sqlite"
    store = Store(file)
    store.db.execute("PRAGMA user_version=99")
    store.close()
    with pytest.raises(OtherVersion, match="another version"):
        Simulator(file)
