"""The entities without many rules of their own: what is made, what is refused."""

from typing import Any

import pytest

from local.quickbooks.seed import SAMPLE, UNITED_KINGDOM
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("PaymentMethod", {"Name": "Barter"}),
        ("CompanyCurrency", {"Code": "SEK", "Name": "Swedish Krona"}),
        ("TaxAgency", {"DisplayName": "Moon Tax Office"}),
    ],
)
@pytest.mark.parametrize("realm", [SAMPLE, UNITED_KINGDOM])
def test_a_new_object_takes_no_id_that_is_taken(
    simulator: Simulator, realm: str, entity: str, body: dict[str, Any]
) -> None:
    caller = Caller(simulator, realm)
    before = caller.query(f"select * from {entity}")[entity]
    made = caller.made(entity, body)
    assert made["Id"] not in {one["Id"] for one in before}
    assert caller.query(f"select * from {entity}")[entity] == [*before, made]


def test_a_new_tax_rate_leaves_the_rates_there_are(british_company: Caller) -> None:
    before = british_company.query("select * from TaxRate")["TaxRate"]
    rate = {"TaxRateName": "Moon", "RateValue": "7", "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
    british_company.post("taxservice/taxcode", {"TaxCode": "Moon", "TaxRateDetails": [rate]})
    after = british_company.query("select * from TaxRate")["TaxRate"]
    assert after[: len(before)] == before
    assert [one["Name"] for one in after[len(before) :]] == ["Moon"]


def test_a_company_describes_itself_once(company: Caller) -> None:
    assert company.fault("companyinfo", {"CompanyName": "Another"})["code"] == "2020"


def test_a_currency_that_is_none_is_not_listed(company: Caller) -> None:
    assert company.fault("companycurrency", {"Code": "XXQ", "Name": "Quatloo"})["code"] == "2220"


def test_a_download_says_where_the_file_lies(company: Caller) -> None:
    parts = (
        b'--B\r\nContent-Disposition: form-data; name="file_content_0"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nhello\r\n--B--\r\n"
    )
    answer = company.post("upload", parts, **{"Content-Type": "multipart/form-data; boundary=B"})
    attached = answer.json()["AttachableResponse"][0]["Attachable"]
    link = company.simulator.handle("GET", f"http://quickbooks.test{attached['FileAccessUri']}", company.headers)
    assert (link.status, link.text) == (200, attached["TempDownloadUri"])
    assert company.get("download/999").status == 400
