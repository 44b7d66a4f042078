"""What QuickBooks will be told: a bill translated into an invoice or a credit memo. Pure: no I/O, no clock, no SDK."""
