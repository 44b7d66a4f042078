"""m3ter's identifiers, typed so that one cannot be taken for another."""

from typing import NewType

OrganizationId = NewType("OrganizationId", str)
AccountId = NewType("AccountId", str)
BillId = NewType("BillId", str)
EventId = NewType("EventId", str)
