import pytest

from local.quickbooks.catalogue import CODES
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice


@pytest.mark.fact("1.7", "every code of the table, with its message and status")
@pytest.mark.parametrize("code", CODES)
def test_every_known_code_can_be_asked_for(simulator: Simulator, company: Caller, code: str) -> None:
    simulator.mishaps.add("fault", code=code, count=1)
    answer = company.post("invoice", invoice())
    error = company.error_of(answer)
    assert answer.status == CODES[code].status
    assert (error["code"], error["Message"], error["Detail"]) == (code, CODES[code].message, CODES[code].detail)
    assert company.post("invoice", invoice()).status == 200


@pytest.mark.fact("1.5", "SystemFault: 10000-class, HTTP 500")
def test_an_application_error_is_a_system_fault(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault", code="10000", count=1)
    answer = company.post("invoice", invoice())
    assert (answer.status, answer.json()["Fault"]["type"]) == (500, "SystemFault")


@pytest.mark.fact("1.7", "3100 with statusCode=500: InternalServerError, transient")
def test_a_gateway_error_can_have_the_gateway_envelope(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("server-error", status=500, format="json", count=1)
    answer = company.post("invoice", invoice())
    error = answer.json()["fault"]["error"][0]
    assert (answer.status, error["code"], answer.json()["fault"]["type"]) == (500, "3100", "SERVICE")
    assert error["message"] == "message=InternalServerError; errorCode=003100; statusCode=500"


@pytest.mark.fact("1.5", "gateway errors can come back as XML although JSON was asked")
def test_a_gateway_error_can_be_xml(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("throttle", format="xml", count=1)
    answer = company.post("invoice", invoice())
    assert (answer.status, answer.headers["Content-Type"]) == (429, "application/xml")
    assert '<Fault type="SERVICE"><Error code="3001">' in answer.text


@pytest.mark.fact("1.5", "502/503 bodies may be HTML")
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_can_be_html(simulator: Simulator, company: Caller, status: int) -> None:
    simulator.mishaps.add("server-error", status=status, count=1)
    answer = company.get("companyinfo/1")
    assert (answer.status, answer.text.startswith("<html>")) == (status, True)


@pytest.mark.fact("1.6", "403 wrong company; 401 token; 429 throttled; 400 validation; 500 server error")
def test_a_message_of_ones_own_can_be_given(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault", code="6000", detail="Business Validation Error: tax engine", count=1)
    assert company.fault("invoice", invoice())["Detail"] == "Business Validation Error: tax engine"
