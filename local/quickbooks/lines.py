"""The lines of a sales form: what each needs, and whether its amount is right (facts 2.3, 2.4, 2.8)."""

from decimal import Decimal
from typing import Any

from local.quickbooks import problems
from local.quickbooks.books import Books
from local.quickbooks.catalogue import fault_of
from local.quickbooks.fields import LINE, SALES_DETAIL, percent
from local.quickbooks.wire import Json, half_up, money, natural

MOST_LINES = 10_000
_SPECIAL_ITEMS = {"SHIPPING_ITEM_ID": ("AllowShipping", "Shipping"), "GRATUITY_ITEM_ID": ("AllowGratuity", "Gratuity")}


def read_lines(books: Books, asked: list[Any], stored: list[Json], txn_date: str) -> tuple[list[Json], Decimal]:
    """The lines to keep, subtotal and discount at their end, and what they add up to before tax. Raises Fault."""
    if not asked:
        raise problems.no_lines()
    if len(asked) > MOST_LINES:
        raise problems.business(f"A transaction can have at most {MOST_LINES} lines.")
    known_ids = {line["Id"] for line in stored if "Id" in line}
    next_id = max((int(one) for one in known_ids), default=0) + 1
    kept: list[Json] = []
    discounts: list[Json] = []
    for raw in asked:
        said = LINE.read(raw, "Line")
        kind = said.get("DetailType")
        if kind is None:
            raise problems.missing("Line.DetailType")
        if kind == "SubTotalLineDetail":
            continue
        if kind == "DiscountLineDetail":
            discounts.append(said)
            continue
        line_id = said.get("Id")
        if line_id not in known_ids or any(line["Id"] == line_id for line in kept):
            line_id, next_id = str(next_id), next_id + 1
        kept.append({"Id": line_id, "LineNum": len(kept) + 1, **_read_line(books, said, str(kind))})
    if not kept:
        raise problems.no_lines()
    subtotal = sum((Decimal(line.get("Amount", 0)) for line in kept), Decimal())
    kept.append({"Amount": money(subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    _check_stock(books, kept, txn_date)
    reduced = _discounted(discounts, subtotal)
    return kept + reduced, subtotal - sum((Decimal(line["Amount"]) for line in reduced), Decimal())


def _check_stock(books: Books, lines: list[Json], txn_date: str) -> None:
    """Raises 6270 for an inventory item sold before its start date."""
    for line in lines:
        item = books.look("Item", line.get("SalesItemLineDetail", {}).get("ItemRef", {}).get("value", ""))
        started = item.get("InvStartDate") if item and item.get("Type") == "Inventory" else None
        if started and txn_date < started:
            raise problems.before_inventory_start(started)


def _read_line(books: Books, said: Json, kind: str) -> Json:
    description = {"Description": said["Description"]} if "Description" in said else {}
    linked = {"LinkedTxn": said["LinkedTxn"]} if said.get("LinkedTxn") else {}
    if kind == "SalesItemLineDetail":
        detail, amount = _sales_detail(books, said)
        return {**description, "Amount": amount, **linked, "DetailType": kind, kind: detail}
    if kind == "GroupLineDetail":
        return {**description, **_group(books, said)}
    return {
        **description,
        "DetailType": "DescriptionOnly",
        "DescriptionLineDetail": said.get("DescriptionLineDetail", {}),
    }


def _group(books: Books, said: Json) -> Json:
    detail = dict(said.get("GroupLineDetail", {}))
    reference = detail.get("GroupItemRef")
    if isinstance(reference, dict) and reference.get("value"):
        detail["GroupItemRef"] = books.named("Item", reference, "Line.GroupLineDetail.GroupItemRef")
    inner = detail.get("Line") or []
    if not isinstance(inner, list):
        raise problems.unreadable("Can not deserialize instance of java.util.ArrayList")
    lines = []
    for place, raw in enumerate(inner, 1):
        one = LINE.read(raw, "Line")
        lines.append({"Id": str(place), "LineNum": place, **_read_line(books, one, "SalesItemLineDetail")})
    detail["Line"] = lines
    total = sum((Decimal(line["Amount"]) for line in lines), Decimal())
    return {"Amount": money(total), "DetailType": "GroupLineDetail", "GroupLineDetail": detail}


def _sales_detail(books: Books, said: Json) -> tuple[Json, Decimal | int]:
    detail = SALES_DETAIL.read(said.get("SalesItemLineDetail", {}), "Line.SalesItemLineDetail")
    amount = checked_amount(said.get("Amount"), detail.get("Qty"), detail.get("UnitPrice"))
    out: Json = {}
    if "ServiceDate" in detail:
        out["ServiceDate"] = detail["ServiceDate"]
    item, account = _item(books, detail.get("ItemRef") or {})
    out["ItemRef"] = item
    for key in ("ClassRef", "RatePercent", "UnitPrice", "Qty", "DiscountRate", "DiscountAmt"):
        value = detail.get(key)
        if value is not None and value != {}:
            out[key] = natural(value) if isinstance(value, Decimal) else value
    if account:
        out["ItemAccountRef"] = account
    out["TaxCodeRef"] = _tax_code(books, detail.get("TaxCodeRef") or {})
    if books.company.needs_tax_codes and "TaxInclusiveAmt" in detail:
        out["TaxInclusiveAmt"] = money(detail["TaxInclusiveAmt"])
    return out, amount


def checked_amount(amount: Decimal | None, quantity: Decimal | None, price: Decimal | None) -> Decimal | int:
    """Raises 6070 unless Amount is Qty x UnitPrice rounded half up to cents. 0 x 0 counts as not given (facts 2.4)."""
    product = None
    if quantity is not None and price is not None and (quantity or price):
        product = half_up(quantity * price)
    if amount is None:
        if product is None:
            raise problems.missing("Line.Amount")
        return money(product)
    if product is not None and amount != product:
        raise problems.wrong_amount(amount)
    if amount != half_up(amount):
        raise problems.bad_value("2140", "Line.Amount", amount)
    return money(amount)


def _item(books: Books, reference: Json) -> tuple[Json, Json | None]:
    element = "Line.SalesItemLineDetail.ItemRef"
    id_ = reference.get("value") or books.company.default_item
    if id_ is None:
        raise problems.missing(element)
    if id_ in _SPECIAL_ITEMS:
        switch, name = _SPECIAL_ITEMS[id_]
        if not books.preferences().get("SalesFormsPrefs", {}).get(switch):
            raise problems.bad_reference(element)
        return {"value": id_, "name": name}, None
    item = books.referred("Item", {"value": id_}, element)
    if item.get("Type") == "Category":
        raise problems.category_used(element)
    return {"value": id_, "name": item.get("FullyQualifiedName", item["Name"])}, item.get("IncomeAccountRef")


def _tax_code(books: Books, reference: Json) -> Json:
    element = "Line.SalesItemLineDetail.TaxCodeRef"
    code = reference.get("value")
    if not books.company.needs_tax_codes:
        if code not in (None, "TAX", "NON"):
            raise problems.us_tax_code(code)
        return {"value": code or "NON"}
    if code is None:
        raise problems.business("Make sure all your transactions have a GST/HST rate before you save.")
    books.referred("TaxCode", reference, element)
    return {"value": code}


def _discounted(discounts: list[Json], subtotal: Decimal) -> list[Json]:
    kept = []
    for said in discounts:
        detail = dict(said.get("DiscountLineDetail", {}))
        if detail.get("PercentBased") and detail.get("DiscountPercent") is not None:
            share = percent(detail["DiscountPercent"], "Line.DiscountLineDetail.DiscountPercent")
            amount = half_up(subtotal * share / 100)
            detail["DiscountPercent"] = natural(share)
        elif said.get("Amount") is not None:
            amount = half_up(said["Amount"])
        elif detail.get("PercentBased"):
            raise fault_of("6090")
        else:
            continue
        if amount > subtotal:
            raise problems.business("The discount amount can't be greater than the subtotal")
        described = {"Description": said["Description"]} if "Description" in said else {}
        line = {"Amount": money(amount), "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}
        kept.append({**described, **line})
    return kept
