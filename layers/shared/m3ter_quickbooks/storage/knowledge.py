"""What one run has to know, in one batch read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import AccountId, OrganizationId
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.invoice.company import RateNeeded
from m3ter_quickbooks.run.delivery import Delivery
from m3ter_quickbooks.run.ports import Known
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.accounts import Accounts, account_of, told_account
from m3ter_quickbooks.storage.credentials import credential_of
from m3ter_quickbooks.storage.deliveries import delivery_of
from m3ter_quickbooks.storage.mappings import mapped_of
from m3ter_quickbooks.storage.table import Put, Table


class Knowledge:
    """Implements `run.ports.Knowledge`."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._accounts = Accounts(table)

    def about(
        self,
        run: Run,
        mappings: Sequence[MappingKey],
        rate: RateNeeded | None,
        company_id: str | None,
        credential_id: CredentialId | None = None,
    ) -> Known:
        """See the port."""
        organization_id = run.organization_id
        delivery = keys.delivery(organization_id, run.configuration_id, run.bill_id)
        account = None if run.account_id is None else keys.account(organization_id, run.account_id)
        asked = None if rate is None or company_id is None else keys.rate(company_id, rate.currency, rate.on)
        credential = None if credential_id is None else keys.credential(organization_id, credential_id)
        mapped = [keys.mapped(organization_id, key) for key in mappings]
        wanted = [key for key in (delivery, account, asked, credential, *mapped) if key is not None]
        found = self._table.get_many(wanted)
        record, snapshot, known, connected = (
            None if key is None else found.get(key) for key in (delivery, account, asked, credential)
        )
        return Known(
            delivery=Delivery(organization_id, run.configuration_id, run.bill_id)
            if record is None
            else delivery_of(record),
            account=None if snapshot is None else told_account(account_of(snapshot)),
            mappings=tuple(mapped_of(found[key]) for key in dict.fromkeys(mapped) if key in found),
            rate=None if known is None else Decimal(known["rate"]),
            connection=None if connected is None else credential_of(connected).value,
        )

    def keep_rate(self, company_id: str, needed: RateNeeded, rate: Decimal) -> None:
        """See the port."""
        key = keys.rate(company_id, needed.currency, needed.on)
        self._table.put(Put({"pk": key.pk, "sk": key.sk, "type": "rate", "rate": str(rate)}))

    def keep_account(self, organization_id: OrganizationId, account: Account, dto: Mapping[str, object]) -> bool:
        """See the port."""
        return self._accounts.keep(organization_id, account, dto)

    def forget_account(self, organization_id: OrganizationId, account_id: AccountId) -> None:
        """See the port."""
        self._accounts.forget(organization_id, account_id)
