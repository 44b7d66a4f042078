"""What each answer of QuickBooks to a write means (sending-once rule 3)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.payload import encode
from m3ter_quickbooks.problems import ConnectionLost, TryLater
from m3ter_quickbooks.run.answer import Accepted, Answer, Hindrance, NotSent, RefusedWrite, Unsure
from m3ter_quickbooks.run.delivery import Operation, Verb
from tests.adapters.quickbooks.making import CONNECTION, REALM, Desk, GivenTokens, an_operation, answering

CREATE = an_operation()
GATEWAY_401 = (
    '{"warnings":null,"fault":{"error":[{"message":"message=AuthenticationFailed; errorCode=003200; statusCode=401",'
    '"detail":"Token expired: ***","code":"3200","element":null}],"type":"AUTHENTICATION"},"time":1601386530000}'
)
THROTTLED_XML = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="2017-02-03T12:17:49" '
    'xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001"><Message>message='
    "ThrottleExceeded; errorCode=003001; statusCode=429</Message><Detail>The request limit was reached.</Detail>"
    "</Error></Fault></IntuitResponse>"
)
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def a_fault(code: str, message: str = "", detail: str = "", kind: str = "ValidationFault") -> str:
    error = {"Message": message, "Detail": detail, "code": code, "element": ""}
    return encode({"Fault": {"Error": [error], "type": kind}, "time": "2026-03-02T04:00:00.000-08:00"}).decode()


def an_entity(**changes: object) -> dict[str, object]:
    return {
        "Id": "7",
        "SyncToken": "0",
        "TotalAmt": Decimal("100.10"),
        "Balance": Decimal("100.10"),
        "PrivateNote": "m3ter-bill:b1\nm3ter-send:" + CREATE.request_id,
        "CustomerRef": {"value": "1", "name": "Amy's Bird Sanctuary"},
        "DocNumber": "1043",
        "TxnDate": "2026-03-01",
    } | changes


def an_answer(**changes: object) -> bytes:
    return encode({"Invoice": an_entity(**changes), "time": "2026-03-02T04:00:00.000-08:00"})


def written(status: int, content: bytes | str, op: Operation = CREATE, **headers: str) -> Answer:
    return answering(status, content, **headers).client.write(CONNECTION, op)


def test_a_create_sends_the_stored_bytes_under_its_request_id_with_timeouts() -> None:
    desk = answering(200, an_answer())
    desk.client.write(CONNECTION, CREATE)

    (request,) = desk.requests
    url = urlsplit(str(request.url))
    assert (request.method, url.netloc, url.path) == ("POST", "sandbox.test", f"/v3/company/{REALM}/invoice")
    assert parse_qs(url.query) == {"requestid": [CREATE.request_id], "minorversion": ["75"]}
    assert request.content == CREATE.body
    assert request.headers["authorization"] == "Bearer AT-1"
    assert request.headers["accept"] == "application/json"
    assert request.extensions["timeout"] == {"connect": 5.0, "read": 30, "write": 10.0, "pool": 5.0}


@pytest.mark.parametrize(
    ("verb", "kind", "path", "operation"),
    [
        (Verb.UPDATE, DocumentKind.INVOICE, "invoice", None),
        (Verb.UPDATE, DocumentKind.CREDIT_MEMO, "creditmemo", None),
        (Verb.VOID, DocumentKind.INVOICE, "invoice", ["void"]),
        (Verb.VOID, DocumentKind.CREDIT_MEMO, "creditmemo", ["delete"]),
    ],
)
def test_the_address_says_what_is_done(verb: Verb, kind: DocumentKind, path: str, operation: list[str] | None) -> None:
    desk = answering(200, encode({kind.value: an_entity()}))
    desk.client.write(CONNECTION, an_operation(verb, kind))

    url = urlsplit(str(desk.requests[0].url))
    assert url.path.endswith(f"/{path}")
    assert parse_qs(url.query).get("operation") == operation


def test_production_has_its_own_host() -> None:
    desk = answering(200, an_answer())
    production = Connection(
        CONNECTION.organization_id,
        CONNECTION.credential_id,
        Destination.QUICKBOOKS,
        CONNECTION.status,
        company_id=REALM,
    )
    desk.client.write(production, CREATE)
    assert desk.requests[0].url.host == "production.test"


def test_the_document_of_the_answer_is_read_without_losing_a_digit() -> None:
    answer = written(200, an_answer(TotalAmt=Decimal("9007199254740993.10"), Balance=Decimal(0)))

    assert isinstance(answer, Accepted)
    assert answer.document is not None
    assert answer.document.total == Decimal("9007199254740993.10")
    assert answer.document.paid == Decimal("9007199254740993.10")
    assert (answer.document.id, answer.document.sync_token, answer.document.number) == ("7", "0", "1043")
    assert answer.intuit_tid == "1-abc"


def test_a_sync_token_that_comes_as_a_number_is_kept_as_text() -> None:
    answer = written(200, an_answer(SyncToken=3, Id=7))
    assert isinstance(answer, Accepted)
    assert answer.document is not None
    assert (answer.document.id, answer.document.sync_token) == ("7", "3")


def test_a_voided_document_is_known_by_its_zero_and_its_note() -> None:
    void = an_operation(Verb.VOID)
    answer = written(200, an_answer(TotalAmt=0, Balance=0, PrivateNote="Voided - m3ter-bill:b1"), void)
    assert isinstance(answer, Accepted)
    assert answer.document is not None
    assert answer.document.voided


def test_a_bill_of_zero_is_not_taken_for_a_voided_one() -> None:
    answer = written(200, an_answer(TotalAmt=0, Balance=0))
    assert isinstance(answer, Accepted)
    assert answer.document is not None
    assert not answer.document.voided


def test_a_write_does_not_follow_a_redirect() -> None:
    desk = answering(307, "", Location="https://elsewhere.test/")
    assert isinstance(desk.client.write(CONNECTION, CREATE), Unsure)
    assert len(desk.requests) == 1


def test_a_company_id_stays_one_part_of_the_address() -> None:
    desk = answering(200, an_answer())
    desk.tokens.company_id = "1/../2?x"
    desk.client.write(replace(CONNECTION, company_id="1/../2?x"), CREATE)
    assert desk.requests[0].url.raw_path.startswith(b"/v3/company/1%2F..%2F2%3Fx/invoice?")


def test_a_deleted_credit_memo_leaves_no_document() -> None:
    delete = an_operation(Verb.VOID, DocumentKind.CREDIT_MEMO)
    body = '{"CreditMemo":{"domain":"QBO","status":"Deleted","Id":"7"},"time":"2026-03-02T04:00:00.000-08:00"}'
    assert written(200, body, delete) == Accepted(None, "1-abc")
    assert isinstance(written(200, '{"CreditMemo":{"Id":"7"}}', delete), Unsure)


@pytest.mark.parametrize(
    ("verb", "changes"),
    [
        (Verb.CREATE, {"PrivateNote": "m3ter-bill:b1\nm3ter-send:another-create"}),
        (Verb.CREATE, {"CustomerRef": {"value": "99"}}),
        (Verb.UPDATE, {"Id": "8"}),
        (Verb.VOID, {"Id": "8"}),
    ],
)
def test_an_answer_about_another_document_is_not_believed(verb: Verb, changes: dict[str, object]) -> None:
    assert written(200, an_answer(**changes), an_operation(verb)) == Unsure("an answer about another document", "1-abc")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HTML,
        an_answer()[: len(an_answer()) // 2],
        b"\xff\xfe\x00",
        '{"Invoice":[]}',
        '{"Invoice":{"Id":"7"}}',
        '{"CreditMemo":{"Id":"7","SyncToken":"0","TotalAmt":1}}',
        '{"Invoice":{"Id":"7","SyncToken":"0","TotalAmt":NaN}}',
        '{"Invoice":{"Id":"7","SyncToken":"0","TotalAmt":1e999999}}',
        '{"Invoice":{"Id":"7","SyncToken":"0","TotalAmt":true}}',
        "[" * 100_000,
    ],
)
def test_an_answer_that_cannot_be_read_leaves_it_unsure(body: bytes | str) -> None:
    assert written(200, body) == Unsure("an answer that cannot be read", "1-abc")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", [HTML, "", a_fault("6000"), THROTTLED_XML, GATEWAY_401])
def test_every_5xx_leaves_it_unsure(status: int, body: str) -> None:
    assert written(status, body) == Unsure(f"HTTP {status}", "1-abc")


@pytest.mark.parametrize("status", [302, 403, 404, 408, 413])
def test_a_4xx_without_a_fault_that_can_be_read_leaves_it_unsure(status: int) -> None:
    answer = written(status, HTML)
    assert isinstance(answer, Unsure)
    assert str(status) in answer.because


@pytest.mark.parametrize("code", ["130", "140", "150", "600", "10000", "10100", "10300"])
@pytest.mark.parametrize("status", [200, 400])
def test_faults_that_pass_by_themselves_leave_it_unsure(code: str, status: int) -> None:
    assert written(status, a_fault(code, kind="SystemFault")) == Unsure(f"QuickBooks fault {code}", "1-abc")


@pytest.mark.parametrize("status", [200, 400])
def test_a_company_that_was_reset_has_not_taken_the_write(status: int) -> None:
    detail = "Company has been reset. Request for CUD is stale."
    assert isinstance(written(status, a_fault("10200", "Company Reset", detail, "SystemFault")), RefusedWrite)


@pytest.mark.parametrize(
    "body",
    [
        a_fault("6999", kind="SystemFault"),
        a_fault("", kind="SystemFault"),
        '{"Fault":{"type":"SystemFault"}}',
        '<IntuitResponse><Fault type="SystemFault"><Error code="6999"></Error></Fault></IntuitResponse>',
        a_fault("3999", "message=InternalServerError; errorCode=003999; statusCode=500", kind="SERVICE"),
        a_fault("130", "Accessing Wrong Cluster", "WrongClusterError: the company lives elsewhere, statusCode: 503"),
    ],
    ids=["unknown code", "no code", "no error", "xml", "gateway", "cluster"],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_failure_of_the_server_is_no_refusal_whatever_its_code_and_status(status: int, body: str) -> None:
    assert isinstance(written(status, body), Unsure)


def test_maintenance_with_a_401_is_unsure_and_no_matter_of_the_token() -> None:
    desk = answering(401, a_fault("150", "Company Under Maintenance"))
    assert isinstance(desk.client.write(CONNECTION, CREATE), Unsure)
    assert (len(desk.requests), desk.tokens.tried) == (1, [])


def test_the_internal_error_30003_leaves_it_unsure() -> None:
    detail = "Business Validation Error: Unexpected Internal Error. (-30003)"
    assert isinstance(written(400, a_fault("6000", detail=detail)), Unsure)


@pytest.mark.parametrize("status", [200, 400])
def test_a_fault_is_a_definite_no_whatever_the_status(status: int) -> None:
    answer = written(status, a_fault("6070", "Amount calculation incorrect in the request."))
    assert isinstance(answer, RefusedWrite)
    assert answer.codes == {"6070"}
    assert answer.intuit_tid == "1-abc"


def test_every_fault_of_several_is_kept() -> None:
    errors = [{"Message": "a", "code": "2050", "element": "DocNumber"}, {"Message": "b", "code": "2500"}]
    answer = written(400, encode({"Fault": {"Error": errors, "type": "ValidationFault"}}))
    assert isinstance(answer, RefusedWrite)
    assert [(fault.code, fault.element) for fault in answer.faults] == [("2050", "DocNumber"), ("2500", "")]


def test_a_fault_in_xml_is_read() -> None:
    body = (
        '<IntuitResponse xmlns="http://schema.intuit.com/finance/v3"><Fault type="ValidationFault">'
        '<Error code="2500" element="Line.SalesItemLineDetail.ItemRef"><Message>Invalid Reference Id</Message>'
        "<Detail>Something &amp; more</Detail></Error></Fault></IntuitResponse>"
    )
    answer = written(400, body)
    assert isinstance(answer, RefusedWrite)
    assert answer.faults[0].element == "Line.SalesItemLineDetail.ItemRef"
    assert answer.faults[0].detail == "Something & more"


def test_a_fault_in_the_third_shape_is_read() -> None:
    answer = written(400, '{"code":"2020","type":"INPUT","message":null,"detail":"x","moreInfo":null}')
    assert isinstance(answer, RefusedWrite)
    assert answer.codes == {"2020"}


def test_a_fault_without_errors_is_still_a_no() -> None:
    assert isinstance(written(400, '{"Fault":{"type":"ValidationFault"}}'), RefusedWrite)


@pytest.mark.parametrize("body", [THROTTLED_XML, HTML, "", GATEWAY_401.replace("3200", "3001")])
@pytest.mark.parametrize(
    ("header", "after"),
    [
        ({}, None),
        ({"Retry-After": "7"}, timedelta(seconds=7)),
        ({"Retry-After": "Mon, 02 Mar 2026 12:00:30 GMT"}, timedelta(seconds=30)),
        ({"Retry-After": "Mon, 02 Mar 2026 11:00:30 GMT"}, timedelta(0)),
        ({"Retry-After": "99999999999999999999"}, timedelta(hours=1)),
        ({"Retry-After": "soon"}, None),
    ],
)
def test_a_429_is_a_wait_in_whatever_shape_it_comes(body: str, header: dict[str, str], after: timedelta | None) -> None:
    assert written(429, body, CREATE, **header) == NotSent(Hindrance.THROTTLED, after, "1-abc")


def test_the_rate_limit_is_known_by_its_code_too() -> None:
    assert written(403, THROTTLED_XML) == NotSent(Hindrance.THROTTLED, None, "1-abc")


def test_after_a_401_the_same_request_goes_out_once_with_another_token() -> None:
    answers = iter([httpx.Response(401, content=GATEWAY_401), httpx.Response(200, content=an_answer())])
    desk = Desk(lambda _: next(answers))

    assert isinstance(desk.client.write(CONNECTION, CREATE), Accepted)
    assert [request.headers["authorization"] for request in desk.requests] == ["Bearer AT-1", "Bearer AT-2"]
    assert desk.requests[0].url == desk.requests[1].url
    assert desk.requests[0].content == desk.requests[1].content
    assert desk.tokens.tried == ["AT-1"]


def test_a_refused_token_is_replaced_whatever_the_status_it_comes_with() -> None:
    answers = iter([httpx.Response(403, content=GATEWAY_401), httpx.Response(200, content=an_answer())])
    desk = Desk(lambda _: next(answers))
    assert isinstance(desk.client.write(CONNECTION, CREATE), Accepted)
    assert desk.tokens.tried == ["AT-1"]


@pytest.mark.parametrize("body", [GATEWAY_401, HTML, "", a_fault("3202"), a_fault("6000")])
def test_a_second_401_is_no_proof_of_a_lost_connection(body: str) -> None:
    desk = answering(401, body)
    answer = desk.client.write(CONNECTION, CREATE)

    assert isinstance(answer, NotSent)
    assert answer.because is Hindrance.UNAVAILABLE
    assert len(desk.requests) == 2
    assert desk.tokens.because == []


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "120", "AuthorizatonFault"),
        (401, "100", "AuthenticationFault"),
        (403, "110", "AuthorizatonFault"),
        (403, "3100", "SERVICE"),
        (200, "120", "AuthorizatonFault"),
    ],
)
def test_a_consent_that_is_no_good_breaks_the_connection_without_another_token(
    status: int, code: str, kind: str
) -> None:
    desk = answering(status, a_fault(code, kind=kind))
    answer = desk.client.write(CONNECTION, CREATE)

    assert isinstance(answer, NotSent)
    assert answer.because is Hindrance.NOT_AUTHORIZED
    assert len(desk.requests) == 1
    assert desk.tokens.tried == []
    assert code in desk.tokens.because[0]


def test_code_3100_as_an_outage_leaves_it_unsure() -> None:
    message = "message=InternalServerError; errorCode=003100; statusCode=500"
    desk = answering(400, a_fault("3100", message, kind="SERVICE"))
    assert isinstance(desk.client.write(CONNECTION, CREATE), Unsure)
    assert desk.tokens.because == []


def test_a_connection_that_cannot_be_marked_now_is_tried_again() -> None:
    class CannotMark(GivenTokens):
        def refused(self, connection: Connection, because: str) -> None:
            raise TryLater("changed meanwhile", timedelta(seconds=30))

    desk = Desk(lambda _: httpx.Response(403, content=a_fault("120")), CannotMark())
    answer = desk.client.write(CONNECTION, CREATE)
    assert answer == NotSent(Hindrance.UNAVAILABLE, timedelta(seconds=30), None, "changed meanwhile")


@pytest.mark.parametrize(
    ("problem", "because"),
    [
        (ConnectionLost("reconnect it"), Hindrance.NOT_AUTHORIZED),
        (TryLater("renewing", timedelta(seconds=3)), Hindrance.UNAVAILABLE),
    ],
)
def test_without_a_token_nothing_is_sent(problem: ConnectionLost | TryLater, because: Hindrance) -> None:
    desk = answering(200, an_answer())
    desk.tokens.problem = problem
    answer = desk.client.write(CONNECTION, CREATE)

    assert isinstance(answer, NotSent)
    assert (answer.because, answer.message) == (because, problem.message)
    assert desk.requests == []


def test_a_credential_without_a_company_sends_nothing() -> None:
    desk = answering(200, an_answer())
    draft = Connection(CONNECTION.organization_id, CONNECTION.credential_id, CONNECTION.destination, CONNECTION.status)
    answer = desk.client.write(draft, CREATE)
    assert isinstance(answer, NotSent)
    assert answer.because is Hindrance.NOT_AUTHORIZED
    assert desk.requests == []


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_what_never_left_did_not_happen(error: type[httpx.TransportError]) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise error("refused", request=request)

    desk = Desk(refuse)
    answer = desk.client.write(CONNECTION, CREATE)
    assert isinstance(answer, NotSent)
    assert answer.because is Hindrance.UNAVAILABLE
    assert len(desk.requests) == 1, "a write is never repeated by the HTTP client"


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.RemoteProtocolError,
        httpx.DecodingError,
        httpx.ProxyError,
    ],
)
def test_what_may_have_left_leaves_it_unsure(error: type[httpx.RequestError]) -> None:
    def break_off(request: httpx.Request) -> httpx.Response:
        raise error("gone", request=request)

    desk = Desk(break_off)
    assert desk.client.write(CONNECTION, CREATE) == Unsure(f"no answer ({error.__name__})")
    assert len(desk.requests) == 1, "a write is never repeated by the HTTP client"


_TEXTS = st.sampled_from(
    [an_answer(), HTML.encode(), THROTTLED_XML.encode(), GATEWAY_401.encode(), a_fault("6000").encode()]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Invoice", "Fault", "fault", "Error", "error", "code", "Id", "SyncToken", "TotalAmt", "detail"]
            ),
            part,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=200)
    | _JSON.map(encode)
    | st.tuples(_TEXTS, st.integers(0, 400)).map(lambda cut: cut[0][: cut[1]]),
    header=st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=12),
    verb=st.sampled_from(Verb),
)
def test_any_bytes_with_any_status_are_an_answer(status: int, body: bytes, header: str, verb: Verb) -> None:
    answer = written(status, body, an_operation(verb), **{"Retry-After": header})

    assert isinstance(answer, Accepted | RefusedWrite | NotSent | Unsure)
    if isinstance(answer, Accepted):
        assert 200 <= status < 300
    if isinstance(answer, RefusedWrite):
        assert answer.faults
    if status >= 500:
        assert isinstance(answer, Unsure)


def test_an_error_page_of_any_size_is_read_quickly() -> None:
    body = b"<Error " * 200_000
    answer = written(400, body)
    assert isinstance(answer, Unsure)
