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


CONSENT = "/connect/oauth2?client_id=simulator-client&response_type=code&scope=x&redirect_uri=http://a/&state=s"


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


def post(simulator: Simulator, path: str, /, **form: str) -> Answer:
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


@pytest.mark.parametrize("path", [*PATHS, "/app/nothing", CONSENT])
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


def test_a_fault_can_be_given_everything_it_has(simulator: Simulator) -> None:
    form = {
        "kind": "server-error", "operation": "create", "entity": "invoice", "realm": SAMPLE, "count": "3", "after": "2",
        "probability": "0.25", "seconds": "1.5", "path": "^/v3", "method": "POST", "how": "reset", "format": "xml",
        "status": "502", "committed": "true", "code": "6190", "message": "m", "detail": "d", "retryAfter": "7",
        "date": "2026-10-31",
    }  # fmt: skip
    assert post(simulator, "/app/faults", **form).status == 303
    (rule,) = simulator.mishaps.rules
    told = {key: value for key, value in rule.public().items() if key not in ("id", "happened")}
    assert {key: str(value) for key, value in told.items()} == {**form, "committed": "True"}
    text = get(simulator, "/app/faults").text
    for shown in (f"realm {SAMPLE}", "0.25 of the time, after 2, at most 3 times", "seconds 1.5", "status 502"):
        assert shown in text


def test_a_refused_form_keeps_what_was_typed(simulator: Simulator) -> None:
    text = post(simulator, "/app/faults", kind="slow", entity="unicorn", status="404", seconds="<7>").text
    assert "entity must be one of" in text
    assert 'value="unicorn"' in text
    assert 'value="&lt;7&gt;"' in text
    assert '<option value="slow" selected>' in text
    assert "<details open>" in text


def test_faults_that_are_over_say_so_and_all_can_be_removed(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("throttle", count=1)
    simulator.mishaps.add("slow", operation="void")
    company.get("companyinfo/1")
    text = get(simulator, "/app/faults").text
    assert text.count("used up") == 1
    assert "once" in text
    post(simulator, "/app/faults", clear="all")
    assert simulator.mishaps.rules == []


def test_limits_of_ones_own_are_not_called_off(simulator: Simulator) -> None:
    simulator.limits.per_minute = 5
    assert "of your own" in get(simulator, "/app/faults").text


def test_a_call_has_its_day_and_a_fault_in_200_is_no_success(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault-in-200", count=1)
    company.post("invoice", invoice())
    text = get(simulator, "/app/calls").text
    assert '<time datetime="2026-11-02T20:00:00+00:00">2026-11-02 20:00:00</time>' in text
    assert '<span class="badge bad">200</span>' in text


def test_a_page_that_is_not_there_has_the_menu_of_the_others(simulator: Simulator) -> None:
    text = get(simulator, "/app/nothing").text
    assert "There is no such page." in text
    assert 'href="/app/faults"' in text


@pytest.mark.parametrize("path", [*PATHS, "/app/nothing", CONSENT])
def test_every_column_and_button_has_a_name(simulator: Simulator, company: Caller, path: str) -> None:
    company.made("CreditMemo", invoice(line(60)))
    simulator.mishaps.add("slow", operation="void")
    text = get(simulator, path).text
    assert not re.search(r"<(th|button|label|legend|a|h1|h2)\b[^>]*>\s*</", text)
    buttons = re.findall(r"<button[^>]*>(.*?)</button>", text)
    assert len(buttons) == len(set(buttons))


CHROMIUM = (
    "chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
@pytest.mark.parametrize("path", [f"/app/invoice?txnId=102&companyId={SAMPLE}", "/app/faults"])
def test_chromium_shows_the_page(simulator: Simulator, company: Caller, tmp_path: Path, path: str) -> None:
    foreign_invoice(company)
    simulator.mishaps.add("throttle", count=1)
    picture = tmp_path / "page.png"
    with running(simulator) as base:
        command = [*CHROMIUM.split(), f"--user-data-dir={tmp_path}/profile", f"--screenshot={picture}", base + path]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603  the browser asked for
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000
