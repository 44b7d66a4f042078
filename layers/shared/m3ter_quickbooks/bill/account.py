"""A customer's account as m3ter keeps it (m3ter facts 12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, ValidationError

from m3ter_quickbooks.bill.bill import sentences
from m3ter_quickbooks.bill.identifiers import AccountId, OrganizationId
from m3ter_quickbooks.bill.reading import LONGEST_IDENTIFIER, Dto, Text, Version
from m3ter_quickbooks.problems import MalformedEvent


class Address(Dto):
    """Where the customer is. `country` is free text in m3ter."""

    address_line1: Text = None
    address_line2: Text = None
    address_line3: Text = None
    address_line4: Text = None
    locality: Text = None
    region: Text = None
    post_code: Text = None
    country: Text = None


class Account(Dto):
    """An account. The values of `custom_fields` are text or numbers; None where the account has none at all."""

    id: AccountId = Field(min_length=1, max_length=LONGEST_IDENTIFIER)
    org_id: OrganizationId | None = None
    name: Text = None
    code: Text = None
    email_address: Text = None
    currency: Text = None
    purchase_order_number: Text = None
    address: Address | None = None
    custom_fields: Mapping[str, object] | None = None
    version: Version = 0

    @classmethod
    def parse(cls, dto: Mapping[str, object]) -> Self:
        """Read m3ter's account. Raises MalformedEvent with every bad field in its message and the first as its key."""
        try:
            return cls.model_validate(dto)
        except ValidationError as error:
            first = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise MalformedEvent(" ".join(sentences("The account", error)), first) from None
