import pytest

from tests.simulator.caller import Caller, invoice, line


@pytest.mark.fact("2.5", "CustomTxnNumbers=false, omitted: next automatic number")
def test_without_own_numbers_the_next_number_is_made(company: Caller) -> None:
    first = company.made("Invoice", invoice())["DocNumber"]
    second = company.made("Invoice", invoice())["DocNumber"]
    assert int(second) == int(first) + 1


@pytest.mark.fact("2.5", "false, supplied: stored as given; duplicates possible, never 6140")
def test_without_own_numbers_a_number_may_be_used_twice(company: Caller) -> None:
    for _ in range(2):
        assert company.made("Invoice", invoice(DocNumber="INV-7"))["DocNumber"] == "INV-7"


@pytest.mark.fact("2.5", "true, supplied, unused: stored")
@pytest.mark.fact("2.5", "true, supplied, used: 6140 unless include=allowduplicatedocnum")
@pytest.mark.fact("1.7", "6140 document number taken, by whom")
def test_with_own_numbers_a_used_number_is_refused(numbered_company: Caller) -> None:
    made = numbered_company.made("Invoice", invoice(DocNumber="INV-7"))
    error = numbered_company.fault("invoice", invoice(DocNumber="INV-7"))
    assert error["code"] == "6140"
    assert error["Message"] == "Duplicate Document Number Error"
    assert error["Detail"].endswith(f"DocNumber=INV-7 is assigned to TxnType=Invoice with TxnId={made['Id']}")
    numbered_company.made("Invoice", invoice(DocNumber="INV-7"), "invoice?include=allowduplicatedocnum")


@pytest.mark.fact("2.5", "true, omitted: blank number")
def test_with_own_numbers_no_number_stays_no_number(numbered_company: Caller) -> None:
    assert "DocNumber" not in numbered_company.made("Invoice", invoice())


@pytest.mark.fact("2.5", "AUTO_GENERATE or AutoDocNumber forces the automatic sequence")
@pytest.mark.parametrize("header", [{"DocNumber": "AUTO_GENERATE"}, {"AutoDocNumber": True}])
def test_the_automatic_sequence_can_be_asked_for(numbered_company: Caller, header: dict[str, object]) -> None:
    assert numbered_company.made("Invoice", invoice(**header))["DocNumber"].isdigit()


@pytest.mark.fact("2.5", "more than 21 characters: 2050")
@pytest.mark.fact("1.7", "2050 string length, with the limits and the length supplied")
def test_a_number_has_at_most_21_characters(company: Caller) -> None:
    company.made("Invoice", invoice(DocNumber="x" * 21))
    error = company.fault("invoice", invoice(DocNumber="x" * 45))
    assert error["code"] == "2050"
    assert error["element"] == "DocNumber"
    assert error["Detail"] == (
        "String length specified does not match the supported length. Min:0 Max:21 supported. Supplied length:45"
    )


@pytest.mark.fact("2.5", "on update: changes only this document, not the counter")
def test_a_number_given_in_an_update_leaves_the_counter_alone(company: Caller) -> None:
    made = company.made("Invoice", invoice())
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "DocNumber": "900000"}
    assert company.made("Invoice", change)["DocNumber"] == "900000"
    assert int(company.made("Invoice", invoice())["DocNumber"]) == int(made["DocNumber"]) + 1


def test_an_update_may_keep_its_own_number(numbered_company: Caller) -> None:
    made = numbered_company.made("Invoice", invoice(DocNumber="INV-7"))
    change = {**invoice(line(5), DocNumber="INV-7"), "Id": made["Id"], "SyncToken": "0", "sparse": True}
    assert numbered_company.made("Invoice", change)["TotalAmt"] == 5


def test_the_number_of_a_deleted_invoice_is_free_again(numbered_company: Caller) -> None:
    made = numbered_company.made("Invoice", invoice(DocNumber="INV-7"))
    pointed = {"Id": made["Id"], "SyncToken": "0"}
    numbered_company.made("Invoice", pointed, "invoice?operation=delete")
    numbered_company.made("Invoice", invoice(DocNumber="INV-7"))
