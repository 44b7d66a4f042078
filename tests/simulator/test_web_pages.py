import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest

from local.quickbooks.app import running
from local.quickbooks.envelope import Answer
from local.quickbooks.seed import ACME_EUROPE, SAMPLE
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice, line

HOST = "http://quickbooks.test"
PATHS = [
    "/",
    f"/app/company?companyId={SAMPLE}",
    "/app/calls",
    "/app/faults",
    f"/app/invoice?txnId=101&companyId={SAMPLE}",
]


class Outline(HTMLParser):
    """What a screen reader and a browser would go by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def get(simulator: Simulator, path: str) -> Answer:
    return simulator.handle("GET", HOST + path)


def post(simulator: Simulator, path: str, **form: str) -> Answer:
    return simulator.handle("POST", HOST + path, {}, urlencode(form))


def foreign_invoice(company: Caller) -> str:
    body = invoice(
        {**line(100, Qty=10000, UnitPrice="0.01", ServiceDate="2026-10-01"), "Description": "<b>API calls</b>"},
        customer=ACME_EUROPE, DocNumber="INV-1", ExchangeRate="1.25", PrivateNote="m3ter-bill:7",
        BillEmail={"Address": "a@example.com"}, BillEmailCc={"Address": "cc@example.com"},
    )  # fmt: skip
    return str(company.made("Invoice", body)["Id"])


def test_an_invoice_is_shown_as_a_person_would_see_it(simulator: Simulator, company: Caller) -> None:
    id_ = foreign_invoice(company)
    text = get(simulator, f"/app/invoice?txnId={id_}&companyId={SAMPLE}").text
    for shown in ("Invoice INV-1", "Acme Europe", "100.00 EUR", "125.00", "10000", "0.01", "2026-10-01", "m3ter-bill:7",
                  "a@example.com", "cc@example.com", "Open"):  # fmt: skip
        assert shown in text
    assert "&lt;b&gt;API calls&lt;/b&gt;" in text


@pytest.mark.parametrize(("what", "shown"), [("pay", "Paid"), ("void", "Void")])
def test_the_status_of_an_invoice_is_shown(simulator: Simulator, company: Caller, what: str, shown: str) -> None:
    id_ = foreign_invoice(company)
    person = simulator.as_person(SAMPLE)
    person.pay(id_) if what == "pay" else person.void("Invoice", id_)
    assert f">{shown}</span>" in get(simulator, f"/app/invoice?txnId={id_}&companyId={SAMPLE}").text


def test_a_credit_memo_is_shown(simulator: Simulator, company: Caller) -> None:
    id_ = company.made("CreditMemo", invoice(line(60), DocNumber="CM-1"))["Id"]
    text = get(simulator, f"/app/creditmemo?txnId={id_}&companyId={SAMPLE}").text
    assert "Credit memo CM-1" in text
    assert "Credit left 60.00 USD" in text


def test_the_company_page_lists_its_documents(simulator: Simulator, company: Caller) -> None:
    foreign_invoice(company)
    text = get(simulator, f"/app/company?companyId={SAMPLE}").text
    assert "INV-1" in text
    assert "txnId=101" in text


def test_calls_are_shown_with_what_went_wrong(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("throttle", count=1)
    company.post("invoice?requestid=a-1", invoice())
    text = get(simulator, "/app/calls").text
    for shown in ("POST", "429", "throttle", "a-1"):
        assert shown in text


def test_faults_are_switched_on_and_off(simulator: Simulator) -> None:
    answer = post(
        simulator, "/app/faults", kind="throttle", operation="create", entity="invoice", count="2", probability="0.5"
    )
    assert (answer.status, answer.headers["Location"]) == (303, "/app/faults")
    (rule,) = simulator.mishaps.rules
    assert (rule.kind, rule.operation, rule.entity, rule.count, rule.probability) == (
        "throttle",
        "create",
        "invoice",
        2,
        0.5,
    )
    assert "throttle" in get(simulator, "/app/faults").text
    post(simulator, "/app/faults", remove=str(rule.id))
    assert simulator.mishaps.rules == []
    post(simulator, "/app/faults", limits="on")
    assert simulator.limits.per_second == 10
    post(simulator, "/app/faults", limits="off")
    assert simulator.limits.per_second is None


@pytest.mark.parametrize("form", [{"kind": "flood"}, {"kind": "slow", "count": "x"}, {"remove": "x"}, {}])
def test_a_wrong_form_is_told_so(simulator: Simulator, form: dict[str, str]) -> None:
    answer = post(simulator, "/app/faults", **form)
    assert answer.status == 400
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    "path", ["/app/invoice?txnId=9", "/app/creditmemo", "/app/company?companyId=1", "/app/nothing"]
)
def test_what_is_not_there_is_a_404(simulator: Simulator, path: str) -> None:
    assert get(simulator, path).status == 404


@pytest.mark.parametrize("path", PATHS)
def test_pages_are_accessible_and_need_nothing_from_elsewhere(simulator: Simulator, path: str) -> None:
    text = get(simulator, path).text
    outline = Outline(text)
    assert outline.open == []
    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("h1", "main", "title")) == 3
    assert all(one.get("scope") for one in outline.all("th"))
    assert not outline.all("script", "img", "iframe")
    assert re.findall(r'(?:src|href|action)="(?!/|#|data:,)[^"]*"', text) == []
    labelled = len(outline.all("label"))
    assert labelled == len([one for one in outline.all("input", "select") if one.get("type") != "hidden"])


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_chromium_shows_the_invoice(simulator: Simulator, company: Caller, tmp_path: Path) -> None:
    id_ = foreign_invoice(company)
    picture = tmp_path / "invoice.png"
    with running(simulator) as base:
        switches = (
            "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
            f"--disable-component-update --disable-sync --user-data-dir={tmp_path}/profile --screenshot={picture}"
        )
        command = ["chromium", *switches.split(), f"{base}/app/invoice?txnId={id_}&companyId={SAMPLE}"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603  the browser asked for
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000
