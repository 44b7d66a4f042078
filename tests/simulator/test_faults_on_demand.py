from typing import Any

import httpx
import pytest

from local.quickbooks.limits import Limits, real_limits
from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator
from local.quickbooks.traffic import LostAnswer, request_of
from local.quickbooks.transport import client
from local.quickbooks.wire import Malformed
from tests.simulator.caller import Caller, invoice, line


def count(company: Caller) -> Any:
    return company.query("select count(*) from Invoice")["totalCount"]


def test_a_lost_answer_is_lost_after_the_commit(simulator: Simulator, company: Caller) -> None:
    before = count(company)
    simulator.mishaps.add("lost-answer", operation="create", entity="invoice", count=1)
    with pytest.raises(LostAnswer):
        company.post("invoice?requestid=a", invoice())
    assert count(company) == before + 1
    assert company.post("invoice?requestid=a", invoice()).status == 200
    assert count(company) == before + 1


def test_a_lost_request_changes_nothing(simulator: Simulator, company: Caller) -> None:
    before = count(company)
    simulator.mishaps.add("lost-request", operation="create", count=1)
    with pytest.raises(LostAnswer):
        company.post("invoice", invoice())
    assert count(company) == before


def test_a_late_request_lands_after_the_client_gave_up(simulator: Simulator, company: Caller) -> None:
    before = count(company)
    simulator.mishaps.add("late-landing", operation="create", count=1, seconds=90)
    with pytest.raises(LostAnswer):
        company.post("invoice?requestid=a", invoice())
    simulator.advance(89)
    assert (count(company), simulator.on_the_way) == (before, 1)
    simulator.advance(1)
    assert (count(company), simulator.on_the_way) == (before + 1, 0)


@pytest.mark.parametrize(("setting", "more"), [("once", 1), ("twice", 2)])
def test_a_repeat_that_overlaps_a_late_request(simulator: Simulator, company: Caller, setting: str, more: int) -> None:
    simulator.overlapping_request_ids = setting
    before = count(company)
    simulator.mishaps.add("late-landing", operation="create", count=1)
    with pytest.raises(LostAnswer):
        company.post("invoice?requestid=a", invoice())
    company.made("Invoice", invoice(), "invoice?requestid=a")
    simulator.land_all()
    assert count(company) == before + more


def test_a_late_update_meets_the_sync_token_of_its_landing(simulator: Simulator, company: Caller) -> None:
    made = company.made("Invoice", invoice())
    simulator.mishaps.add("late-landing", operation="update", count=1)
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "late"}
    with pytest.raises(LostAnswer):
        company.post("invoice", change)
    company.made("Invoice", {**change, "PrivateNote": "early"})
    simulator.land_all()
    assert company.read("Invoice", made["Id"])["PrivateNote"] == "early"
    assert "5010" in simulator.calls[-3].response_body


@pytest.mark.fact("1.7", "3001 throttle: 429")
@pytest.mark.parametrize("form", ["json", "xml"])
def test_throttling_comes_before_anything_happens(simulator: Simulator, company: Caller, form: str) -> None:
    simulator.mishaps.add("throttle", count=1, format=form, retryAfter=7)
    before = company.simulator.store.count(SAMPLE, "Invoice")
    answer = company.post("invoice", invoice())
    assert answer.status == 429
    assert "errorCode=003001; statusCode=429" in answer.text
    assert answer.text.startswith("<?xml" if form == "xml" else "{")
    assert answer.headers["Retry-After"] == "7"
    assert company.simulator.store.count(SAMPLE, "Invoice") == before


@pytest.mark.parametrize(("committed", "more"), [(False, 0), (True, 1)])
def test_a_server_error_is_html_and_may_come_after_the_commit(
    simulator: Simulator, company: Caller, committed: bool, more: int
) -> None:
    before = count(company)
    simulator.mishaps.add("server-error", operation="create", count=1, status=502, committed=committed)
    answer = company.post("invoice", invoice())
    assert (answer.status, answer.headers["Content-Type"]) == (502, "text/html;charset=utf-8")
    assert count(company) == before + more


@pytest.mark.fact("1.5", "HTTP 200 can carry a Fault")
def test_a_fault_can_come_with_status_200(simulator: Simulator, company: Caller) -> None:
    before = count(company)
    simulator.mishaps.add("fault-in-200", operation="create", count=1, code="6190", message="Invalid Company Status")
    answer = company.post("invoice", invoice())
    assert answer.status == 200
    assert company.error_of(answer)["code"] == "6190"
    assert count(company) == before


def test_an_unreadable_answer_comes_after_the_commit(simulator: Simulator, company: Caller) -> None:
    before = count(company)
    simulator.mishaps.add("unreadable", operation="create", count=1)
    answer = company.post("invoice", invoice())
    with pytest.raises(Malformed):
        answer.json()
    assert count(company) == before + 1


def test_forgotten_request_ids_commit_again(simulator: Simulator, company: Caller) -> None:
    first = company.made("Invoice", invoice(), "invoice?requestid=a")
    assert simulator.store.forget_request_ids(SAMPLE) == 1
    assert company.made("Invoice", invoice(), "invoice?requestid=a")["Id"] != first["Id"]
    second = company.made("Invoice", invoice(), "invoice?requestid=a")
    simulator.mishaps.add("forget-request-id", count=1)
    assert company.made("Invoice", invoice(), "invoice?requestid=a")["Id"] != second["Id"]


def test_a_token_can_run_out_at_any_moment(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("expire-access-token", count=1, operation="create")
    answer = company.post("invoice", invoice())
    assert (answer.status, answer.json()["fault"]["error"][0]["code"]) == (401, "3200")


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("inactive-customer", {}, "610"),
        ("inactive-item", {}, "610"),
        ("closed-books", {}, "6200"),
        ("changed-document", {"Id": "101", "SyncToken": "0", "sparse": True}, "5010"),
        ("deleted-document", {"Id": "101", "SyncToken": "0", "sparse": True}, "610"),
    ],
)
def test_people_can_be_faster(
    simulator: Simulator, company: Caller, kind: str, body: dict[str, Any], code: str
) -> None:
    simulator.mishaps.add(kind, count=1)
    assert company.fault("invoice", {**invoice(), **body})["code"] == code


def test_a_rule_can_be_bound_to_requests_and_let_some_pass(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault", entity="creditmemo", operation="create", after=1, count=1, realm=SAMPLE, path="memo")
    assert company.post("invoice", invoice()).status == 200
    assert [company.post("creditmemo", invoice()).status for _ in range(3)] == [200, 400, 200]


def test_one_item_of_a_batch_can_fail(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault", entity="invoice", operation="create", after=1, count=1, code="10000")
    items = [{"bId": str(one), "operation": "create", "Invoice": invoice()} for one in range(3)]
    answers = company.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    assert ["Fault" in one for one in answers] == [False, True, False]


def test_a_seed_makes_chance_repeat() -> None:
    def run() -> list[int]:
        simulator = Simulator(seed=7)
        company = Caller(simulator, SAMPLE)
        simulator.mishaps.add("fault", probability=0.5)
        statuses = [company.post("invoice", invoice()).status for _ in range(20)]
        simulator.close()
        return statuses

    first = run()
    assert first == run()
    assert set(first) == {200, 400}


@pytest.mark.fact("6", "10/s, 500/min, 40 batches/min")
def test_the_documented_limits_can_be_switched_on(simulator: Simulator, company: Caller) -> None:
    simulator.limits = real_limits()
    statuses = [company.get("companyinfo/1").status for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    simulator.advance(1)
    assert company.get("companyinfo/1").status == 200
    simulator.limits = Limits(batches_per_minute=2)
    body = {"BatchItemRequest": [{"bId": "1", "Invoice": invoice()}]}
    assert [company.post("batch", body).status for _ in range(3)] == [200, 200, 429]
    assert company.get("companyinfo/1").status == 200


@pytest.mark.fact("6", "10 at once")
def test_only_so_many_requests_at_once(simulator: Simulator, company: Caller) -> None:
    simulator.limits = Limits(at_once=2)
    request = request_of("GET", company.url("companyinfo/1"), company.headers, b"")
    first, second, third = (simulator.arrive(request) for _ in range(3))
    assert [simulator.carry_out(one).status for one in (first, second, third)] == [200, 200, 429]
    simulator.leave(first)
    assert simulator.carry_out(simulator.arrive(request)).status == 200


def test_an_httpx_client_sees_lost_answers_as_its_own_errors(simulator: Simulator, company: Caller) -> None:
    waited: list[float] = []
    with client(simulator, waited.append) as http:
        url = company.url("invoice")
        simulator.mishaps.add("lost-answer", count=1, seconds=90)
        with pytest.raises(httpx.ReadTimeout):
            http.post(url, headers=company.headers, json=invoice(), timeout=20)
        simulator.mishaps.add("lost-answer", count=1, how="reset")
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(url, headers=company.headers, json=invoice())
        simulator.mishaps.add("slow", count=1, seconds=30)
        with pytest.raises(httpx.ReadTimeout):
            http.post(url, headers=company.headers, json=invoice(), timeout=20)
        assert http.post(url, headers=company.headers, json=invoice(), timeout=20).status_code == 200
    assert waited == [20, 0, 20, 0]


def test_calls_can_be_read_back(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("lost-answer", count=1)
    with pytest.raises(LostAnswer):
        company.post("invoice?requestid=a&minorversion=75", invoice(line(7)))
    company.post("invoice?requestid=a&minorversion=75", invoice(line(7)))
    lost, replayed = simulator.calls
    assert (lost.operation, lost.entity, lost.request_id, lost.status, lost.mishaps) == (
        "create", "invoice", "a", None, ["lost-answer"],
    )  # fmt: skip
    assert (replayed.status, replayed.replayed) == (200, True)
    assert lost.request_body == replayed.request_body
    assert lost.query == {"requestid": "a", "minorversion": "75"}
