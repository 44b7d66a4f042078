"""What an answer looks like: envelopes and headers, JSON and XML (facts 1.4, 1.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from local.quickbooks import wire
from local.quickbooks.problems import Fault, GatewayFault, LostAdmin, OAuthRefusal
from local.quickbooks.wire import Json

JSON = "application/json"
_SUCCESS = {
    "Qbo-Version": "2026.11.01",
    "Service-Time": "total=0.012, db=0.004",
    "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
    "Expires": "0",
}
_XML_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_NAMESPACE = "http://schema.intuit.com/finance/v3"


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds` is how long the client waits for it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        return wire.loads(self.body)


@dataclass(frozen=True, slots=True)
class Style:
    """How this request wants its answer: when, in which format, under which trace id."""

    now: datetime
    xml: bool
    tid: str

    def traced(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {**headers, "intuit_tid": self.tid, "X-Spanid": self.tid.rsplit("-", 1)[-1][:16]}


def success(style: Style, content: str) -> Answer:
    """`content` is the inside of the envelope: '"Invoice":{...}'."""
    if style.xml:
        inside = "".join(_xml(key, value) for key, value in wire.loads("{" + content + "}").items())
        body = f'{_XML_HEAD}<IntuitResponse xmlns="{_NAMESPACE}" time="{wire.answer_time(style.now)}">{inside}'
        headers = {"Content-Type": "application/xml;charset=UTF-8", **_SUCCESS}
        return Answer(200, (body + "</IntuitResponse>").encode(), style.traced(headers))
    body = f'{{{content},"time":"{wire.answer_time(style.now)}"}}'
    headers = {"Content-Type": "application/json;charset=utf-8", **_SUCCESS}
    return Answer(200, body.encode(), style.traced(headers))


def plain(style: Style, status: int, content_type: str, body: bytes) -> Answer:
    return Answer(status, body, style.traced({"Content-Type": content_type, **_SUCCESS}))


def replayed(style: Style, status: int, content_type: str, body: bytes) -> Answer:
    """The remembered answer of a request id: body byte for byte, only the trace is new."""
    return Answer(status, body, style.traced({"Content-Type": content_type, **_SUCCESS}))


def fault_content(fault: Fault) -> Json:
    error: Json = {"Message": fault.message, "Detail": fault.detail, "code": fault.code}
    if fault.element is not None:
        error["element"] = fault.element
    return {"Error": [error], "type": fault.type}


def fault(style: Style, problem: Fault) -> Answer:
    if style.xml:
        return _xml_fault(style, problem.status, problem.type, problem)
    content: Json = {"Fault": fault_content(problem)}
    if problem.timed:
        content["time"] = wire.answer_time(style.now)
    return Answer(problem.status, wire.dumps(content).encode(), style.traced({"Content-Type": JSON}))


def lost_admin(style: Style, problem: LostAdmin) -> Answer:
    """As seen on the wire: XML although JSON was asked for, and a type that misses an i (facts 1.5)."""
    return _xml_fault(style, problem.status, "AuthorizatonFault", problem)


def gateway(style: Style, problem: GatewayFault, xml: bool = False) -> Answer:
    headers = {**problem.headers}
    if xml or style.xml:
        answer = _xml_fault(style, problem.status, problem.kind, problem)
        return Answer(answer.status, answer.body, {**answer.headers, **headers})
    error = {"message": problem.message, "detail": problem.detail, "code": problem.code, "element": None}
    content: Json = {
        "warnings": None, "intuitObject": None, "fault": {"error": [error], "type": problem.kind}, "report": None,
        "queryResponse": None, "batchItemResponse": [], "attachableResponse": [], "syncErrorResponse": None,
        "requestId": None, "time": wire.milliseconds(style.now), "status": None, "cdcresponse": [],
    }  # fmt: skip
    body = wire.dumps(content).encode()
    return Answer(problem.status, body, style.traced({"Content-Type": JSON, **headers}))


def oauth_refusal(style: Style, problem: OAuthRefusal) -> Answer:
    content: Json = {"error_description": problem.description} if problem.description else {}
    content["error"] = problem.error
    headers = {"Content-Type": "application/json;charset=utf-8"}
    return Answer(problem.status, wire.dumps(content).encode(), style.traced(headers))


def json_answer(status: int, content: object) -> Answer:
    return Answer(status, wire.dumps(content).encode(), {"Content-Type": "application/json;charset=utf-8"})


def html_answer(status: int, body: str) -> Answer:
    return Answer(status, body.encode(), {"Content-Type": "text/html;charset=utf-8"})


def broken(style: Style, status: int, form: str | None) -> Answer:
    """What comes from in front of QuickBooks when it is down: HTML unless `form` is json or xml (facts 1.5)."""
    if form in ("json", "xml"):
        message = f"message=InternalServerError; errorCode=003100; statusCode={status}"
        return gateway(style, GatewayFault(status, "3100", message, "", "SERVICE"), xml=form == "xml")
    names = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
    title = f"{status} {names.get(status, 'Error')}"
    return html_answer(status, f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>")


def _xml_fault(style: Style, status: int, kind: str, problem: Fault | GatewayFault | LostAdmin) -> Answer:
    element = getattr(problem, "element", "")
    said = f" element={quoteattr(element)}" if element else ""
    time = wire.pacific(style.now).strftime("%Y-%m-%dT%H:%M:%S")
    body = (
        f'{_XML_HEAD}<IntuitResponse xmlns="{_NAMESPACE}" time="{time}">'
        f'<Fault type="{kind}"><Error code="{problem.code}"{said}><Message>{_escaped(problem.message)}</Message>'
        f"<Detail>{_escaped(problem.detail)}</Detail></Error></Fault></IntuitResponse>"
    )
    return Answer(status, body.encode(), style.traced({"Content-Type": "application/xml"}))


def _escaped(text: str) -> str:
    """XML text; characters that XML cannot hold at all become spaces."""
    return escape(
        "".join(one if (one >= " " and one not in "\ufffe\uffff") or one in "\t\n\r" else " " for one in text)
    )


def _name(key: str) -> str:
    kept = "".join(one for one in key if one.isascii() and (one.isalnum() or one in "_-."))
    return kept if kept and (kept[0].isalpha() or kept[0] == "_") else f"_{kept}"


def _xml(key: str, value: Any) -> str:
    """A reference is text with a name attribute; domain, sparse and status are attributes; a memo is plain text."""
    tag = _name(key)
    if isinstance(value, list):
        return "".join(_xml(key, one) for one in value)
    if isinstance(value, dict):
        if "value" in value and set(value) <= {"value", "name", "type"}:
            attributes = "".join(f" {k}={quoteattr(_escaped(str(v)))}" for k, v in value.items() if k != "value")
            return f"<{tag}{attributes}>{_escaped(str(value['value']))}</{tag}>"
        flags = (
            "domain",
            "sparse",
            "status",
            "startPosition",
            "maxResults",
            "totalCount",
            "bId",
            "type",
            "code",
            "element",
        )
        attributes, inside = "", ""
        for name, one in value.items():
            if name in flags and not isinstance(one, dict | list):
                attributes += f" {name}={quoteattr(_escaped(_scalar(one)))}"
            else:
                inside += _xml(name, one)
        return f"<{tag}{attributes}>{inside}</{tag}>"
    return f"<{tag}>{_escaped(_scalar(value))}</{tag}>"


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
