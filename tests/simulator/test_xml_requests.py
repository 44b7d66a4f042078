"""Requests in XML, as quickbooks-ruby and Intuit's PHP SDK send them."""

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from local.quickbooks.envelope import Answer
from tests.simulator.caller import Caller, invoice, line

NAMESPACE = "http://schema.intuit.com/finance/v3"
XML = {"Accept": "application/xml", "Content-Type": "application/xml"}


def posted(company: Caller, path: str, body: str) -> Answer:
    return company.post(path, body.encode(), **XML)


def test_an_invoice_in_xml_is_the_same_as_in_json(company: Caller) -> None:
    body = f"""<?xml version="1.0" encoding="utf-8"?>
    <ns0:Invoice xmlns:ns0="{NAMESPACE}">
      <ns0:CustomField><ns0:DefinitionId>1</ns0:DefinitionId><ns0:StringValue>102</ns0:StringValue></ns0:CustomField>
      <ns0:DocNumber>0042</ns0:DocNumber>
      <ns0:Line>
        <ns0:Description>Rock &amp; roll</ns0:Description><ns0:Amount>150.00</ns0:Amount>
        <ns0:DetailType>SalesItemLineDetail</ns0:DetailType>
        <ns0:SalesItemLineDetail>
          <ns0:ItemRef name="Design">4</ns0:ItemRef><ns0:UnitPrice>75</ns0:UnitPrice><ns0:Qty>2</ns0:Qty>
        </ns0:SalesItemLineDetail>
      </ns0:Line>
      <ns0:Line>
        <ns0:DetailType>DiscountLineDetail</ns0:DetailType>
        <ns0:DiscountLineDetail>
          <ns0:PercentBased>true</ns0:PercentBased><ns0:DiscountPercent>10</ns0:DiscountPercent>
        </ns0:DiscountLineDetail>
      </ns0:Line>
      <ns0:CustomerRef>1</ns0:CustomerRef><ns0:CustomerMemo>Thank you</ns0:CustomerMemo>
      <ns0:BillEmail><ns0:Address>birds@intuit.com</ns0:Address></ns0:BillEmail>
      <ns0:AllowOnlineACHPayment>false</ns0:AllowOnlineACHPayment>
    </ns0:Invoice>"""
    answer = posted(company, "invoice", body)
    assert answer.status == 200, answer.text
    made = ET.fromstring(answer.body).find(f"{{{NAMESPACE}}}Invoice")  # noqa: S314  our own text
    assert made is not None
    kept = company.read("Invoice", str(made.findtext(f"{{{NAMESPACE}}}Id")))
    sent = {
        "CustomField": [{"DefinitionId": "1", "StringValue": "102"}], "DocNumber": "0042",
        "CustomerMemo": {"value": "Thank you"}, "BillEmail": {"Address": "birds@intuit.com"},
    }  # fmt: skip
    lines: list[Any] = [
        {**line(150, "4", UnitPrice=75, Qty=2), "Description": "Rock & roll"},
        {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}},
    ]
    same = company.made("Invoice", invoice(*lines, **sent))
    assert {**kept, "Id": "", "MetaData": {}} == {**same, "Id": "", "MetaData": {}}


def test_an_update_in_xml_can_be_sparse(company: Caller) -> None:
    note = "<PrivateNote>hello</PrivateNote>"
    body = f'<Invoice xmlns="{NAMESPACE}" sparse="true"><Id>101</Id><SyncToken>0</SyncToken>{note}</Invoice>'
    assert posted(company, "invoice", body).status == 200
    kept = company.read("Invoice", "101")
    assert (kept["PrivateNote"], kept["TotalAmt"], kept["SyncToken"]) == ("hello", 75, "1")


def test_numbers_of_other_entities_stay_numbers(company: Caller) -> None:
    body = (
        f'<TimeActivity xmlns="{NAMESPACE}"><NameOf>Employee</NameOf><EmployeeRef>54</EmployeeRef>'
        "<Hours>8</Hours><HourlyRate>12.50</HourlyRate><Description>8</Description></TimeActivity>"
    )
    assert posted(company, "timeactivity", body).status == 200
    kept = company.query("select * from TimeActivity")["TimeActivity"][0]
    assert (kept["Hours"], kept["HourlyRate"], kept["Description"]) == (8, Decimal("12.5"), "8")


def test_a_batch_in_xml(company: Caller) -> None:
    items = (
        '<BatchItemRequest bId="a" operation="create"><Customer><DisplayName>Xavier</DisplayName></Customer>'
        '</BatchItemRequest><BatchItemRequest bId="b"><Query>select count(*) from Term</Query></BatchItemRequest>'
    )
    answer = posted(company, "batch", f'<IntuitBatchRequest xmlns="{NAMESPACE}">{items}</IntuitBatchRequest>')
    found = ET.fromstring(answer.body).findall(f"{{{NAMESPACE}}}BatchItemResponse")  # noqa: S314  our own text
    assert [one.get("bId") for one in found] == ["a", "b"]
    assert company.query("select * from Customer where DisplayName = 'Xavier'")["Customer"]


@pytest.mark.parametrize(
    "body",
    ["<Invoice>", "<Invoice><Line>5</Line></Invoice>", "<Invoice/>", "<" * 10_000, "<a>" * 5_000 + "</a>" * 5_000,
     '<!DOCTYPE a [<!ENTITY b "c">]><Invoice>&b;</Invoice>', '<?xml version="1.0" encoding="klingon"?><Invoice/>'],
)  # fmt: skip
def test_xml_that_says_nothing_is_refused(company: Caller, body: str) -> None:
    assert posted(company, "invoice", body).status == 400
