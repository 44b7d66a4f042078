"""Bills from m3ter become invoices in QuickBooks Online: once each, to the cent."""
