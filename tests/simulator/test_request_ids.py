import pytest

from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice


@pytest.mark.fact("1.3", "same id again: no second write, the original response is returned")
def test_a_repeated_request_id_gives_the_first_answer_byte_for_byte_and_writes_nothing(company: Caller) -> None:
    first = company.post("invoice?requestid=a1", invoice())
    before = company.query("select count(*) from Invoice")
    again = company.post("invoice?requestid=a1", invoice())
    assert again.body == first.body
    assert again.status == 200
    assert company.query("select count(*) from Invoice") == before


@pytest.mark.fact("1.3", "unique per company")
def test_the_same_request_id_in_another_company_is_another_request(company: Caller, numbered_company: Caller) -> None:
    company.made("Invoice", invoice(), "invoice?requestid=a1")
    other = numbered_company.made("Invoice", invoice(DocNumber="7"), "invoice?requestid=a1")
    assert other["DocNumber"] == "7"


@pytest.mark.fact("1.3", "at most 50 characters; batch 36, and then each bId at most 10")
@pytest.mark.fact("5", "requestid on a batch: at most 36, bIds at most 10")
@pytest.mark.fact("1.7", "2130 request id format")
@pytest.mark.parametrize(
    ("path", "item", "accepted"),
    [
        ("invoice?requestid=" + "a" * 50, None, True),
        ("invoice?requestid=" + "a" * 51, None, False),
        ("batch?requestid=" + "a" * 36, "1234567890", True),
        ("batch?requestid=" + "a" * 37, "1", False),
        ("batch?requestid=abc", "12345678901", False),
    ],
)
def test_the_length_of_request_ids_is_limited(company: Caller, path: str, item: str | None, accepted: bool) -> None:
    body = invoice() if item is None else {"BatchItemRequest": [{"bId": item, "Invoice": invoice()}]}
    answer = company.post(path, body)
    assert (answer.status == 200) is accepted
    if not accepted:
        assert company.error_of(answer)["code"] == "2130"


@pytest.mark.fact("1.3", "replay survives deletion")
def test_a_request_id_is_replayed_after_the_object_was_deleted(company: Caller) -> None:
    first = company.post("invoice?requestid=a1", invoice())
    id_ = first.json()["Invoice"]["Id"]
    company.made("Invoice", {"Id": id_, "SyncToken": "0"}, "invoice?operation=delete")
    assert company.post("invoice?requestid=a1", invoice()).body == first.body
    assert company.get(f"invoice/{id_}").status == 400


@pytest.mark.fact("1.3", "works on create, update, void, send")
def test_updates_voids_and_sends_are_replayed_too(company: Caller) -> None:
    made = company.made("Invoice", invoice(BillEmail={"Address": "a@example.com"}))
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    requests = [
        ("invoice?requestid=u", change),
        ("invoice?operation=void&requestid=v", {"Id": made["Id"], "SyncToken": "1"}),
        (f"invoice/{made['Id']}/send?requestid=s", b""),
    ]
    for path, body in requests:
        first = company.post(path, body)
        assert first.status == 200, first.text
        assert company.post(path, body).body == first.body


@pytest.mark.fact("1.3", "batch: equal only if requestid and all bIds match")
def test_a_batch_is_repeated_only_with_the_same_item_ids(company: Caller) -> None:
    def batch(*ids: str) -> dict[str, object]:
        return {"BatchItemRequest": [{"bId": one, "operation": "create", "Invoice": invoice()} for one in ids]}

    first = company.post("batch?requestid=b", batch("1", "2"))
    assert company.post("batch?requestid=b", batch("1", "2")).body == first.body
    assert company.post("batch?requestid=b", batch("1", "3")).body != first.body


@pytest.mark.fact("1.3", "a header does not count")
def test_a_request_id_header_does_nothing(company: Caller) -> None:
    header = {"Request-Id": "a1"}
    first = company.post("invoice", invoice(), **header).json()["Invoice"]["Id"]
    assert company.post("invoice", invoice(), **header).json()["Invoice"]["Id"] != first


def test_a_fault_is_not_remembered(company: Caller) -> None:
    assert company.fault("invoice?requestid=a1", invoice(customer="999"))["code"] == "2500"
    assert company.post("invoice?requestid=a1", invoice()).status == 200


def test_request_ids_are_forgotten_after_the_time_set(simulator: Simulator, company: Caller) -> None:
    simulator.request_id_seconds = 60
    first = company.made("Invoice", invoice(), "invoice?requestid=a1")["Id"]
    simulator.advance(59)
    assert company.made("Invoice", invoice(), "invoice?requestid=a1")["Id"] == first
    simulator.advance(2)
    assert company.made("Invoice", invoice(), "invoice?requestid=a1")["Id"] != first
