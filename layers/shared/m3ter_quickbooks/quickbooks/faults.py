"""What a body says went wrong, in any of the shapes that QuickBooks has for it.

    {"Fault": {"Error": [{"Message", "Detail", "code", "element"}], "type"}}     business layer, also with HTTP 200
    {"fault": {"error": [{"message", "detail", "code"}], "type"}}                gateway, lower case
    {"code", "type", "message", "detail"}                                        some gateways (seen beside this API)
    <IntuitResponse><Fault><Error code=""><Message/><Detail/></Error></Fault>    although JSON was asked for
    anything else: HTML of a proxy, nothing, bytes                               no fault can be read

QuickBooks facts 1.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape

from m3ter_quickbooks.invoice.payload import decode
from m3ter_quickbooks.run.answer import Fault

_LONGEST_TEXT = 4_000
_LARGEST_XML = 8_000
_XML_ERROR = re.compile(r"<(?:\w+:)?Error\b([^>]*)>(.*?)</(?:\w+:)?Error>", re.DOTALL)
_XML_TYPE = re.compile(r"""<(?:\w+:)?Fault\b[^>]*?\btype\s*=\s*["']([^"']*)["']""")
_XML_ATTRIBUTE = re.compile(r"""\b(code|element)\s*=\s*["']([^"']*)["']""")
_CODE_IN_TEXT = re.compile(r"\berrorCode=0*(\d+)")

# A locked company, a wrong cluster and maintenance pass by themselves (facts 1.7). 600: something was done under this
# very request id. From 10000 on it is the server that failed (type SystemFault), but for 10200, which says that the
# company was reset and a write to what it was before is not carried out.
_PASSING_CODES = frozenset({"130", "140", "150", "600"})
_APPLICATION_ERROR = 10_000
_SYSTEM = "SystemFault"
_COMPANY_WAS_RESET = "10200"
_RESULT_TOO_LARGE = "10100"
_PASSING_TEXT = "-30003"
_SERVER_ERROR_IN_TEXT = re.compile(r"\bstatusCode[=:]\s?5\d\d\b")


def read_json(body: bytes) -> object:
    """The JSON value of a body, fractions as Decimal; None where it is not JSON that can be read."""
    try:
        return decode(body)
    except (ValueError, ArithmeticError, RecursionError):
        return None


def faults_of(body: bytes, status: int) -> tuple[Fault, ...]:
    """Every fault in the body, () where it holds none. Never raises, whatever the bytes."""
    value = read_json(body)
    if value is not None:
        return faults_in(value, status)
    return tuple(_from_xml(body[:_LARGEST_XML].decode("utf-8", "replace"), status))


def faults_in(value: object, status: int) -> tuple[Fault, ...]:
    """As `faults_of`, for a body (or one item of a batch) that is decoded already."""
    if not isinstance(value, Mapping):
        return ()
    holder = _field(value, "Fault")
    if isinstance(holder, Mapping):
        errors = _field(holder, "Error")
        listed = errors if isinstance(errors, list) else [errors]
        kind = _text(_field(holder, "type"))
        found = tuple(_fault(error, status, kind) for error in listed if isinstance(error, Mapping))
        return found or (Fault("", kind, status=status, type=kind),)
    if holder is None and "code" in value and ("detail" in value or "message" in value):
        return (_fault(value, status),)
    return ()


def says_nothing(fault: Fault) -> bool:
    """Whether the fault says nothing about the write: it may have happened, and a repeat may succeed (rule 3).

    Everything that is not certainly a no to this request. For each code: tests/protocol/test_every_code.py.
    """
    if fault.code in _PASSING_CODES or _server_error_in(fault):
        return True
    if fault.code == _COMPANY_WAS_RESET:
        return False
    if fault.type == _SYSTEM or (fault.code.isdecimal() and int(fault.code) >= _APPLICATION_ERROR):
        return True
    return _PASSING_TEXT in fault.detail or _PASSING_TEXT in fault.message


def only_a_read_is_refused(fault: Fault) -> bool:
    """Asked again, the answer would be as large. Of a write it says that the answer cannot be given, and no more."""
    return fault.code == _RESULT_TOO_LARGE


def _server_error_in(fault: Fault) -> bool:
    """A gateway may pass on the failure of what is behind it under a status of its own."""
    return any(map(_SERVER_ERROR_IN_TEXT.search, (fault.message, fault.detail)))


def throttled(fault: Fault) -> bool:
    """The rate limit, also where it comes as 403 (seen in 2016)."""
    return fault.code == "3001"


def token_refused(fault: Fault) -> bool:
    """The access token is no longer good; a new one may be."""
    return fault.code in {"3200", "3202"}


def consent_refused(fault: Fault) -> bool:
    """No new token helps: the user lost access, or the app's keys do not belong to this company (100, 110, 120, 3100).

    3100 with statusCode=500 in its text is an outage of the gateway, not a refusal.
    """
    if fault.code == "3100":
        return not _server_error_in(fault) and fault.status < 500  # noqa: PLR2004  HTTP's server errors
    return fault.code in {"100", "110", "120"}


def _field(holder: Mapping[object, object], name: str) -> object:
    if name in holder:
        return holder[name]
    return holder.get(name[0].lower() + name[1:])


def _fault(error: Mapping[object, object], status: int, kind: str = "") -> Fault:
    message = _text(_field(error, "Message"))
    code = _text(_field(error, "Code") if "code" not in error else error["code"])
    if not code.isdecimal():
        inside = _CODE_IN_TEXT.search(message)
        code = inside.group(1) if inside else code
    return Fault(code, message, _text(_field(error, "Detail")), _text(_field(error, "Element")), status, kind)


def _from_xml(text: str, status: int) -> Iterator[Fault]:
    """By pattern, not by parser: an error page is not worth an entity expansion."""
    kind = _XML_TYPE.search(text)
    for attributes, inner in _XML_ERROR.findall(text):
        named = dict(_XML_ATTRIBUTE.findall(attributes))
        yield Fault(
            _text(unescape(named.get("code", ""))),
            _text(unescape(_xml_child(inner, "Message"))),
            _text(unescape(_xml_child(inner, "Detail"))),
            _text(unescape(named.get("element", ""))),
            status,
            _text(kind.group(1)) if kind else "",
        )


def _xml_child(inner: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>(.*?)</(?:\w+:)?{name}>", inner, re.DOTALL)
    return found.group(1) if found else ""


def _text(value: object) -> str:
    """Codes arrive as text, rarely as numbers; anything nested is not worth keeping."""
    if isinstance(value, str):
        return value.strip()[:_LONGEST_TEXT]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:_LONGEST_TEXT]
    return ""
