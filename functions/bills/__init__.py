"""Bill events in, invoices out."""
