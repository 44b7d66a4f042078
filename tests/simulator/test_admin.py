from typing import Any

import pytest

from local.quickbooks import wire
from local.quickbooks.envelope import Answer
from local.quickbooks.seed import SAMPLE, SINGLE_CURRENCY, UNITED_KINGDOM
from local.quickbooks.simulator import Simulator
from local.quickbooks.traffic import LostAnswer
from tests.simulator.caller import Caller, invoice


def ask(simulator: Simulator, method: str, path: str, body: Any = None) -> Answer:
    raw = b"" if body is None else wire.dumps(body).encode()
    return simulator.handle(method, f"http://quickbooks.test/_simulator/{path}", {}, raw)


def test_three_companies_are_there_from_the_start(simulator: Simulator) -> None:
    companies = ask(simulator, "GET", "companies").json()["companies"]
    assert [one["companyId"] for one in companies] == [SAMPLE, SINGLE_CURRENCY, UNITED_KINGDOM]
    assert [one["homeCurrency"] for one in companies] == ["USD", "USD", "GBP"]


def test_a_company_can_be_made_with_its_settings(simulator: Simulator) -> None:
    said = {"name": "Acme", "homeCurrency": "EUR", "multicurrency": True, "exchangeRates": {"USD": 0.9}}
    answer = ask(simulator, "POST", "companies", said)
    assert answer.status == 201
    realm = answer.json()["companyId"]
    company = Caller(simulator, realm)
    preferences = company.get("preferences").json()["Preferences"]
    assert preferences["CurrencyPrefs"] == {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "EUR"}}
    assert company.get("companyinfo/1").json()["CompanyInfo"]["CompanyName"] == "Acme"
    assert company.made("Invoice", invoice())["CurrencyRef"]["value"] == "EUR"


def test_settings_can_be_changed(simulator: Simulator, company: Caller) -> None:
    answer = ask(simulator, "PATCH", f"companies/{SAMPLE}", {"customTransactionNumbers": True})
    assert answer.json()["customTransactionNumbers"] is True
    assert "DocNumber" not in company.made("Invoice", invoice())


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("companies", {"colour": 1}, "colour"),
        ("companies", {"homeCurrency": "XXQ"}, "XXQ"),
        ("companies", {"multicurrency": "yes"}, "multicurrency"),
        ("companies", {"companyId": SAMPLE}, "taken"),
        ("faults", {"kind": "flood"}, "flood"),
        ("faults", {"kind": "slow", "colour": 1}, "colour"),
        ("faults", {"kind": "slow", "probability": 2}, "probability"),
        ("faults", {"kind": "slow", "path": "("}, "unterminated"),
        ("settings", {"limits": {"colour": 1}}, "colour"),
    ],
)
def test_what_makes_no_sense_is_named(simulator: Simulator, path: str, body: Any, word: str) -> None:
    answer = ask(simulator, "POST", path, body)
    assert answer.status == 400
    assert word in answer.json()["message"]


def test_faults_are_added_listed_and_removed(simulator: Simulator, company: Caller) -> None:
    made = ask(simulator, "POST", "faults", {"kind": "throttle", "probability": 1.0, "count": 5}).json()
    assert company.post("invoice", invoice()).status == 429
    listed = ask(simulator, "GET", "faults").json()["faults"]
    assert [(one["id"], one["happened"]) for one in listed] == [(made["id"], 1)]
    assert ask(simulator, "DELETE", f"faults/{made['id']}").status == 204
    assert company.post("invoice", invoice()).status == 200
    assert ask(simulator, "DELETE", "faults/99").status == 404


def test_requests_are_read_back_and_forgotten(simulator: Simulator, company: Caller) -> None:
    company.post("invoice?requestid=a", invoice())
    company.get("companyinfo/1")
    (found,) = ask(simulator, "GET", "requests?operation=create").json()["requests"]
    assert (found["request_id"], found["status"], found["realm"]) == ("a", 200, SAMPLE)
    assert wire.loads(found["request_body"]) == invoice()
    ask(simulator, "DELETE", "requests")
    assert ask(simulator, "GET", "requests").json() == {"requests": []}


def test_people_pay_void_edit_and_delete(simulator: Simulator, company: Caller) -> None:
    made = company.made("Invoice", invoice())
    assert ask(simulator, "POST", f"companies/{SAMPLE}/pay/{made['Id']}", {"amount": 40}).status == 201
    assert company.read("Invoice", made["Id"])["Balance"] == 60
    changed = ask(simulator, "PATCH", f"companies/{SAMPLE}/invoice/{made['Id']}", {"PrivateNote": "x"})
    assert changed.json()["PrivateNote"] == "x"
    assert ask(simulator, "POST", f"companies/{SAMPLE}/invoice/{made['Id']}/void").json()["TotalAmt"] == 0
    assert ask(simulator, "DELETE", f"companies/{SAMPLE}/invoice/{made['Id']}").json()["status"] == "Deleted"
    assert ask(simulator, "DELETE", f"companies/{SAMPLE}/invoice/{made['Id']}").status == 409


def test_tokens_are_issued_and_expired(simulator: Simulator) -> None:
    tokens = ask(simulator, "POST", "tokens", {"companyId": SAMPLE}).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    url = f"http://quickbooks.test/v3/company/{SAMPLE}/companyinfo/1"
    assert simulator.handle("GET", url, headers).status == 200
    assert ask(simulator, "POST", "tokens/expire", {"companyId": SAMPLE}).json() == {"expired": 1}
    assert simulator.handle("GET", url, headers).status == 401


def test_disconnecting_in_quickbooks_ends_every_token(simulator: Simulator, company: Caller) -> None:
    assert ask(simulator, "POST", f"companies/{SAMPLE}/disconnect").json() == {"ended": 1}
    assert company.get("companyinfo/1").status == 401


def test_time_can_be_moved_and_late_requests_landed(simulator: Simulator) -> None:
    before = ask(simulator, "GET", "clock").json()["now"]
    assert ask(simulator, "POST", "clock", {"advanceSeconds": 60}).json()["now"] > before
    assert ask(simulator, "POST", "late").json() == {"landed": 0}


def test_reset_brings_the_beginning_back(simulator: Simulator, company: Caller) -> None:
    company.made("Invoice", invoice())
    simulator.mishaps.add("throttle")
    assert ask(simulator, "POST", "reset").status == 204
    again = Caller(simulator, SAMPLE)
    assert again.query("select count(*) from Invoice") == {"totalCount": 1}


def test_a_deleted_company_is_gone(simulator: Simulator, company: Caller) -> None:
    assert ask(simulator, "DELETE", f"companies/{SAMPLE}").status == 204
    assert company.get("companyinfo/1").status == 401
    assert ask(simulator, "GET", f"companies/{SAMPLE}").status == 404


def test_unknown_paths_are_named(simulator: Simulator) -> None:
    assert ask(simulator, "GET", "nothing").status == 404


def test_settings_of_the_whole_simulator_are_read_and_changed(simulator: Simulator) -> None:
    said = {
        "limits": True, "latency": {"fixed": 0.5}, "seed": 3, "requestIdSeconds": 60, "overlappingRequestIds": "twice",
        "queryLagSeconds": 2, "rotateAfterSeconds": 10, "rotationGraceSeconds": 5,
    }  # fmt: skip
    assert ask(simulator, "POST", "settings", said).status == 200
    assert (simulator.limits.per_second, simulator.latency.fixed) == (10, 0.5)
    found = ask(simulator, "GET", "settings").json()
    assert {key: found[key] for key in ("requestIdSeconds", "overlappingRequestIds", "rotateAfterSeconds")} == {
        "requestIdSeconds": 60, "overlappingRequestIds": "twice", "rotateAfterSeconds": 10,
    }  # fmt: skip
    ask(simulator, "POST", "settings", {"limits": None, "latency": True})
    assert (simulator.limits.per_second, simulator.latency.fixed) == (None, 0.35)
    assert ask(simulator, "POST", "settings", {"overlappingRequestIds": "thrice"}).status == 400


def test_objects_are_listed_made_and_read_without_a_token(simulator: Simulator) -> None:
    made = ask(simulator, "POST", f"companies/{SAMPLE}/customer", {"DisplayName": "New"})
    assert made.status == 201
    read = ask(simulator, "GET", f"companies/{SAMPLE}/customer/{made.json()['Id']}").json()
    assert read["DisplayName"] == "New"
    listed = ask(simulator, "GET", f"companies/{SAMPLE}/customer").json()["Customer"]
    assert read in listed
    assert ask(simulator, "GET", f"companies/{SAMPLE}/unicorn").status == 404


def test_rates_request_ids_and_late_requests_are_under_control(simulator: Simulator, company: Caller) -> None:
    assert ask(simulator, "POST", f"companies/{SAMPLE}/rates/EUR", {"rate": 2, "asOf": "2026-11-01"}).status == 204
    assert company.get("exchangerate?sourcecurrencycode=EUR").json()["ExchangeRate"]["Rate"] == 2
    assert company.get("exchangerate?sourcecurrencycode=USD").json()["ExchangeRate"]["Rate"] == 1
    company.made("Invoice", invoice(), "invoice?requestid=a")
    assert ask(simulator, "POST", f"companies/{SAMPLE}/forget-request-ids").json() == {"forgotten": 1}
    simulator.mishaps.add("late-landing", operation="create")
    with pytest.raises(LostAnswer):
        company.post("invoice", invoice())
    assert ask(simulator, "GET", "late").json() == {"onTheWay": 1}
    assert ask(simulator, "DELETE", "late").json() == {"dropped": 1}
    assert ask(simulator, "DELETE", "faults").status == 204


def test_webhooks_are_set_up_and_looked_at(simulator: Simulator, company: Caller) -> None:
    assert ask(simulator, "POST", "webhooks", {"url": "ftp://x"}).status == 400
    assert ask(simulator, "POST", "webhooks", {"url": "http://app.test/", "verifier": "v"}).status == 201
    company.made("Invoice", invoice())
    found = ask(simulator, "GET", "webhooks").json()
    assert [one["url"] for one in found["endpoints"]] == ["http://app.test/"]
    assert len(found["deliveries"]) == 1
    ask(simulator, "DELETE", "webhooks")
    assert ask(simulator, "GET", "webhooks").json() == {"endpoints": [], "deliveries": []}


@pytest.mark.fact("5", "one webhook URL per app and environment, no redelivery button")
def test_a_new_address_for_webhooks_takes_the_place_of_the_old_one(simulator: Simulator, company: Caller) -> None:
    for url in ("http://old.test/", "http://new.test/"):
        ask(simulator, "POST", "webhooks", {"url": url})
    company.made("Invoice", invoice())
    found = ask(simulator, "GET", "webhooks").json()
    assert [one["url"] for one in found["endpoints"]] == ["http://new.test/"]
    assert [one["url"] for one in found["deliveries"]] == ["http://new.test/"]


@pytest.mark.fact("5", "one webhook URL per app and environment, no redelivery button")
def test_a_webhook_that_was_given_up_cannot_be_asked_for_again(simulator: Simulator, company: Caller) -> None:
    ask(simulator, "POST", "webhooks", {"url": "http://app.test/"})
    company.made("Invoice", invoice())
    for _ in range(4):
        simulator.webhooks.deliver(simulator.now(), lambda *_: 503)
        simulator.advance(3600)
    ask(simulator, "POST", "webhooks", {"url": "http://app.test/"})
    assert simulator.webhooks.deliver(simulator.now(), lambda *_: 200) == 0
    assert ask(simulator, "POST", "webhooks/redeliver").status == 404


def test_a_body_that_is_no_object_is_refused(simulator: Simulator) -> None:
    assert ask(simulator, "POST", "faults", [1]).status == 400
    assert ask(simulator, "POST", "tokens", {"companyId": "1"}).status == 404
