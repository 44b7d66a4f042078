import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from local.quickbooks.seed import SINGLE_CURRENCY
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice, line

XML = "{http://schema.intuit.com/finance/v3}"


@pytest.mark.fact("2.1", "key order of the recorded minimal create")
def test_a_minimal_invoice_is_answered_in_the_recorded_key_order(simulator: Simulator) -> None:
    company = Caller(simulator, SINGLE_CURRENCY)
    made = company.made("Invoice", invoice(line(100), DocNumber="1"))
    assert list(made) == [
        "AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment", "domain",
        "sparse", "Id", "SyncToken", "MetaData", "CustomField", "DocNumber", "TxnDate", "CurrencyRef", "LinkedTxn",
        "Line", "TxnTaxDetail", "CustomerRef", "BillAddr", "ShipAddr", "DueDate", "TotalAmt", "ApplyTaxAfterDiscount",
        "PrintStatus", "EmailStatus", "Balance",
    ]  # fmt: skip
    assert made["TxnDate"] == "2026-11-02"
    assert made["DueDate"] == "2026-12-02"
    assert (made["PrintStatus"], made["EmailStatus"]) == ("NeedToPrint", "NotSet")


@pytest.mark.fact("2.1", "each stored line gets Id and LineNum; a trailing SubTotalLineDetail without Id")
def test_lines_are_numbered_and_followed_by_a_subtotal(company: Caller) -> None:
    lines = company.made("Invoice", invoice(line(1), line(2)))["Line"]
    assert [(one.get("Id"), one.get("LineNum")) for one in lines] == [("1", 1), ("2", 2), (None, None)]
    assert lines[-1] == {"Amount": 3, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}


@pytest.mark.fact("1.5", "success: the entity under its name, then time")
@pytest.mark.fact("1.5", "time has milliseconds and the Pacific offset; MetaData times have no milliseconds")
def test_times_are_pacific(company: Caller) -> None:
    answer = company.post("invoice", invoice()).json()
    assert list(answer) == ["Invoice", "time"]
    assert answer["time"] == "2026-11-02T12:00:00.000-08:00"
    assert answer["Invoice"]["MetaData"]["CreateTime"] == "2026-11-02T12:00:00-08:00"


@pytest.mark.fact("1.4", "headers of a success, of a 400 fault and of a 401")
def test_headers_are_those_of_each_kind_of_answer(company: Caller) -> None:
    good = company.get("invoice/101").headers
    assert good["Content-Type"] == "application/json;charset=utf-8"
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", good["intuit_tid"])
    assert {"Qbo-Version", "Service-Time", "X-Spanid"} <= set(good)
    assert good["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert good["Expires"] == "0"
    bad = company.get("invoice/999999").headers
    assert bad["Content-Type"] == "application/json"
    assert "Qbo-Version" not in bad
    lost = company.get("invoice/101", Authorization="Bearer " + "x" * 40)
    assert lost.headers["WWW-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'


@pytest.mark.fact("1.5", "business fault: capital Fault, code a string, HTTP 400")
@pytest.mark.fact("1.5", "type ValidationFault: business layer, HTTP 400")
def test_a_business_fault_has_capital_keys(company: Caller) -> None:
    answer = company.post("invoice", invoice(customer="999"))
    content = answer.json()
    assert list(content) == ["Fault", "time"]
    assert content["Fault"]["type"] == "ValidationFault"
    assert set(content["Fault"]["Error"][0]) == {"Message", "Detail", "code", "element"}


@pytest.mark.fact("1.5", "gateway fault: lower-case keys, time in epoch milliseconds")
def test_a_gateway_fault_has_lower_case_keys(company: Caller) -> None:
    answer = company.get("invoice/101", Authorization="Bearer " + "x" * 40)
    assert answer.status == 401
    content = answer.json()
    assert list(content) == [
        "warnings", "intuitObject", "fault", "report", "queryResponse", "batchItemResponse", "attachableResponse",
        "syncErrorResponse", "requestId", "time", "status", "cdcresponse",
    ]  # fmt: skip
    assert content["fault"]["error"][0]["code"] == "3200"
    assert content["fault"]["error"][0]["message"] == "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    assert content["fault"]["type"] == "AUTHENTICATION"
    assert content["time"] == 1793649600000


@pytest.mark.fact("1.5", "malformed bearer token: too short or too long")
def test_a_malformed_token_is_named_so(company: Caller) -> None:
    answer = company.get("invoice/101", Authorization="Bearer x")
    assert answer.json()["fault"]["error"][0]["detail"] == "Malformed bearer token: too short or too long"


@pytest.mark.fact("1.7", "3100 with 403: token and company do not match")
@pytest.mark.fact("1.5", "type SERVICE: gateway 403, 429, some 500")
def test_a_token_of_another_company_is_refused(company: Caller) -> None:
    answer = company.simulator.handle(
        "GET", f"http://quickbooks.test/v3/company/{SINGLE_CURRENCY}/companyinfo/1", company.headers
    )
    assert answer.status == 403
    error = answer.json()["fault"]["error"][0]
    assert (error["code"], answer.json()["fault"]["type"]) == ("3100", "SERVICE")


@pytest.mark.fact("1.5", "XML: domain and sparse are attributes of the entity")
@pytest.mark.fact("1.5", "XML: a reference is text with a name attribute")
@pytest.mark.fact("1.4", "no Accept: XML")
@pytest.mark.parametrize("accept", ["", "*/*", "application/xml"])
def test_without_json_in_accept_the_answer_is_xml(company: Caller, accept: str) -> None:
    answer = company.get("invoice/101", Accept=accept)
    assert answer.headers["Content-Type"].startswith("application/xml")
    root = ET.fromstring(answer.body)  # noqa: S314  our own text
    found = root.find(f"{XML}Invoice")
    assert found is not None
    assert dict(found.attrib) == {"domain": "QBO", "sparse": "false"}
    reference = found.find(f"{XML}CustomerRef")
    assert reference is not None
    assert (reference.text, reference.attrib) == ("1", {"name": "Amy's Bird Sanctuary"})


@pytest.mark.fact("1.4", "NQ sends application/json, text/plain, */* plus format=json")
def test_json_is_answered_where_accept_or_format_names_it(company: Caller) -> None:
    assert company.get("invoice/101", Accept="application/json, text/plain, */*").json()["Invoice"]
    assert company.get("invoice/101?format=json", Accept="*/*").json()["Invoice"]


@pytest.mark.fact("1.5", "XML fault")
def test_a_fault_can_be_xml(company: Caller) -> None:
    answer = company.post("invoice", invoice(customer="999"), Accept="application/xml")
    root = ET.fromstring(answer.body)  # noqa: S314  our own text
    fault = root.find(f"{XML}Fault")
    assert fault is not None
    assert fault.attrib == {"type": "ValidationFault"}
    assert fault[0].attrib == {"code": "2500", "element": "CustomerRef"}


@pytest.mark.fact("1.5", "XML query answer: startPosition and maxResults are attributes")
def test_a_query_can_be_answered_in_xml(company: Caller) -> None:
    answer = company.get("query?query=select%20*%20from%20Customer%20maxresults%202", Accept="application/xml")
    root = ET.fromstring(answer.body)  # noqa: S314  our own text
    found = root.find(f"{XML}QueryResponse")
    assert found is not None
    assert found.attrib == {"startPosition": "1", "maxResults": "2"}
    assert len(found) == 2


@pytest.mark.fact("1.5", "unknown path under a realm: code 500")
@pytest.mark.fact("1.7", "500 unsupported operation, unknown resource")
def test_an_unknown_path_is_an_unsupported_operation(company: Caller) -> None:
    answer = company.get("unicorn/1")
    assert answer.status == 400
    error = company.error_of(answer)
    assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")
    assert "unicorn" in error["Detail"]


@pytest.mark.fact("1.7", "500 payload that is not UTF-8")
def test_a_payload_that_is_not_utf8_is_unsupported(company: Caller) -> None:
    assert company.fault("invoice", b'{"DocNumber":"\xff"}')["code"] == "500"


@pytest.mark.fact("1.7", "2010 unrecognized field")
def test_an_unknown_property_is_named(company: Caller) -> None:
    error = company.fault("invoice", invoice(Colour="red"))
    assert error["code"] == "2010"
    assert error["Message"] == "Request has invalid or unsupported property"
    assert error["Detail"].startswith(
        'Property Name:Unrecognized field "Colour" (class com.intuit.schema.finance.v3.Invoice), not marked as '
    )


@pytest.mark.fact("1.7", "2020 required parameter, element = field name")
@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"CustomerRef": {"value": "1"}}, "Line"),
        ({"Line": [line()]}, "CustomerRef"),
        (invoice() | {"Line": []}, "Line"),
    ],
)
def test_a_missing_field_is_named(company: Caller, body: dict[str, Any], name: str) -> None:
    error = company.fault("invoice", body)
    assert (error["code"], error["element"]) == ("2020", name)
    assert error["Detail"] == f"Required parameter {name} is missing in the request"


@pytest.mark.fact("1.7", "2030 invalid id")
def test_an_id_must_be_a_number(company: Caller) -> None:
    error = company.error_of(company.get("invoice/1.5"))
    assert (error["code"], error["Message"]) == ("2030", "Invalid ID")
    assert error["Detail"] == "Id should be a valid number. Supplied value:1.5"


@pytest.mark.fact("2.2", "lengths: PrivateNote 4000, CustomerMemo 1000, Description 4000, e-mail 100")
@pytest.mark.parametrize(
    ("header", "element"),
    [
        ({"PrivateNote": "x" * 4001}, "PrivateNote"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "Customer Memo"),
        ({"BillEmail": {"Address": "x" * 90 + "@example.com"}}, "BillEmail"),
        ({"Line": [{**line(), "Description": "x" * 4001}]}, "Description"),
    ],
)
def test_texts_have_a_longest_length(company: Caller, header: dict[str, Any], element: str) -> None:
    error = company.fault("invoice", invoice() | header)
    assert (error["code"], error["element"]) == ("2050", element)


def test_texts_of_the_longest_length_are_kept(company: Caller) -> None:
    made = company.made(
        "Invoice",
        invoice({**line(), "Description": "é" * 4000}, PrivateNote="x" * 4000, CustomerMemo={"value": "y" * 1000}),
    )
    assert made["PrivateNote"] == "x" * 4000
    assert made["Line"][0]["Description"] == "é" * 4000


@pytest.mark.fact("1.7", "2210 e-mail not RFC 822")
@pytest.mark.fact("1.7", "2170 invalid enumeration")
@pytest.mark.fact("1.7", "6420 e-mail needed when delivery is by e-mail")
@pytest.mark.fact("1.7", "2070 date")
@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"BillEmail": {"Address": "nobody"}}, "2210"),
        ({"EmailStatus": "HAS_BEEN_BILLED"}, "2170"),
        ({"EmailStatus": "NeedToSend"}, "6420"),
        ({"TxnDate": "2026-02-30"}, "2070"),
    ],
)
def test_values_are_checked(company: Caller, header: dict[str, Any], code: str) -> None:
    assert company.fault("invoice", invoice(**header))["code"] == code


@pytest.mark.fact("9.2", "empty strings for unset fields, zero placeholders, read-only fields sent back")
def test_what_clients_send_for_unset_fields_is_as_if_not_sent(company: Caller) -> None:
    body = invoice(
        line(100, Qty=0, UnitPrice=0, ServiceDate="", TaxInclusiveAmt=0), DueDate="", TxnDate="", ShipDate="",
        TotalAmt="", ApplyTaxAfterDiscount="", InvoiceLink="", DocNumber="", Deposit=0, ExchangeRate=0, Balance=0,
        SyncToken=0, domain="QBO", sparse=False, AllowIPNPayment=True, GlobalTaxCalculation="TaxExcluded",
        CustomField=[], LinkedTxn=[], HomeBalance=5, CustomerRef={"name": "Amy", "type": "Customer", "value": "1"},
    )  # fmt: skip
    made = company.made("Invoice", body)
    assert made["TotalAmt"] == 100
    assert made["TxnDate"] == "2026-11-02"
    assert made["DocNumber"].isdigit()
    assert made["AllowIPNPayment"] is False


@pytest.mark.fact("9.2", "numbers sent as strings")
def test_numbers_may_be_text(company: Caller) -> None:
    assert company.made("Invoice", invoice(line("100.50", Qty="2", UnitPrice="50.25")))["TotalAmt"] == 100.50


@pytest.mark.fact("1.2", "any minor version behaves as 75")
@pytest.mark.parametrize("version", ["45", "75", "999", "x"])
def test_any_minor_version_will_do(company: Caller, version: str) -> None:
    assert company.made("Invoice", invoice(), f"invoice?minorversion={version}")


@pytest.mark.fact("2.6", "flags answered false without QuickBooks Payments; an explicit false overrides the default")
def test_online_payment_flags_need_quickbooks_payments(simulator: Simulator, company: Caller) -> None:
    flags = {"AllowOnlineACHPayment": False, "AllowOnlineCreditCardPayment": True}
    assert company.made("Invoice", invoice(**flags))["AllowOnlineCreditCardPayment"] is False
    simulator.as_person(company.realm).settings(paymentsEnabled=True)
    made = company.made("Invoice", invoice(**flags))
    assert (made["AllowOnlineACHPayment"], made["AllowOnlineCreditCardPayment"]) == (False, True)
    assert company.made("Invoice", invoice())["AllowOnlineACHPayment"] is True
