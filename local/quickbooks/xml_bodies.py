"""Requests in XML, read as what the same request says in JSON (facts 1.5; schemas in intuit/QuickBooks-V3-PHP-SDK).

    <ItemRef name="Services">1</ItemRef>  ──> {"value": "1", "name": "Services"}
    <Line>..</Line><Line>..</Line>        ──> [{..}, {..}], also where there is one only
    <Invoice sparse="true">               ──> {"sparse": true, ..}

Numbers stay text, which every number may be (facts 9.2), but for those that are kept as they come.
"""

from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree as ET

from local.quickbooks.wire import LARGEST_EXPONENT, Malformed

_LISTS = {
    "Line", "CustomField", "LinkedTxn", "TaxLine", "AttachableRef", "TaxRateDetail", "BatchItemRequest", "NameValue",
    "TaxRateDetails", "Tag",
}  # fmt: skip
_NUMBERS = {
    "Amount", "BreakHours", "BreakMinutes", "CostRate", "HourlyRate", "Hours", "LineNum", "Minutes", "NumInterval",
    "Qty", "QtyDiff", "TaxPercent", "TotalAmt", "UnitPrice",
}  # fmt: skip


def is_xml(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def loads(body: bytes) -> Any:
    """The inside of the root element. Raises Malformed for what is no XML, and for document types, which none sends."""
    # A null byte: other encodings, in which a document type would look different.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\x00" in body:
        raise Malformed("document types are not read")
    try:
        return _read(ET.fromstring(body))  # noqa: S314 - entities, which could grow, were refused above
    except (ET.ParseError, RecursionError, ValueError, LookupError) as cause:
        raise Malformed(str(cause)) from cause


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _read(element: ET.Element) -> Any:
    name = _name(element.tag)
    said: dict[str, Any] = {key: _plain(key, text) for key, text in element.attrib.items() if not key.startswith("{")}
    children = list(element)
    if not children:
        text = element.text or ""
        if (name.endswith("Ref") and name not in _LISTS) or name == "CustomerMemo":
            return {**said, "value": text} if text else {}
        return {} if name.endswith("Detail") else _plain(name, text)
    repeated: set[str] = set()
    for child in children:
        key, value = _name(child.tag), _read(child)
        if key in _LISTS:
            said.setdefault(key, []).append(value)
        elif key in repeated:
            said[key].append(value)
        elif key in said:
            said[key] = [said[key], value]
            repeated.add(key)
        else:
            said[key] = value
    return said


def _plain(name: str, text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if name in _NUMBERS:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        return number if number.is_finite() and abs(number.adjusted()) <= LARGEST_EXPONENT else text
    return text
